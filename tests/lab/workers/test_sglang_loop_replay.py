"""SGLang's loop turn by turn with its slots and its reserve, at sizes worked out by hand."""

import json

import pytest

from tests.lab.fakes import engine_worker

pytestmark = pytest.mark.engine
# 48 slots. b comes at turn 3 and wants 20 + 8 + 1 slots to its end.
TWO = {"budget": 64, "blocks": 3, "block_size": 16, "max_num_seqs": 4, "max_model_len": 128, "requests": {
    "a": {"at": 1, "own": 20, "answer": 6}, "b": {"at": 3, "own": 20, "answer": 8}}}
RUNS = {"small": {}, "roomy": {"blocks": 16}, "mixed": {"blocks": 16, "mixed": True}}


@pytest.fixture(scope="module")
def runs(sglang_python):
    rows = json.loads(engine_worker.printed(sglang_python, "sglang_loop_replay.py", {**TWO, "runs": RUNS}))["rows"]
    return dict(zip(RUNS, rows, strict=True))


def named(replay, *without):
    return [(step["n"], event["event"], event["who"]) for step in replay["steps"] for event in step["events"]
            if event["event"] not in without]


def test_a_decision_is_written_down_as_it_was_made(runs):
    step = runs["small"]["steps"][3]
    # At turn 3 a has 21 slots of 48, and 0.7 (less one turn's decay) of the 4 tokens that it may still write are kept.
    refused = next(event for event in step["events"] if event["event"] == "refused")
    assert refused["who"] == "b" and refused["args"]["wants"] == 20 + 8 + 1 and refused["args"]["used"] == 21
    assert refused["args"]["reserved"] == pytest.approx(4 * 0.7, abs=0.05)
    assert refused["args"]["left"] == pytest.approx(48 - 21 - refused["args"]["reserved"], abs=0.11)
    assert (4, "shut", "b") in named(runs["small"])


def test_slots_add_up_and_everyone_ends(runs):
    for replay in runs.values():
        assert [step["n"] for step in replay["steps"]] == list(range(len(replay["steps"])))
        for step in replay["steps"]:
            state = step["state"]
            assert sum(state["held"].values()) + state["kept"] + state["free"] == state["slots"]
        assert sorted(replay["steps"][-1]["state"]["finished"]) == ["a", "b"]
        assert replay["steps"][-1]["events"]


def test_a_batch_of_prompts_lets_a_stand_unless_chunks_are_mixed(runs):
    assert (3, "stand", "a") in named(runs["roomy"])
    assert "stand" not in {name for _, name, _ in named(runs["mixed"])}
    assert runs["mixed"]["steps"][3]["state"]["mode"] == "mixed"
    assert runs["mixed"]["steps"][3]["state"]["budget"]["given"] == {"b": 20, "a": 1}


def test_the_turns_are_those_that_the_counting_worker_sees(sglang_python, runs):
    rows = json.loads(engine_worker.printed(sglang_python, "sglang_loop.py", {"small": TWO}))["rows"]
    counted = [(row["mode"], row["given"]) for row in rows if row["kind"] == "turn" and row["mode"]]
    states = [step["state"] for step in runs["small"]["steps"]]
    assert counted == [(state["mode"], state["budget"]["given"]) for state in states if state["mode"]]


def test_a_retracted_request_waits_and_comes_back(sglang_python):
    # Of 112 slots a has 10 when b is asked for, and 0.7 of 59 are kept: 60 fit. Before b ends, the two need 118.
    requests = {"a": {"at": 1, "own": 10, "answer": 60}, "b": {"at": 2, "own": 10, "answer": 49}}
    full = {**TWO, "blocks": 7, "steps": 120, "requests": requests}
    (replay,) = json.loads(engine_worker.printed(sglang_python, "sglang_loop_replay.py", full))["rows"]
    found = named(replay, "decode")
    assert (2, "admit", "b") in found
    ((lost, _, who),) = [each for each in found if each[1] == "retract"]
    assert replay["steps"][lost]["state"]["preempted"] == [who]
    assert [each[2] for each in found if each[1] == "resume" and each[0] > lost] == [who]
    assert sorted(replay["steps"][-1]["state"]["finished"]) == ["a", "b"]


def test_the_deciding_lines_ran(runs):
    ran = runs["small"]["steps"][3]["ran"]
    assert "python/sglang/srt/managers/schedule_policy.py::PrefillAdder.add_one_req" in ran
