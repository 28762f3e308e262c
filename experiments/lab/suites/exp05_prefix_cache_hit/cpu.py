"""Experiment 05 without a GPU: what vLLM's prefix cache finds and what requests share, in blocks and tokens."""

from experiments.lab.fleets.fleet import Fleet
from experiments.lab.records.record_file import sample
from experiments.lab.suites.common import counted

FOUND = ("hit_tokens", "computed_tokens", "missed_tail", "missed_last")
HELD = {
    "kv_used": "tokens", "kv_peak": "tokens", "blocks_used": "count", "blocks_shared": "count", "new_blocks": "count",
}


def samples(rows: list[dict]) -> list[dict]:
    """The key figures of the worker's rows, as its docstring names them."""
    kept = []
    for row in rows:
        labels = {key: row[key] for key in ("scenario", "caching")}
        if row["scenario"] == "memory":
            labels["requests"] = row["requests"]
            kept += [sample(name, unit, [row[name]], **labels) for name, unit in HELD.items()]
            continue
        labels |= {key: row[key] for key in ("prompt_tokens", "shared_tokens")}
        if row["scenario"] == "together":
            labels["request"] = row["request"]
        kept += [sample(name, "tokens", [row[name]], **labels) for name in FOUND if name in row]
    return kept


def fleets() -> list[Fleet]:
    # vLLM's scheduler, cache manager and block pool on a fixed stream of requests; deterministic.
    return [counted.fleet("cache", "cache-vllm", "vllm_cache.py", samples, 0.4)]
