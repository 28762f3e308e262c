"""`make serve` as a reader uses it: no network needed, and an edited post, manifest or style shows after a moment."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
POST = "docs/posts/01-request-lifecycle.md"
SHOWN_S = 90  # until an edit shows, beside other tests on two cores
MANIFEST = "snippets/01-request-lifecycle.toml"


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The repository with the working tree's files, to be edited; it shares the unpacked sources."""
    folder = tmp_path_factory.mktemp("serve") / "repository"
    subprocess.run(["git", "clone", "--quiet", "--local", ROOT, folder], check=True)
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listing.stdout.decode().split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copy2(ROOT / name, target)
        else:
            target.unlink(missing_ok=True)
    (folder / ".cache").mkdir()
    (folder / ".cache/sources").symlink_to(ROOT / ".cache/sources")
    return folder


@pytest.fixture(scope="module")
def address(copy) -> str:
    """The address of a server for `copy` that has no way out of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    nowhere = "http://127.0.0.1:9"
    env = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "http_proxy": nowhere,
        "https_proxy": nowhere,
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "no_proxy": "",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": "",
    }
    log = copy.parent / "serve.log"
    with open(log, "wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "scripts.build.serve", "--port", str(port)],
            cwd=copy,
            env=env,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}/"
        until(lambda: server.poll() is not None or read(url), 240)  # beside other tests on two cores
        assert server.poll() is None, log.read_text()
        yield read(url)[1]
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(15) is not None
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, "the server goes on after it was stopped"


def read(url: str):
    """(text, address after redirects), or None while nothing answers."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            return answer.read().decode(), answer.geturl()
    except (urllib.error.URLError, OSError):
        return None


def until(condition, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.2)
    return False


def shows(url: str, text: str) -> bool:
    answer = read(url)
    return answer is not None and text in answer[0]


def test_serves_the_post_with_live_reload(address):
    assert shows(address + "posts/01-request-lifecycle/", "livereload")


def test_says_its_address_in_one_line_and_serves_at_the_root(address, copy):
    assert (copy.parent / "serve.log").read_text().splitlines() == [address]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)


def test_an_edited_post_shows(address, copy):
    post = copy / POST
    text = post.read_text()
    post.write_text(text.replace("\n## ", "\nThe edited paragraph.\n\n## ", 1))  # a post ends with its corrections
    assert until(lambda: shows(address + "posts/01-request-lifecycle/", "The edited paragraph."), SHOWN_S)


def test_an_edited_manifest_shows(address, copy):
    manifest = copy / MANIFEST
    text = manifest.read_text()
    note = text.index("text = ", text.index("[[excerpt.note]]"))
    quote = text.index('"', note)
    quote += 3 if text.startswith('"""', quote) else 1
    manifest.write_text(text[:quote] + "The edited note. " + text[quote:])
    assert until(lambda: shows(address + "posts/01-request-lifecycle/", "The edited note."), SHOWN_S)


def test_an_edited_style_shows(address, copy):
    style = sorted((copy / "docs/assets/css").glob("*.css"))[0]
    style.write_text(style.read_text() + "\n.edited-style { color: inherit }\n")
    assert until(lambda: shows(f"{address}assets/css/{style.name}", ".edited-style"), SHOWN_S)
