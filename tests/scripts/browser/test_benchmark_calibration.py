"""`make bench` and the ranges: a figure a kind, the goal on all of them, a line where nothing was predicted."""

from scripts.browser import benchmark_calibration
from scripts.browser.benchmark_figures import Figures
from scripts.measured import calibration
from tests.scripts.measured.test_calibration import DATA, write


def rows(root):
    figures = Figures()
    benchmark_calibration.ranges(figures, root)
    return [(row["figure"].rpartition(", ")[2], row["measured"], row["ok"], row["detail"]) for row in figures.rows]


def test_the_goal_is_of_all_kinds_together(tmp_path):
    write(tmp_path, DATA)
    gpu, count, points, every = rows(tmp_path)
    assert gpu[0] == "gpu relative sampled" and round(gpu[1], 6) == 6 and gpu[2] is None
    assert gpu[3] == "141 of 150 inside, 94.0%; 50 values; median ±13%"
    assert count[:3] == ("count units single", None, None) and points[0] == "ratio-processor points sampled"
    assert (every[0], every[2]) == ("all kinds", True)
    write(tmp_path, DATA | {"total": {"left_out": 100, "inside": 89, "coverage": 0.89}})
    assert rows(tmp_path)[-1][2] is False


def test_without_a_file_nothing_was_measured(tmp_path):
    assert rows(tmp_path) == [("all kinds", None, None, calibration.MISSING)]
