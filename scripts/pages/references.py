"""Where pages use what is quoted and measured, read from the Markdown itself: blocks and inline references.

The ledger, the links from a number to its claim and the checks all need this before any page is rendered.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^ {0,3}/{3,} *([\w-]+) *(?:\| *(.*?) *)?$")
REFERENCE = re.compile(r"\{\{ *([^{}\n]+?) *\}\}")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
OWN_PREFIX = ("claim", "path", "replay", "compare", "result")  # blocks whose address is their name and their id
HEADING = re.compile(r"#{2,4} +(.+?)(?: *\{[^{}]*\})? *#*$")
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")


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
    text = re.sub(r"<!--.*?-->", lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.S)
    lines = text.split("\n")
    start = 0
    if lines and lines[0].strip() == "---":
        ends = [index for index, line in enumerate(lines[1:], 1) if line.strip() in ("---", "...")]
        start = ends[0] + 1 if ends else 0
    fence = None
    for index, line in enumerate(lines[start:], start + 1):
        mark = FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = None
            continue
        if mark:
            fence = mark[1]
            continue
        yield index, line


def without_code(line: str) -> str:
    """The line with inline code blanked out."""
    return CODE.sub(lambda found: " " * len(found[0]), line)


def scan_text(text: str, page: str) -> list[Use]:
    uses = []
    for number, line in prose_lines(text):
        block = BLOCK.match(line)
        if block:
            uses.append(Use(block[1].lower(), block[2] or "", page, number))
        for ref in REFERENCE.findall(without_code(line)):
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
