"""vLLM's loop with settings changed, at sizes worked out by hand: one start gives a replay for each run."""

import json

import pytest

from tests.lab.fakes import engine_worker

pytestmark = pytest.mark.engine
# Blocks of 16: a's prompt takes two of five, b's two; three are kept free by a watermark of a half.
TWO = {"budget": 64, "blocks": 5, "max_num_seqs": 2, "max_model_len": 64, "requests": {
    "a": {"at": 1, "own": 20, "answer": 6}, "b": {"at": 2, "own": 20, "answer": 4}}}
RUNS = {"plain": {}, "kept": {"watermark": 0.5}, "ahead": {"asynchronous": True}, "small": {"budget": 16}}


@pytest.fixture(scope="module")
def runs(engine_python):
    rows = json.loads(engine_worker.printed(engine_python, "vllm_loop_changed.py", {**TWO, "runs": RUNS}))["rows"]
    return dict(zip(RUNS, rows, strict=True))


def given(replay):
    return [step["state"]["budget"]["given"] for step in replay["steps"][1:]]


def test_unchanged_it_is_the_other_workers_replay(engine_python, runs):
    other = json.loads(engine_worker.printed(engine_python, "vllm_loop.py", TWO))["rows"][0]
    assert runs["plain"] == {**other, "setup": {**other["setup"], "asynchronous": False, "watermark": 0.0}}


def test_a_watermark_keeps_blocks_free_at_an_admission(runs):
    assert given(runs["plain"])[1] == {"a": 1, "b": 20}
    # int(0.5 * 6) blocks stay free, and b would leave one: it waits until nobody runs.
    assert [step for step in given(runs["kept"]) if "b" in step][0] == {"b": 20}
    assert given(runs["kept"])[1] == {"a": 1}


def test_a_step_ahead_an_end_is_seen_a_step_later(runs):
    ends = {name: next(step["n"] for step in replay["steps"] if "a" in step["state"]["finished"])
            for name, replay in runs.items()}
    assert ends["ahead"] == ends["plain"] + 1
    phases = {each["phase"] for step in runs["ahead"]["steps"][2:] for each in step["state"]["running"]}
    assert phases == {"decode"}


def test_each_run_overrides_the_workload_once_more(runs):
    assert given(runs["small"])[0] == {"a": 16} and runs["small"]["setup"]["budget"] == 16
