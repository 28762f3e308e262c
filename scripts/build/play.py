"""`make play FILE=requests.toml`: a reader's own requests through both engines' schedulers, and the replay of it.

The lab drives them, as a process; its file becomes one page with the site's own theme, styles and script, below
.cache/, served on 127.0.0.1 until Ctrl-C. The site is not built for it.
"""

import argparse
import functools
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import time
import webbrowser
from pathlib import Path

from experiments.formats import play_format
from experiments.formats.strict_json import FormatError
from scripts.build import play_page
from scripts.build.build_site import mkdocs_environment, what_failed
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.common.progress import Ticking
from scripts.publish import content_policy

EXAMPLE = "experiments/play/example.toml"
PLACE = ROOT / ".cache/play"
HOST = "127.0.0.1"
# A build of one page in the site's theme: MkDocs with our settings, and without what makes the site of many.
_BUILD = """
import sys
from mkdocs.commands.build import build
from mkdocs.config import load_config
config, docs, site = sys.argv[1:]
build(load_config(
    config, docs_dir=docs, site_dir=site, nav=[{"Your own requests": "index.md"}], plugins=[], hooks=[], strict=True,
    site_url="", edit_uri="", markdown_extensions=["attr_list", {"toc": {"permalink": "#"}}],
))
"""


def drive(file: Path, out: Path) -> dict:
    """What both engines did with the requests of `file`. SiteError with the lab's line where it refuses them."""
    named = os.path.relpath(file, ROOT) if file.is_relative_to(ROOT) else str(file)
    with Ticking("driving both engines' schedulers"):
        done = subprocess.run(
            [sys.executable, "-m", "experiments.lab", "play", named, "--out", str(out)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise SiteError((done.stderr.strip().splitlines() or ["the lab said nothing; run it again"])[-1])
    try:
        return play_format.read(out)
    except (FormatError, OSError) as error:
        raise SiteError(f"{out.name}: {error}; run `make play` again") from None


def build(played: dict, into: Path) -> None:
    """The page, whole in its folder or not there at all. SiteError where MkDocs refuses it."""
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=f".{into.name}.") as scratch:
        docs, site = Path(scratch) / "docs", Path(scratch) / "site"
        docs.mkdir()
        (docs / "assets").symlink_to(ROOT / "docs/assets")
        text, (place, steps) = play_page.page(played, site_address())
        (docs / "index.md").write_text(text, "utf-8")
        with Ticking("making the page"):
            done = subprocess.run(
                [sys.executable, "-c", _BUILD, str(ROOT / "mkdocs.yml"), str(docs), str(site)],
                cwd=ROOT, env=mkdocs_environment(), capture_output=True, text=True, check=False,
            )  # fmt: skip
        if done.returncode:
            raise SiteError(f"the page was not made: {what_failed(done.stdout + done.stderr)}")
        (site / place).parent.mkdir(parents=True, exist_ok=True)
        (site / place).write_text(steps, "utf-8")
        content_policy.publish(site, ROOT)
        shutil.rmtree(into, ignore_errors=True)
        os.replace(site, into)


def site_address() -> str:
    """Where the posts are published, with a slash at its end."""
    for line in (ROOT / "mkdocs.yml").read_text("utf-8").splitlines():
        if line.startswith("site_url:"):
            default = line.partition("SITE_URL,")[2].strip(' ]"')
            return os.environ.get("SITE_URL", default).rstrip("/") + "/"
    return "/"


def serve(folder: Path, show: bool) -> None:
    """Serves the folder on a free port until Ctrl-C, and opens it in a browser where there is one to see it."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer((HOST, 0), handler) as server:
        address = f"http://{HOST}:{server.server_port}/"
        print(f"{address}   (Ctrl-C ends it)", flush=True)
        if show:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Says nothing of each request; a browser asks again each time, since the next run makes the same addresses."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()


def has_screen() -> bool:
    """Whether a browser would be seen: without one, the module would start a reader for terminals."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.build.play", description="both engines' schedulers with your own requests"
    )
    parser.add_argument("file", nargs="?", type=Path, default=ROOT / EXAMPLE, help=f"default: {EXAMPLE}")
    parser.add_argument("--no-serve", action="store_true", help="make the page and say where it is")
    parser.add_argument("--no-open", action="store_true", help="serve it and open no browser")
    parser.add_argument("--into", type=Path, default=PLACE, help="the folder of the page (default: .cache/play)")
    options = parser.parse_args()
    started, into = time.monotonic(), options.into.absolute()
    with tempfile.TemporaryDirectory() as scratch:
        played = drive(options.file.resolve(), Path(scratch) / "played.json")
    build(played, into)
    print(f"{os.path.relpath(into / 'index.html')}: made in {time.monotonic() - started:.0f} s")
    if not options.no_serve:
        serve(into, has_screen() and not options.no_open)
    return 0


if __name__ == "__main__":
    run_cli(main)
