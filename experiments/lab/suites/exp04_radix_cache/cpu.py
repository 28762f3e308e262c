"""Experiment 04 without a GPU: four streams and a long queue through SGLang's tree and vLLM's block hashes, what a
lookup and an insertion cost in each, and a tree to look at."""

from experiments.lab.fleets.fleet import Fleet
from experiments.lab.records.record_file import sample
from experiments.lab.suites.common import counted

TOKENS = ("prompt_tokens", "hit_tokens", "missed_new", "missed_last", "missed_tail", "missed_order", "missed_evicted")
QUEUE = {"prompt_tokens": "tokens", "hit_tokens": "tokens", "best_tokens": "tokens", "in_order": "count",
         "steps": "count"}


def samples(rows: list[dict]) -> list[dict]:
    """The key figures of the workers' rows, as reuse.py names them; of a queue's shuffles one value each."""
    kept: list[dict] = []
    queues: dict[tuple, list[dict]] = {}
    for row in rows:
        if "stream" in row:
            labels = {"stream": row["stream"], "kv_tokens": row["kv_tokens"]}
            kept += [sample(name, "tokens", [row[name]], **labels) for name in TOKENS]
        else:
            queues.setdefault((row["policy"], row["requests"]), []).append(row)
    for (policy, requests), some in queues.items():
        kept += [sample(name, unit, [row[name] for row in some], policy=policy, requests=requests)
                 for name, unit in QUEUE.items()]
    return kept


def cost_samples(rows: list[dict]) -> list[dict]:
    return [sample("cost", "us", row["us"], **{key: row[key] for key in row if key != "us"}) for row in rows]


def costs(where: str, sglang: str, vllm: str) -> list[Fleet]:
    """What a lookup and an insertion take, timed by the interpreters of these engines, each a record of its own, on one
    host."""
    return [counted.cost(f"cost-{where}-{name}", f"{name}_cost.py", cost_samples, engine, 0.7, f"cost-{name}")
            for name, engine in (("sglang", sglang), ("vllm", vllm))]


def fleets() -> list[Fleet]:
    return [
        # SGLang's scheduler on fixed streams of requests, and vLLM's on the same; deterministic.
        counted.fleet("streams-sglang", "streams-sglang", "sglang_streams.py", samples, 0.7, "sglang-cpu",
                      kept=counted.lean),
        counted.fleet("streams-vllm", "streams-vllm", "vllm_streams.py", samples, 0.8, kept=counted.lean),
        # A few requests in a cache of a few tokens, on the core written in Python, whose lines can be seen;
        # deterministic.
        counted.fleet("replay", "replay-tree", "sglang_replay.py", counted.no_samples, 0.4, "sglang-cpu",
                      kept=counted.replay),
        *costs("cpu", sglang="sglang-cpu", vllm="vllm-cpu"),
    ]
