"""The numbers with a unit that notebooks type: in claims' titles and in the text between cells.

A title may name its claim's bound, a notebook one of its experiment's; both the lengths and sizes of a recorded load,
and a published figure that is on file. What was measured stands in a claim's sentence, as a named value.
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalog import famous_numbers, fixed_sources, typed_numbers
from scripts.catalog.site_data import Evidence
from scripts.catalog.typed_numbers import Typed
from scripts.measured.claim_reader import Claim

_REMEDY = "leave the number out, or say it in a claim's sentence by {name}"


def faults(evidence: Evidence, experiments: set[str]) -> tuple[int, list[str]]:
    """(how many numbers were looked at, a line for each that nothing vouches for), of these experiments."""
    figures = famous_numbers.load(evidence.root)
    published = {value for figure in figures for value in fixed_sources.values(figure.figure)}
    count, lines = 0, []
    for script in _scripts(evidence.root):
        if script.name[:2] not in experiments:
            continue
        name, text = f"experiments/{script.name}", script.read_text("utf-8")
        claims = [claim for claim in evidence.claims.values() if claim.experiment == script.name[:2]]
        loads = _loads(evidence, script.name[:2])
        bounds = {claim.id: _bounds(claim) for claim in claims}
        known = published.union(*bounds.values())
        typed = [(number, known) for number in in_text(text, name)]
        for claim in claims:
            at = text[: max(text.find(claim.data["title"]), 0)].count("\n") + 1
            titles = typed_numbers.in_line(claim.data["title"], name, at)
            typed += [(number, published | bounds[claim.id]) for number in titles]
        for number, vouched in typed:
            count += 1
            wanted = fixed_sources.values(number.text)
            there = vouched | loads if fixed_sources.counted(number.text) else vouched
            if missing := [one for one in sorted(wanted) if not fixed_sources.scaled(one, number.text) & there]:
                where = f"{number.file}:{number.line}: types {number.text!r}, and {missing[0]:g}"
                lines.append(f"{where} is no claim's bound there, of no load and no published figure; {_REMEDY}")
    return count, lines


def in_text(script: str, name: str) -> Iterator[Typed]:
    """The numbers in the text between a notebook's cells."""
    lines = script.split("\n")
    numbered = enumerate(lines, 1)
    for text, cell in itertools.groupby(numbered, _Cells()):
        if text:
            rows = list(cell)
            said = "\n".join(re.sub(r"^# ?", "", line) for _, line in rows)
            yield from typed_numbers.in_line(said, name, rows[0][0])


class _Cells:
    """Whether a line is of the text between cells, asked line by line."""

    def __init__(self) -> None:
        self.text = False

    def __call__(self, row: tuple[int, str]) -> bool:
        if row[1].startswith("# %%"):
            self.text = "[markdown]" in row[1]
            return False
        return self.text


def _scripts(root: Path) -> list[Path]:
    return sorted((root / "experiments").glob("[0-9][0-9]_*.py"))


def _bounds(claim: Claim) -> set[float]:
    return {abs(value) for value in fixed_sources.leaves(claim.data.get("predicate", {}))}


def _loads(evidence: Evidence, experiment: str) -> set[float]:
    """The numbers of the experiment's loads, and of what its servers were started with."""
    mine = [record.data for record in evidence.records if record.data["experiment"] == experiment]
    numbers: set[float] = set()
    for data in mine:
        numbers.update(fixed_sources.leaves([data["workload"], data["command"]]))
    return numbers
