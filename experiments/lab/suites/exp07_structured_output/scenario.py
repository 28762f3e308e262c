"""Experiment 07's recorded request: an answer held to a schema that no cache has."""

from experiments.lab.callpaths.request_patterns import REQUEST, send_constrained
from experiments.lab.callpaths.scenario import SMALL_SERVERS, Scenario
from experiments.lab.suites.common.watched_lines import CORE, SRT

LINES = [
    (CORE, "EngineCore.step"),
    (CORE, "EngineCore.step_with_batch_queue"),
    (CORE, "EngineCore.preprocess_add_request"),
    ("vllm/v1/structured_output/__init__.py", "StructuredOutputManager.grammar_init"),
    ("vllm/v1/structured_output/__init__.py", "StructuredOutputManager.grammar_bitmask"),
    ("vllm/v1/core/sched/scheduler.py", "Scheduler._handle_blocked_waiting_request"),
    ("vllm/v1/core/sched/scheduler.py", "Scheduler.get_grammar_bitmask"),
    ("vllm/v1/core/sched/async_scheduler.py", "AsyncScheduler._update_after_schedule"),
    (f"{SRT}/scheduler.py", "Scheduler.event_loop_overlap"),
    (f"{SRT}/scheduler.py", "Scheduler.is_disable_overlap_for_batch"),
    (f"{SRT}/scheduler.py", "Scheduler.launch_batch_sample_if_needed"),
    (f"{SRT}/tp_worker.py", "TpModelWorker.forward_batch_generation"),
    ("python/sglang/srt/constrained/grammar_manager.py", "GrammarManager.process_req_with_grammar"),
    ("python/sglang/srt/constrained/grammar_manager.py", "GrammarManager.get_ready_grammar_requests"),
    ("python/sglang/srt/constrained/base_grammar_backend.py", "BaseGrammarBackend.get_cached_or_future_value"),
    ("python/sglang/srt/sampling/sampling_batch_info.py", "SamplingBatchInfo.update_regex_vocab_mask"),
]
SCHEMA = {  # nothing in it that a model could go on with for ever
    "type": "object",
    "properties": {"colour": {"enum": ["amber", "indigo", "umber"]}, "warm": {"type": "boolean"}},
    "required": ["colour", "warm"],
    "additionalProperties": False,
}
CONSTRAINED = {
    **REQUEST,
    "messages": [{"role": "user", "content": "Name a colour as JSON."}],
    "max_tokens": 64,
    "response_format": {"type": "json_schema", "json_schema": {"name": "colour", "schema": SCHEMA, "strict": True}},
}
SCENARIO = Scenario("07", "path-small", SMALL_SERVERS, CONSTRAINED, send_constrained, {"lines": LINES},
                    {"seed": None, "sent_before": "one held to another schema"})
