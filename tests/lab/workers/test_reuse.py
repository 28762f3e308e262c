"""Streams through both engines' classes: what is found and missed, worked out by hand, equal on SGLang's two cores."""

import json
import random

import pytest

from experiments.lab.suites.exp04_radix_cache import cpu
from experiments.lab.workers.worker_kit import streams
from tests.lab.fakes.engine_worker import ends, printed

SMALL = {
    "streams": {
        "few-shot": {"tasks": 1, "questions": 3, "examples": 100, "question": 10, "answer": 2},
        "chat": {"conversations": 1, "turns": 2, "system": 20, "user": 30, "answer": 5},
        "none": {"requests": 2, "prompt": 50, "answer": 2},
    },
    "caches": [4096], "groups": [], "shuffles": 1,
}
MISSED = ("missed_new", "missed_last", "missed_tail", "missed_order", "missed_evicted")


@pytest.fixture(scope="module")
def sglang(sglang_python):
    return json.loads(printed(sglang_python, "sglang_streams.py", SMALL))["rows"]


@pytest.fixture(scope="module")
def vllm(engine_python):
    return json.loads(printed(engine_python, "vllm_streams.py", {**SMALL, "max_model_len": 4096}))["rows"]


def of(rows, stream):
    row = next(row for row in rows if row["stream"] == stream)
    assert row["prompt_tokens"] == row["hit_tokens"] + sum(row[name] for name in MISSED)
    return [row["hit_tokens"], *(row[name] for name in MISSED)]


@pytest.mark.engine
def test_the_tree_finds_what_was_computed_and_nothing_before(sglang):
    # Three equal beginnings in one batch: each is computed for itself, but for the first.
    assert of(sglang, "few-shot") == [0, 130, 0, 0, 200, 0]
    # A second turn finds prompt and answer, less the answer's last token.
    assert of(sglang, "chat") == [54, 81, 0, 0, 0, 0]
    assert of(sglang, "none") == [0, 100, 0, 0, 0, 0]


@pytest.mark.engine
def test_hashes_find_what_is_still_to_be_computed_in_whole_blocks(vllm):
    assert of(vllm, "few-shot") == [192, 130, 0, 8, 0, 0]  # 96 of 100, twice
    assert of(vllm, "chat") == [48, 81, 0, 6, 0, 0]
    assert of(vllm, "none") == [0, 100, 0, 0, 0, 0]


@pytest.mark.engine
@pytest.mark.parametrize(("script", "python", "more"), [
    ("sglang_streams.py", "sglang_python", {}),
    ("vllm_streams.py", "engine_python", {"max_model_len": 128}),  # vLLM starts with no larger one in such a cache
])
def test_a_request_longer_than_the_cache_and_an_unknown_stream_are_a_line(script, python, more, request):
    too_long = {**SMALL, "streams": {"none": {"requests": 1, "prompt": 300, "answer": 2}}, "caches": [128], **more}
    unknown = {**SMALL, **more, "streams": {"gossip": {}}}
    said = ends(request.getfixturevalue(python), script, [too_long, unknown])
    assert said[0].startswith("a prompt of 300 tokens with 2 to come"), said
    assert "no stream is called 'gossip'" in said[1]


@pytest.mark.engine
def test_the_core_in_rust_and_the_one_in_python_count_the_same(sglang_python):
    """The second is what can be read; also in an order by prefix, and where something is evicted."""
    what = {"streams": {"agents": {"branches": 2, "levels": 3, "task": 40, "finding": 9, "answer": 5}}, "caches": [160],
            "groups": [3], "shuffles": 1, "queue": {"per_group": 3, "prefix": 60, "own": 8, "answer": 2}}
    rust, python = (json.loads(printed(sglang_python, "sglang_streams.py", {**what, "core": core}))["rows"]
                    for core in ("rust", "python"))
    assert rust == python and {row.get("policy") for row in rust} == {None, "fcfs", "lpm", "dfs-weight"}


@pytest.mark.engine
def test_more_than_fits_at_once_waits_and_is_evicted(sglang_python):
    crowd = {**SMALL, "streams": {"chat": {"conversations": 6, "turns": 2, "system": 0, "user": 60, "answer": 4}},
             "caches": [256]}
    row = json.loads(printed(sglang_python, "sglang_streams.py", crowd))["rows"][0]
    assert row["requests"] == 12 and row["missed_evicted"] > 0


def test_the_samples_hold_every_stream_and_a_value_for_each_mixture():
    rows = [{"stream": "chat", "kv_tokens": 1, **dict.fromkeys(cpu.TOKENS, 7)},
            *({"policy": "lpm", "requests": 90, **dict.fromkeys(cpu.QUEUE, n)} for n in (1, 2))]
    found = {(s["name"], *s["labels"].values()): s["values"] for s in cpu.samples(rows)}
    assert found["missed_tail", "chat", "1"] == [7] and found["hit_tokens", "lpm", "90"] == [1, 2]


def test_a_search_goes_on_from_what_its_parent_said():
    sizes = {"branches": 2, "levels": 3, "task": 10, "finding": 3, "answer": 4}
    turns = streams.stream("agents", "s", random.Random(1), sizes)
    assert len(turns) == 7 and turns[-1].after == turns[2].name
    ids = streams.prompt(turns[1], {"a": [9] * 4})
    assert len(ids) == turns[1].tokens() == 17 and ids[10:14] == [9] * 4
