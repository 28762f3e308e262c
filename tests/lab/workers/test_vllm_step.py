"""One step's arrays by vLLM's own kernels, at sizes worked out by hand: each token's position, slot and logits row."""

import json

import pytest

from tests.lab.fakes import engine_worker

pytestmark = pytest.mark.engine
TWO = {"budget": 24, "blocks": 8, "block_size": 16, "max_num_seqs": 4, "max_model_len": 64, "requests": {
    "a": {"at": 1, "own": 20, "answer": 6}, "b": {"at": 2, "own": 40, "answer": 2}}}


@pytest.fixture(scope="module")
def rows(engine_python):
    found = json.loads(engine_worker.printed(engine_python, "vllm_step.py", {**TWO, "step": 2}))["rows"]
    return {row.pop("kind"): row for row in found}


def test_what_goes_over_is_new_requests_whole_and_the_others_as_a_difference(rows):
    handed = rows["handed"]
    assert handed["given"] == {"a": 1, "b": 23}
    assert handed["new"] == [{"id": "b", "computed": 0, "prompt": 40, "blocks": [3, 4]}]
    assert handed["cached"] == [{"id": "a", "computed": 20, "blocks": []}]


def test_the_batch_is_flat_the_decode_first(rows):
    batch = rows["batch"]
    assert (batch["order"], batch["query_start_loc"], batch["seq_lens"]) == (["a", "b"], [0, 1, 24], [21, 23])
    assert batch["positions"] == [20, *range(23)]


def test_a_slot_is_the_block_times_its_size_and_the_rest(rows):
    table = {"a": [1, 2], "b": [3, 4]}
    expected = [table["a"][20 // 16] * 16 + 20 % 16, *(table["b"][p // 16] * 16 + p % 16 for p in range(23))]
    assert rows["batch"]["slots"] == expected


def test_a_chunk_has_a_logits_row_and_no_token(rows):
    batch = rows["batch"]
    assert (batch["logits_rows"], batch["tokens"], batch["computed"]) == ([0, 23], [1, 0], [21, 23])


def test_the_counters_agree_with_the_scheduler_s(rows):
    after = {each["id"]: (each["computed"], each["known"]) for each in rows["requests"]["after"]}
    assert after == {"a": (21, 22), "b": (23, 40)}


def test_a_step_without_requests_is_one_line(engine_python):
    late = {**TWO, "requests": {"a": {"at": 3, "own": 20, "answer": 6}}}
    (line,) = engine_worker.ends(engine_python, "vllm_step.py", [late])
    assert line == "step 1 has no request: nothing to show"
