"""The development server: MkDocs' own, with the steps of scripts/publish/ after each build and one line a message.

MkDocs' command prints fifty lines around the one that a writer needs, and does not know those steps.
"""

import logging
import shutil
import tempfile
import time
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer

from scripts.build.build_site import what_failed
from scripts.common.errors import SiteError
from scripts.common.progress import Ticking
from scripts.publish.steps import publish


class _Kept(logging.Handler):
    """Keeps MkDocs' warnings and errors: they say what is wrong with a build that failed, and nothing else is said."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} - {record.getMessage()}")


class Builder:
    """Builds the project at `root` into `site`, for the address `url`, as often as it is called."""

    def __init__(self, root: Path, site: Path, url: str) -> None:
        self.root, self.site, self.url = root, site, url
        self.kept = _Kept()
        log = logging.getLogger("mkdocs")
        log.handlers, log.propagate = [self.kept], False
        log.setLevel(logging.WARNING)

    def config(self) -> MkDocsConfig:
        """MkDocs' configuration, read anew: it may have been edited."""
        return load_config(str(self.root / "mkdocs.yml"), site_dir=str(self.site), site_url=self.url)

    def build(self) -> float:
        """Builds the site; returns the seconds it took. Raises SiteError with what is wrong."""
        self.kept.lines.clear()
        started = time.monotonic()
        try:
            build(self.config())
            publish(self.site, self.root)
        except (Exception, SystemExit) as error:  # MkDocs aborts with a SystemExit
            said = f"{type(error).__name__}: {error}"
            raise SiteError(f"the site was not built: {what_failed(chr(10).join([*self.kept.lines, said]))}") from None
        return time.monotonic() - started

    def again(self) -> None:
        """Builds after an edit and says so in a line. A failed build leaves the server waiting for the next edit."""
        try:
            print(f"built again in {self.build():.1f} s", flush=True)
        except SiteError as error:
            # MkDocs' server prints this and holds the pages back until they can be built: who edits shall not take old
            # ones for new.
            raise Abort(str(error)) from None


class _Server(LiveReloadServer):
    """MkDocs' server, which says its address when it can be asked."""

    def server_activate(self) -> None:
        super().server_activate()
        print(self.url, flush=True)


def serve(root: Path, host: str, port: int) -> None:
    """Builds the site at `root` and serves it at `/` of `host` and `port`, building again after each edit.

    Returns when it is interrupted. Raises SiteError when the first build fails.
    """
    site = Path(tempfile.mkdtemp(prefix="site-served-"))
    builder = Builder(root, site, f"http://{host}:{port}/")
    config = builder.config()
    config.plugins.on_startup(command="serve", dirty=False)
    try:
        with Ticking("building the site"):
            builder.build()
        server = _Server(builder=builder.again, host=host, port=port, root=str(site))
        missing = site / "404.html"
        server.error_handler = lambda code: missing.read_bytes() if code == 404 and missing.is_file() else None
        for place in (config.docs_dir, config.config_file_path):
            server.watch(place)
        config.plugins.on_serve(server, config=config, builder=builder.again)
        try:
            server.serve()
        except KeyboardInterrupt:
            pass
        finally:
            server.shutdown()
    finally:
        config.plugins.on_shutdown()
        shutil.rmtree(site, ignore_errors=True)
