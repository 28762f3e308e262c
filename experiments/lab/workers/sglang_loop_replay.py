"""SGLang's scheduler, turn by turn, for a replay: `python sglang_loop_replay.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows": [replays], "stand_ins"}; two runs print the same bytes. JSON overrides keys of
WORKLOAD, and each of its `runs` overrides them once more, for a row of its own. Scheduler, loop, pools and tree are SGLang's (see sglang_scheduler.py); the lines that ran are watched by
ran_lines.py, and what PrefillAdder decides is written down as it passes, by a subclass that adds nothing else. The
requests are those of vllm_loop.py, the pool as many tokens, and the budget of a step is here the chunk size.
`overlap` takes event_loop_overlap, `mixed` --enable-mixed-chunk.

A row is a replay: format, kind "slots", setup, files, requests, steps. A step is one turn of the loop, its
state taken after it. A state counts slots of the pool, one a token: `held` {running request: slots that no request
before it in the list has}, `kept` (the tree's, in use by nobody), `free`; and `reserved`, what a decision about a
prompt would now keep free for the running requests' answers, with `ratio`, the share that it is computed with.
Its events, those of the queues first:
  retract (a running request lost its slots and waits), resume (a retracted one runs again), hit (admitted with a part of
  its prompt out of the tree), admit (admitted, with its first tokens), chunk (a prompt in work got more), decode
  (running requests got a token each), stand (decoding requests that got nothing, for the batch is of prompts),
  finish, refused (the queue's first wants more slots than are left: wants, left, reserved, used, as the decision saw
  them), full (one waits because the last that was let in took what was left), shut (nobody was asked: one was refused,
  and no request has ended since), spent (one waits because the batch has its tokens), seats (one waits for a place).
"""

import sys

from headless.sglang_scheduler import Engine, answer, make_args
from headless.sglang_seen import Decisions, reserve, slots
from headless.sglang_state import queues
from worker_kit import loop_requests
from worker_kit.ran_lines import RanLines

WORKLOAD = {**loop_requests.SMALL, "steps": 60, "overlap": False, "mixed": False, "runs": {"default": {}}}
SCHEDULER = "sglang.srt.managers.scheduler:Scheduler"
ADDER = "sglang.srt.managers.schedule_policy:PrefillAdder"
BATCH = "sglang.srt.managers.schedule_batch:ScheduleBatch"
RESULTS = "sglang.srt.managers.scheduler_components.batch_result_processor:SchedulerBatchResultProcessor"
WATCHED = [
    *(f"{SCHEDULER}.{name}" for name in ("get_next_batch_to_run", "_get_new_batch_prefill_raw", "update_running_batch")),
    *(f"{ADDER}.{name}" for name in ("add_one_req", "add_chunked_req", "_get_running_request_total_token_offset")),
    *(f"{BATCH}.{name}" for name in ("retract_decode", "_get_decode_retraction_order")),
    "sglang.srt.mem_cache.prefill_budget:PrefillBudget.check_prefill",
    f"{RESULTS}._handle_finish_state_updated_req",
]


class Loop:
    """A scheduler with requests on their way to it, looked at after every turn."""

    def __init__(self, model: str, what: dict):
        self.what = what
        args = make_args(model, chunked_prefill_size=what["budget"], enable_mixed_chunk=what["mixed"])
        self.engine = Engine(args, what["blocks"] * what["block_size"], running=what["max_num_seqs"], overlap=what["overlap"])
        self.decisions = Decisions()
        self.last = max(how["at"] for how in what["requests"].values())

    def state(self, given: dict, mode: str | None) -> dict:
        found, scheduler = queues(self.engine), self.engine.scheduler
        return {
            "budget": {"total": self.what["budget"], "given": given}, "mode": mode, "waiting": found["waiting"],
            "running": found["running"], "preempted": found["retracted"], "finished": found["finished"],
            **slots(self.engine, [each["id"] for each in found["running"]]),
            "reserved": reserve(self.engine, [each["id"] for each in found["running"] if each["phase"] == "decode"]),
            "ratio": round(scheduler.new_token_ratio_tracker.current, 4), "full": bool(scheduler.running_batch.batch_is_full),
        }

    def over(self, number: int) -> bool:
        return number >= self.last and not self.engine.busy()


