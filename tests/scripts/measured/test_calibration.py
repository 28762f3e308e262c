"""Reading the calibration: rows in words, none without a file, and what is wrong with one in a line."""

import json

import pytest

from scripts.measured import calibration
from tests.scripts.fixtures.small_site import one_line

PREDICTED = {"left_out": 150, "inside": 141, "coverage": 0.94}
ROW = PREDICTED | {"kind": "gpu", "scale": "relative", "reading": "sampled", "values": 50}
ROW |= {"median_half_width": 0.123, "factor": 2.1}
NONE = {"kind": "count", "scale": "units", "reading": "single", "values": 2, "left_out": 0, "inside": 0}
NONE |= {"coverage": 0.0, "median_half_width": 0.0, "between": 0.0}
POINTS = ROW | {"kind": "ratio-processor", "scale": "points", "median_half_width": 1.26}
DATA = {"schema": "calibration/1", "kinds": [ROW, NONE, POINTS], "total": PREDICTED, "hosts": []}


def write(root, data):
    file = root / calibration.FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(data if isinstance(data, str) else json.dumps(data))


def test_a_row_a_kind_and_one_of_all(tmp_path):
    assert calibration.load(tmp_path) == []
    write(tmp_path, DATA)
    rows = calibration.load(tmp_path)
    assert [(row.name, row.values, row.left_out, row.inside, row.covered, row.width) for row in rows] == [
        ("time that the GPU sets", 50, 150, 141, "94.0%", "±13%"),
        ("count, where some are 0 or negative, single readings", 2, 0, 0, "-", "-"),
        ("ratio of what the processor sets, in points of a percentage", 50, 150, 141, "94.0%", "±1.3\u00a0points"),
        ("all kinds", 102, 150, 141, "94.0%", "-"),
    ]


def test_a_range_of_one_point_has_no_width(tmp_path):
    """Logarithms and back left a millionth of a millionth, which stood on the page with all its zeros."""
    write(tmp_path, DATA | {"kinds": [ROW | {"median_half_width": 1.2e-15}]})
    assert calibration.load(tmp_path)[0].width == "±0%"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "cannot be read"),
        (DATA | {"schema": "calibration/2"}, "schema"),
        (DATA | {"total": {}}, "total"),
        (DATA | {"kinds": [PREDICTED]}, "kinds[0]: field kind, scale, reading, values, median_half_width is missing"),
        (DATA | {"kinds": [ROW | {"scale": "inches"}]}, "kinds[0].scale"),
        (DATA | {"total": PREDICTED | {"coverage": 94}}, "total.coverage"),
        (DATA | {"total": PREDICTED | {"inside": 151}}, "all kinds: its coverage is not inside over left_out"),
        (DATA | {"kinds": [ROW | {"coverage": 0.9}]}, "time that the GPU sets: its coverage"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path, data, said):
    write(tmp_path, data)
    one_line(lambda: calibration.load(tmp_path), "experiments/calibration.json: ", said, "make experiments")
