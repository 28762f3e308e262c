"""Batches of SGLang, array by array, at sizes worked out by hand: a chunk alone, a decode, and both mixed."""

import json

import pytest

from tests.lab.fakes import engine_worker

pytestmark = pytest.mark.engine
TWO = {"budget": 24, "blocks": 8, "block_size": 16, "max_num_seqs": 4, "max_model_len": 64, "turns": [2, 4],
       "requests": {"a": {"at": 1, "own": 20, "answer": 6}, "b": {"at": 2, "own": 40, "answer": 2}}}


@pytest.fixture(scope="module")
def rows(sglang_python):
    found = json.loads(engine_worker.printed(sglang_python, "sglang_step.py", TWO))["rows"]
    return {(row["run"], row["turn"]): row for row in found}


def test_a_chunk_goes_alone_and_its_slots_follow_those_taken(rows):
    chunk = rows["default", 2]
    assert (chunk["mode"], chunk["order"]) == ("prefill", ["b"])
    assert (chunk["prefix_lens"], chunk["extend_lens"], chunk["seq_lens"]) == ([0], [24], [24])
    assert (chunk["positions"], chunk["slots"]) == (list(range(24)), list(range(21, 45)))
    assert chunk["requests"]["after"] == [
        {"id": "a", "computed": 20, "known": 21}, {"id": "b", "computed": 24, "known": 40}]


def test_the_decodes_follow_with_a_token_each(rows):
    decode = rows["default", 4]
    assert (decode["mode"], decode["order"]) == ("decode", ["a", "b"])
    assert (decode["positions"], decode["seq_lens"], decode["slots"]) == ([20, 40], [21, 41], [61, 62])
    assert decode["free"]["before"] - decode["free"]["after"] == 2


def test_mixed_has_the_chunk_first_and_the_decode_behind_it(rows):
    mixed = rows["mixed", 2]
    assert (mixed["mode"], mixed["order"], mixed["extend_lens"]) == ("mixed", ["b", "a"], [23, 1])
    assert mixed["positions"] == [*range(23), 20] and mixed["logits_rows"] == [22, 23]


def test_a_turn_without_a_batch_is_one_line(sglang_python):
    late = {**TWO, "turns": [1], "requests": {"a": {"at": 3, "own": 20, "answer": 6}}}
    (line,) = engine_worker.ends(sglang_python, "sglang_step.py", [late])
    assert line == "turn 1 launched no batch: nothing to show"
