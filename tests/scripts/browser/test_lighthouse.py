"""Lighthouse: its scores as it prints them, the median of three, and a word where it is not installed."""

import json
import stat
import sys

import pytest

from scripts.browser import headless, lighthouse
from scripts.common.errors import SiteError

ANSWER = {name: {"score": score} for name, score in zip(lighthouse.CATEGORIES, (0.9, 1, 1, None), strict=True)}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """installed(lines) makes a program of these lines of Python what is found as Lighthouse."""

    def make(body: str) -> None:
        program = tmp_path / "lighthouse"
        program.write_text(f"#!{sys.executable}\nimport json, pathlib, sys\n{body}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("LIGHTHOUSE", str(program))
        monkeypatch.setattr(lighthouse.shutil, "which", lambda name: name)
        monkeypatch.setattr(headless, "find_chromium", lambda: "/a/chromium")

    return make


def test_the_median_of_three_runs_counts(installed, tmp_path):
    log = tmp_path / "log"
    installed(
        f"log = pathlib.Path({str(log)!r}); log.open('a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        f"answer = {ANSWER!r}\n"
        "answer['performance']['score'] = [0.5, 0.9, 0.8][len(log.read_text().splitlines()) - 1]\n"
        "print(json.dumps({'categories': answer}))"
    )
    assert lighthouse.scores("http://127.0.0.1/x") == {
        "performance": 80,
        "accessibility": 100,
        "best-practices": 100,
        "seo": 0,
    }
    assert all("http://127.0.0.1/x" in line and "preset" not in line for line in log.read_text().splitlines())
    log.unlink()
    lighthouse.scores("http://127.0.0.1/x", "desktop", runs=1)
    assert "--preset=desktop" in log.read_text()


def test_without_it_one_says_how_to_get_it(monkeypatch):
    monkeypatch.delenv("LIGHTHOUSE", raising=False)
    monkeypatch.setattr(lighthouse.shutil, "which", lambda name: None)
    with pytest.raises(SiteError, match="npm install --global lighthouse"):
        lighthouse.find()


def test_a_run_that_fails_is_said_in_a_line(installed):
    installed("sys.exit('first\\nno page came')")
    with pytest.raises(SiteError, match=r"^bench: Lighthouse fails on http://127.0.0.1/x: no page came$"):
        lighthouse.scores("http://127.0.0.1/x")


def test_what_it_prints_is_read_as_it_is(installed):
    installed(f"print(json.dumps({{'categories': {ANSWER!r}}}))")
    assert json.dumps(lighthouse.scores("http://127.0.0.1/x", runs=1)["performance"]) == "90.0"
