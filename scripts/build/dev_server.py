"""The development server: MkDocs' own, with what comes before and after each build and one line a message.

MkDocs' command prints fifty lines around the one that a writer needs, and does not know scripts/prepare/ and
scripts/publish/. An edited page is prepared alone and shown at once. What other pages say of it follows when nobody has
edited for a moment.
"""

import gc
import logging
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from unittest import mock

import jinja2
import mkdocs.utils
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer

from scripts.build import theme_files
from scripts.build.build_site import what_failed
from scripts.common import side_by_side
from scripts.common.errors import SiteError
from scripts.common.progress import Ticking
from scripts.prepare import generator_settings, watching
from scripts.prepare.folder import Folder
from scripts.publish.steps import publish
from scripts.render.page import templates

LOOKS_S = 0.1  # between two looks for an edit
IDLE_S = 2.0  # without an edit before the other pages are prepared again


class _Kept(logging.Handler):
    """Keeps MkDocs' warnings and errors: they say what is wrong with a build that failed, and nothing else is said."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} - {record.getMessage()}")


def _keep_compiled(env: jinja2.Environment, /, **_: object) -> jinja2.Environment:
    """The theme's templates are compiled for the first build alone."""
    env.bytecode_cache = templates.Compiled()
    return env


class Builder:
    """Builds the project at `root` into `site`, for the address `url`, as often as it is called."""

    def __init__(self, root: Path, site: Path, url: str) -> None:
        self.root, self.site, self.url = root, site, url
        self.folder = Folder(root, site.with_name(f"{site.name}.pages"), apart=True)
        self.behind = site.with_name(f"{site.name}.behind")  # touched when pages were prepared that nobody edited
        self.behind.touch()
        self.one_at_a_time = threading.Lock()
        self.later: threading.Timer | None = None
        self.kept = _Kept()
        log = logging.getLogger("mkdocs")
        log.handlers, log.propagate = [self.kept], False
        log.setLevel(logging.WARNING)
        theme_files.skip_hidden()

    def config(self) -> MkDocsConfig:
        """MkDocs' configuration, read anew: it may have been edited."""
        settings = str(self.folder.into / generator_settings.FILE)
        config = load_config(settings, site_dir=str(self.site), site_url=self.url)
        config.plugins.events["env"].append(_keep_compiled)
        return config

    def build(self) -> float:
        """Builds the site; returns the seconds it took. Raises SiteError with what is wrong."""
        self.kept.lines.clear()
        started = time.monotonic()
        try:
            if not self.folder.pages or self.folder.is_behind():
                first = not self.folder.pages  # later threads run, and what was read once is known
                self.folder.prepare(self.folder.edited(), side_by_side.cores() if first else 1)
            with mock.patch.object(mkdocs.utils, "clean_directory", self._clean):
                build(self.config())
            self.folder.publish_files(self.site)
            publish(self.site, self.root)
        except SiteError as error:
            raise SiteError(f"the site was not built: {error}") from None
        except (Exception, SystemExit) as error:  # MkDocs aborts with a SystemExit
            said = f"{type(error).__name__}: {error}"
            raise SiteError(f"the site was not built: {what_failed(chr(10).join([*self.kept.lines, said]))}") from None
        return time.monotonic() - started

    def _clean(self, site: str) -> None:
        """What MkDocs does before a build, but for the files that it does not put there: most of them are the same."""
        kept = {os.path.join(site, place) for place in self.folder.files}
        for folder, _, names in os.walk(site):
            for file in {os.path.join(folder, name) for name in names} - kept:
                os.unlink(file)

    def again(self) -> None:
        """Builds after an edit and says so in a line. A failed build leaves the server waiting for the next edit."""
        self.stop()
        try:
            with self.one_at_a_time:
                print(f"built again in {self.build():.1f} s", flush=True)
        except SiteError as error:
            # MkDocs' server prints this and holds the pages back until they can be built: who edits shall not take old
            # ones for new.
            raise Abort(str(error)) from None
        self.later = threading.Timer(IDLE_S, self.catch_up)
        self.later.daemon = True
        self.later.start()

    def catch_up(self) -> None:
        """Prepares the pages that nobody edited, and has the site built again if one of them is another now."""
        with self.one_at_a_time:
            if self.folder.is_behind():
                return  # an edit came first, and brings its own
            try:
                if self.folder.prepare():
                    self.behind.touch()
            except SiteError as error:
                print(f"of the other pages: {error}", file=sys.stderr, flush=True)

    def stop(self) -> None:
        """Takes back what was to be done later."""
        if self.later:
            self.later.cancel()


class _Server(LiveReloadServer):
    """MkDocs' server, which says its address when it can be asked."""

    def server_activate(self) -> None:
        super().server_activate()
        print(self.url, flush=True)


def serve(root: Path, host: str, port: int) -> None:
    """Builds the site at `root` and serves it at `/` of `host` and `port`, building again after each edit.

    Returns when it is interrupted. Raises SiteError when the first build fails.
    """
    work = Path(tempfile.mkdtemp(prefix="site-served-"))
    builder = Builder(root, work / "site", f"http://{host}:{port}/")
    try:
        with Ticking("building the site"):
            builder.build()
        gc.freeze()  # what is known by now is kept: Python need not look each time whether it can go
        server = _Server(builder=builder.again, host=host, port=port, root=str(builder.site), polling_interval=LOOKS_S)
        missing = builder.site / "404.html"
        server.error_handler = lambda code: missing.read_bytes() if code == 404 and missing.is_file() else None
        for place in (*watching.places(root), builder.behind):
            server.watch(str(place))
        try:
            server.serve()
        except KeyboardInterrupt:
            pass
        finally:
            server.shutdown()
    finally:
        builder.stop()
        shutil.rmtree(work, ignore_errors=True)
