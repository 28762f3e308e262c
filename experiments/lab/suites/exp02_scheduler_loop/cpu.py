"""Experiment 02 without a GPU: the schedulers of both engines step by step, and what a call of vLLM's costs."""

from experiments.lab.fleets.fleet import Fleet
from experiments.lab.records.record_file import sample
from experiments.lab.suites.common import counted

COUNTS = {"steps": "count", "decode_only": "count", "prefill_only": "count", "mixed": "count", "stood": "count",
          "given": "tokens", "needed": "tokens", "hits": "tokens", "same_step": "tokens", "again": "tokens",
          "lost": "tokens", "beyond": "tokens"}

# Replays of the eight requests: what each changes of the worker's workload.
VLLM: dict[str, dict] = {"replay-loop-budget-32": {"budget": 32}, "replay-loop-async": {"asynchronous": True}}
SGLANG: dict[str, dict] = {
    "replay-sglang": {}, "replay-sglang-mixed": {"mixed": True}, "replay-sglang-overlap": {"overlap": True},
}


def count_samples(rows: list[dict]) -> list[dict]:
    """The counts of the workers' runs, as their docstrings name them; an engine has not all of them."""
    runs = [row for row in rows if row.get("kind", "run") == "run"]
    kept = [sample(name, unit, [row[name]], run=row["run"])
            for row in runs for name, unit in COUNTS.items() if name in row]
    return kept + [sample("preemptions", "count", [len(row["preempted"])], run=row["run"]) for row in runs]


def cost_samples(rows: list[dict]) -> list[dict]:
    return [sample("cost", "us", row["us"], op=row["op"], running=row["running"]) for row in rows]


def cost(measurement: str, engine: str, minutes: float) -> Fleet:
    """One step's scheduling, timed with 1 to 1,024 requests running, on this host's CPU."""
    return counted.cost(measurement, "vllm_sched_cost.py", cost_samples, engine, minutes)


def fleets() -> list[Fleet]:
    return [
        # Eight requests in a small pool, for the replay; deterministic.
        counted.fleet("loop", "replay-loop", "vllm_loop.py", counted.no_samples, 0.2, kept=counted.replay),
        # The same requests with one setting changed, and through SGLang's scheduler; deterministic.
        counted.replays("changed", "vllm_loop_changed.py", VLLM, 0.4),
        counted.replays("loop-of-sglang", "sglang_loop_replay.py", SGLANG, 0.6, "sglang-cpu"),
        # What vLLM's scheduler gives whom, and the same requests through SGLang's; deterministic.
        counted.fleet("counts", "loop-vllm", "vllm_loop_counts.py", count_samples, 0.3),
        counted.fleet("counts-sglang", "loop-sglang", "sglang_loop.py", count_samples, 0.6, "sglang-cpu"),
        cost("cost-vllm", "vllm-cpu", 0.5),
    ]
