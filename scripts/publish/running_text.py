"""Where a page's running text stands: its pieces in order, so that a step can put a link around a word and no more.

The page stays as it was but for those pieces. Elements and their classes are read by their tags alone: the pages are
this project's own, and whole.
"""

import functools
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_ARTICLE = re.compile(r"<article\b[^>]*>")
_PIECE = re.compile(
    r"<!--.*?-->|<(?P<raw>script|style|template|svg|pre|textarea)\b.*?</(?P=raw)>"
    r"|(?P<code><code(?: class=\"[^\"]*\")?>[^<]*</code>)|(?P<tag></?[a-zA-Z][^>]*>)|(?P<text>[^<]+)",
    re.S,
)
_NAME = re.compile(r"</?([a-zA-Z][\w-]*)")
_CLASS = re.compile(r'\bclass="([^"]*)"')
_ID = re.compile(r'\bid="([^"]*)"')
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
PROSE = {"p", "li", "dd", "td", "figcaption"}


class Piece(NamedTuple):
    """A stretch of text, or a whole `<code>` without elements in it. `inside` are the names and classes of the elements
    around it, `section` the address of the last heading above it, "" for none."""

    html: str
    is_code: bool
    inside: frozenset[str]
    section: str

    @property
    def is_prose(self) -> bool:
        """Whether it is read as a sentence is, and is not a link, a heading or what opens a fold."""
        return _is_prose(self.inside)


@functools.lru_cache(maxsize=4096)  # most pieces stand in the same few elements
def _is_prose(inside: frozenset[str]) -> bool:
    return bool(inside & PROSE) and not inside & (HEADINGS | {"a", "summary", "button", "label", "code"})


def rewrite(page: str, change: Callable[[Piece], str], holding: str = "") -> str:
    """The page with each piece of its article as `change` has it; of pieces only those that hold a text, if one is
    given, and none of white space alone."""
    article = _ARTICLE.search(page)
    end = page.find("</article>", article.end()) if article else -1
    if article is None or end < 0:
        return page
    parts, at = [], 0
    html = page[article.end() : end]
    for piece, start in _pieces(html, holding):
        if (changed := change(piece)) != piece.html:
            parts += [html[at:start], changed]
            at = start + len(piece.html)
    return "".join((page[: article.end()], *parts, html[at:], page[end:]))


def _pieces(html: str, holding: str) -> Iterator[tuple[Piece, int]]:
    """Each piece, and where it begins."""
    opened: list[tuple[str, frozenset[str]]] = []
    inside: frozenset[str] = frozenset()
    section = ""
    last = html.rfind(holding)
    for match in _PIECE.finditer(html):
        kind, text = match.lastgroup, match[0]
        if kind == "tag":
            name, closes, opens, adds, heading = _tag(text)
            if closes:
                while opened and opened.pop()[0] != name:
                    pass
                inside = opened[-1][1] if opened else frozenset()
            elif opens:
                inside = _with(inside, adds)
                opened.append((name, inside))
                section = heading or section
        elif kind in ("text", "code") and holding in text and not text.isspace():
            yield Piece(text, kind == "code", inside, section), match.start()
        elif match.start() > last:
            return


@functools.lru_cache(maxsize=4096)
def _with(inside: frozenset[str], adds: frozenset[str]) -> frozenset[str]:
    return inside | adds


class _Tag(NamedTuple):
    name: str
    closes: bool
    opens: bool
    adds: frozenset[str]
    heading: str  # the address of a heading, "" for any other element and for none


@functools.lru_cache(maxsize=4096)  # most of a page's tags are one of few, as they are written
def _tag(text: str) -> _Tag:
    name = _NAME.match(text)[1].lower()  # type: ignore[index]  # every tag has one
    classes, anchor = _CLASS.search(text), _ID.search(text)
    return _Tag(
        name,
        text.startswith("</"),
        name not in VOID and not text.endswith("/>"),
        frozenset({name, *(classes[1].split() if classes else ())}),
        anchor[1] if anchor and name in HEADINGS else "",
    )
