"""`mkdocs` for one build: what it says and how it ends are MkDocs' own, and this process stays as it was."""

import multiprocessing
import os
import signal
import threading

import pytest

from scripts.build import mkdocs_once


def site(folder, nav):
    (folder / "docs").mkdir()
    (folder / "docs/index.md").write_text("# Here\n")
    (folder / "mkdocs.yml").write_text(f"site_name: x\nnav: [{nav}]\n")


@pytest.mark.parametrize(("nav", "status", "says"), [("index.md", 0, ""), ("missing.md", 1, "missing.md")])
def test_it_builds_and_tells_what_is_wrong(tmp_path, nav, status, says):
    site(tmp_path, nav)
    before = os.getcwd(), dict(os.environ), signal.getsignal(signal.SIGINT)
    found, said = mkdocs_once.run(["build", "--strict"], tmp_path, {"OF_THE_FORK": "1"})
    assert found == status and says in said
    assert (os.getcwd(), dict(os.environ), signal.getsignal(signal.SIGINT)) == before


def test_the_environment_is_the_build_s(tmp_path):
    site(tmp_path, "index.md")
    (tmp_path / "mkdocs.yml").write_text("site_name: !ENV [OF_THE_FORK, none]\n")
    mkdocs_once.run(["build"], tmp_path, {"OF_THE_FORK": "of the fork"})
    assert "of the fork" in (tmp_path / "site/index.html").read_text()


def test_an_exception_in_it_is_told_and_no_success(tmp_path):
    status, said = mkdocs_once.run(["build"], tmp_path / "gone", {})
    assert status == 1 and "FileNotFoundError" in said and "gone" in said


def test_it_ends_with_the_process_that_waits_for_it(tmp_path, monkeypatch):
    monkeypatch.setattr(mkdocs_once, "_mkdocs", lambda *_: signal.pause())
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        mkdocs_once.run([], tmp_path, {})
    assert multiprocessing.active_children() == []
