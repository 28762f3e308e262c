"""Whether a newer release exists, as read from pip's listing."""

import pytest
from packaging.version import Version

from scripts.common.errors import SiteError
from scripts.sources import index_versions

LISTING = "vllm (0.33.0)\nAvailable versions: 0.33.0, 0.34.0rc1, 0.32.0, 0.9.2\n"


def test_versions_are_ordered_and_prereleases_left_out():
    assert index_versions.released(LISTING) == [Version("0.33.0"), Version("0.32.0"), Version("0.9.2")]
    assert index_versions.released("") == []


def test_report_only_when_something_is_newer(tmp_path, monkeypatch, capsys):
    report = tmp_path / "report.md"
    monkeypatch.setattr(index_versions, "ask", lambda _: [Version("0.0.1")])
    monkeypatch.setattr("sys.argv", ["newest", "--report", str(report)])
    index_versions.main()
    assert not report.exists()
    assert "nothing newer" in capsys.readouterr().out
    monkeypatch.setattr(index_versions, "ask", lambda _: [Version("99.1"), Version("99.0")])
    index_versions.main()
    assert "newest 99.1 (2 releases later)" in report.read_text()


def test_an_index_that_lacks_it_is_said(monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(SiteError, match="no-such-engine: "):
        index_versions.ask("no-such-engine")
