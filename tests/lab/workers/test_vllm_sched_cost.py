"""The timed call of vLLM's scheduler: a value a round for each size, and that nothing but decodes is timed."""

import json

import pytest

from tests.lab.fakes import engine_worker

pytestmark = pytest.mark.engine
TINY = {"running": [1, 3], "repeats": 2, "rounds": 2, "prompt": 20}


def test_a_value_a_round_for_each_operation_and_size(engine_python):
    found = json.loads(engine_worker.printed(engine_python, "vllm_sched_cost.py", TINY))["rows"]
    assert {(row["op"], row["running"]) for row in found} == {(op, n) for op in ("schedule", "update") for n in (1, 3)}
    assert all(len(row["us"]) == 2 and min(row["us"]) > 0 for row in found)


def test_none_running_is_refused_in_one_line(engine_python):
    (none,) = engine_worker.ends(engine_python, "vllm_sched_cost.py", [{**TINY, "running": [0]}])
    assert none == "0 running requests: give at least one"
