"""`make site`, `make serve` and `make clean`: a failure in one line, nothing half-made, nothing of the user's gone."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.build import build_site, serve
from scripts.common.errors import SiteError
from scripts.environments import clean
from tests.scripts.fixtures.prepared import add_pages
from tests.scripts.fixtures.small_site import Site

ROOT = Path(__file__).resolve().parents[3]


def small_site(folder: Path, page: str) -> Path:
    add_pages(Site(folder)).write("docs/index.md", page)
    return folder


def test_a_build_replaces_the_old_one(tmp_path):
    root = small_site(tmp_path / "root", "# Here\n")
    into = tmp_path / "site"
    into.mkdir()
    (into / "stale.html").write_text("old")
    build_site.build(into, root)
    assert (into / "index.html").exists()
    assert not (into / "stale.html").exists()


def test_the_command_says_what_it_built_and_how_it_went(tmp_path):
    root = small_site(tmp_path / "root", "# Here\n")
    command = [sys.executable, "-m", "scripts.build.build_site", "--root", str(root), "--into", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and re.search(r"site/: \d+ pages in ", done.stdout), done.stderr
    (root / "docs/index.md").write_text("[gone](missing.md)\n")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "missing.md" in done.stderr and "Traceback" not in done.stderr


def test_what_mkdocs_finds_wrong_is_told(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: x\nnav: [missing.md]\n")
    with pytest.raises(SiteError, match=r"not built: .*missing\.md"):
        build_site.run_mkdocs(tmp_path, tmp_path / "site", tmp_path)


def test_a_failed_build_leaves_the_old_one_and_says_why(tmp_path):
    root = small_site(tmp_path / "root", "[gone](missing.md)\n")
    into = tmp_path / "site"
    into.mkdir()
    (into / "index.html").write_text("old")
    with pytest.raises(SiteError, match=r"not built: .*missing\.md"):
        build_site.build(into, root)
    assert (into / "index.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_our_own_error_is_shown_without_the_traceback():
    output = (
        "Traceback (most recent call last):\n  File x\nscripts.errors.SiteError: a.md: excerpt `b` unknown; define it\n"
    )
    assert build_site.what_failed(output) == "a.md: excerpt `b` unknown; define it"
    assert build_site.what_failed("INFO - x\nERROR   -  Config value: wrong\n\nAborted") == "Config value: wrong"
    listed = "WARNING -  These pages are in no nav:\n  - a/b.md\n  - c.md\nINFO    -  x\n  - d.md\n"
    assert build_site.what_failed(listed) == "These pages are in no nav: a/b.md c.md"
    assert build_site.what_failed("") == "mkdocs printed nothing"


def test_taken_port_is_said_before_the_build():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            SiteError, match=f"port {port} of 127.0.0.1 is taken; stop what uses it, or `make serve` alone"
        ):
            serve.free_port(port)
        done = subprocess.run(
            [sys.executable, "-m", "scripts.build.serve", "--port", str(port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert serve.free_port(port) == port


def test_without_a_port_the_first_free_one_is_taken(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(serve, "PORT", port)
        assert port < serve.free_port(None) < port + serve.TRIED
        monkeypatch.setattr(serve, "TRIED", 1)
        with pytest.raises(SiteError, match=f"ports {port} to {port} of 127.0.0.1 are taken; name another"):
            serve.free_port(None)


def test_impossible_port_is_said():
    with pytest.raises(SiteError, match="ports 1 to 65535"):
        serve.free_port(70000)


def test_clean_removes_what_was_made_and_keeps_the_user_s(tmp_path, capsys):
    (tmp_path / ".cache/sources").mkdir(parents=True)
    (tmp_path / ".cache/sources/big").write_bytes(b"x" * 3_000_000)
    (tmp_path / "experiments/local").mkdir(parents=True)
    (tmp_path / "experiments/local/mine.json").write_text("{}")
    (tmp_path / "lab.toml").write_text("")
    assert clean.clean(tmp_path) == 3_000_000
    said = capsys.readouterr().out
    assert "removing .cache/" in said and "3 MB" in said and "kept experiments/local/" in said
    assert not (tmp_path / ".cache").exists()
    assert (tmp_path / "experiments/local/mine.json").exists() and (tmp_path / "lab.toml").exists()
    assert clean.clean(tmp_path) == 0
    assert "nothing to remove" in capsys.readouterr().out


def test_clean_of_a_link_leaves_what_it_points_to(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("x")
    root = tmp_path / "root"
    (root / ".cache").mkdir(parents=True)
    os.symlink(elsewhere, root / ".cache/link")
    clean.clean(root)
    assert (elsewhere / "kept").exists()
