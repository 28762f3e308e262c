"""vLLM's scheduler, step by step, for a replay: `python vllm_loop.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows"}; two runs print the same bytes. JSON overrides keys of WORKLOAD. The
scheduler, the cache manager and the block pool are vLLM's (see vllm_scheduler.py) and nothing of them is replaced; the lines
that ran are watched by ran_lines.py. A small budget, a pool of few blocks, requests that arrive at given steps; no model
runs, every token of an answer is the same. A step's tokens are in before the next is scheduled (`EngineCore.step`).

The single row is the replay: format, kind, setup, files, requests, steps. A step is one engine step, its state taken
after it. Its events, the ones that change the queues first:
  preempt (a running request lost its blocks), closed (nobody was admitted, since somebody was pre-empted), resume (one
  that was pre-empted runs again), hit (admitted with a part of its prompt from another's blocks), admit (admitted, with
  its first tokens), chunk (a running request got more of its prompt), decode (running requests got a token each),
  finish, full (a request waits for blocks), seats (one waits for a place among the running), spent (one waits because
  the budget is given away).
"""

import sys

from headless.vllm_scheduler import Engine, answer_with, make_config
from worker_kit import loop_requests
from worker_kit.ran_lines import RanLines

WORKLOAD = {**loop_requests.SMALL, "steps": 60}
SCHEDULER = "vllm.v1.core.sched.scheduler:Scheduler"
WATCHED = [
    *(f"{SCHEDULER}.{name}" for name in ("schedule", "_preempt_request", "_update_after_schedule", "update_from_output")),
    "vllm.v1.core.kv_cache_manager:KVCacheManager.allocate_slots",
    "vllm.v1.core.kv_cache_manager:KVCacheManager.get_computed_blocks",
]


class Plain(Engine):
    """An engine of whose methods none is wrapped."""

    def _count_allocations(self) -> None:
        pass


def make_engine(model: str, what: dict, asynchronous: bool = False, **arguments) -> Engine:
    config = make_config(
        model, max_num_batched_tokens=what["budget"], max_model_len=what["max_model_len"], block_size=what["block_size"],
        max_num_seqs=what["max_num_seqs"], **arguments,
    )
    return Plain(config, (what["blocks"] + 1) * what["block_size"], asynchronous)  # one block is no one's


class Loop:
    """A scheduler with requests on their way to it, looked at after every step."""

    def __init__(self, engine: Engine, what: dict):
        self.what, self.engine, self.finished = what, engine, []
        self.requests = {}

    def state(self, given: dict) -> dict:
        scheduler = self.engine.scheduler
        running = [
            {"id": each.request_id, "computed": each.num_computed_tokens, "known": each.num_tokens,
             # A step ahead, the token that is on its way counts as known already.
             "phase": "decode" if known_soon(each) - each.num_computed_tokens == 1 else "prefill"}
            for each in scheduler.running
        ]
        waiting = [each.request_id for each in scheduler.waiting]
        return {
            "budget": {"total": self.what["budget"], "given": given}, "waiting": waiting, "running": running,
            "preempted": [name for name in waiting if self.requests[name].num_preemptions],
            "finished": list(self.finished),
            "tables": {each["id"]: self.engine.manager.get_block_ids(each["id"])[0] for each in running},
            "free": self.engine.pool.get_num_free_blocks(), "blocks": self.what["blocks"],
        }

    def step(self, number: int) -> dict:
        loop_requests.arriving(self.what["requests"], number, self.engine.add)
        self.requests.update(self.engine.scheduler.requests)
        known = set(self.engine.scheduler.requests)
        given = self.engine.step()
        self.finished += sorted(known - set(self.engine.scheduler.requests))
        return given

    def over(self, number: int) -> bool:
        later = any(how["at"] > number for how in self.what["requests"].values())
        return not (later or self.engine.scheduler.requests)


def known_soon(request) -> int:
    """A request's tokens, those on their way included."""
    return request.num_tokens + request.num_output_placeholders


def event(name: str, who: str, **args) -> dict:
    return {"event": name, "who": who, "args": args}


def events(loop: Loop, before: dict, after: dict, given: dict) -> list[dict]:
    """What a step did to the queues, from the state before it and the one after."""
    held = {each["id"]: each for each in before["running"]}
    found = []
    # A request that ran before and waits now was pre-empted; it cannot have run again in the same step.
    lost = [each for name, each in held.items() if name in after["waiting"]]
    found += [event("preempt", each["id"], computed=each["computed"], blocks=len(before["tables"][each["id"]]))
              for each in lost]
    if lost:
        found.append(event("closed", after["waiting"][-1], waiting=len(after["waiting"])))
    for name in (name for name in given if name not in held):
        again = loop.requests[name].num_preemptions > 0
        hit = loop.requests[name].num_computed_tokens - given[name]
        found.append(event("resume" if again else "hit" if hit else "admit", name, tokens=given[name], hit=hit))
    decoding = []
    for name in (name for name in given if name in held):
        if held[name]["phase"] == "prefill":
            left = held[name]["known"] - held[name]["computed"] - given[name]
            found.append(event("chunk", name, tokens=given[name], left=left))
        else:
            decoding.append(name)
    if decoding:
        found.append(event("decode", ", ".join(decoding), count=len(decoding)))
    found += [event("finish", name) for name in after["finished"] if name not in before["finished"]]
    if after["waiting"] and not lost:
        who = after["waiting"][0]
        if sum(given.values()) == loop.what["budget"]:
            found.append(event("spent", who, given=loop.what["budget"]))
        elif len(given) >= loop.what["max_num_seqs"]:
            found.append(event("seats", who, running=len(given)))
        else:
            found.append(event("full", who, free=loop.free))
    return found


def measure(model: str, what: dict) -> list[dict]:
    return [replay(Loop(make_engine(model, what), what))]


def replay(loop: Loop) -> dict:
    what = loop.what
    before = loop.state({})
    steps = [{"n": 0, "events": [], "ran": {}, "state": before}]
    real = loop.engine._answer

    def answer(given):
        """Between schedule and update: the free blocks that a waiting request found."""
        loop.free = loop.engine.pool.get_num_free_blocks()
        return real(given)

    loop.engine._answer = answer
    with RanLines(WATCHED) as ran:
        number = 0
        while not loop.over(number):
            number += 1
            if number > what["steps"]:
                raise ValueError(f"{what['steps']} steps and no end: a request waits for ever, or the replay is too long")
            ran.take()
            given = loop.step(number)
            after = loop.state(given)
            steps.append({"n": number, "events": events(loop, before, after, given), "ran": ran.take(), "state": after})
            before = after
        files = ran.files()
    texts = loop_requests.prompts(what["requests"])
    return {
        "format": 1, "kind": "scheduler",
        "setup": {key: what[key] for key in ("budget", "blocks", "block_size", "max_num_seqs")},
        "files": files,
        "requests": {name: {"prompt": len(texts[name]), "output": how["answer"]} for name, how in what["requests"].items()},
        "steps": steps,
    }


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
