"""A headless browser on the built site: what a first visit transfers, what moves on the page while it loads."""

import contextlib
import functools
import gzip
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scripts.common.errors import SiteError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Scheme = Literal["dark", "light", "no-preference", "null"]

NO_CHROMIUM = "Chromium not found: install it (Debian: `apt-get install chromium`) or set CHROMIUM to its path"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# They keep Chromium from calling home; root cannot use its sandbox.
FLAGS = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
)
PREFIX = "/from-request/"
TEXT = {".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".map"}
SHIFTS = """() => { window.__shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries())
  if (!entry.hadRecentInput) window.__shift += entry.value; }).observe({ type: "layout-shift", buffered: true }); }"""


def find_chromium() -> str:
    """The path of a Chromium or Chrome. Raises SiteError when there is none."""
    for name in (os.environ.get("CHROMIUM"), *NAMES):
        path = name and shutil.which(name)
        if path:
            return path
    raise SiteError(NO_CHROMIUM)


@contextlib.contextmanager
def chromium() -> Iterator["Browser"]:
    """A Playwright browser, closed at the end."""
    from playwright.sync_api import sync_playwright  # a third of a second, which whoever opens no page is spared

    path = find_chromium()
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        try:
            yield browser
        finally:
            browser.close()


class _Compressed(http.server.SimpleHTTPRequestHandler):
    """Serves a folder below PREFIX, text compressed, as a static host does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802 - http.server looks for this name
        path = self.path.split("?")[0].split("#")[0]
        file = Path(self.directory) / path.removeprefix(PREFIX)
        if not path.startswith(PREFIX):
            file = Path(self.directory) / "outside-the-site"
        if file.is_dir():
            file /= "index.html"
        exists = file.is_file()
        body = (file if exists else Path(self.directory) / "404.html").read_bytes()
        self.send_response(200 if exists else 404)
        self.send_header("Cache-Control", "max-age=600")  # as GitHub Pages sends
        self.send_header("Content-Type", self.guess_type(str(file)) if exists else "text/html")
        if file.suffix in TEXT or not exists:
            body = gzip.compress(body, 6, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of a folder served compressed on a free port of 127.0.0.1, below a sub-path."""

    handler = functools.partial(_Compressed, directory=str(site))

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Visit:
    """A first visit: `bytes` transferred in all and by address, the sum of layout shifts, requests to other hosts."""

    bytes: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    shift: float = 0.0
    foreign: list[str] = field(default_factory=list)


def visit(
    browser: "Browser", url: str, width: int = 1280, height: int = 900, scheme: Scheme = "light", slow: bool = False
) -> Visit:
    """Loads a page with an empty cache and waits until it is quiet.

    `slow` is a line of 1.6 Mbit/s, on which late styles and fonts show.
    """
    seen = Visit()
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    try:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        if slow:
            session.send(
                "Network.emulateNetworkConditions",
                {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000},
            )
        addresses: dict[str, str] = {}

        def note_request(event: dict) -> None:
            addresses[event["requestId"]] = event["request"]["url"]
            if not event["request"]["url"].startswith((url.split(PREFIX)[0], "data:", "blob:")):
                seen.foreign.append(event["request"]["url"])

        def note_size(event: dict) -> None:
            size = int(event["encodedDataLength"])
            seen.bytes += size
            seen.parts[addresses.get(event["requestId"], "?")] = size

        session.on("Network.requestWillBeSent", note_request)
        session.on("Network.loadingFinished", note_size)
        page.add_init_script(f"({SHIFTS})()")
        page.goto(url, wait_until="load", timeout=60_000)
        page.wait_for_timeout(1000)  # what scripts ask for once they run
        seen.shift = page.evaluate("window.__shift")
    finally:
        context.close()
    return seen
