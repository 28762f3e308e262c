"""Notebooks as HTML whose headings stand by themselves; converted once, and kept below .cache/notebooks/."""

import contextlib
import functools
import hashlib
import importlib.metadata
import re
from collections.abc import Iterable
from pathlib import Path

from experiments.formats.whole_file import write_whole
from scripts.common.errors import SiteError
from scripts.pages import figure_texts
from scripts.pages.references import to_root
from scripts.prepare import headings, notebook_html, notebook_pages
from scripts.render.page import figure_html

CACHE = ".cache/notebooks"
MADE_BY = ("mkdocs-jupyter", "nbconvert", "mistune", "pygments")  # a newer one may write other HTML
_CELL = re.compile(
    r'<div class="jp-Cell jp-MarkdownCell jp-Notebook-cell" id="(?P<id>[^"]*)">\s*'
    r'<div class="jp-Cell-inputWrapper"[^>]*>\s*<div class="jp-InputArea jp-Cell-inputArea">\s*'
    r'<div class="jp-RenderedHTMLCommon[^>]*>\n?(?P<html>.*?)</div>\s*</div>\s*</div>\s*</div>',
    re.S,
)
_OUTER = re.compile(r'<div class="jupyter-wrapper">\s*<div class="jp-Notebook"[^>]*>\s*(.*)</div>\s*</div>\s*', re.S)
_HEADING = re.compile(r'<(h[1-6]) id="([^"]*)">(.*?)<a class="headerlink"[^>]*>#</a></\1>', re.S)


def converted(file: Path, root: Path) -> str:
    """mkdocs-jupyter's HTML of a notebook, but for what `notebook_html` leaves out."""
    kept = _kept(file, root)
    if kept.is_file():
        return kept.read_text("utf-8")
    html = notebook_html.of(file, file.name)
    kept.parent.mkdir(parents=True, exist_ok=True)
    for old in kept.parent.glob(f"{file.stem}-*.html"):
        old.unlink(missing_ok=True)
    write_whole(kept, html)
    return html


def load(files: Iterable[Path], root: Path) -> None:
    """Converts the first of these notebooks that needs it: the converter, half a second to load, is then known to all
    processes that fork from this one. What is wrong with the notebook is left to its page."""
    for file in files:
        if not _kept(file, root).is_file():
            with contextlib.suppress(SiteError):
                converted(file, root)
            return


@functools.cache
def _versions() -> str:
    return " ".join(importlib.metadata.version(name) for name in MADE_BY)


def _kept(file: Path, root: Path) -> Path:
    key = hashlib.sha256(file.read_bytes() + _versions().encode()).hexdigest()
    return root / CACHE / f"{file.stem}-{key[:32]}.html"


def page(file: Path, root: Path, where: str) -> str:
    """A notebook's HTML as part of this site, its headings marked. Raises SiteError for one that is built otherwise."""
    html = notebook_pages.page(converted(file, root), where, _figures(file, root, where))
    outer = _OUTER.search(html)
    if not outer or html.count("jp-MarkdownCell") != len(_CELL.findall(html)):
        raise SiteError(f"{where}: mkdocs-jupyter writes other HTML than it did; correct scripts/prepare/notebooks.py")
    return html[: outer.start()] + _CELL.sub(_opened, outer[1]) + html[outer.end() :]


def _figures(file: Path, root: Path, where: str) -> tuple[str, ...]:
    """The HTML of each figure that the notebook draws, "" for one that no page tells in words."""
    folder = file.name[:2]
    words = zip(figure_texts.drawn(file), figure_texts.of_notebook(file, root), strict=True)
    return tuple(
        figure_html.figure(root, f"{folder}/{name}", said, to_root(where)) if said else "" for name, said in words
    )


def title(html: str, where: str) -> str:
    """What the first heading of a notebook's page says. Raises SiteError where it has none."""
    if first := re.search(rf'<h1 id="[^"]*" {headings.MARK}="1">(.*?)</h1>', html, re.S):
        return " ".join(re.sub(r"<[^>]+>", "", first[1]).split())
    raise SiteError(f"{where}: has no title; begin its first cell with '# Title'")


def _opened(cell: re.Match[str]) -> str:
    """A cell of Markdown whose headings stand before and between what else it says."""
    parts, end, anchor = [], 0, f' id="{cell["id"]}"'
    for heading in [*_HEADING.finditer(cell["html"]), None]:
        text = cell["html"][end : heading.start() if heading else None].strip()
        if text or (heading is None and anchor):
            parts.append(f'<div class="jp-Cell jp-MarkdownCell"{anchor}>\n{text}\n</div>\n')
            anchor = ""
        if heading:
            parts.append(f'<{heading[1]} id="{heading[2]}" {headings.MARK}="1">{heading[3]}</{heading[1]}>\n')
            end = heading.end()
    return "".join(parts)
