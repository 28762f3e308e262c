"""What SGLang's scheduler gives whom, turn by turn and counted: `python sglang_loop.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows", "stand_ins"}; two runs print the same bytes. JSON overrides keys of
WORKLOAD. The scheduler and its loop are SGLang's (see sglang_scheduler.py). Nothing is timed, no model runs. The requests are
those of vllm_loop.py and vllm_loop_counts.py, the pool as many tokens, and the budget of a step is here the chunk size.

A row "run" is one run: run, steps (batches), decode_only, prefill_only, mixed (batches of one kind or of both), stood
(how often a request that had its first token, and had more to come, was in no batch that ran, retracted ones not
counted), given (tokens), needed (what has to be computed once), hits (tokens out of the tree at a first admission),
beyond (tokens computed past an answer's last, because a batch was launched before that was known), again (what is left
of given), preempted (names that were retracted, in order), first (the batch of each request's first token), finished
(names, in order).
Runs:
  small         event_loop_normal: a batch's tokens are in before the next is chosen
  overlap       the same with event_loop_overlap, a server's default
  mixed         small with --enable-mixed-chunk
  tight         loop_requests.TIGHT, all at once into a pool that does not hold it, event_loop_overlap
  twins, twins-lpm  loop_requests.TWINS, in the order of arrival and with --schedule-policy lpm
  conservative-N  tight with --schedule-conservativeness N
A row "turn" is a turn of the run small: n, mode ("prefill", "decode" or null), given {request: tokens}, waiting.

Samples of the record `loop-sglang`, label run: every count above; `preemptions` for the number of names in preempted.
"""

from headless.sglang_scheduler import Engine, answer, make_args
from headless.sglang_state import queues
from worker_kit import loop_requests

WORKLOAD = {
    "small": loop_requests.SMALL, "twins": loop_requests.TWINS, "tight": loop_requests.TIGHT, "conservativeness": [0.3, 3.0],
}
KINDS = {"decode": "decode_only", "prefill": "prefill_only", "mixed": "mixed"}


def run(model: str, name: str, what: dict, requests: dict, kv_tokens: int, overlap=True, **arguments) -> list[dict]:
    args = make_args(model, chunked_prefill_size=what["budget"], **arguments)
    engine = Engine(args, kv_tokens, running=what["max_num_seqs"], overlap=overlap)
    count = dict.fromkeys((*KINDS.values(), "stood", "given", "hits", "beyond"), 0)
    retracted, finished, first, turns, number = [], [], {}, [], 0
    last = max(how["at"] for how in requests.values())
    decodes = dict.fromkeys(requests, 0)
    while number < last or engine.busy():
        number += 1
        if number > 20_000:
            raise ValueError(f"{name}: 20,000 turns and no end: a request waits for ever")
        loop_requests.arriving(requests, number, engine.add)
        before = queues(engine)
        decoding = {each["id"] for each in before["running"] if each["phase"] == "decode"}
        did = engine.step()
        retracted += did["retracted"]
        finished += did["finished"]
        turns.append({"n": number, "mode": did["mode"], "given": did["given"], "waiting": queues(engine)["waiting"]})
        if not did["mode"]:
            continue
        count[KINDS[did["mode"]]] += 1
        count["given"] += sum(did["given"].values())
        count["hits"] += sum(did["hits"].values())
        count["stood"] += sum(each not in did["given"] and each not in did["retracted"] and each not in did["finished"]
                              for each in decoding)
        for each, ready in engine.ready.items():
            first.setdefault(each, ready)
        for each in did["given"] if did["mode"] == "decode" else decoding & set(did["given"]):
            decodes[each] += 1
    # A prefill gives a token too, and one more for each retraction.
    count["beyond"] = sum(decodes[each] + 1 + engine.requests[each].retraction_count - how["answer"]
                          for each, how in requests.items())
    needed = loop_requests.needed(requests)
    return [{"run": name, "steps": engine.steps, **count, "needed": needed,
             "again": count["given"] - needed + count["hits"] - count["beyond"], "preempted": retracted,
             "finished": finished, "first": first}, turns]


def measure(model: str, what: dict) -> list[dict]:
    small, tight = what["small"], what["tight"]
    few, many, twins = small["requests"], loop_requests.tight(tight), what["twins"]
    pool, room = (some["blocks"] * some["block_size"] for some in (small, twins))
    found, turns = run(model, "small", small, few, pool, overlap=False)
    rows = [
        found,
        run(model, "overlap", small, few, pool)[0],
        run(model, "mixed", small, few, pool, overlap=False, enable_mixed_chunk=True)[0],
        *(run(model, name, twins, twins["requests"], room, schedule_policy=policy)[0]
          for name, policy in (("twins", "fcfs"), ("twins-lpm", "lpm"))),
        run(model, "tight", tight, many, tight["kv_tokens"])[0],
        *(run(model, f"conservative-{share}", tight, many, tight["kv_tokens"], schedule_conservativeness=share)[0]
          for share in what["conservativeness"]),
    ]
    return [{"kind": "run", **row} for row in rows] + [{"kind": "turn", **turn} for turn in turns]


if __name__ == "__main__":
    raise SystemExit(answer(measure, WORKLOAD))
