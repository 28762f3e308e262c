"""What is recorded in which experiment: the servers, what they do when armed, the request, and whose lines are watched.

A scenario's `send` drives a warmed-up server through one arming and returns the reply to the recorded request. Servers
that two scenarios describe alike are started once and serve both, one after the other.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from experiments.lab.callpaths.request_patterns import (
    DECODING,
    LONG_TOKENS,
    MODEL,
    REQUEST,
    SEED,
    send_again,
    send_alone,
    send_among_others,
    send_branched,
    send_constrained,
)
from experiments.lab.errors import LabError
from experiments.lab.host.engine_table import table
from experiments.lab.inject.control import Injection
from experiments.lab.load import chat_prompts
from experiments.lab.load.streaming_client import Reply
from experiments.lab.servers.spec import ServerSpec

# Whole blocks on every engine, so that all of it is cached and what is computed again is the engine's choice.
CACHED_TOKENS = 384
TAIL_TOKENS = 500
BRANCH_TOKENS = 500  # half of them in no whole block, so that what the engines share differs
BUDGET = table().budget  # tokens a step; LONG_TOKENS takes several


def recorded_server(name: str, **own: object) -> dict:
    """A ServerSpec's arguments for a configuration; `own` go over those of the small server."""
    configuration = table().configuration(name)
    return {"engine": configuration.build, "env": configuration.environment, "flags": configuration.flags} | own


# The small servers, which several experiments record; their variants differ in flags.
SMALL_SERVERS = {name: recorded_server(name) for name, known in table().configurations.items() if not known.variant_of}
VARIANT_SERVERS = {name: recorded_server(name) for name, known in table().configurations.items() if known.variant_of}

_SCHEDULE = ("vllm/v1/core/sched/scheduler.py", "Scheduler.schedule")
_BLOCKS = "vllm/v1/core/kv_cache_manager.py"
_ALLOCATE = (_BLOCKS, "KVCacheManager.allocate_slots")
_SRT = "python/sglang/srt/managers"
_NEXT = (f"{_SRT}/scheduler.py", "Scheduler.get_next_batch_to_run")
_PREFILL = (
    _NEXT,
    (f"{_SRT}/scheduler.py", "Scheduler._get_new_batch_prefill_raw"),
    (f"{_SRT}/schedule_policy.py", "PrefillAdder.add_one_req"),
    (f"{_SRT}/schedule_policy.py", "PrefillAdder._select_prefill_admission"),
    (f"{_SRT}/schedule_policy.py", "PrefillAdder._commit_prefill_admission"),
    (f"{_SRT}/schedule_batch.py", "Req.init_next_round_input"),
    (f"{_SRT}/schedule_batch.py", "ScheduleBatch.prepare_for_extend"),
)
_TREE = "python/sglang/srt/mem_cache/unified_radix_cache.py"
_HIT = {
    "lines": [
        _SCHEDULE,
        _ALLOCATE,
        (_BLOCKS, "KVCacheManager.get_computed_blocks"),
        ("vllm/v1/core/single_type_kv_cache_manager.py", "FullAttentionManager.find_longest_cache_hit"),
        *_PREFILL,
        (f"{_SRT}/schedule_batch.py", "Req._compute_max_prefix_len"),
        (f"{_SRT}/schedule_policy.py", "match_prefix_for_req"),
        (_TREE, "UnifiedRadixCache.match_prefix"),
        (_TREE, "UnifiedRadixCache.cache_unfinished_req"),
    ],
}
_CHUNKS: dict = {
    "lines": [
        _SCHEDULE,
        _ALLOCATE,
        ("vllm/v1/core/sched/scheduler.py", "Scheduler._update_after_schedule"),
        *_PREFILL,
        (f"{_SRT}/schedule_policy.py", "PrefillAdder.add_chunked_req"),
        (f"{_SRT}/schedule_policy.py", "PrefillAdder.budget_state"),
        (f"{_SRT}/schedule_batch.py", "ScheduleBatch.mix_with_running"),
        (f"{_SRT}/scheduler.py", "Scheduler.stash_chunked_request"),
        (f"{_SRT}/scheduler.py", "Scheduler.update_running_batch"),
    ],
    # Every process works for the others already when the prompt comes: its steps are told apart.
    "turns": 150,  # a bound on the record's size; a prompt's way takes some tens
    "turn": [_SCHEDULE, _NEXT],
}