def event(name: str, who: str, **args) -> dict:
    return {"event": name, "who": who, "args": args}


def events(loop: Loop, before: dict, after: dict, did: dict) -> list[dict]:
    """What a turn did, from the states around it, what was launched, and what the adder was asked."""
    held, given = {each["id"]: each for each in before["running"]}, did["given"]
    found = [event("retract", name, computed=held[name]["computed"], slots=before["held"][name])
             for name in did["retracted"]]
    for name in (name for name in given if name in did["hits"]):
        again, hit = loop.engine.requests[name].retraction_count > 0, did["hits"][name]
        found.append(event("resume" if again else "hit" if hit else "admit", name, tokens=given[name], hit=hit))
    decoding = []
    for name in (name for name in given if name not in did["hits"]):
        if name in held and held[name]["phase"] == "prefill":
            left = held[name]["known"] - held[name]["computed"] - given[name]
            found.append(event("chunk", name, tokens=given[name], left=left))
        else:
            decoding.append(name)
    if decoding:
        found.append(event("decode", ", ".join(decoding), count=len(decoding)))
    stood = [name for name, each in held.items() if each["phase"] == "decode" and did["mode"] and name not in given
             and name not in did["retracted"] and name not in did["finished"]]
    if stood:
        found.append(event("stand", ", ".join(stood), count=len(stood)))
    found += [event("finish", name) for name in did["finished"]]
    if waiting := after["waiting"]:
        found.append(why_it_waits(loop, waiting[0], after, sum(given.values())))
    return found


def why_it_waits(loop: Loop, who: str, after: dict, given: int) -> dict:
    asked, last = loop.decisions.asked, loop.decisions.last
    refused = next((each for each in asked if each["who"] == who and not each["fits"]), None)
    if refused:
        return event("refused", **{key: refused[key] for key in ("who", "wants", "left", "reserved", "used")})
    if last == "OTHER":
        return event("spent", who, given=given)
    if last == "NO_TOKEN":  # said of the one before, which was let in and took what was left
        return event("full", who, last=asked[-1]["who"])
    if len(after["running"]) >= loop.what["max_num_seqs"]:
        return event("seats", who, running=len(after["running"]))
    return event("shut", who, waiting=len(after["waiting"]))


def measure(model: str, what: dict) -> list[dict]:
    return [replay(Loop(model, {**what, **changed})) for changed in what["runs"].values()]


def replay(loop: Loop) -> dict:
    what = loop.what
    before = loop.state({}, None)
    steps = [{"n": 0, "events": [], "ran": {}, "state": before}]
    with RanLines(WATCHED) as ran, loop.decisions:
        number = 0
        while not loop.over(number):
            number += 1
            if number > what["steps"]:
                raise ValueError(f"{what['steps']} turns and no end: a request waits for ever, or the replay is too long")
            loop_requests.arriving(what["requests"], number, loop.engine.add)
            ran.take()
            loop.decisions.clear()
            did = loop.engine.step()
            after = loop.state(did["given"], did["mode"])
            steps.append({"n": number, "events": events(loop, before, after, did), "ran": ran.take(), "state": after})
            before = after
        files = ran.files()
    while not (steps[-1]["events"] or steps[-1]["state"]["mode"]):
        steps.pop()  # turns in which the loop finds that nothing is left
    texts = loop_requests.prompts(what["requests"])
    setup = {key: what[key] for key in ("budget", "max_num_seqs", "overlap", "mixed")}
    return {
        "format": 1, "kind": "slots", "setup": {**setup, "tokens": what["blocks"] * what["block_size"]}, "files": files,
        "requests": {name: {"prompt": len(texts[name]), "output": how["answer"]} for name, how in what["requests"].items()},
        "steps": steps,
    }


if __name__ == "__main__":
    sys.exit(answer(measure, WORKLOAD))
