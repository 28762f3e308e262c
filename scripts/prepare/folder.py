"""The folder that a site generator builds: docs/ with pages of plain Markdown and HTML, its files, and the settings.

Nothing is written before all of it is made: what is wrong with a page leaves the folder as it was.
"""

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

from scripts.catalog import ledger
from scripts.common import side_by_side
from scripts.common.errors import SiteError
from scripts.measured import figure_files
from scripts.pages import reading_order
from scripts.prepare import convert, drift_pages, generator_settings, notebooks, watching
from scripts.prepare.convert import NOTEBOOK, Converter, Page
from scripts.prepare.links import Names
from scripts.render.page import data_files, templates
from scripts.render.page.build_context import Context

COMPILED = ".cache/templates"  # of the pages that are made of rows, and the theme's
UNPUBLISHED = ("pictures/",)  # part of the pages that show them; they have no colours without


class Folder:
    """A prepared folder of the project at `root`, which can be brought up to date page by page."""

    def __init__(self, root: Path, into: Path, apart: bool = False):
        """Where files are kept `apart`, what is published as it is does not stand in it: `publish_files` puts it into
        the site, which a generator would do by way of a copy."""
        self.root, self.into, self.apart, self.context = root.resolve(), into, apart, Context()
        self.pages: dict[str, Page] = {}
        self.files: dict[str, Path] = {}  # what is published as it is, by its address
        self.seen: watching.Stamps = {}  # its sources, when it was last brought up to date

    def is_behind(self) -> bool:
        """Whether any of its sources has changed since it was prepared, or tried to be."""
        return self.seen != watching.stamps(self.root)

    def edited(self) -> frozenset[str]:
        """The pages that were edited since, if nothing else was: `prepare` can make these first, and the others later.

        Other pages may show what these say, so the folder is only right when all of it has been prepared again.
        """
        return watching.pages_alone(watching.changed(self.seen, watching.stamps(self.root)), self.root)

    def prepare(self, only: frozenset[str] = frozenset(), processes: int = 1) -> bool:
        """Makes the pages, or `only` these of docs/, and writes what is new; returns whether anything was.

        Raises SiteError for what is wrong with a page, the first one of several, and then has written nothing.
        """
        self.seen = watching.stamps(self.root)
        settings = generator_settings.read(self.root)
        self._start_build(settings)
        sources, files = self._sources(), self._files()
        whole = not only or self.pages.keys() != sources.keys()
        converter = self._converter(settings, Names(sources.keys(), files.keys()))
        asked = {name: source for name, source in sources.items() if whole or name in only}
        figures = figure_files.files(self.root)  # before there are processes that would make them, each for itself
        made = self._pages(converter, asked, processes)
        pages = {name: made.get(name) or self.pages[name] for name in sources}
        convert.check_fragments(pages)
        texts = {f"docs/{markdown_file(name)}": page.text for name, page in pages.items()}
        texts[generator_settings.FILE] = generator_settings.text(generator_settings.of_folder(settings, self.root))
        texts |= {f"docs/{place}": text for place, text in self.context.replay_data.items()}
        texts |= {f"docs/{place}": text for place, text in figures.items()}
        if whole:
            texts["docs/data/ledger.json"] = ledger.text(self.context.evidence)
        self.pages, self.files = pages, files
        changed = [_write(self.into / name, text) for name, text in texts.items()]
        if not self.apart:
            changed += [_copy(file, self.into / "docs" / place) for place, file in files.items()]
        if whole:
            changed.append(self._remove_all_but({*texts, *(f"docs/{place}" for place in files)}))
        return any(changed)

    def publish_files(self, site: Path) -> None:
        """Puts what is published as it is into a site that was built of this folder, unless it is there."""
        for place, file in self.files.items():
            _copy(file, site / place)

    def _pages(self, converter: Converter, sources: dict[str, Path | str], processes: int) -> dict[str, Page]:
        """These pages. Raises the SiteError of the first one that is wrong."""

        def made(name: str) -> tuple[Page, dict[str, str]]:
            self.context.replay_data.clear()
            return _made(converter, name, sources[name]), dict(self.context.replay_data)

        # What tells of the whole site is made first and here: it reads all that posts and notebooks are made from, and
        # their processes know it by then.
        apart = [name for name in sources if reading_order.is_post(name) or name.endswith(NOTEBOOK)]
        here = [name for name in sources if name not in apart]
        if processes > 1:
            files = reading_order.notebooks(self.root)
            notebooks.load([files[name] for name in apart if name in files], self.root)
        found = dict(zip(here, side_by_side.outcomes(made, here, 1), strict=True))
        found |= zip(apart, side_by_side.outcomes(made, apart, processes), strict=True)
        pages: dict[str, Page] = {}
        data: dict[str, str] = {}
        for name in sources:
            outcome = found[name]
            if isinstance(outcome, SiteError):
                raise outcome
            pages[name] = outcome[0]
            data |= outcome[1]
        self.context.replay_data.update(data)
        return pages

    def _start_build(self, settings: dict[str, Any]) -> None:
        """Forgets what another pass read."""
        self.context.root, self.context.repo_url = self.root, settings.get("repo_url") or ""
        self.context.start_build()
        templates.keep_compiled(self.root / COMPILED)

    def _converter(self, settings: dict[str, Any], names: Names) -> Converter:
        address = self.context.repo_url.rstrip("/")
        site = settings.get("site_name") or ""
        return Converter(self.context, names, site, edit=f"{address}/edit/main/", view=f"{address}/blob/main/")

    def _sources(self) -> dict[str, Path | str]:
        """Every page's source, by its path below docs/ or as if it lay there: a file, or a text that is made."""
        docs = self.root / "docs"
        pages: dict[str, Path | str] = {file.relative_to(docs).as_posix(): file for file in sorted(docs.rglob("*.md"))}
        return pages | reading_order.notebooks(self.root) | drift_pages.texts(self.context)

    def _files(self) -> dict[str, Path]:
        """What is published as it is, by its address: of docs/, notebooks, records, claims, figures, schemas."""
        docs = self.root / "docs"
        places = {file.relative_to(docs).as_posix(): file for file in sorted(docs.rglob("*")) if file.is_file()}
        shown = {
            place: file
            for place, file in places.items()
            if not place.endswith((".md", ".toml")) and not place.startswith(UNPUBLISHED) and "/." not in f"/{place}"
        }
        for name, file in reading_order.notebooks(self.root).items():
            shown[f"{name.removesuffix(NOTEBOOK)}/{file.name}"] = file
        return shown | {place: file for file, place in data_files.files(self.root)}

    def _remove_all_but(self, kept: set[str]) -> bool:
        """Whether there was anything else; a generator's own folders beside docs/ are none of ours."""
        stray = [file for file in (self.into / "docs").rglob("*") if file.is_file()]
        stray = [file for file in stray if file.relative_to(self.into).as_posix() not in kept]
        for file in stray:
            file.unlink()
            with contextlib.suppress(OSError):  # until the first folder that holds more
                os.removedirs(file.parent)
        return bool(stray)


def markdown_file(name: str) -> str:
    """The file of a page in the prepared docs/, by its source there."""
    return f"{name.removesuffix(NOTEBOOK).removesuffix('.md')}.md"


def _made(converter: Converter, name: str, source: Path | str) -> Page:
    if isinstance(source, str):
        return converter.page(name, source)
    if name.endswith(NOTEBOOK):
        return converter.notebook(name, source)
    return converter.page(name, source.read_text("utf-8"))


def _write(file: Path, text: str) -> bool:
    """Whether the file was another one."""
    if file.is_file() and file.read_bytes() == text.encode():
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return True


def _copy(file: Path, to: Path) -> bool:
    """Whether the copy was older or none."""
    stat = file.stat()
    if to.is_file():
        there = to.stat()
        if (there.st_size, there.st_mtime_ns) == (stat.st_size, stat.st_mtime_ns):
            return False
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(file, to)
    return True
