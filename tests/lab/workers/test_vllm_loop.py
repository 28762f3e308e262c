"""vLLM's loop step by step, at sizes worked out by hand: who gets what, who is pre-empted, and what is refused."""

import json

import pytest

from experiments.lab.suites.exp02_scheduler_loop import gpu, visits
from tests.lab.fakes import engine_worker

pytestmark = pytest.mark.engine
# Blocks of 16, four of them: two prompts of 20 fill them, and the first to need a third block takes it from the other.
TWO = {"budget": 32, "blocks": 4, "max_num_seqs": 2, "max_model_len": 64, "requests": {
    "a": {"at": 1, "own": 20, "answer": 20}, "b": {"at": 1, "own": 20, "answer": 4},
    "c": {"at": 2, "own": 16, "answer": 2}}}


@pytest.fixture(scope="module")
def replay(engine_python):
    return json.loads(engine_worker.printed(engine_python, "vllm_loop.py", TWO))["rows"][0]


def named(replay):
    return [(step["n"], event["event"], event["who"]) for step in replay["steps"] for event in step["events"]]


def test_the_budget_is_shared_and_a_prompt_cut(replay):
    first = replay["steps"][1]
    assert first["state"]["budget"] == {"total": 32, "given": {"a": 20, "b": 12}}
    second = replay["steps"][2]
    assert second["state"]["budget"]["given"] == {"a": 1, "b": 8}
    assert [event["event"] for event in second["events"]][:2] == ["chunk", "decode"]
    assert (2, "seats", "c") in named(replay)


def test_the_first_to_need_a_block_takes_it_from_the_last(engine_python):
    long = {**TWO, "requests": {"a": {"at": 1, "own": 20, "answer": 20}, "b": {"at": 1, "own": 20, "answer": 20}}}
    replay = json.loads(engine_worker.printed(engine_python, "vllm_loop.py", long))["rows"][0]
    found = named(replay)
    # a's first token is known with step 1; its 33rd slot is asked for in step 14, and b has two blocks.
    assert [each for each in found if each[1] == "preempt"] == [(14, "preempt", "b")]
    assert [each for each in found if each[1] == "resume"][0][0] > 14
    step = next(step for step in replay["steps"] if step["n"] == 14)
    assert step["state"]["preempted"] == ["b"] and [each["id"] for each in step["state"]["running"]] == ["a"]
    assert "vllm/v1/core/sched/scheduler.py::Scheduler._preempt_request" in step["ran"]
    before = next(step for step in replay["steps"] if step["n"] == 13)
    assert "vllm/v1/core/sched/scheduler.py::Scheduler._preempt_request" not in before["ran"]


def test_steps_are_numbered_and_everyone_ends(replay):
    assert [step["n"] for step in replay["steps"]] == list(range(len(replay["steps"])))
    assert sorted(replay["steps"][-1]["state"]["finished"]) == ["a", "b", "c"]
    assert replay["steps"][-1]["state"]["free"] == 4
    for step in replay["steps"]:
        assert sum(step["state"]["budget"]["given"].values()) <= 32
        held = [block for table in step["state"]["tables"].values() for block in table]
        assert len(held) + step["state"]["free"] == 4 and len(set(held)) == len(held)


def test_two_runs_print_the_same(engine_python):
    runs = {engine_worker.printed(engine_python, "vllm_loop.py", TWO, seed=seed) for seed in ("0", "7")}
    assert len(runs) == 1


def test_what_cannot_be_served_is_one_line(engine_python):
    def one(prompt, **more):
        return {**TWO, **more, "requests": {"a": {"at": 1, "own": prompt, "answer": 4}}}

    model, cache, none, growing = engine_worker.ends(engine_python, "vllm_loop.py", [
        one(61), one(70, max_model_len=128), one(20, blocks=0), {**one(60), "blocks": 4, "requests": {
            "a": {"at": 1, "own": 60, "answer": 10}}, "max_model_len": 80}])
    assert model == "a prompt of 61 tokens with 4 to come: the model takes 64 together"
    for line in (cache, none, growing):  # vLLM's own words: a pool must hold the longest sequence that is let in
        assert "max seq len" in line or "No available memory" in line, line


def test_the_load_is_the_one_that_a_gpus_servers_get(engine_python):
    found = json.loads(engine_worker.printed(engine_python, "vllm_loop_counts.py", {}))
    tight, sent = found["workload"]["tight"], visits.TIGHT
    assert (tight["requests"], tight["prompt"], tight["answer"]) == (
        sent.requests, sent.prompt_tokens, sent.output_tokens)
    assert tight["kv_tokens"] == gpu.TIGHT_TOKENS and tight["cap"] == visits.CAP
    rows = {row["run"]: row for row in found["rows"]}
    for row in rows.values():
        assert row["given"] == row["needed"] - row["hits"] + row["again"], row["run"]
        assert row["steps"] == row["decode_only"] + row["prefill_only"] + row["mixed"]
    assert rows["twins"]["given"] == 160 + 16 + 16 + 3 * 3 and rows["twins"]["same_step"] == 288
    assert rows["no-cache"]["again"] == rows["no-cache"]["lost"] > rows["tight"]["again"]
