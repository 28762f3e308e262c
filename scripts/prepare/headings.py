"""A page's HTML as Markdown in which only the headings are Markdown: a generator makes contents and titles of those.

Each has its address written out. What stands between two of them is HTML as it is, in a form that no Markdown reader
changes: no tab, no line of white space alone, no fence, no line that looks like a heading.
"""

import html as entities
import re
from xml.etree import ElementTree as etree

from markdown.treeprocessors import Treeprocessor

MARK = "data-page-heading"
LINK_TITLE = "Link to this section"  # as in mkdocs.yml: of a heading inside another element the generator knows nothing
LINE = re.compile(r"#{1,6} .*\{[^{}]*#[^{}]*\}$")  # a heading as it is written here
_HEADING = re.compile(rf'<h([1-6])((?: [\w-]+="[^"]*")*?) {MARK}="1"((?: [\w-]+="[^"]*")*)>(.*?)</h\1>', re.S)
_LINK = re.compile(r'<a class="headerlink"[^>]*>#</a>$')
_ATTRIBUTE = re.compile(r' ([\w-]+)="([^"]*)"')
_CODE = re.compile(r"<code>([^<`]*)</code>")
_TAG = re.compile(r"(<[^>]*>)")
_SPECIAL = re.compile(r"([\\`*_{}\[\]#])")
_BLANK = re.compile(r"(?m)^ (?= *$)")
_FENCE = re.compile(r"(?m)^( *)([`~])(?=\2\2)")


class MarkHeadings(Treeprocessor):
    """Marks the headings that stand by themselves; one inside another element stays part of its HTML."""

    def run(self, root: etree.Element) -> None:
        for element in root:
            if re.fullmatch("h[1-6]", element.tag):
                element.set(MARK, "1")


def without_marks(html: str) -> str:
    """The HTML as a page shows it."""
    return html.replace(f' {MARK}="1"', "")


def as_markdown(html: str) -> str:
    """The page's HTML with Markdown for each marked heading."""
    parts, end = [], 0
    for heading in _HEADING.finditer(html):
        parts += [plain_html(html[end : heading.start()]), line_of(heading)]
        end = heading.end()
    parts.append(plain_html(html[end:]))
    return "\n\n".join(part for part in parts if part) + "\n"


def line_of(heading: re.Match[str]) -> str:
    """A marked heading in Markdown."""
    attributes = dict(_ATTRIBUTE.findall(heading[2] + heading[3]))
    names = [f"#{attributes.pop('id')}", *(f".{name}" for name in attributes.pop("class", "").split())]
    names += [f'{key}="{value}"' for key, value in attributes.items()]
    words = " ".join(_LINK.sub("", heading[4]).split())
    return f"{'#' * int(heading[1])} {inline_markdown(words)} {{{' '.join(names)}}}"


def inline_markdown(html: str) -> str:
    """Inline HTML as Markdown that becomes the same HTML."""
    parts = []
    for number, part in enumerate(_CODE.split(html)):
        if number % 2:
            parts.append(f"`{entities.unescape(part)}`")
            continue
        for piece in _TAG.split(part):
            # A code span, a link or an escape would be looked for inside a tag, too.
            instead = (lambda found: f"&#{ord(found[1])};") if piece.startswith("<") else r"\\\1"
            parts.append(_SPECIAL.sub(instead, piece))
    return "".join(parts)


def plain_html(html: str) -> str:
    """HTML that a Markdown reader passes on as it is."""
    text = _FENCE.sub(lambda fence: f"{fence[1]}&#{ord(fence[2])};", html.strip("\n").replace("\t", "&#9;"))
    text = _BLANK.sub("&#32;", text)
    return "\n".join(f"&#35;{line[1:]}" if LINE.match(line) else line for line in text.split("\n"))
