"""What a commit hook refuses is one line with the file's name."""

import pytest

from scripts.common import commit_checks
from scripts.common.errors import SiteError


def test_a_file_that_is_not_toml_is_named(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text("x = 1\n")
    commit_checks.readable_toml(file)
    file.write_text("x = \n")
    with pytest.raises(SiteError, match="a.toml: not TOML"):
        commit_checks.readable_toml(file)


def test_a_large_file_is_named_with_its_size(tmp_path):
    file = tmp_path / "a.json"
    file.write_bytes(b"x" * commit_checks.LIMIT)
    commit_checks.small_enough(file)
    file.write_bytes(b"x" * (commit_checks.LIMIT + 1))
    with pytest.raises(SiteError, match="a.json: 1,000,001 bytes, at most 1,000,000"):
        commit_checks.small_enough(file)


def test_an_unknown_check_is_named(monkeypatch):
    monkeypatch.setattr("sys.argv", ["commit_checks", "colour", "a"])
    with pytest.raises(SiteError, match="no check 'colour'; there are toml, size"):
        commit_checks.main()
