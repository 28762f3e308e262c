"""Experiment 02 without a GPU: the schedulers of both engines step by step, and what a call of vLLM's costs."""

from ..fleet import Fleet
from ..records import sample
from . import counted


def cost_samples(rows: list[dict]) -> list[dict]:
    return [sample("cost", "us", row["us"], op=row["op"], running=row["running"]) for row in rows]


def cost(ctx, measurement: str = "cost-vllm", engine: str = "vllm-cpu"):
    """One step's scheduling, timed with 1 to 1,024 requests running."""
    draft = counted.draft(ctx, measurement, "vllm_sched_cost.py", cost_samples, engine)
    draft.extra = None  # the samples are all of it
    yield draft


def fleets() -> list[Fleet]:
    return [Fleet("cost", ("cost-vllm",), cost, engines=("vllm-cpu",), minutes=0.7, timed=True)]
