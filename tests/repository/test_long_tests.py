"""`make test` leaves what takes long to `make test-all`, says so, and still shows that records can be repeated."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.long_tests import LIMIT_S, LONG, REMEASURED

ROOT = Path(__file__).resolve().parents[2]
TESTS = [test for tests, _ in LONG for test in tests]
FILES = sorted({test.partition("::")[0] for test in TESTS})


def run(*words: str) -> str:
    outside = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=outside).stdout


def collected(marks: str) -> list[str]:
    said = run("--collect-only", "-o", "addopts=--import-mode=importlib", "-q", "-m", marks, *FILES)
    return [line for line in said.splitlines() if "::" in line]


def test_every_test_of_the_table_is_there_and_no_other_is_marked():
    assert sorted(collected("long")) == sorted(TESTS)
    assert all(seconds > LIMIT_S for _, seconds in LONG)


def test_some_records_are_repeated_at_every_push():
    kept = collected("not server and not long")
    for test in ("test_counts_that_need_no_server", "test_claims_that_need_no_server"):
        assert [name for name in kept if name.startswith(f"{REMEASURED}::{test}[")]


@pytest.mark.parametrize("parallel", [(), ("-n", "2", "--dist", "loadscope")])
def test_a_run_says_at_its_end_what_it_left(parallel):
    lines = run(*parallel, "-m", "not server and not long", "-k", "no_such_test", *FILES).splitlines()
    minutes = round(sum(seconds for _, seconds in LONG) / 60)
    assert f"left to make test-all: {len(TESTS)} tests that take about {minutes} min of one core" in lines
    assert any(re.fullmatch(r"left to make test-server, a part of test-all: \d+ tests", line) for line in lines)


def test_what_is_left_is_run_by_test_all_and_that_by_the_weekly_workflow():
    commands = {
        name: subprocess.run(["make", "-n", name], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in ("test", "test-all")
    }
    assert re.findall(r'pytest -m ("[^"]+"|\w+)', commands["test"]) == ['"not server and not long"']
    assert re.findall(r'pytest -m ("[^"]+"|\w+)', commands["test-all"]) == [
        '"not server and not long"',
        "long",
        "server",
    ]
    assert all(
        "--numprocesses" not in line for line in re.findall(r"pytest -m (?:long|server)[^;]*", commands["test-all"])
    )
    assert "make test-all" in (ROOT / ".github/workflows/weekly.yml").read_text()
