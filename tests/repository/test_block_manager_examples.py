"""The worked examples of post 3: derived numbers are derived again, states are read from their records."""

import json
import re
from pathlib import Path

import pytest

from experiments.lab.analysis.roofline import Shape, kv_bytes, weight_bytes
from experiments.lab.host.model_folders import QWEN3_0_6B, QWEN3_8B
from scripts.sources.unpacked_sources import open_sources

ROOT = Path(__file__).resolve().parents[2]
POST = (ROOT / "docs/posts/03-block-manager.md").read_text("utf-8")
BLOCK = 16
LOOP = json.loads((ROOT / "experiments/records/02/replay-loop.json").read_text())
STATES = {step["n"]: step["state"] for step in LOOP["extra"]["replay"]["steps"]}
LIFE = json.loads((ROOT / "experiments/records/03/replay-life.json").read_text())["extra"]["replay"]["steps"]


def rows(first: str) -> dict[str, list[str]]:
    """The table of the post whose first heading that is: the other cells of each row, by its first."""
    lines = iter(POST[POST.index(f"\n| {first} |") + 1 :].split("\n\n")[0].split("\n"))
    cells = [[cell.strip() for cell in re.sub(r"\{fixed:[^}]*\}", "", line).strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in cells[2:]}


def slot(position: int, table: list[int]) -> int:
    """The three lines of the excerpt `slot`, in plain arithmetic."""
    return table[position // BLOCK] * BLOCK + position % BLOCK


def blocks(tokens: int) -> int:
    return -(-tokens // BLOCK)


def listed(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)


@pytest.mark.parametrize(("name", "config"), [("Qwen3-8B", QWEN3_8B), ("Qwen3-0.6B", QWEN3_0_6B)])
def test_a_slot_has_the_size_that_the_table_says(name, config):
    shape = Shape.from_config(config)
    each = int(kv_bytes(shape, 1))
    assert rows("model")[name] == [
        str(shape.layers), str(shape.kv_heads), str(shape.head_dim), f"{each // 1024} KiB",
        f"{each * BLOCK / 2**20:g} MiB", f"{10 * 2**30 // (each * BLOCK):,}",
    ]  # fmt: skip


def test_the_small_model_has_few_weights_and_much_cache():
    large, small = Shape.from_config(QWEN3_8B), Shape.from_config(QWEN3_0_6B)
    assert weight_bytes(small) < weight_bytes(large) / 10
    assert 0.75 < kv_bytes(small, 1) / kv_bytes(large, 1) < 0.8


def test_positions_have_the_slots_that_the_text_says():
    table = [7, 3, 12]
    assert (37 // BLOCK, 37 % BLOCK) == (2, 5)
    assert [slot(position, table) for position in (31, 32, 37)] == [63, 192, 197]
    assert blocks(40) * BLOCK - 40 == 8
    assert [slot(position, [4, 9, 2, 11]) for position in (16, 50)] == [144, 178]
    assert "[7, 3, 12], position 37 lies in slot 197" in POST


def test_the_table_of_the_seven_requests_is_the_record():
    states = {step["n"]: step["state"] for step in LIFE}
    told = {int(step): free for step, (_, free) in rows("step").items()}
    assert told == {n: " ".join(str(block) for block in states[n]["free"]) for n in told}
    assert (states[1]["tables"], states[3]["tables"]["b"]) == ({"a": [1, 2, 3, 4]}, [1, 2, 3, 5])
    assert states[9]["tables"]["c"] == [1, 2, 3, 5]
    assert len(states[11]["tables"]["d"]) == 9


def test_the_preemption_of_r6_is_the_record():
    table = rows("list or counter")
    for column, step in enumerate((6, 7, 17)):
        state = STATES[step]
        for who in ("r4", "r5", "r6"):
            there = state["tables"].get(who)
            assert table[f"{who}'s list"][column].startswith(listed(there) if there else ("none", "ended")), (who, step)
        assert table["free"][column] == str(state["free"])
    counters = {n: next((r for r in STATES[n]["running"] if r["id"] == "r6"), None) for n in (6, 7, 17)}
    assert table["r6: computed of known"] == [
        f"{counters[6]['computed']} of {counters[6]['known']}", f"0 of {counters[6]['known']}",
        f"{counters[17]['computed']} of {counters[17]['known']}",
    ]  # fmt: skip
    assert (counters[7], STATES[7]["waiting"]) == (None, ["r6", "r7"])
    assert {n for n in range(5, 18) if "r6" in STATES[n]["budget"]["given"]} == {5, 6, 17}  # ten steps without a token
    resumed = next(
        event for step in LOOP["extra"]["replay"]["steps"] if step["n"] == 17 for event in step["events"]
        if event["event"] == "resume"
    )  # fmt: skip
    assert resumed["args"] == {"tokens": 10, "hit": 32}
    assert STATES[10]["preempted"] == ["r5", "r6"]


def replay(name: str) -> list[dict]:
    return json.loads((ROOT / f"experiments/records/{name}.json").read_text())["extra"]["replay"]["steps"]


def test_sglang_refuses_r5_with_the_numbers_that_the_text_says():
    refused = next(event for event in replay("02/replay-sglang")[5]["events"] if event["event"] == "refused")
    assert refused["who"] == "r5"
    assert refused["args"] == {"wants": 53, "left": 51.8, "reserved": 46.2, "used": 190}
    assert LOOP["workload"]["blocks"] * BLOCK == 288
    r5 = LOOP["workload"]["requests"]["r5"]
    assert (r5["own"], r5["answer"], r5["own"] + r5["answer"] + 1) == (40, 12, 53)
    for said in ("190 of 288 slots in use and keeps 46.2", "51.8 are left", "wants 40 + 12 + 1 = 53"):
        assert said in POST


def test_a_watermark_of_two_blocks_keeps_r5_waiting():
    plain, kept = replay("02/replay-loop"), replay("03/replay-pool-watermark")
    assert int(0.12 * (LOOP["workload"]["blocks"] + 1)) == 2  # of all blocks, block 0 counted
    assert "int(watermark * kv_cache_config.num_blocks)" in pinned("vllm/v1/core/kv_cache_manager.py")
    assert "With 0.12 it is two of our 19" in POST
    assert (blocks(40), kept[4]["state"]["free"]) == (3, 4)
    assert [n for n, step in enumerate(kept) if "r5" in step["state"]["budget"]["given"]][0] == 17
    assert not any(step["state"]["preempted"] for step in kept)
    assert (len(plain) - 1, len(kept) - 1) == (26, 28)


def test_six_blocks_more_spare_every_preemption():
    roomy = replay("03/replay-pool-24")
    assert (len(roomy) - 1, any(step["state"]["preempted"] for step in roomy)) == (22, False)
    assert [len(run[10]["state"]["running"]) for run in (replay("02/replay-loop"), roomy)] == [4, 6]
    assert roomy[7]["state"]["waiting"] == ["r7"]


@pytest.mark.parametrize("pool", [6_144, 12_288, 24_576, 49_152])
def test_the_pools_hold_what_was_predicted(pool):
    record = json.loads((ROOT / f"experiments/records/03/pool-f1-kv-{pool // 1024}k.json").read_text())
    load = record["workload"]
    usable = pool // BLOCK - 1  # block 0 is no request's
    start = usable // blocks(load["prompt_tokens"])
    cells = rows("pool, tokens")[f"{pool:,}"]
    assert cells[0] == f"{usable:,}"
    assert cells[1] == (str(start) if start < load["requests"] else f"{load['requests']}, all")
    assert (blocks(load["prompt_tokens"]), blocks(load["prompt_tokens"] + load["output_tokens"])) == (16, 22)


def test_a_step_hands_out_blocks_in_less_than_a_hundredth_of_its_time():
    claims = {claim["id"]: claim for claim in json.loads((ROOT / "experiments/claims/03.json").read_text())["claims"]}
    evict_us = claims["hash-dearest"]["values"]["evict"]["value"]
    step_ms = claims["what-binds"]["values"]["step_large"]["value"]
    assert 128 / BLOCK * evict_us / 1e3 < 0.01 * step_ms


def test_the_default_pool_holds_more_short_requests_than_may_run():
    record = json.loads((ROOT / "experiments/records/03/pool-f1-kv-48k.json").read_text())
    shape = Shape.from_config(QWEN3_8B)
    embedding = 2 * shape.hidden * shape.vocabulary
    room = 0.92 * record["host"]["gpu"]["memory_bytes"] - weight_bytes(shape) - embedding
    tokens = room / kv_bytes(shape, 1)
    assert 790_000 < tokens < 860_000
    assert tokens / (blocks(352) * BLOCK) > 2000


def test_the_answers_of_check_yourself():
    assert (blocks(60), 18 - 4 * blocks(60), blocks(60) * BLOCK + 1) == (4, 2, 65)
    full, whole = 140 // BLOCK, blocks(140)
    assert (whole, full, (full - 3) * BLOCK) == (9, 8, 80)
    assert -(-352 // 128) * 128 == 384


def test_the_pseudo_code_counts_blocks_as_the_record_does():
    said = (
        "need = ceil(tokens / 16) - blocks(r) - hits\n",
        "need += hits no request uses  # in the free queue\n",
    )
    assert all(line in POST for line in said)

    def need(tokens: int, hits: int, unused: int) -> int:
        return blocks(tokens) - hits + unused

    states = {step["n"]: step["state"] for step in LIFE}
    assert need(40, 2, 0) == STATES[4]["free"] - blocks(40) - STATES[5]["free"]  # r6, beside r5
    assert need(60, 3, 3) == len(states[8]["free"]) - len(states[9]["free"])  # c
    assert need(72, 3, 3) > len(states[12]["free"])  # e waits


def test_the_request_that_repeats_finds_one_block_and_takes_seven_hashes():
    events = {each["event"]: each["args"] for step in LIFE if step["n"] == 20 for each in step["events"]}
    assert (events["revive"]["count"], events["allocate"]["count"], events["evict"]["count"]) == (1, 8, 7)
    assert {name[0] for name in events["evict"]["hashes"].split(", ")} == {"e", "a", "f"}
    assert 32_768 // BLOCK == 2_048


def test_the_fourth_hash_of_a_is_entered_in_the_step_that_the_text_says():
    fourth = [step["state"]["blocks"]["4"] for step in LIFE]
    assert (fourth[4]["filled"], fourth[4]["hash"]) == (15, None)  # 63 of 64 known tokens are computed
    assert (fourth[5]["filled"], fourth[5]["hash"]) == (16, "a.3")


def pinned(path: str, engine: str = "vllm") -> str:
    return open_sources(ROOT).text(engine, path)


def test_a_block_of_the_example_and_the_pool_that_it_divides():
    each = 32 * 8 * 2 * 128 * 2 * BLOCK
    assert (each, 10 * 2**30 // each) == (2 * 2**20, 5_120)
    assert "10 GiB{fixed: an example} hold 5,120" in POST


def test_a_window_holds_as_many_blocks_as_the_text_says():
    source = pinned("vllm/v1/kv_cache_interface.py")
    assert "self.sliding_window - 1 + self.extra_retained_tokens + max_in_flight_tokens" in source
    assert "return cdiv(num_tokens, self.block_size) + 1" in source
    assert "self.max_concurrent_batches * self.scheduler_config.max_num_batched_tokens" in pinned("vllm/config/vllm.py")
    assert [blocks(1_024 - 1 + in_flight) + 1 for in_flight in (2 * 8_192, 2)] == [1_089, 66]
    assert "at most 1,089 blocks while the prompt is computed, and 66 with a decode" in POST


def test_the_last_token_of_a_request_enters_no_hash():
    known = 20 + 12
    assert (known // BLOCK, (known - 1) // BLOCK) == (2, 1)
    assert "a prompt of 20 and an answer of 12" in POST


@pytest.mark.parametrize(
    ("backend", "sizes"),
    [
        ("flash_attn", "[MultipleOf(16)]"),
        ("triton_attn", "[MultipleOf(16)]"),
        ("flex_attention", "[MultipleOf(16)]"),
        ("flashinfer", "[16, 32, 64]"),
        ("mla/flashmla", "[64]"),
        ("mla/flashinfer_mla", "[32, 64]"),
        ("mla/cutlass_mla", "[128]"),
        ("cpu_attn", "[MultipleOf(32)]"),
        ("rocm_aiter_unified_attn", "[MultipleOf(16)]"),
    ],
)
def test_a_backend_takes_the_block_sizes_that_the_table_says(backend, sizes):
    source = pinned(f"vllm/v1/attention/backends/{backend}.py")
    asked = source[source.index("def get_supported_kernel_block_sizes") :]
    assert f"return {sizes}" in asked[: asked.index("def get_name") if "def get_name" in asked else None]


@pytest.mark.parametrize(
    ("engine", "path"),
    [
        ("vllm", "vllm/v1/metrics/loggers.py"),
        ("sglang", "python/sglang/srt/observability/metrics_collector.py"),
    ],
)
def test_the_metrics_that_the_post_names_are_exported(engine, path):
    source = pinned(path, engine)
    named = set(re.findall(rf"`({engine}:\w+)`", POST))
    assert len(named) > 3
    # The client library of Prometheus adds `_total` to a counter's name.
    assert [name for name in named if not {f'"{name}"', f'"{name.removesuffix("_total")}"'} & quoted(source)] == []


def quoted(source: str) -> set[str]:
    return set(re.findall(r'"[\w:]+"', source))


def test_what_a_reset_of_the_cache_answers():
    assert "Failed to reset prefix cache because some " in pinned("vllm/v1/core/block_pool.py")
    assert '"/reset_prefix_cache"' in pinned("vllm/entrypoints/serve/dev/cache/api_router.py")
    assert "if envs.VLLM_SERVER_DEV_MODE:" in pinned("vllm/entrypoints/launchers/api_server/routers.py")
    flush = pinned("python/sglang/srt/entrypoints/http_server.py", "sglang")
    flush = flush[flush.index("async def flush_cache") :]
    assert "200 if ret.success else HTTPStatus.BAD_REQUEST" in flush[:900]


def test_a_block_has_an_equal_part_in_each_layer():
    shape = Shape.from_config(QWEN3_8B)
    share = kv_bytes(shape, 1) * BLOCK / shape.layers
    assert (share, share * shape.layers) == (64 * 2**10, 2.25 * 2**20)
    assert "64 KiB{fixed: computed by a test} of 2.25 MiB" in POST
    assert "layer_stride = page * num_blocks" in pinned("vllm/v1/kv_cache_interface.py")
    layouts = pinned("vllm/v1/attention/backends/utils.py")
    assert "_DEFAULT_LAYOUT_PREFERENCE = (\n    KVCacheLayout.LBNHC," in layouts
    assert '"Using %s KV cache layout."' in layouts
    assert "supported_kv_cache_layouts" not in pinned("vllm/v1/attention/backends/flash_attn.py")


def test_the_concurrency_in_the_start_up_line():
    source = pinned("vllm/v1/core/kv_cache_utils.py")
    assert "limits = [kv_cache_config.num_blocks / num_blocks_per_request]" in source
    assert "return int(max_concurrency * max_model_len), max_concurrency" in source
    assert '"Maximum concurrency for %s tokens per request: %.2fx"' in source
    assert "avail_mem - _pool_bytes_per_block(vllm_config, groups) if groups else avail_mem" in source  # block 0
    command = json.loads((ROOT / "experiments/records/03/pool-f1-kv-6k.json").read_text())["command"]
    assert command[command.index("--max-model-len") + 1] == "4096"
    z = 384 / blocks(4_096)
    assert f"384 blocks and a Y of 4,096, which needs {blocks(4_096)}, give a Z of {z:.2f} and an X of 6,144" in POST
    assert z * 4_096 == 6_144


def test_what_a_step_in_flight_leaves_behind():
    scheduler = pinned("vllm/v1/core/sched/scheduler.py")
    assert "if multiple_inflight_batches and kv_transfer_config.is_kv_consumer:" in scheduler
    assert ">= request.num_prompt_tokens + request.max_tokens" in scheduler  # no extra step after the last token
    # The stale token is a placeholder, and those are left out of what is entered.
    entered = "request, request.num_computed_tokens - request.num_output_placeholders"
    assert entered in pinned("vllm/v1/core/sched/async_scheduler.py")


def test_without_prefix_caching_no_hash_is_computed_and_no_lifetime_recorded():
    hashed = "if vllm_config.cache_config.enable_prefix_caching or kv_connector is not None:"
    assert hashed in pinned("vllm/v1/engine/core.py")
    pool = pinned("vllm/v1/core/block_pool.py")
    taken = pool[pool.index("def get_new_blocks") : pool.index("def _notify_reuse")]
    cached, plain = taken[taken.index("if self.enable_caching:") :].split("else:")
    assert "_maybe_evict_cached_block" in cached
    assert "evict" not in plain
    assert "kv_cache_metrics_sample: float = Field(default=0.01" in pinned("vllm/config/observability.py")
