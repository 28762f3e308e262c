"""The four streams and the long queue of sglang_streams.py through vLLM's block hashes: `python vllm_streams.py MODEL`.

Prints one JSON object, {"workload", "rows"}; two runs print the same bytes. JSON overrides keys of WORKLOAD. Counts
come from vLLM's scheduler, KV cache manager and block pool (see vllm_scheduler.py); nothing is timed, no model runs. The
rows are those of sglang_streams.py; vLLM has one order for a queue, the one in which it came, so `policy` is "fcfs".
"""

import itertools
import random
import sys

from headless.vllm_scheduler import BLOCK, Engine, answer_with, make_config
from worker_kit import streams
from worker_kit.reuse import account, drive, queue_row, totals

WORKLOAD = {**streams.COUNTED, "budget": 8192, "running": 256, "max_model_len": 8192}


def over(engine, name: str) -> bool:
    return name not in engine.scheduler.requests


def measure(model: str, what: dict) -> list[dict]:
    config = make_config(
        model, max_num_batched_tokens=what["budget"], max_num_seqs=what["running"], max_model_len=what["max_model_len"],
    )
    rows = []
    for name, kv_tokens in itertools.product(what["streams"], what["caches"]):
        turns = streams.stream(name, name, random.Random(what["seed"]), what["streams"][name])
        # One block of a pool is a placeholder: with it the requests get as many tokens as in SGLang.
        served = account(drive(Engine(config, kv_tokens + BLOCK), turns, over), BLOCK)
        rows.append({"stream": name, "kv_tokens": kv_tokens, "requests": len(served), **totals(served)})
    for groups, shuffle in itertools.product(what["groups"], range(what["shuffles"])):
        turns = streams.queue(shuffle, groups, **what["queue"])
        served = drive(Engine(config, what["caches"][0] + BLOCK), turns, over)
        rows.append({"policy": "fcfs", "groups": groups, "shuffle": shuffle, **queue_row(served, turns)})
    return rows


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
