"""What a step of a reader's own requests did, in words, and the moments worth a look: found by rule, since nobody has
seen the run before."""

from scripts.quotes.recorded_steps import Run
from scripts.quotes.replays import shown

# The events of both workers' replays (experiments/lab/workers/vllm_loop.py, sglang_loop_replay.py).
SAID = {
    "admit": "{who} is admitted and gets {tokens} tokens",
    "hit": "{who} is admitted, finds {hit} tokens and gets {tokens}",
    "resume": "{who} comes back, finds {hit} tokens again and gets {tokens}",
    "chunk": "{who} gets {tokens} more of its prompt, {left} are left",
    "decode": "a token each for {who}",
    "stand": "no token for {who}: the batch is of prompts",
    "finish": "{who} is finished",
    "preempt": "{who} is preempted: it drops its table of {blocks} blocks, and its {computed} computed tokens no "
    "longer count",
    "retract": "{who} is retracted: it gives {slots} slots back and waits again",
    "closed": "no request is admitted, since one was preempted; {waiting} wait",
    "refused": "{who} waits: it asks for {wants} slots, {left} are left ({used} in use, {reserved} kept for answers)",
    "shut": "no request is asked for: one was refused, and none has ended since; {waiting} wait",
    "spent": "{who} waits: the {given} tokens of the step are given away",
    "seats": "{who} waits: all {running} places are taken",
}
FULL = {
    "scheduler": "{who} waits: {free} blocks are free, too few for it",
    "slots": "{who} waits: {last}, let in before it, took what was left",
}
# Events whose first step in a run is marked: the mark's id, and what there is to see.
MARKED = {
    "preempt": ("first preempted", "no block is free for a running request, so {who} loses its own"),
    "retract": ("first retracted", "no slot is free for a running request, so {who} loses its own"),
    "refused": ("first refused", "{who} would fit, but not with what is kept for the answers of those that run"),
    "full": ("pool full", "the pool has too little left for {who}"),
    "spent": ("budget spent", "the tokens of the step are used up before {who}"),
    "seats": ("no place", "{who} waits for a place, not for memory"),
    "stand": ("answers stand", "the batch is of prompts, and answers in progress get no token"),
    "hit": ("prefix found", "{who} begins with tokens that another request computes or has computed"),
    "resume": ("back again", "{who} has memory again; what was lost is computed a second time"),
}
MOST_MARKS = 10
ENDINGS = {
    "stuck": "No request got a token in the last 50 steps, and none is still to come: {waiting} would wait for ever. "
    "The run was stopped.",
    "limit": "The run was stopped here, after as many steps as the file allows; {left} are not finished.",
}


def events(run: Run, n: int) -> list[str]:
    """The events of step `n` in words; none where the run is over."""
    if n > run.last:
        return []
    found = []
    for event in run.steps[n]["events"]:
        name = event["event"]
        text = FULL[run.data["kind"]] if name == "full" else SAID.get(name, name + ": {who}")
        known = {"who": event.get("who", "")} | event.get("args", {})
        found.append(text.format_map({key: shown(value) for key, value in known.items()}))
    return found


def ending(run: Run, ended: str) -> str:
    """Why a run was stopped that did not end; "" for one that did."""
    if ended not in ENDINGS:
        return ""
    done = run.steps[-1]["state"]["finished"]
    left = [name for name in run.requests if name not in done]
    return ENDINGS[ended].format(left=_names(left), waiting=_names(run.steps[-1]["state"]["waiting"] or left))


def _names(names: list[str]) -> str:
    """The names, the first eight of many."""
    return shown(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def lost(run: Run) -> list[tuple[int, str]]:
    """(step, request) of every preemption or retraction."""
    return [
        (step["n"], event["who"])
        for step in run.steps
        for event in step["events"]
        if event["event"] in ("preempt", "retract")
    ]


def moments(runs: list[Run], labels: list[str], ended: list[str], last: int) -> list[tuple[int, str, str]]:
    """(step, id, text) of the steps to mark, in order, at most MOST_MARKS and none after step `last`."""
    found: dict[int, tuple[str, list[str]]] = {}
    for event in MARKED:  # in the order of what readers look for
        for run, label in zip(runs, labels, strict=True):
            n = next((step["n"] for step in run.steps if any(e["event"] == event for e in step["events"])), None)
            if n is None or n > last or (n not in found and len(found) >= MOST_MARKS - 1):
                continue
            first = next(each for each in run.steps[n]["events"] if each["event"] == event)
            name, text = MARKED[event]
            args = first.get("args", {})
            if event == "refused" and args["wants"] > args["left"] + args["reserved"]:
                text = MARKED["full"][1]  # what is kept for answers makes no difference
            found.setdefault(n, (name, []))[1].append(f"{label}: {text.format(who=first['who'])}.")
    end = min(max(run.last for run in runs), last)
    over = [
        f"{label} {'is done' if how == 'finished' else 'was stopped'} after step {run.last}."
        for run, label, how in zip(runs, labels, ended, strict=True)
    ]
    found.setdefault(end, ("the end", []))[1].extend(over)
    return [(n, _free(name, n, found), " ".join(texts)) for n, (name, texts) in sorted(found.items())]


def _free(name: str, n: int, found: dict[int, tuple[str, list[str]]]) -> str:
    """The mark's id: its name, with the step where another is called so too."""
    twice = sum(other == name for other, _ in found.values()) > 1
    return name.replace(" ", "-") + (f"-{n}" if twice else "")
