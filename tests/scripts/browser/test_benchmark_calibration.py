"""`make bench` and the ranges: a figure a kind, the goal on all of them, a line where nothing was predicted."""

import pytest

from scripts.browser import benchmark_calibration
from scripts.browser.benchmark_figures import Figures
from scripts.measured import calibration
from tests.scripts.measured.test_calibration import DATA, host, write


def rows(root):
    figures = Figures()
    benchmark_calibration.ranges(figures, root)
    return [(row["figure"].rpartition(", ")[2], row["measured"], row["ok"], row["detail"]) for row in figures.rows]


def test_the_goal_is_of_all_kinds_together(tmp_path):
    write(tmp_path, DATA)
    gpu, count, points, every, *_ = rows(tmp_path)
    assert gpu[0] == "gpu relative sampled" and round(gpu[1], 6) == 6 and gpu[2] is None
    assert gpu[3] == "141 of 150 inside, 94.0%; 50 values; median ±13%"
    assert count[:3] == ("count units single", None, None) and points[0] == "ratio-processor points sampled"
    assert (every[0], every[2]) == ("all kinds", False)
    kinds = [DATA["kinds"][0] | {"inside": 150, "coverage": 1.0}, *DATA["kinds"][1:]]
    hosts = [host("0a54f8ff9f9b4fe7", 32, (10, 10), (40, 60)), host("db2c3fcd4e9f5a52", 16, (140, 140), (88, 90))]
    total = {"left_out": 300, "inside": 278, "coverage": 278 / 300}
    write(tmp_path, DATA | {"kinds": kinds, "hosts": hosts, "total": total})
    assert rows(tmp_path)[3][:3] == ("all kinds", pytest.approx(100 * 22 / 300), True)


def test_a_host_of_which_anything_was_predicted_has_a_row_without_a_limit(tmp_path):
    write(tmp_path, DATA)
    assert rows(tmp_path)[4:] == [
        ("H200 db2c", pytest.approx(100 * 10 / 230), None,
         "220 of 230 inside; gpu 132 of 140, processor 88 of 90; 16 processors"),
        ("H200 0a54", pytest.approx(30), None, "49 of 70 inside; gpu 9 of 10, processor 40 of 60; 32 processors"),
    ]


def test_without_a_file_nothing_was_measured(tmp_path):
    assert rows(tmp_path) == [("all kinds", None, None, calibration.MISSING)]
