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
ABSENT = {"left_out": 0, "inside": 0}


def host(id, cores, gpu, processor, label="NVIDIA H200, driver 580.159.04"):
    """A host's entry; `gpu` and `processor` are (inside, left out)."""
    counted = {
        name: {"left_out": out, "inside": inside}
        for name, (inside, out) in {"gpu": gpu, "processor": processor, "count": (0, 0)}.items()
    }
    every = {name: sum(each[name] for each in counted.values()) for name in ABSENT}
    return {"id": id, "label": label, "cores": cores, "claims": 3, **every, "set_by": counted}


FAST = host("0a54f8ff9f9b4fe7", 32, (9, 10), (40, 60))
SLOW = host("db2c3fcd4e9f5a52", 16, (132, 140), (88, 90))
ALONE = host("8c2d5c13daafa861", 32, (0, 0), (0, 0))
POINTS |= {"inside": 128, "coverage": 128 / 150}
TOTAL = {"left_out": 300, "inside": 269, "coverage": 269 / 300}
DATA = {"schema": "calibration/2", "kinds": [ROW, NONE, POINTS], "total": TOTAL, "hosts": [FAST, ALONE, SLOW]}


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
        ("ratio of what the processor sets, in points of a percentage", 50, 150, 128, "85.3%", "±1.3\u00a0points"),
        ("all kinds", 102, 300, 269, "89.7%", "-"),
    ]


def test_a_row_a_host_by_its_processors_and_its_name(tmp_path):
    assert calibration.hosts(tmp_path) == []
    write(tmp_path, DATA)
    rows = calibration.hosts(tmp_path)
    assert [(row.name, row.cores, str(row.every), *map(str, row.set_by.values())) for row in rows] == [
        ("H200 db2c", 16, "220 of 230", "132 of 140", "88 of 90", "-"),
        ("H200 0a54", 32, "49 of 70", "9 of 10", "40 of 60", "-"),
        ("H200 8c2d", 32, "-", "-", "-", "-"),
    ]
    assert list(rows[0].set_by) == list(calibration.SET_BY)


def test_hosts_that_begin_alike_are_told_apart_by_their_whole_ids(tmp_path):
    again = FAST | {"id": "0a54000000000000"}
    kinds = [ROW | {"left_out": 20, "inside": 18, "coverage": 0.9}, POINTS | {"left_out": 120, "inside": 80}]
    kinds[1] |= {"coverage": 80 / 120}
    write(tmp_path, DATA | {"kinds": kinds, "hosts": [FAST, again], "total": TOTAL | {
        "left_out": 140, "inside": 98, "coverage": 0.7}})
    assert [row.name for row in calibration.hosts(tmp_path)] == ["H200 0a54000000000000", "H200 0a54f8ff9f9b4fe7"]


def test_a_range_of_one_point_has_no_width(tmp_path):
    """Logarithms and back left a millionth of a millionth, which stood on the page with all its zeros."""
    write(tmp_path, DATA | {"kinds": [ROW | {"median_half_width": 1.2e-15}, POINTS]})
    assert calibration.load(tmp_path)[0].width == "±0%"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "cannot be read"),
        (DATA | {"schema": "calibration/1"}, "schema"),
        (DATA | {"total": {}}, "total"),
        (DATA | {"kinds": [PREDICTED]}, "kinds[0]: field kind, scale, reading, values, median_half_width is missing"),
        (DATA | {"kinds": [ROW | {"scale": "inches"}]}, "kinds[0].scale"),
        (DATA | {"total": PREDICTED | {"coverage": 94}}, "total.coverage"),
        (DATA | {"total": PREDICTED | {"inside": 151}}, "all kinds: its coverage is not inside over left_out"),
        (DATA | {"kinds": [ROW | {"coverage": 0.9}]}, "time that the GPU sets: its coverage"),
        ({name: DATA[name] for name in ("schema", "kinds", "total")}, "hosts"),
        (DATA | {"hosts": [{"id": "0a54f8ff9f9b4fe7", "claims": 3}]}, "hosts[0]: field"),
        (DATA | {"hosts": [FAST | {"cores": 0}]}, "hosts[0].cores"),
        (DATA | {"hosts": [FAST | {"set_by": {"gpu": ABSENT, "processor": ABSENT}}]}, "hosts[0].set_by"),
        (DATA | {"hosts": [FAST, FAST, SLOW]}, "host 0a54f8ff9f9b4fe7: is there twice"),
        (DATA | {"hosts": [host("a", 16, (11, 10), (0, 0))]}, "host a: more lay inside than were left out"),
        (DATA | {"hosts": [FAST | {"inside": 50}, ALONE, SLOW]}, "host 0a54f8ff9f9b4fe7: what sets its values"),
        (DATA | {"hosts": [FAST, ALONE]}, "what is set by gpu: its hosts do not add up to its kinds"),
        (DATA | {"total": TOTAL | {"left_out": 301, "coverage": 269 / 301}}, "its hosts do not add up to the total"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path, data, said):
    write(tmp_path, data)
    one_line(lambda: calibration.load(tmp_path), "experiments/calibration.json: ", said, "make experiments")
