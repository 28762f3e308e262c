"""vllm_loop.py's replay with settings that it leaves alone: `python vllm_loop_changed.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows"}; two runs print the same bytes. JSON overrides keys of WORKLOAD, and each
of its `runs` overrides them once more, for a row of its own. Requests, events and states are those of vllm_loop.py. `asynchronous` takes AsyncScheduler, a server's default: a step is scheduled
before the last one's tokens are in, so a request's computed tokens run ahead of the known ones, and an end is seen a
step later. `watermark` is --watermark, the share of the blocks that an admission leaves free.
"""

import sys

import vllm_loop
from headless.vllm_scheduler import answer_with

WORKLOAD = {**vllm_loop.WORKLOAD, "asynchronous": False, "watermark": 0.0, "runs": {"default": {}}}


def measure(model: str, what: dict) -> list[dict]:
    return [replay(model, {**what, **changed}) for changed in what["runs"].values()]


def replay(model: str, what: dict) -> dict:
    engine = vllm_loop.make_engine(model, what, what["asynchronous"], watermark=what["watermark"])
    found = vllm_loop.replay(vllm_loop.Loop(engine, what))
    found["setup"] |= {key: what[key] for key in ("asynchronous", "watermark")}
    return found


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
