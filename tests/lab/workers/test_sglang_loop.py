"""SGLang's loop on the same requests, at sizes worked out by hand: a batch of prompts or of decodes, never both."""

import json

import pytest

from tests.lab.fakes import engine_worker

pytestmark = pytest.mark.engine
TWO = {"budget": 64, "blocks": 16, "block_size": 16, "max_num_seqs": 4, "max_model_len": 128, "requests": {
    "a": {"at": 1, "own": 20, "answer": 6}, "b": {"at": 3, "own": 20, "answer": 2}}}


@pytest.fixture(scope="module")
def rows(sglang_python):
    return json.loads(engine_worker.printed(sglang_python, "sglang_loop.py", {"small": TWO}))["rows"]


def test_a_prompt_that_comes_stops_the_decodes_for_a_turn(rows):
    turns = [(row["mode"], row["given"]) for row in rows if row["kind"] == "turn"]
    assert turns[:4] == [("prefill", {"a": 20}), ("decode", {"a": 1}), ("prefill", {"b": 20}),
                         ("decode", {"a": 1, "b": 1})]
    small = next(row for row in rows if row.get("run") == "small")
    assert (small["stood"], small["mixed"], small["prefill_only"]) == (1, 0, 2)
    assert small["given"] == small["needed"] == 20 + 5 + 20 + 1


def test_mixing_serves_both(rows):
    mixed = next(row for row in rows if row.get("run") == "mixed")
    assert (mixed["stood"], mixed["mixed"]) == (0, 1) and mixed["given"] == 46


def test_the_overlapping_loop_computes_behind_an_answers_end(rows):
    overlap = next(row for row in rows if row.get("run") == "overlap")
    assert overlap["beyond"] == 2 and overlap["given"] == 48 and overlap["again"] == 0


def test_a_batch_does_not_find_its_own_prefix(rows):
    for name in ("twins", "twins-lpm"):
        assert next(row for row in rows if row.get("run") == name)["hits"] == 0


def test_a_request_longer_than_the_pool_is_one_line(sglang_python):
    wide = {**TWO, "blocks": 2}
    (line,) = engine_worker.ends(sglang_python, "sglang_loop.py", [{"small": {**wide, "requests": {
        "a": {"at": 1, "own": 40, "answer": 6}}}}])
    assert line.startswith("a prompt of 40 tokens with 6 to come: here ")
