"""Where a page's running text stands: its pieces in order, so that a step can put a link around a word and no more.

The page stays as it was but for those pieces. Elements and their classes are read by their tags alone: the pages are
this project's own, and whole.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_ARTICLE = re.compile(r"(<article\b[^>]*>)(.*?)(?=</article>)", re.S)
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


@dataclass(frozen=True)
class Piece:
    """A stretch of text, or a whole `<code>` without elements in it. `inside` are the names and classes of the elements
    around it, `section` the address of the last heading above it, "" for none."""

    html: str
    is_code: bool
    inside: frozenset[str]
    section: str

    @property
    def is_prose(self) -> bool:
        """Whether it is read as a sentence is, and is not a link, a heading or what opens a fold."""
        return bool(self.inside & PROSE) and not self.inside & (HEADINGS | {"a", "summary", "button", "label", "code"})


def rewrite(page: str, change: Callable[[Piece], str]) -> str:
    """The page with each piece of its article as `change` has it."""
    article = _ARTICLE.search(page)
    if article is None:
        return page
    made = "".join(change(part) if isinstance(part, Piece) else part for part in _parts(article[2]))
    return page[: article.start(2)] + made + page[article.end(2) :]


def _parts(html: str) -> Iterator[Piece | str]:
    opened: list[tuple[str, frozenset[str]]] = []
    inside: frozenset[str] = frozenset()
    section = ""
    for match in _PIECE.finditer(html):
        if match["text"] or match["code"]:
            yield Piece(match[0], bool(match["code"]), inside, section)
            continue
        yield match[0]
        if not match["tag"]:
            continue
        name = _NAME.match(match[0])[1].lower()  # type: ignore[index]  # every tag has one
        if match[0].startswith("</"):
            while opened and opened.pop()[0] != name:
                pass
            inside = opened[-1][1] if opened else frozenset()
        elif name not in VOID and not match[0].endswith("/>"):
            classes = _CLASS.search(match[0])
            inside = inside | {name, *(classes[1].split() if classes else ())}
            opened.append((name, inside))
            if name in HEADINGS and (found := _ID.search(match[0])):
                section = found[1]
