"""Experiment 03's recorded request: a prompt whose last block is not full, sent again, and the life of its blocks."""

from experiments.lab.callpaths.request_patterns import SEED, send_again
from experiments.lab.callpaths.scenario import SMALL_SERVERS, Scenario, own_prompt
from experiments.lab.suites.common.watched_lines import ALLOCATE, BLOCKS

TOKENS = 500
POOL = "vllm/v1/core/block_pool.py"
MEMORY = "python/sglang/srt/mem_cache"

LINES = [
    ALLOCATE,
    (BLOCKS, "KVCacheManager.get_computed_blocks"),
    ("vllm/v1/core/single_type_kv_cache_manager.py", "SingleTypeKVCacheManager.allocate_new_blocks"),
    *((POOL, f"BlockPool.{name}") for name in ("touch", "get_new_blocks", "cache_full_blocks", "free_blocks")),
    (f"{MEMORY}/allocation.py", "alloc_for_extend"),
    (f"{MEMORY}/allocation.py", "alloc_for_decode"),
    (f"{MEMORY}/allocator/token.py", "TokenToKVPoolAllocator.alloc"),
    (f"{MEMORY}/allocator/token.py", "TokenToKVPoolAllocator.free"),
]
# The answer fills the prompt's last block, in every engine, and begins the next.
SCENARIO = Scenario(
    "03", "path-small", SMALL_SERVERS, own_prompt(SEED + 3, TOKENS, 20), send_again, {"lines": LINES},
    {"seed": SEED + 3, "prompt_tokens": TOKENS, "sent_before": 1},
)
