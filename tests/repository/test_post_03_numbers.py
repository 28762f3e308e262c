"""Post 3's derived numbers: a card's blocks, what a request takes, and the lines of the releases that say so."""

import json
from pathlib import Path

from experiments.lab.analysis.roofline import Shape, kv_bytes
from experiments.lab.host.model_folders import QWEN3_8B
from scripts.sources.unpacked_sources import open_sources

ROOT = Path(__file__).resolve().parents[2]
POST = (ROOT / "docs/posts/03-block-manager.md").read_text("utf-8")
BLOCK = 16
LOOP = json.loads((ROOT / "experiments/records/02/replay-loop.json").read_text())
STATES = {step["n"]: step["state"] for step in LOOP["extra"]["replay"]["steps"]}


def blocks(tokens: int) -> int:
    return -(-tokens // BLOCK)


def pinned(path: str, engine: str = "vllm") -> str:
    return open_sources(ROOT).text(engine, path)


def test_the_card_of_the_example_makes_the_blocks_that_the_text_says():
    each = kv_bytes(Shape.from_config(QWEN3_8B), 1) * BLOCK
    room = 0.92 * 40 - 17 - 0.5
    made = int(room * 2**30 // each)
    assert (round(room, 6), made, (made - 1) * BLOCK) == (19.3, 8_783, 140_512)
    assert (each / 2 / 2**20, int(room * 2**30 // (each / 2))) == (1.125, 17_567)
    assert blocks(160_000) == 10_000 > made - 1
    assert "8,783 blocks of 2.25 MiB" in POST
    assert "hold 17,567 blocks" in POST
    assert [round(80 * (1 - share), 6) for share in (0.92, 0.95)] == [6.4, 4]


def test_a_fourth_block_is_taken_for_the_ninth_token_of_the_answer():
    assert [blocks(position + 1) for position in (39, 47, 48)] == [3, 3, 4]
    assert (47 - 40 + 1, 48 - 40 + 1) == (8, 9)
    assert "The ninth stores position 48 and takes a fourth block" in POST


def test_a_preempted_request_needs_all_its_blocks_again():
    known = 100
    hits = (known - 1) // BLOCK  # a hit never covers the last known token
    assert (blocks(known), hits, known - hits * BLOCK) == (7, 6, 4)
    assert "needs seven free blocks, even if its six full ones" in POST
    counted = pinned("vllm/v1/core/single_type_kv_cache_manager.py")
    assert "return num_new_blocks + num_evictable_blocks" in counted


def test_r5_and_r6_need_the_blocks_that_the_text_says():
    before, after = STATES[4], STATES[5]
    requests = LOOP["workload"]["requests"]
    assert [requests[f"r{number}"]["own"] for number in range(1, 5)] == [40, 20, 100, 30]
    assert (before["free"], blocks(40), blocks(40) - 2, after["free"]) == (4, 3, 1, 0)
    assert "r5 needs three of four free blocks; then r6 needs one" in POST


def test_of_two_equal_blocks_a_look_up_returns_the_first():
    pool = pinned("vllm/v1/core/block_pool.py")
    assert "return next(iter(blocks.values()))" in pool
    assert "{blocks.block_id: blocks, block.block_id: block}" in pool
    assert "a look-up returns the first, or, if that is evicted, the second" in POST


def test_a_block_is_split_for_a_kernel_with_smaller_blocks():
    worker = pinned("vllm/v1/worker/utils.py")
    assert "blocks_per_kv_block = self.kv_cache_spec.block_size // self.kernel_block_size" in worker
    assert "alpha=self.kernel_block_stride or blocks_per_kv_block" in worker
    ratio = 256 // 64
    assert [5 * ratio + part for part in (0, ratio - 1)] == [20, 23]
    assert "block 5 is split into the kernel's blocks 20 to 23" in POST


def test_a_retracted_request_leaves_its_prompt_in_the_tree():
    released = pinned("python/sglang/srt/managers/schedule_batch.py", "sglang")
    assert "release_kv_cache(req, tree_cache, is_insert=False)" in released
    freed = pinned("python/sglang/srt/mem_cache/common.py", "sglang")
    assert "tree_cache.free_kv_row(req.kv, [(req.kv.cache_protected_len, owned_kv_len)])" in freed
    entered = pinned("python/sglang/srt/mem_cache/radix_cache.py", "sglang")
    unfinished = entered[entered.index("def cache_unfinished_req") :]
    assert "req.kv.cache_protected_len = len(new_indices)" in unfinished[: unfinished.index("def pretty_print")]
    assert "after a prompt of 40 and an answer of 5 it can hit 40 and computes 5" in POST
