"""Slots that are reserved and hold no token: the contiguous allocator by hand, vLLM's blocks against rules."""

import json
import math

import pytest

from experiments.lab.workers.worker_kit import contiguous_cache
from tests.lab.fakes import engine_worker

SMALL = {
    "requests": 40, "max_model_len": 128, "kv_tokens": 512, "budget": 256, "max_num_seqs": 64,
    "prompt": {"median": 20, "sigma": 0.5}, "answer": {"median": 30, "sigma": 0.5}, "blocks": [1, 16],
    "watermarks": [0.3], "every": 1,
}


def test_a_run_is_taken_first_fit_and_given_back_joined():
    slots = contiguous_cache.Slots(10)
    assert [slots.take(n) for n in (4, 3, 3, 1)] == [0, 4, 7, None]
    slots.give(0, 4)
    slots.give(7, 3)
    assert slots.free == [(0, 4), (7, 3)] and slots.take(5) is None and slots.largest() == 4
    slots.give(4, 3)
    assert slots.free == [(0, 10)] and slots.take(3) == 0 and slots.take(7) == 3 and slots.largest() == 0


@pytest.mark.parametrize(("rule", "slots"), [("max", 64), ("pow2", 10 + 16), ("exact", 10 + 9 - 1)])
def test_what_each_rule_reserves(rule, slots):
    assert contiguous_cache.reserved_for(rule, 10, 9, 64) == slots


def test_a_power_of_two_is_not_passed_when_it_is_met():
    assert [contiguous_cache.power_of_two(n) for n in (1, 2, 3, 8, 9)] == [1, 2, 4, 8, 16]


def test_two_fit_and_the_third_waits_for_a_run_of_its_own():
    """Slots of 6 and 5 fit a row of 12; the third needs 4 and waits for the first to end."""
    seen = list(contiguous_cache.steps([(4, 3), (4, 2), (2, 3)], "exact", 12, 12, 100))
    assert [step["running"] for step in seen] == [
        [(6, 4, 6), (5, 4, 5)], [(6, 5, 6), (5, 5, 5)], [(6, 6, 6), (4, 2, 4)], [(4, 3, 4)], [(4, 4, 4)],
    ]
    assert [step["waiting"] for step in seen] == [1, 1, 0, 0, 0]


def test_a_request_longer_than_the_cache_is_refused_in_one_line():
    with pytest.raises(ValueError, match="^a request needs 16 slots together, the pool has 15: it would wait"):
        list(contiguous_cache.steps([(10, 7)], "exact", 15, 64, 100))
    with pytest.raises(ValueError, match="a prompt of 10 tokens is longer than a step's budget of 9"):
        list(contiguous_cache.steps([(10, 7)], "exact", 64, 64, 9))


@pytest.fixture(scope="module")
def line(engine_python):
    return engine_worker.printed(engine_python, "vllm_waste.py", SMALL)


@pytest.fixture(scope="module")
def rows(line):
    return {(row["scheme"], row.get("size")): row for row in json.loads(line)["rows"]}


@pytest.mark.engine
def test_another_process_with_other_hashes_prints_the_same_bytes(line, engine_python):
    assert engine_worker.printed(engine_python, "vllm_waste.py", SMALL, seed="7") == line


@pytest.mark.engine
def test_shares_of_the_pool_add_up(rows):
    for (scheme, _), row in rows.items():
        if scheme != "lengths":
            assert math.isclose(row["tokens"] + row["later"] + row["never"] + row["free"], 100, abs_tol=0.01), row
            assert len(row["series"]) == row["full_steps"] <= row["steps"]


@pytest.mark.engine
def test_a_block_of_one_token_holds_nothing_in_reserve_and_a_larger_one_less_than_a_block_a_request(rows):
    assert rows["paged", "1"]["empty"] == 0 == rows["paged", "1"]["never"]
    larger = rows["paged", "16"]
    assert larger["empty"] > 0 and (larger["later"] + larger["never"]) * 512 / 100 < 16 * larger["running"]


@pytest.mark.engine
def test_the_longest_is_reserved_for_every_request_and_the_exact_length_never_too_much(rows):
    assert rows["contiguous", "max"]["running"] == 512 // 128
    assert rows["contiguous", "exact"]["never"] == 0
    most = {size: rows["contiguous", size]["running"] for size in ("max", "pow2", "exact")}
    assert most["max"] < most["pow2"] <= most["exact"] < rows["paged", "16"]["running"]


@pytest.mark.engine
def test_nothing_is_computed_twice_where_nobody_is_preempted(engine_python):
    roomy = {**SMALL, "requests": 30, "kv_tokens": 4096, "max_num_seqs": 4}
    roomy |= {"rules": [], "blocks": [16], "watermarks": []}
    _, row = json.loads(engine_worker.printed(engine_python, "vllm_waste.py", roomy))["rows"]
    assert (row["preemptions"], row["recomputed"]) == (0, 0) and row["running"] == 4


@pytest.mark.engine
def test_room_kept_from_newcomers_spares_preemptions_and_lowers_what_runs(rows):
    kept, usual = rows["watermark", "0.3"], rows["paged", "16"]
    assert kept["preemptions"] < usual["preemptions"] and kept["running"] < usual["running"]


@pytest.mark.engine
def test_what_cannot_be_held_is_refused_in_one_line(engine_python):
    empty, small, idle = engine_worker.ends(engine_python, "vllm_waste.py", [
        {**SMALL, "kv_tokens": 0}, {**SMALL, "kv_tokens": 64}, {**SMALL, "requests": 2},
    ])
    assert empty.startswith("No available memory for the cache blocks") and "\n" not in empty
    assert small.startswith("To serve at least one request with the model's max seq len (128)") and "\n" not in small
    assert idle == "paged 1: nobody ever waits; give more requests or a smaller cache"
