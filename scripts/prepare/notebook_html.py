"""A notebook's HTML by mkdocs-jupyter, in less than half of its time.

nbconvert takes the whole page apart once more, to give three kinds of elements an attribute. The code of the cells,
most of the page's elements, has none of these: it is put in afterwards, as nbconvert would have written it. And the
templates, the same for each notebook, are compiled once.
"""

import contextlib
import functools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2
from pygments.lexer import RegexLexer

from scripts.common.errors import SiteError
from scripts.render.page import python_tokens, templates

_MARK = '<div data-code-of-cell="{}"></div>'
_MARKS = re.compile(_MARK.format(r"\d+"))
_CLASSES = re.compile(r'(?<= class=")([^"]*?) +(?=")')
# The text that a button would copy: the code a second time, which no page of ours shows.
_COPIED = re.compile(r'<div id="(cell-\d+)" class="clipboard-copy-txt">.*?</div>', re.S)


def of(file: Path, where: str) -> str:
    """mkdocs-jupyter's HTML of a notebook, but for the text that buttons copy.

    Raises SiteError where mkdocs-jupyter does not take it for a notebook's any more; `where` is how errors call it.
    """
    convert, nbconvert2, templateexporter = converter()
    cells: list[str] = []
    aside = functools.partial(_aside, nbconvert2.mk_custom_highlight_code, cells)
    environment = functools.partial(jinja2.Environment, bytecode_cache=templates.Compiled())
    with (
        _instead(nbconvert2, "mk_custom_highlight_code", aside),
        _instead(templateexporter, "Environment", environment),
        _instead(RegexLexer, "get_tokens_unprocessed", python_tokens.unprocessed),
    ):
        html = convert.nb2html(str(file), theme="", custom_mathjax_url="")
    if _MARKS.findall(html) != [_MARK.format(number) for number in range(len(cells))]:
        raise SiteError(
            f"{where}: mkdocs-jupyter writes other HTML than it did; correct scripts/prepare/notebook_html.py"
        )
    parts = _MARKS.split(html)
    return parts[0] + "".join(_written(cell) + part for cell, part in zip(cells, parts[1:], strict=True))


def converter() -> tuple[ModuleType, ModuleType, ModuleType]:
    """mkdocs-jupyter's modules and nbconvert's one of templates, which take half a second to load: only a notebook that
    changed costs it."""
    # Loaded without a list of all formats, for which nbconvert makes a converter to each.
    with _environment("NBCONVERT_DISABLE_CONFIG_EXPORTERS", "1"):
        from mkdocs_jupyter import convert, nbconvert2
        from nbconvert.exporters import templateexporter
    return convert, nbconvert2, templateexporter


def _aside(made: Callable[..., Callable[..., str]], cells: list[str], *args: Any, **kwargs: Any) -> Callable[..., str]:
    """mkdocs-jupyter's filter for code, of which a mark stays on the page."""
    highlight = made(*args, **kwargs)

    def kept(*args: Any, **kwargs: Any) -> str:
        cells.append(highlight(*args, **kwargs))
        return _MARK.format(len(cells) - 1)

    return kept


def _written(cell: str) -> str:
    """A cell's code as nbconvert writes elements: classes with one blank between, quotes in text as they are."""
    html = _COPIED.sub(r'<div class="clipboard-copy-txt" id="\1"></div>', _CLASSES.sub(r"\1", cell, count=1))
    return html.replace("&quot;", '"').replace("&#39;", "'")


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextlib.contextmanager
def _instead(module: Any, name: str, value: object) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)
