"""The sentences that have values of claims in them: those of pages, of tables row by row, and of the catalog's files.

A table's row is read as a reader does: each cell with the row's first cell and the head of its column before it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.common import toml_tables
from scripts.pages.references import BLOCK, HEADING, prose_lines

REFERENCE = re.compile(r"\{\{ *([a-z0-9][a-z0-9-]*)\.(\w+)(?:\.(\w+))? *\}\}")
_END = re.compile(r"(?<=[.!?])[\"')\]*]*\s+(?=[\"'(\[*]*[A-Z0-9{`])")
_MARK = re.compile(r"\{(?:fixed|quoted):[^{}\n]*\}|\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
_OPTION = re.compile(r" {4}[\w-]+: ")
_ITEM = re.compile(r"\s*(?:[-*]|\d+\.) ")
APART = "|"
BEGIN = 60  # characters by which a sentence is found again
_RULE = re.compile(r"\|?[\s:|-]+\|?")


@dataclass(frozen=True)
class Sentence:
    """`file` is relative to the repository, `line` that of the first value, `text` on one line, without marks."""

    file: str
    line: int
    text: str


def load(root: Path, holds: Callable[[str], bool] = bool) -> list[Sentence]:
    """Every such sentence of the files that `holds` is true of, in the order of files and lines."""
    found: list[Sentence] = []
    for path in [*sorted((root / "docs").rglob("*.md")), *sorted((root / "snippets").glob("*.toml"))]:
        if holds(file := path.relative_to(root).as_posix()):
            of = of_page if path.suffix == ".md" else _of_catalog
            found += of(path.read_text("utf-8"), file)
    return found


def of_page(text: str, file: str) -> Iterator[Sentence]:
    """The sentences of a Markdown file that hold a value."""
    gathered: list[tuple[int, str]] = []
    head: list[str] = []
    for number, line in [*prose_lines(text), (0, "")]:
        if line.lstrip().startswith("|"):
            yield from _sentences(gathered, file)
            gathered = []
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
            if not head:
                head = cells
            elif not _RULE.fullmatch(line.strip()):
                row = _row(head, cells)
                if REFERENCE.search(row):
                    yield Sentence(file, number, _one_line(row))
            continue
        head = []
        apart = not line.strip() or BLOCK.match(line) or line.startswith("///") or HEADING.match(line)
        alone = bool(_OPTION.match(line))
        if apart or alone or _ITEM.match(line):
            yield from _sentences(gathered, file)
            gathered = []
        if alone:
            yield from _sentences([(number, line)], file)
        elif not apart:
            gathered.append((number, line))


def _row(head: list[str], cells: list[str]) -> str:
    """The cells with values, apart from each other by a sign that no word beside a value goes over."""
    first = "" if REFERENCE.search(cells[0]) else f"{cells[0]}: "
    told = [f"{first}{name} {cell}" for name, cell in zip(head[1:], cells[1:], strict=False) if REFERENCE.search(cell)]
    return f" {APART} ".join([*([f"{head[0]} {cells[0]}"] if not first else []), *told])


def _sentences(rows: list[tuple[int, str]], file: str) -> Iterator[Sentence]:
    """The sentences of a paragraph, given as (line number, line)."""
    numbers = [number for number, line in rows for _ in f"{line}\n"]
    text = "\n".join(line for _, line in rows)
    start = 0
    for end in [*_END.finditer(text), None]:
        piece = text[start : end.start() if end else len(text)]
        if first := REFERENCE.search(piece):
            yield Sentence(file, numbers[start + first.start()], _one_line(piece))
        start = end.end() if end else 0


def _of_catalog(text: str, file: str) -> Iterator[Sentence]:
    """The sentences in the strings of a TOML file that hold a value."""
    for said in _strings(toml_tables.looked_at(text)):
        for piece in _END.split(said):
            if first := REFERENCE.search(piece):
                begins = text.find(piece[:BEGIN])  # as it is written there, but for quotation marks in it
                at = begins if begins >= 0 else text.find(first[0])
                yield Sentence(file, text.count("\n", 0, max(at, 0)) + 1, _one_line(piece))


def _strings(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, (dict, list)):
        for part in data.values() if isinstance(data, dict) else data:
            yield from _strings(part)


def _one_line(text: str) -> str:
    return " ".join(_MARK.sub("", text).split())