_POOL = "vllm/v1/core/block_pool.py"
_MEMORY = "python/sglang/srt/mem_cache"
_BLOCKS_OF_ONE = {
    "lines": [
        _ALLOCATE,
        (_BLOCKS, "KVCacheManager.get_computed_blocks"),
        ("vllm/v1/core/single_type_kv_cache_manager.py", "SingleTypeKVCacheManager.allocate_new_blocks"),
        *((_POOL, f"BlockPool.{name}") for name in ("touch", "get_new_blocks", "cache_full_blocks", "free_blocks")),
        (f"{_MEMORY}/allocation.py", "alloc_for_extend"),
        (f"{_MEMORY}/allocation.py", "alloc_for_decode"),
        (f"{_MEMORY}/allocator/token.py", "TokenToKVPoolAllocator.alloc"),
        (f"{_MEMORY}/allocator/token.py", "TokenToKVPoolAllocator.free"),
    ],
}

_CORE = "vllm/v1/engine/core.py"
_LOOP = {
    "lines": [
        *_CHUNKS["lines"],
        (_CORE, "EngineCore.step"),
        (_CORE, "EngineCore.step_with_batch_queue"),
        ("vllm/v1/core/sched/async_scheduler.py", "AsyncScheduler._update_after_schedule"),
        ("vllm/v1/core/sched/scheduler.py", "Scheduler.update_from_output"),
        (f"{_SRT}/scheduler.py", "Scheduler.run_batch"),
        (f"{_SRT}/schedule_batch.py", "ScheduleBatch.prepare_for_decode"),
    ],
    "turns": 60,
    "turn": [_SCHEDULE, _NEXT],
}
SHORT_TOKENS = 96

_BRANCH = {
    "lines": [
        *_HIT["lines"],
        (f"{_SRT}/schedule_policy.py", "SchedulePolicy.calc_priority"),
        (f"{_SRT}/schedule_policy.py", "SchedulePolicy._determine_active_policy"),
        (_TREE, "UnifiedRadixCache.insert"),
        (_TREE, "UnifiedRadixCache.insert_req"),
        (_TREE, "UnifiedRadixCache.inc_lock_ref"),
        ("python/sglang/srt/mem_cache/common.py", "release_kv_cache"),
        ("vllm/v1/core/block_pool.py", "BlockPool.cache_full_blocks"),
    ],
}

_GRAMMAR = {
    "lines": [
        (_CORE, "EngineCore.step"),
        (_CORE, "EngineCore.step_with_batch_queue"),
        (_CORE, "EngineCore.preprocess_add_request"),
        ("vllm/v1/structured_output/__init__.py", "StructuredOutputManager.grammar_init"),
        ("vllm/v1/structured_output/__init__.py", "StructuredOutputManager.grammar_bitmask"),
        ("vllm/v1/core/sched/scheduler.py", "Scheduler._handle_blocked_waiting_request"),
        ("vllm/v1/core/sched/scheduler.py", "Scheduler.get_grammar_bitmask"),
        ("vllm/v1/core/sched/async_scheduler.py", "AsyncScheduler._update_after_schedule"),
        (f"{_SRT}/scheduler.py", "Scheduler.event_loop_overlap"),
        (f"{_SRT}/scheduler.py", "Scheduler.is_disable_overlap_for_batch"),
        (f"{_SRT}/scheduler.py", "Scheduler.launch_batch_sample_if_needed"),
        (f"{_SRT}/tp_worker.py", "TpModelWorker.forward_batch_generation"),
        ("python/sglang/srt/constrained/grammar_manager.py", "GrammarManager.process_req_with_grammar"),
        ("python/sglang/srt/constrained/grammar_manager.py", "GrammarManager.get_ready_grammar_requests"),
        ("python/sglang/srt/constrained/base_grammar_backend.py", "BaseGrammarBackend.get_cached_or_future_value"),
        ("python/sglang/srt/sampling/sampling_batch_info.py", "SamplingBatchInfo.update_regex_vocab_mask"),
    ],
}
_SCHEMA = {  # nothing in it that a model could go on with for ever
    "type": "object",
    "properties": {"colour": {"enum": ["amber", "indigo", "umber"]}, "warm": {"type": "boolean"}},
    "required": ["colour", "warm"],
    "additionalProperties": False,
}
_CONSTRAINED = {
    **REQUEST,
    "messages": [{"role": "user", "content": "Name a colour as JSON."}],
    "max_tokens": 64,
    "response_format": {"type": "json_schema", "json_schema": {"name": "colour", "schema": _SCHEMA, "strict": True}},
}


