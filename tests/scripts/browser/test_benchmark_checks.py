"""`make bench` times `make verify` as it is run; a command that fails gives no time."""

import pytest

from scripts.browser import benchmark_checks
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
