"""Reading how often the range for another host was right: `experiments/calibration.json`, which the lab writes."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from experiments.formats import json_schema, strict_json
from experiments.formats.value_format import NARROW, number
from scripts.common.errors import SiteError
from scripts.measured import claim_hosts

FILE = "experiments/calibration.json"
SCHEMA = Path(__file__).parents[1] / "schema" / "calibration.schema.json"
REMEDY = "write it again: make experiments"
MISSING = f"No calibration yet: {FILE} is missing; make experiments writes it."
TOTAL = "all kinds"
NO_WIDTH = 1e-9  # what logarithms and back leave of a range of one point
NAMES = {
    "count": "count",
    "gpu": "time that the GPU sets",
    "processor": "time that the processor sets",
    "ratio-count": "ratio of counts",
    "ratio-gpu": "ratio of what the GPU sets",
    "ratio-processor": "ratio of what the processor sets",
}
SET_BY = ("gpu", "processor", "count")
SCALES = {"relative": "", "points": ", in points of a percentage", "units": ", where some are 0 or negative"}


@dataclass(frozen=True)
class Row:
    """The predictions of values of one kind on one scale, `sampled` with an interval or `single` readings without.

    The row of all has "" for `scale` and `reading`, None for `half_width`, the ranges' median: scales do not add up.
    """

    kind: str
    scale: str
    reading: str
    values: int
    left_out: int
    inside: int
    half_width: float | None

    @property
    def name(self) -> str:
        single = ", single readings" if self.reading == "single" else ""
        return NAMES.get(self.kind, self.kind) + SCALES.get(self.scale, "") + single

    @property
    def coverage(self) -> float | None:
        """The share of the predictions that lay inside; None where nothing was predicted."""
        return self.inside / self.left_out if self.left_out else None

    @property
    def covered(self) -> str:
        """The coverage in percent, `-` where nothing was predicted."""
        return "-" if self.coverage is None else f"{number(100 * self.coverage, digits=3)}%"

    @property
    def width(self) -> str:
        """The half width as `±12%` of the value, `±1.2 points` or `±0.4`; `-` where there is none."""
        if self.half_width is None or not self.left_out:
            return "-"
        half = self.half_width if self.half_width > NO_WIDTH else 0.0
        if self.scale == "relative":
            return f"±{number(100 * math.expm1(half), digits=2)}%"
        return f"±{number(half, digits=2)}{f'{NARROW}points' if self.scale == 'points' else ''}"


@dataclass(frozen=True)
class Counted:
    """How many values of a host were predicted from the others, and how many of these lay inside."""

    left_out: int
    inside: int

    def __str__(self) -> str:
        return f"{self.inside} of {self.left_out}" if self.left_out else "-"


@dataclass(frozen=True)
class HostRow:
    """The predictions of a host that was left out. `name` is how claims call it, `cores` the processors that it had;
    `set_by` has its predictions by what sets the value."""

    id: str
    name: str
    cores: int
    every: Counted
    set_by: dict[str, Counted]


def load(root: Path) -> list[Row]:
    """A row a kind and scale, then that of all kinds; none where there is no file. Raises SiteError for a wrong one."""
    data = _read(root)
    if data is None:
        return []
    total = data["total"]
    rows = [_row(kind) for kind in data["kinds"]]
    return [*rows, Row(TOTAL, "", "", sum(row.values for row in rows), total["left_out"], total["inside"], None)]


def hosts(root: Path) -> list[HostRow]:
    """A row a host, by its processors and its id; none where there is no file. Raises SiteError for a wrong one."""
    data = _read(root)
    found = data["hosts"] if data else []
    names = claim_hosts.short_ids([host["id"] for host in found])
    rows = [
        HostRow(
            host["id"],
            f"{claim_hosts.card_of(host['label'])} {name}",
            host["cores"],
            _counted(host),
            {each: _counted(host["set_by"][each]) for each in SET_BY},
        )
        for host, name in zip(found, names, strict=True)
    ]
    return sorted(rows, key=lambda row: (row.cores, row.id))


def _row(kind: dict) -> Row:
    return Row(
        kind["kind"],
        kind["scale"],
        kind["reading"],
        kind["values"],
        kind["left_out"],
        kind["inside"],
        kind["median_half_width"],
    )


def _counted(said: dict) -> Counted:
    return Counted(said["left_out"], said["inside"])


def _read(root: Path) -> dict | None:
    try:
        data = strict_json.read((root / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SiteError(f"{FILE}: cannot be read ({error}); {REMEDY}") from None
    if fault := json_schema.first_fault(data, SCHEMA):
        raise SiteError(f"{FILE}: {fault.line('file')}; {REMEDY}")
    assert isinstance(data, dict)  # the schema has seen to it
    if wrong := _contradiction(data):
        raise SiteError(f"{FILE}: {wrong}; {REMEDY}")
    return data


def _contradiction(data: dict) -> str:
    """What does not add up in a file of the right form, "" where all does."""
    for name, said in [*((_row(kind).name, kind) for kind in data["kinds"]), (TOTAL, data["total"])]:
        share = said["inside"] / said["left_out"] if said["left_out"] else 0
        if said["inside"] > said["left_out"] or abs(share - said["coverage"]) > 1e-6:
            return f"{name}: its coverage is not inside over left_out"
    ids = [host["id"] for host in data["hosts"]]
    for host in data["hosts"]:
        parts = [host["set_by"][each] for each in SET_BY]
        if ids.count(host["id"]) > 1:
            return f"host {host['id']}: is there twice"
        if any(said["inside"] > said["left_out"] for said in parts):
            return f"host {host['id']}: more lay inside than were left out"
        if _sum(parts) != _counted(host):
            return f"host {host['id']}: what sets its values does not add up to all of them"
    for each in SET_BY:
        of_kinds = [kind for kind in data["kinds"] if kind["kind"].removeprefix("ratio-") == each]
        if _sum(of_kinds) != _sum(host["set_by"][each] for host in data["hosts"]):
            return f"what is set by {each}: its hosts do not add up to its kinds"
    if _sum(data["hosts"]) != _counted(data["total"]):
        return "its hosts do not add up to the total"
    return ""


def _sum(each: Iterable[dict]) -> Counted:
    counted = [_counted(said) for said in each]
    return Counted(sum(one.left_out for one in counted), sum(one.inside for one in counted))
