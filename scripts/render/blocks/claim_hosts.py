"""What a claim came to on each of its hosts, as its card shows it: a mark a host, its values, what to expect elsewhere.

Few values are drawn, a row a host: a dot, its interval as a line, and what to expect on another host as a band behind
all rows. A claim of many values has a table of values and hosts, folded; drawn are those that its verdict rests on, if
they are few.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from experiments.formats import value_format, verdict_words
from scripts.measured import claim_labels
from scripts.measured.claim_hosts import Host
from scripts.measured.claim_reader import Claim

PAGE = "reference/hosts.md"  # of docs/, where each host has a section
ABSENT = "not there"  # of a value that a host's records do not give
NOT_KNOWN = "not known"  # of what to expect, where the lab has seen too few values of the kind
EDGE = 30  # thousandths of a drawing's width on either side that dots and ends keep free


@dataclass(frozen=True)
class Mark:
    """A host with its verdict; `url` is its section below the site's root, "" while there is no such page."""

    name: str
    url: str
    verdict: str
    holds: str
    measured: str
    label: str
    id: str


@dataclass(frozen=True)
class Drawn:
    """A host's value on the scale that the rows of a value share, in thousandths of the width. `interval` and `band`
    are None where there is none; `holds` fills the dot."""

    at: int
    interval: tuple[int, int] | None
    band: tuple[int, int] | None
    holds: bool


@dataclass(frozen=True)
class Cell:
    """A value on one host; without `drawn` where it has no place on a scale, as a yes has none."""

    host: str
    text: str
    ci: str
    drawn: Drawn | None


@dataclass(frozen=True)
class ValueRow:
    """A value on every host, in their order, under its label or its name. `expected` is the range for another host,
    "not known" where there could be one, "" for none; `alike` is the value where every host has exactly the same, else
    ""."""

    name: str
    cells: list[Cell]
    expected: str
    n: str
    alike: str

    @property
    def known(self) -> bool:
        """Whether `expected` is a range."""
        return self.expected not in ("", NOT_KNOWN)


@dataclass(frozen=True)
class Hosts:
    """The hosts' part of a card. `another` is how a host of the same card is called: `another H200`."""

    marks: list[Mark]
    values: list[ValueRow]
    drawn: list[ValueRow]
    few: bool
    ranged: bool
    another: str
    count: str

    @property
    def shown(self) -> bool:
        """Whether there is more to show than the card of one host has anyway."""
        return self.ranged or len(self.marks) > 1


def hosts_of(claim: Claim, root: Path, labels: Mapping[str, str]) -> Hosts:
    """The hosts' part of a claim's card; `root` is the repository's, `labels` what its values are called, by name."""
    linked = (root / "docs" / PAGE).is_file()
    rows = {name: _row(claim, name, labels.get(name, name)) for name in claim.data["values"]}
    return Hosts(
        [_mark(host, linked) for host in claim.hosts],
        list(rows.values()),
        drawn=[rows[name] for name in claim_labels.drawn(claim)],
        few=len(rows) <= claim_labels.FEW,
        ranged=any(row.expected for row in rows.values()),
        another=f"another {claim.hosts[0].card}" if claim.data["tier"] == "gpu" else "another host",
        count=verdict_words.count(len(claim.hosts)),
    )


def _mark(host: Host, linked: bool) -> Mark:
    return Mark(
        f"{host.card} {host.name}",
        f"{PAGE.removesuffix('.md')}/#host-{host.id}" if linked else "",
        verdict_words.verdict([host.holds]),
        str(host.holds).lower(),
        host.measured,
        host.label,
        host.id,
    )


def _row(claim: Claim, name: str, label: str) -> ValueRow:
    values = [host.values.get(name) for host in claim.hosts]
    there = [value for value in values if value]
    expected = claim.text(f"{name}.range") if claim.range_of(name) else _unknown(claim, name)
    scale = _scale(there, claim.range_of(name))
    cells = []
    for host, value in zip(claim.hosts, values, strict=True):
        if value is None:
            cells.append(Cell(host.name, ABSENT, "", None))
            continue
        text, ci = value_format.formatted(value), value_format.interval(value) if value.get("ci") else ""
        drawn = _drawn(value, claim.range_of(name), scale, host.holds) if scale else None
        cells.append(Cell(host.name, text, ci, drawn))
    texts = {cell.text for cell in cells}
    certain = scale is None and not any(value.get("ci") for value in there)
    counts = sorted({value["n"] for value in there if value.get("n")})
    return ValueRow(
        label,
        cells,
        expected,
        " to ".join(f"{count:,}" for count in dict.fromkeys((counts[0], counts[-1]))) if counts else "",
        cells[0].text if len(texts) == 1 and certain else "",
    )


def _unknown(claim: Claim, name: str) -> str:
    """That nobody knows what to expect: of a value of a kind that ranges are given for, on several hosts."""
    kind = claim.data.get("kinds", {}).get(name, {}).get("kind", "lab")
    ranged = claim.data["tier"] == "gpu" and len(claim.hosts) > 1 and kind != "lab"
    return NOT_KNOWN if ranged and not isinstance(claim.value(name)["value"], bool) else ""


def _scale(values: list[dict], expected: tuple[float, float] | None) -> tuple[float, float] | None:
    """The least and the greatest that is drawn of a value; None where all is one point, or written alike, or no
    number."""
    if any(isinstance(value["value"], bool) for value in values):
        return None
    texts = {value_format.formatted(value) for value in values}
    if not expected and len(texts) == 1 and not any(value.get("ci") for value in values):
        return None  # digits that nobody writes are no spread
    points = [*_points(values), *(expected or ())]
    low, high = min(points), max(points)
    return None if math.isclose(low, high, rel_tol=1e-9, abs_tol=1e-12) else (low, high)


def _points(values: list[dict]) -> Iterator[float]:
    for value in values:
        yield value["value"]
        yield from value.get("ci") or ()


def _drawn(value: dict, expected: tuple[float, float] | None, scale: tuple[float, float], holds: bool) -> Drawn:
    low, high = scale

    def place(point: float) -> int:
        return round(EDGE + (1000 - 2 * EDGE) * (point - low) / (high - low))

    def ends(pair: tuple[float, float] | list[float] | None) -> tuple[int, int] | None:
        return (place(pair[0]), place(pair[1])) if pair else None

    return Drawn(place(value["value"]), ends(value.get("ci")), ends(expected), holds)
