"""Where pages use what is quoted and measured, read from the Markdown itself: blocks and inline references.

The ledger, the links from a number to its claim and the checks all need this before any page is rendered.
"""

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^ {0,3}/{3,} *([\w-]+) *(?:\| *(.*?) *)?$")
REFERENCE = re.compile(r"\{\{ *([^{}\n]+?) *\}\}")
OWN_PREFIX = ("claim", "path", "replay", "compare", "result")  # blocks whose address is their name and their id
HEADING = re.compile(r"#{2,4} +(.+?)(?: *\{[^{}]*\})? *#*$")
# Inline code may go on over a line's end, not over a paragraph's; an escaped backtick opens none.
_CODE = r"(?<![`\\])(?P<ticks>`+)(?!`)(?:(?!\n[ \t>]*\n)[\s\S])+?(?<!`)(?P=ticks)(?!`)"
CODE = re.compile(_CODE)
# Whichever of these begins first holds the others: a comment's sign in code opens none, nor a fence in a comment.
_FENCED = (
    r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?P<fence>~{3,}|`{3,}(?![^\n]*`))[^\n]*$"
    r"(?:\n[^\n]*)*?(?:\n[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z)"
)
_APART = re.compile(rf"(?P<fenced>{_FENCED})|(?P<comment><!--[\s\S]*?-->)|{_CODE}", re.M)
_IN_FENCE = "\0"


@dataclass(frozen=True)
class Use:
    """One use: `kind` is the block's name, `value` or `mark`, `id` its argument or what stands between the braces,
    `page` the file below docs/, `line` from 1, `anchor` the fragment the use has on its page ("" for none)."""

    kind: str
    id: str
    page: str
    line: int

    @property
    def anchor(self) -> str:
        return self.id if self.kind == "excerpt" else f"{self.kind}-{self.id}" if self.kind in OWN_PREFIX else ""

    @property
    def url(self) -> str:
        """Address below the site's root, with the fragment."""
        return page_url(self.page) + (f"#{self.anchor}" if self.anchor else "")


def page_url(page: str) -> str:
    """The address below the site's root that MkDocs gives a page: `posts/01-x.md` becomes `posts/01-x/`."""
    stem = page.removesuffix(".md").removesuffix(".ipynb")
    if stem.rpartition("/")[2] in ("index", "README"):
        stem = stem.rpartition("/")[0]
    return f"{stem}/" if stem else ""


def pages_that_show(file: str, uses: Iterable[Use]) -> list[str]:
    """Addresses below the site's root of the pages that a file below docs/ is, or is on: a picture has none itself."""
    name = file.removeprefix("docs/")
    if name.startswith("pictures/"):
        picture = name.removeprefix("pictures/").removesuffix(".svg")
        return list(dict.fromkeys(page_url(use.page) for use in uses if use.kind == "picture" and use.id == picture))
    return [page_url(name)] if name != file else []


def to_root(page: str) -> str:
    """The way from a page back to the site's root, so that a site below a sub-path works."""
    return "../" * page_url(page).count("/") or "./"


def prose_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yields (line number, line) of what is Markdown prose: no front matter, no fenced code, no comments.

    Removed stretches keep their place as blanks, so that columns and line numbers stay true.
    """
    for number, line in enumerate(prose(text).split("\n"), 1):
        if line != _IN_FENCE:
            yield number, line


@functools.lru_cache(maxsize=128)  # the ledger, the map, links and checks ask again for each page of a build
def prose(text: str) -> str:
    """The prose of a file, line for line and column for column: comments are blanks, a line of fenced code or of front
    matter is one sign that no text has."""
    lines = text.replace("\r\n", "\n").split("\n")
    start = 0
    if lines[0].strip() == "---":
        ends = [index for index, line in enumerate(lines[1:], 1) if line.strip() in ("---", "...")]
        start = ends[0] + 1 if ends else 0
    rest = _APART.sub(_taken_out, "\n".join(lines[start:]))
    return (_IN_FENCE + "\n") * start + rest


def _taken_out(found: re.Match[str]) -> str:
    if found["fenced"] is not None:
        return "\n".join(_IN_FENCE for _ in found[0].split("\n"))
    return re.sub(r"[^\n]", " ", found[0]) if found["comment"] is not None else found[0]


def without_code(line: str) -> str:
    """The text with inline code blanked out."""
    return CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), line)


def scan_text(text: str, page: str) -> list[Use]:
    uses = []
    without = without_code(prose(text)).split("\n")
    for number, line in prose_lines(text):
        block = BLOCK.match(line)
        if block:
            uses.append(Use(block[1].lower(), block[2] or "", page, number))
        for ref in REFERENCE.findall(without[number - 1]):
            mark = ref.startswith("mark:")
            uses.append(Use("mark" if mark else "value", ref.removeprefix("mark:").strip(), page, number))
    return uses


def scan(root: Path) -> list[Use]:
    """Every use on every page below docs/, in page and line order."""
    uses = []
    for file in sorted((root / "docs").rglob("*.md")):
        uses += scan_text(file.read_text("utf-8"), file.relative_to(root / "docs").as_posix())
    return uses


def heading_above(text: str, line: int) -> str:
    """The words of the last heading above a line of a page, below its title; "" where there is none."""
    words = ""
    for number, prose in prose_lines(text):
        if number >= line:
            break
        if heading := HEADING.match(prose):
            words = heading[1]
    return words.replace("`", "").replace("*", "")
