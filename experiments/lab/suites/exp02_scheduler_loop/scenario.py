"""Experiment 02's recorded request: a short prompt among others that decode, and the loop around each of its steps."""

from experiments.lab.callpaths.request_patterns import DECODING, SEED, send_among_others
from experiments.lab.callpaths.scenario import SMALL_SERVERS, Scenario, own_prompt
from experiments.lab.suites.common.watched_lines import CHUNKS, CORE, SRT, TURN

TOKENS = 96

LINES = [
    *CHUNKS,
    (CORE, "EngineCore.step"),
    (CORE, "EngineCore.step_with_batch_queue"),
    ("vllm/v1/core/sched/async_scheduler.py", "AsyncScheduler._update_after_schedule"),
    ("vllm/v1/core/sched/scheduler.py", "Scheduler.update_from_output"),
    (f"{SRT}/scheduler.py", "Scheduler.run_batch"),
    (f"{SRT}/schedule_batch.py", "ScheduleBatch.prepare_for_decode"),
]
SCENARIO = Scenario(
    "02", "path-small", SMALL_SERVERS, own_prompt(SEED + 2, TOKENS, 8), send_among_others,
    {"lines": LINES, "turns": 60, "turn": TURN}, {"seed": SEED + 2, "prompt_tokens": TOKENS, "decoding": DECODING},
)
