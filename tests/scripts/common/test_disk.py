"""How much disk is taken and how much is free, said before anything is made."""

from collections import namedtuple

import pytest

from scripts.common import disk
from scripts.common.errors import SiteError


def test_bytes_are_those_of_files_and_links_are_not_followed(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/one").write_bytes(b"1" * 1000)
    (tmp_path / "a/b/two").write_bytes(b"2" * 500)
    (tmp_path / "a/link").symlink_to("one")
    assert disk.folder_bytes(tmp_path / "a") == 1500 + len("one")
    assert disk.folder_bytes(tmp_path / "nowhere") == 0


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 MB"), (640e6, "640 MB"), (999e6, "999 MB"), (1e9, "1.0 GB"), (1.94e9, "1.9 GB")]
)
def test_bytes_are_said_for_a_reader(count, said):
    assert disk.human(count) == said


def test_a_disk_that_is_too_full_is_one_line_with_a_remedy(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage(9, 9, 5_000_000))
    disk.require_disk(tmp_path, 5_000_000, "sources")
    with pytest.raises(SiteError, match=r"^sources: needs 6 MB of disk and .* has 5 MB free; free some \(`make clean`"):
        disk.require_disk(tmp_path, 6_000_000, "sources")
