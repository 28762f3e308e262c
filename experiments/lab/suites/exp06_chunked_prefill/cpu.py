"""Experiment 06 without a GPU: how vLLM's scheduler shares out a step's budget to decodes and prompts."""

from experiments.lab.fleets.fleet import Fleet
from experiments.lab.records.record_file import sample
from experiments.lab.suites.common import counted


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


def fleets() -> list[Fleet]:
    # vLLM's scheduler with every budget, long prompts arriving among decodes; deterministic.
    return [counted.fleet("budget", "budget-vllm", "vllm_budget.py", samples, 0.4)]