@dataclass(frozen=True)
class Scenario:
    """One experiment's recorded request. `specs` maps a configuration to its ServerSpec's arguments, `servers` names
    the set they are of; `plan` is for `Injection.plan`; `workload` goes into the record."""

    experiment: str
    servers: str
    specs: dict
    request: dict
    send: Callable[["Scenario", Injection, int], Reply]
    plan: dict | None = None
    workload: dict = field(default_factory=dict)

    def spec(self, configuration: str) -> ServerSpec:
        """The server of a configuration. LabError for one that is not recorded in this experiment."""
        if configuration not in self.specs:
            raise LabError(
                f"experiment {self.experiment} has no configuration {configuration!r}; "
                f"there are: {', '.join(self.specs)}"
            )
        return ServerSpec(f"{self.servers}-{configuration}", model=MODEL, inject="trace", **self.specs[configuration])


def _prompt(seed: int, tokens: int, max_tokens: int) -> dict:
    """A scenario has a seed of its own: one server serves several, and no prompt may be in its cache from another's."""
    return chat_prompts.chat(MODEL, random.Random(seed), tokens, max_tokens)


SCENARIOS = {
    known.experiment: known
    for known in (
        Scenario("01", "path", {
            "vllm-gpu": recorded_server("vllm-gpu", flags=()),
            "vllm-cpu": recorded_server("vllm-cpu", flags=("--enforce-eager", "--max-model-len", "2048")),
            "sglang-gpu": recorded_server("sglang-gpu", flags=()),
        }, REQUEST, send_alone, workload={"seed": None}),
        Scenario("02", "path-small", SMALL_SERVERS, _prompt(SEED + 2, SHORT_TOKENS, 8), send_among_others, _LOOP,
                 {"seed": SEED + 2, "prompt_tokens": SHORT_TOKENS, "decoding": DECODING}),
        # Its last block is not full; the answer fills it, in every engine, and begins the next.
        Scenario("03", "path-small", SMALL_SERVERS, _prompt(SEED + 3, TAIL_TOKENS, 20), send_again, _BLOCKS_OF_ONE,
                 {"seed": SEED + 3, "prompt_tokens": TAIL_TOKENS, "sent_before": 1}),
        Scenario("04", "path-small", SMALL_SERVERS, _prompt(SEED + 4, BRANCH_TOKENS, 4), send_branched, _BRANCH,
                 {"seed": SEED + 4, "prompt_tokens": BRANCH_TOKENS, "sent_before": "one with the same first half"}),
        Scenario("05", "path-small", SMALL_SERVERS, _prompt(SEED, CACHED_TOKENS, 4), send_again, _HIT,
                 {"seed": SEED, "prompt_tokens": CACHED_TOKENS, "sent_before": 1}),
        Scenario("06", "path-small", SMALL_SERVERS | VARIANT_SERVERS, _prompt(SEED + 6, LONG_TOKENS, 4),
                 send_among_others, _CHUNKS, {"seed": SEED + 6, "prompt_tokens": LONG_TOKENS, "decoding": DECODING}),
        Scenario("07", "path-small", SMALL_SERVERS, _CONSTRAINED, send_constrained, _GRAMMAR,
                 {"seed": None, "sent_before": "one held to another schema"}),
    )
}


def scenario(experiment: str) -> Scenario:
    """LabError for an experiment in which no request is recorded."""
    if experiment not in SCENARIOS:
        raise LabError(f"no request is recorded in experiment {experiment!r}, only in {', '.join(SCENARIOS)}")
    return SCENARIOS[experiment]
