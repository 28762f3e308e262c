"""Experiment 04 without a GPU: four streams and a long queue through SGLang's tree and vLLM's block hashes, what a
lookup and an insertion cost in each, and a tree to look at."""

import functools

from experiments.lab.fleets.fleet import Fleet
from experiments.lab.records.record_file import sample
from experiments.lab.suites.common import counted

TOKENS = ("prompt_tokens", "hit_tokens", "missed_new", "missed_last", "missed_tail", "missed_order", "missed_evicted")
QUEUE = {"prompt_tokens": "tokens", "hit_tokens": "tokens", "best_tokens": "tokens", "in_order": "count", "steps": "count"}


def samples(rows: list[dict]) -> list[dict]:
    """The key figures of the workers' rows, as reuse.py names them; of a queue's shuffles one value each."""
    kept, queues = [], {}
    for row in rows:
        if "stream" in row:
            kept += [sample(name, "tokens", [row[name]], stream=row["stream"], kv_tokens=row["kv_tokens"]) for name in TOKENS]
        else:
            queues.setdefault((row["policy"], row["requests"]), []).append(row)
    for (policy, requests), some in queues.items():
        kept += [sample(name, unit, [row[name] for row in some], policy=policy, requests=requests)
                 for name, unit in QUEUE.items()]
    return kept


def cost_samples(rows: list[dict]) -> list[dict]:
    return [sample("cost", "us", row["us"], **{key: row[key] for key in row if key != "us"}) for row in rows]


def streams_sglang(ctx):
    """SGLang's scheduler on fixed streams of requests; deterministic."""
    yield _lean(counted.draft(ctx, "streams-sglang", "sglang_streams.py", samples, engine="sglang-cpu"))


def streams_vllm(ctx):
    """vLLM's scheduler on the same; deterministic."""
    yield _lean(counted.draft(ctx, "streams-vllm", "vllm_streams.py", samples))


def replay(ctx):
    """A few requests in a cache of a few tokens, on the core written in Python, whose lines can be seen; deterministic."""
    draft = counted.draft(ctx, "replay-tree", "sglang_replay.py", lambda _rows: [], engine="sglang-cpu")
    draft.extra["replay"] = draft.extra.pop("rows")[0]
    yield draft


def cost(ctx, measurement: str, script: str, engine: str):
    """What a lookup and an insertion take, timed."""
    yield _lean(counted.draft(ctx, measurement, script, cost_samples, engine=engine))


def _lean(draft):
    """Without the worker's rows: the samples are all of them."""
    draft.extra = {key: value for key, value in draft.extra.items() if key != "rows"} or None
    return draft


def costs(where: str, sglang: str, vllm: str) -> list[Fleet]:
    """The two timings by the interpreters of these engines, each a record of its own, on one host."""
    return [
        Fleet(f"cost-{name}", (f"cost-{where}-{name}",),
              functools.partial(cost, measurement=f"cost-{where}-{name}", script=f"{name}_cost.py", engine=engine),
              engines=(engine,), minutes=0.5, timed=True)
        for name, engine in (("sglang", sglang), ("vllm", vllm))
    ]


def fleets() -> list[Fleet]:
    return [
        Fleet("streams-sglang", ("streams-sglang",), streams_sglang, engines=("sglang-cpu",), minutes=0.7),
        Fleet("streams-vllm", ("streams-vllm",), streams_vllm, engines=("vllm-cpu",), minutes=0.8),
        Fleet("replay", ("replay-tree",), replay, engines=("sglang-cpu",), minutes=0.4),
        *costs("cpu", sglang="sglang-cpu", vllm="vllm-cpu"),
    ]
