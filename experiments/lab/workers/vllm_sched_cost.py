"""What a call of `schedule` costs against the number of running requests: `python vllm_sched_cost.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows"}. JSON overrides keys of WORKLOAD. Timed, so that no two runs are alike. The
scheduler is vLLM's AsyncScheduler, a GPU's default, made as in vllm_scheduler.py. Every engine has `running` requests that
all decode, one token a step, and nobody waits; all engines are held at once and visited in random order within a
round, the collector of garbage switched off meanwhile. What stands between two calls, the model, is not there: the
processor's caches are warmer than on a server.

A row is an operation with so many running: op, running, us: for each round the median over WORKLOAD["repeats"] steps:
  schedule  Scheduler.schedule
  update    Scheduler.update_from_output of the step before

Samples of the record `cost-vllm`: cost (us), labels op, running, a value a round.
"""

import gc
import random
import statistics
import sys
import time

from headless.vllm_scheduler import BLOCK, Engine, answer_with, make_config, tokens

WORKLOAD = {"seed": 20261201, "running": [1, 4, 16, 64, 256, 1024], "repeats": 31, "rounds": 7, "prompt": 32}


def decoding(model: str, what: dict, count: int) -> Engine:
    """An engine in which `count` requests decode, with room for all the steps to come."""
    if count < 1:
        raise ValueError(f"{count} running requests: give at least one")
    answer = what["repeats"] * (what["rounds"] + 1) + 8
    slots = -(-(what["prompt"] + answer) // BLOCK) * BLOCK
    config = make_config(
        model, max_num_seqs=count, max_num_batched_tokens=max(64, count * what["prompt"]), max_model_len=slots,
    )
    engine = Engine(config, (count + 1) * slots, asynchronous=True)
    for number in range(count):
        engine.add(f"r{number}", tokens(f"{count} {number}", what["prompt"]), answer)
    engine.step()
    if len(engine.scheduler.running) != count:
        raise ValueError(f"{len(engine.scheduler.running)} of {count} requests run: the step's budget is too small")
    return engine


def visit(engine: Engine, repeats: int) -> dict:
    """{op: [microseconds of each of `repeats` steps]}."""
    times, scheduler = {"schedule": [], "update": []}, engine.scheduler
    for _ in range(repeats):
        begin = time.perf_counter_ns()
        output = scheduler.schedule()
        between = time.perf_counter_ns()
        step, engine.pending = engine.pending, (output, engine._answer(output.num_scheduled_tokens))
        if set(output.num_scheduled_tokens.values()) != {1} or len(output.num_scheduled_tokens) != len(scheduler.running):
            raise ValueError(f"a step gave {sum(output.num_scheduled_tokens.values())} tokens to {len(scheduler.running)} "
                             "running requests: not all of them decode")
        again = time.perf_counter_ns()
        scheduler.update_from_output(*step)
        end = time.perf_counter_ns()
        times["schedule"].append((between - begin) / 1e3)
        times["update"].append((end - again) / 1e3)
    return times


def measure(model: str, what: dict) -> list[dict]:
    rng, found = random.Random(what["seed"]), {}
    engines = {count: decoding(model, what, count) for count in what["running"]}
    for engine in engines.values():
        visit(engine, what["repeats"])
    gc.collect()
    gc.disable()
    for _ in range(what["rounds"]):
        for count in rng.sample(what["running"], len(what["running"])):
            for op, times in visit(engines[count], what["repeats"]).items():
                found.setdefault((op, count), []).append(round(statistics.median(times), 3))
    gc.enable()
    return [{"op": op, "running": count, "us": values} for (op, count), values in sorted(found.items())]


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
