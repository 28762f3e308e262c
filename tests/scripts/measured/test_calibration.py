"""Reading the calibration: rows in words, none without a file, and what is wrong with one in a line."""

import json

import pytest

from scripts.measured import calibration
from tests.scripts.fixtures.small_site import one_line

ROW = {"values": 50, "left_out": 150, "inside": 141, "coverage": 0.94, "median_width": 0.123}
NONE = {"values": 2, "left_out": 0, "inside": 0, "coverage": None, "median_width": None}
DATA = {
    "schema": "calibration/1",
    "kinds": [ROW | {"kind": "gpu", "more": 1}, NONE | {"kind": "count"}],
    "total": ROW,
    "hosts": [],
}


def write(root, data):
    file = root / calibration.FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(data if isinstance(data, str) else json.dumps(data))


def test_a_row_a_kind_and_one_of_all(tmp_path):
    assert calibration.load(tmp_path) == []
    write(tmp_path, DATA)
    rows = calibration.load(tmp_path)
    assert [(row.name, row.left_out, row.inside, row.covered, row.width) for row in rows] == [
        ("time that the GPU sets", 150, 141, "94.0%", "12.3%"),
        ("count", 0, 0, "-", "-"),
        ("all kinds", 150, 141, "94.0%", "12.3%"),
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "cannot be read"),
        (DATA | {"schema": "calibration/2"}, "schema"),
        (DATA | {"total": {}}, "total"),
        (DATA | {"kinds": [ROW]}, "kinds[0]: field kind is missing"),
        (DATA | {"total": ROW | {"coverage": 94}}, "total.coverage"),
        (DATA | {"total": ROW | {"inside": 151}}, "all kinds: more inside than predicted"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path, data, said):
    write(tmp_path, data)
    one_line(lambda: calibration.load(tmp_path), "experiments/calibration.json: ", said, "make experiments")
