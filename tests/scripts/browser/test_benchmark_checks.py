"""`make bench` times `make verify` as it is run and counts what faults of a run cost; what fails gives neither."""

import pytest

from scripts.browser import benchmark_checks
from scripts.browser.benchmark_figures import Figures
from scripts.common.errors import SiteError

MAKEFILE = """\
verify:
\t@echo "ok     claims   3 claims, 2 hold; $(if $(ALL),0,7) of 7 experiments unchanged since they were verified"
test:
\t@echo "left to make test-all: 8 tests"
"""


class Rows(list):
    def add(self, name, unit, limit, value, detail=""):
        self.append((name, unit, limit, value < 20, detail))


def test_each_way_to_verify_has_its_time_and_says_what_was_unchanged(tmp_path):
    (tmp_path / "Makefile").write_text(MAKEFILE)
    rows = Rows()
    benchmark_checks.verify(rows, tmp_path)
    benchmark_checks.tests(rows, tmp_path)
    assert rows == [
        ("make verify ALL=1", "s", None, True, "0 of 7 experiments unchanged since they were verified"),
        ("make verify, nothing changed", "s", 10, True, "7 of 7 experiments unchanged since they were verified"),
        ("make verify POST=02, nothing changed", "s", 3, True, ""),
        ("make test", "s", 600, True, "left to make test-all: 8 tests"),
    ]


def test_a_command_that_fails_is_one_line(tmp_path):
    (tmp_path / "Makefile").write_text("verify:\n\t@false\n")
    with pytest.raises(SiteError, match="^bench: make verify ALL=1 fails; run it and mend what it says$"):
        benchmark_checks.verify(Rows(), tmp_path)


@pytest.mark.parametrize(
    ("said", "status", "row"),
    [
        ("faults survived: 20 of 20, measurements lost: 0", 0, (0, True)),
        ("faults survived: 18 of 20, measurements lost: 3", 1, (5, False)),
    ],
)
def test_faults_that_are_not_survived_and_measurements_that_are_lost_count(tmp_path, said, status, row):
    (tmp_path / "Makefile").write_text(f'faults:\n\t@echo "{said}"; exit {status}\n')
    figures = Figures()
    benchmark_checks.faults(figures, tmp_path)
    assert [(each["measured"], each["ok"]) for each in figures.rows] == [row]
    assert figures.rows[0]["detail"] == said


def test_faults_that_nobody_counted_are_one_line(tmp_path):
    (tmp_path / "Makefile").write_text("faults:\n\t@echo nothing to do\n")
    with pytest.raises(SiteError, match="^bench: make faults fails; run it and mend what it says$"):
        benchmark_checks.faults(Rows(), tmp_path)
