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


def test_r5_comes_back_to_the_blocks_that_the_text_says():
    before, back = STATES[14]["tables"], STATES[16]["tables"]
    assert (before["r2"][-1], back["r5"]) == (16, [15, 14, 13])
    events = next(step["events"] for step in LOOP["extra"]["replay"]["steps"] if step["n"] == 16)
    assert next(each["args"] for each in events if each["event"] == "resume") == {"tokens": 29, "hit": 16}
    assert "It comes back in step 16 with 45 known tokens{fixed: the record's state}. It hits block 15." in POST
    assert "Block 16 was taken by r2 in step 14, so r5 computes 29, into 14 and 13." in POST


def test_the_default_scheduler_enters_an_answers_hash_one_step_later():
    # Known tokens, and not those of the step in flight, are what a plan enters.
    manager = pinned("vllm/v1/core/kv_cache_manager.py")
    assert "total_computed_tokens + num_new_tokens,\n            request.num_tokens," in manager
    known_at = {6: 64, 5: 63}  # while step 5 is planned, step 4 is in flight: a's 64th token is not known
    assert {step: known // BLOCK for step, known in known_at.items()} == {6: 4, 5: 3}
    assert "the default scheduler enters the hash in step 6, the replay, which waits for each token, in step 5" in POST


def test_a_request_preempted_with_a_step_in_flight_gets_its_token_first():
    scheduler = pinned("vllm/v1/core/sched/scheduler.py")
    preempted = scheduler[scheduler.index("def _preempt_request") : scheduler.index("def _update_after_schedule")]
    assert "self._free_request_blocks(request)" in preempted
    assert "request.num_computed_tokens = 0" in preempted
    assert "request.num_stale_output_tokens = request.num_in_flight_tokens" in preempted
    assert "if request.num_stale_output_tokens and not request.drop_stale_output:" in scheduler
    assert "drop_stale_output=self.requires_kv_delivery" in scheduler
    assert "at 0 of 41, and at 0 of 42 when the token is in" in POST


def test_the_gauge_is_taken_after_the_blocks_of_ended_requests_are_freed():
    scheduler = pinned("vllm/v1/core/sched/scheduler.py")
    output = scheduler[scheduler.index("def update_from_output") :]
    assert output.index("= self._free_request(request)") < output.index("stats := self.make_stats(")
    life = json.loads((ROOT / "experiments/records/03/replay-life.json").read_text())["extra"]["replay"]["steps"]
    ended = next(step for step in life if step["n"] == 8)
    assert (len(ended["state"]["free"]), ended["state"]["running"]) == (12, [])
    assert "in the replay it is 0 for step 8, in which `b` ends" in POST


def test_a_stated_pool_still_asks_for_the_share_at_the_start():
    worker = pinned("vllm/v1/worker/gpu_worker.py")
    assert worker.index("request_memory(\n") < worker.index("self.cache_config.kv_cache_memory_bytes")
    asked = pinned("vllm/v1/worker/utils.py")
    assert "kv_cache_memory_bytes" not in asked[asked.index("def request_memory") :].split("\ndef ")[0]


def test_the_cpus_block_size_with_mla_is_as_the_table_says():
    chosen = pinned("vllm/platforms/cpu.py")
    sizes = [line.split("=")[1].strip() for line in chosen.splitlines() if "cache_config.block_size = " in line]
    assert sizes[:3] == ["16", "256", "128"]
