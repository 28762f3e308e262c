"""Reading how often the range for another host was right: `experiments/calibration.json`, which the lab writes."""

import math
from dataclasses import dataclass
from pathlib import Path

from experiments.formats import json_schema, strict_json
from experiments.formats.value_format import NARROW, number
from scripts.common.errors import SiteError

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


def load(root: Path) -> list[Row]:
    """A row a kind and scale, then that of all kinds; none where there is no file. Raises SiteError for a wrong one."""
    try:
        data = strict_json.read((root / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise SiteError(f"{FILE}: cannot be read ({error}); {REMEDY}") from None
    if fault := json_schema.first_fault(data, SCHEMA):
        raise SiteError(f"{FILE}: {fault.line('file')}; {REMEDY}")
    assert isinstance(data, dict)  # the schema has seen to it
    rows = [
        Row(
            kind["kind"],
            kind["scale"],
            kind["reading"],
            kind["values"],
            kind["left_out"],
            kind["inside"],
            kind["median_half_width"],
        )
        for kind in data["kinds"]
    ]
    total = data["total"]
    rows.append(Row(TOTAL, "", "", sum(row.values for row in rows), total["left_out"], total["inside"], None))
    for row, said in zip(rows, [*data["kinds"], total], strict=True):
        if row.inside > row.left_out or abs((row.coverage or 0) - said["coverage"]) > 1e-6:
            raise SiteError(f"{FILE}: {row.name}: its coverage is not inside over left_out; {REMEDY}")
    return rows
