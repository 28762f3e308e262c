"""What vLLM's prefix cache finds, against rules worked out by hand; blocks have 16 tokens."""

import json

import pytest

from tests.lab.fakes import engine_worker

pytestmark = pytest.mark.engine
SMALL = {
    "max_model_len": 256, "kv_tokens": 4096, "budget": 200, "output_tokens": 4,
    "repeat": [1, 15, 16, 17, 32, 47, 48, 49, 201], "shared": {"64": [0, 1, 15, 16, 17, 40, 63, 64]},
    "next_turn": [{"prompt": 30, "answer": answer, "new": 5} for answer in (1, 2, 3, 18, 19)],
    "together": {"prompt_tokens": 48, "requests": 3},
    "memory": {"requests": [1, 3], "shared_tokens": 48, "own_tokens": 8, "output_tokens": 20},
}


@pytest.fixture(scope="module")
def line(engine_python):
    return engine_worker.printed(engine_python, "vllm_cache.py", SMALL)


@pytest.fixture(scope="module")
def rows(line):
    return json.loads(line)["rows"]


def of(rows, scenario, caching="on"):
    found = [row for row in rows if (row["scenario"], row["caching"]) == (scenario, caching)]
    assert found, f"no row of {scenario} with caching {caching}"
    return found


def test_another_process_with_other_hashes_prints_the_same_bytes(line, engine_python):
    assert engine_worker.printed(engine_python, "vllm_cache.py", SMALL, seed="7") == line


def test_a_repeated_prompt_hits_every_whole_block_before_its_last_token(rows):
    found = of(rows, "repeat")
    assert [row["prompt_tokens"] for row in found] == SMALL["repeat"]
    for row in found:
        tokens = row["prompt_tokens"]
        assert row["hit_tokens"] == (tokens - 1) // 16 * 16
        assert row["missed_last"] == (0 if tokens % 16 else 16)
        assert (row["blocks"], row["new_blocks"]) == (-(-tokens // 16), 1)
    assert [row["ready"] for row in found] == [1] * len(found)


def test_a_shared_prefix_hits_its_whole_blocks_and_only_the_whole_prompt_pays_for_the_last_token(rows):
    for row in of(rows, "shared"):
        shared = row["shared_tokens"]
        assert row["hit_tokens"] == {64: 48}.get(shared, shared // 16 * 16)
        assert (row["missed_tail"], row["missed_last"]) == (shared % 16, 16 if shared == 64 else 0)
        assert row["computed_tokens"] == 64 - row["hit_tokens"]
        assert row["new_blocks"] == 4 - row["hit_tokens"] // 16


def test_an_answer_is_cached_but_for_its_last_token(rows):
    """30 tokens and an answer of 3 are 33, but only 32 were computed: two blocks; one of 18 still gives no third."""
    assert {row["answer_tokens"]: row["hit_tokens"] for row in of(rows, "next-turn")} == {
        1: 16, 2: 16, 3: 32, 18: 32, 19: 48
    }


def test_requests_of_one_step_hit_what_was_admitted_just_before(rows):
    found = of(rows, "together")
    assert [row["hit_tokens"] for row in found] == [0, 32, 32]
    assert [row["admitted"] for row in found] == [1, 1, 1]


def test_blocks_of_a_prefix_are_held_once(rows):
    """48 shared tokens are 3 blocks, 8 of one's own are 1, and with 19 tokens decoded 2."""
    alone, three = of(rows, "memory")
    assert (alone["blocks_used"], alone["blocks_shared"], alone["kv_peak"]) == (4, 0, 5 * 16)
    assert (three["blocks_used"], three["blocks_shared"], three["kv_peak"]) == (3 + 3, 3, (3 + 3 * 2) * 16)
    assert (three["tables"], three["new_blocks"], three["kv_used"], three["hit_tokens"]) == (12, 3, 96, 144)


def test_without_caching_nothing_is_found_and_nothing_is_shared(rows):
    for scenario in ("repeat", "shared", "together"):
        for row in of(rows, scenario, "off"):
            assert row["hit_tokens"] == 0 and row["new_blocks"] == row["blocks"]
            assert "missed_tail" not in row and "missed_last" not in row
    alone, three = of(rows, "memory", "off")
    assert (alone["blocks_used"], three["blocks_used"]) == (4, 12)
    assert (three["blocks_shared"], three["kv_peak"]) == (0, 3 * 5 * 16)


def test_what_cannot_be_held_is_refused_in_one_line(engine_python):
    long, small, unknown = engine_worker.ends(engine_python, "vllm_cache.py", [
        {**SMALL, "repeat": [253]}, {**SMALL, "kv_tokens": 128}, {"lengths": [16]},
    ])
    assert long == "a prompt of 253 tokens with 4 to come: the model takes 256 together"
    assert small.startswith("To serve at least one request with the model's max seq len (256)") and "\n" not in small
    assert unknown.startswith("no such setting: lengths; there are: max_model_len, ")
