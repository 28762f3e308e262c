"""Four streams through SGLang's tree, and one long queue in several orders: `python sglang_streams.py MODEL [JSON]`.

Prints one JSON object, {"workload", "rows", "stand_ins"}; two runs print the same bytes. JSON overrides keys of
WORKLOAD. Counts come from SGLang's own scheduler (see sglang_scheduler.py); nothing is timed, no model runs.

A row with a `stream` is one stream in a cache of `kv_tokens`: the sums that reuse.py names, of all its requests.
A row with a `policy` is one queue of streams.queue that waits from the first step on: the keys of reuse.queue_row.
"""

import itertools
import random
import sys

from headless.sglang_scheduler import Engine, answer, make_args
from worker_kit import streams
from worker_kit.reuse import account, drive, queue_row, totals

WORKLOAD = {**streams.COUNTED, "policies": ["fcfs", "lpm", "dfs-weight"], "core": "rust"}


def over(engine, name: str) -> bool:
    return name in engine.requests and engine.requests[name].finished()


def one_stream(model: str, what: dict, name: str, kv_tokens: int) -> dict:
    turns = streams.stream(name, name, random.Random(what["seed"]), what["streams"][name])
    rows = account(drive(Engine(make_args(model), kv_tokens, core=what["core"]), turns, over), block=1)
    return {"stream": name, "kv_tokens": kv_tokens, "requests": len(rows), **totals(rows)}


def measure(model: str, what: dict) -> list[dict]:
    rows = [one_stream(model, what, name, kv_tokens) for name in what["streams"] for kv_tokens in what["caches"]]
    for groups, policy, shuffle in itertools.product(what["groups"], what["policies"], range(what["shuffles"])):
        turns = streams.queue(shuffle, groups, **what["queue"])
        engine = Engine(make_args(model, schedule_policy=policy), what["caches"][0], core=what["core"])
        rows.append({"policy": policy, "groups": groups, "shuffle": shuffle,
                     **queue_row(drive(engine, turns, over), turns)})
    return rows


if __name__ == "__main__":
    sys.exit(answer(measure, WORKLOAD))
