"""Drives a stream of requests through an engine of either kind, and says what became of every prompt token.

Of a prompt's tokens, with `before` the requests that the engine admitted earlier:
  hit_tokens: those it took from the cache;
  missed_new: those behind the longest prefix that any of `before` has in common with it, answers that ended included;
  missed_last: the last token of a prompt that is such a prefix whole: its logits are wanted, so it is computed again;
  missed_tail: those behind the last whole block of that prefix (blocks of one token have none);
  missed_order: those that another was still computing, or was admitted together with it to compute;
  missed_evicted: those that were in the cache and went.
These six add up to the prompt.
"""

from worker_kit.streams import prompt
from worker_kit.worker_io import TOKEN

KINDS = ("new", "last", "tail", "order", "evicted")


def drive(engine, turns, over) -> list[dict]:
    """Every turn when the one it comes after has ended. `over(engine, name)` says whether a request has. One dict a
    request in the order of their admission: {"turn", "ids", "hit", "admitted", "ready", "ended"}, the steps from 1.
    ValueError when one is too long for the engine, or when some get nothing."""
    answers, ended, asked, waiting, idle = {}, {}, {}, list(turns), 0
    while waiting or len(ended) < len(asked):
        due = [turn for turn in waiting if turn.after is None or turn.after in answers]
        waiting = [turn for turn in waiting if turn not in due]
        for turn in due:
            asked[turn.name] = prompt(turn, answers)
            engine.add(turn.name, asked[turn.name], turn.out)
        before = engine.steps
        engine.step()
        idle = 0 if engine.steps > before else idle + 1
        if idle > 2:
            raise ValueError(f"{len(asked) - len(ended)} requests wait for ever: the cache is too small")
        for turn in turns:
            if turn.name in asked and turn.name not in ended and turn.name in engine.first and over(engine, turn.name):
                ended[turn.name], answers[turn.name] = engine.steps, [TOKEN] * turn.out
    by_name = {turn.name: turn for turn in turns}
    return [
        {"turn": by_name[name], "ids": asked[name], "hit": first["hit"], "admitted": first["step"],
         "ready": step_of(engine.ready[name]), "ended": ended[name]}
        for name, first in engine.first.items()
    ]


def step_of(ready) -> int:
    return ready["step"] if isinstance(ready, dict) else ready


def common(one: list, other: list) -> int:
    """How many tokens two sequences begin with in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:  # slices compare at the speed of C
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def account(served: list[dict], block: int) -> list[dict]:
    """One row a request of `drive`, as the module's docstring names them, of an engine whose blocks have `block` tokens."""
    rows = []
    for place, each in enumerate(served):
        shared = known = 0
        for other in served[:place]:
            said = [TOKEN] * (other["turn"].out - 1) if other["ended"] < each["admitted"] else []
            same = common(each["ids"], other["ids"] + said)
            shared = max(shared, same)
            if other["ready"] < each["admitted"]:
                known = max(known, same)
        size, hit = len(each["ids"]), each["hit"]
        reach = min(shared, size - 1)
        whole, there = reach // block * block, min(known, size - 1) // block * block
        order = whole - max(hit, there)
        rows.append({
            "request": each["turn"].name, "prompt_tokens": size, "hit_tokens": hit, "missed_new": size - shared,
            "missed_last": shared - reach, "missed_tail": reach - whole, "missed_order": order,
            "missed_evicted": whole - hit - order, "admitted": each["admitted"], "ready": each["ready"],
        })
    return rows


def totals(rows: list[dict]) -> dict:
    """The rows' sums, of the tokens."""
    return {key: sum(row[key] for row in rows)
            for key in ("prompt_tokens", "hit_tokens", *(f"missed_{kind}" for kind in KINDS))}


def distinct(prompts: list[list]) -> int:
    """Tokens in the tree of all the prompts: what has to be computed at least once, however they are ordered."""
    ordered = sorted(prompts)
    return sum(map(len, ordered)) - sum(common(one, other) for one, other in zip(ordered, ordered[1:], strict=False))


def queue_row(served: list[dict], turns: list) -> dict:
    """What an order made of a queue that was there at the start: hit_tokens of prompt_tokens; best_tokens, what an order
    would reuse in which every distinct token is computed once; in_order, how many were admitted as they came before the
    first that was not; steps."""
    ids = [each["ids"] for each in served]
    total = sum(map(len, ids))
    return {
        "requests": len(turns), "prompt_tokens": total, "hit_tokens": sum(each["hit"] for each in served),
        "best_tokens": total - distinct(ids), "steps": max(each["ended"] for each in served),
        "in_order": common([each["turn"].name for each in served], [turn.name for turn in turns]),
    }
