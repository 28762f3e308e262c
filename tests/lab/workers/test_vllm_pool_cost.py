"""The timed operations of vLLM's block pool: which there are, and that they leave the pool as it was."""

import json

import pytest

from tests.lab.fakes import engine_worker

pytestmark = pytest.mark.engine
SMALL = {"pools": [64, 128], "batch": 16, "repeats": 3, "rounds": 2, "prompt": 64}
OPERATIONS = {"allocate", "drop", "enter", "evict", "keep", "lookup", "touch"}


def test_every_operation_on_every_pool_once_a_round(engine_python):
    found = json.loads(engine_worker.printed(engine_python, "vllm_pool_cost.py", SMALL))["rows"]
    expected = {(op, size) for op in OPERATIONS for size in (64, 128)} | {("hash", 0)}
    assert {(row["op"], row["blocks"]) for row in found} == expected
    assert all(len(row["ns"]) == 2 and min(row["ns"]) > 0 for row in found)


def test_a_pool_smaller_than_two_batches_is_refused_in_one_line(engine_python):
    small, none = engine_worker.ends(
        engine_python, "vllm_pool_cost.py", [{**SMALL, "pools": [31]}, {**SMALL, "pools": [0]}])
    assert small == "a pool of 31 blocks: give at least 32, two batches"
    assert none == "a pool of 0 blocks: give at least 32, two batches"
