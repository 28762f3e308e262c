"""Experiment 04's recorded request: the second half of its prompt branches off from one that was sent before."""

from experiments.lab.callpaths.request_patterns import SEED, send_branched
from experiments.lab.callpaths.scenario import SMALL_SERVERS, Scenario, own_prompt
from experiments.lab.suites.common.watched_lines import HIT, SRT, TREE

TOKENS = 500  # half of them in no whole block, so that what the engines share differs

LINES = [
    *HIT,
    (f"{SRT}/schedule_policy.py", "SchedulePolicy.calc_priority"),
    (f"{SRT}/schedule_policy.py", "SchedulePolicy._determine_active_policy"),
    (TREE, "UnifiedRadixCache.insert"),
    (TREE, "UnifiedRadixCache.insert_req"),
    (TREE, "UnifiedRadixCache.inc_lock_ref"),
    ("python/sglang/srt/mem_cache/common.py", "release_kv_cache"),
    ("vllm/v1/core/block_pool.py", "BlockPool.cache_full_blocks"),
]
SCENARIO = Scenario(
    "04", "path-small", SMALL_SERVERS, own_prompt(SEED + 4, TOKENS, 4), send_branched, {"lines": LINES},
    {"seed": SEED + 4, "prompt_tokens": TOKENS, "sent_before": "one with the same first half"},
)
