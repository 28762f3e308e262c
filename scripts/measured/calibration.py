"""Reading how often the range for another host was right: `experiments/calibration.json`, which the lab writes."""

from dataclasses import dataclass
from pathlib import Path

from experiments.formats import json_schema, strict_json
from experiments.formats.value_format import number
from scripts.common.errors import SiteError

FILE = "experiments/calibration.json"
SCHEMA = Path(__file__).parents[1] / "schema" / "calibration.schema.json"
MISSING = f"No calibration yet: {FILE} is missing; make experiments writes it."
TOTAL = "all kinds"
NAMES = {
    "ratio": "ratio",
    "processor": "time that the processor sets",
    "gpu": "time that the GPU sets",
    "count": "count",
}


@dataclass(frozen=True)
class Row:
    """The predictions of values of one kind, or of all. `coverage` is the share of them that lay inside the range,
    `median_width` that of the ranges' widths over their values; both None where nothing was predicted."""

    kind: str
    values: int
    left_out: int
    inside: int
    coverage: float | None
    median_width: float | None

    @property
    def name(self) -> str:
        return NAMES.get(self.kind, self.kind)

    @property
    def covered(self) -> str:
        """The coverage in percent, `-` where nothing was predicted."""
        return percent(self.coverage)

    @property
    def width(self) -> str:
        """The median width in percent of the value."""
        return percent(self.median_width)


def percent(share: float | None) -> str:
    return "-" if share is None else f"{number(100 * share, digits=3)}%"


def load(root: Path) -> list[Row]:
    """A row a kind, then that of all kinds; none where there is no file. Raises SiteError for a file that is wrong."""
    try:
        data = strict_json.read((root / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise SiteError(f"{FILE}: cannot be read ({error}); write it again: make experiments") from None
    if fault := json_schema.first_fault(data, SCHEMA):
        raise SiteError(f"{FILE}: {fault.line('file')}; write it again: make experiments")
    assert isinstance(data, dict)  # the schema has seen to it
    rows = [_row(kind["kind"], kind) for kind in data["kinds"]] + [_row(TOTAL, data["total"])]
    for row in rows:
        if row.inside > row.left_out:
            raise SiteError(f"{FILE}: {row.kind}: more inside than predicted; write it again: make experiments")
    return rows


def _row(kind: str, data: dict) -> Row:
    names = ("values", "left_out", "inside", "coverage", "median_width")
    return Row(kind, *(data[name] for name in names))
