"""Functions whose lines several experiments' call paths watch: (path in the engine's repository, qualified name)."""

SCHEDULE = ("vllm/v1/core/sched/scheduler.py", "Scheduler.schedule")
BLOCKS = "vllm/v1/core/kv_cache_manager.py"
ALLOCATE = (BLOCKS, "KVCacheManager.allocate_slots")
SRT = "python/sglang/srt/managers"
NEXT = (f"{SRT}/scheduler.py", "Scheduler.get_next_batch_to_run")
PREFILL = (
    NEXT,
    (f"{SRT}/scheduler.py", "Scheduler._get_new_batch_prefill_raw"),
    (f"{SRT}/schedule_policy.py", "PrefillAdder.add_one_req"),
    (f"{SRT}/schedule_policy.py", "PrefillAdder._select_prefill_admission"),
    (f"{SRT}/schedule_policy.py", "PrefillAdder._commit_prefill_admission"),
    (f"{SRT}/schedule_batch.py", "Req.init_next_round_input"),
    (f"{SRT}/schedule_batch.py", "ScheduleBatch.prepare_for_extend"),
)
CORE = "vllm/v1/engine/core.py"
TREE = "python/sglang/srt/mem_cache/unified_radix_cache.py"
# A prompt of which something is cached.
HIT = [
    SCHEDULE,
    ALLOCATE,
    (BLOCKS, "KVCacheManager.get_computed_blocks"),
    ("vllm/v1/core/single_type_kv_cache_manager.py", "FullAttentionManager.find_longest_cache_hit"),
    *PREFILL,
    (f"{SRT}/schedule_batch.py", "Req._compute_max_prefix_len"),
    (f"{SRT}/schedule_policy.py", "match_prefix_for_req"),
    (TREE, "UnifiedRadixCache.match_prefix"),
    (TREE, "UnifiedRadixCache.cache_unfinished_req"),
]
# A prompt among requests that decode.
CHUNKS = [
    SCHEDULE,
    ALLOCATE,
    ("vllm/v1/core/sched/scheduler.py", "Scheduler._update_after_schedule"),
    *PREFILL,
    (f"{SRT}/schedule_policy.py", "PrefillAdder.add_chunked_req"),
    (f"{SRT}/schedule_policy.py", "PrefillAdder.budget_state"),
    (f"{SRT}/schedule_batch.py", "ScheduleBatch.mix_with_running"),
    (f"{SRT}/scheduler.py", "Scheduler.stash_chunked_request"),
    (f"{SRT}/scheduler.py", "Scheduler.update_running_batch"),
]
# Where every process works for others already when the prompt comes, its steps are told apart by these.
TURN = [SCHEDULE, NEXT]
