"""Files are written whole or not at all, and what is left after a failure is what stood there before."""

import os

import pytest

from scripts.common import whole_file
from scripts.common.whole_file import write_whole


def test_text_and_bytes_replace_what_stood_there(tmp_path):
    file = tmp_path / "a.txt"
    write_whole(file, "ä\n")
    assert file.read_bytes() == "ä\n".encode()
    write_whole(file, b"\xff")
    assert file.read_bytes() == b"\xff" and os.listdir(tmp_path) == ["a.txt"]


def refuse(*_):
    raise OSError(28, "No space left on device")


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize(("failure", "kind"), [(refuse, OSError), (interrupt, KeyboardInterrupt)])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step, failure, kind):
    file = tmp_path / "a.txt"
    file.write_text("old")
    monkeypatch.setattr(whole_file.os, step, failure)
    with pytest.raises(kind):
        write_whole(file, "new")
    assert file.read_text() == "old" and os.listdir(tmp_path) == ["a.txt"]


def test_the_content_is_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(whole_file.os, "fsync", lambda handle: (steps.append("fsync"), fsync(handle)))
    monkeypatch.setattr(whole_file.os, "replace", lambda *names: (steps.append("replace"), replace(*names)))
    write_whole(tmp_path / "a.txt", "new")
    assert steps == ["fsync", "replace"]


def test_a_file_that_cannot_be_made_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "no/such/folder.txt", "x")
