"""A made-up replay of each kind for the small site: three steps that two lines of vllm/core.py are said to decide."""

import copy

from tests.scripts.small_site import CORE, SOURCES, Site, base_record, sha

RAN = {f"{CORE}::Core.step": [7], f"{CORE}::Core.schedule": [10, 12]}
ARRIVE = {"event": "arrive", "who": "r1", "args": {"tokens": 1200}}
LEAVE = {"event": "leave", "who": "r1, r2", "args": {"blocks": [1, 2]}}
REQUESTS = {"r1": {"prompt": 40, "output": 8}, "r2": {"prompt": 20, "output": 4}, "r<3>": {"prompt": 8, "output": 1}}
NAMED = {"ref": 2, "hash": "a.0", "filled": 16}
BLANK = {"ref": 0, "hash": None, "filled": 0}
SETUP = {"budget": 64, "blocks": 4, "block_size": 16, "max_num_seqs": 3, "tokens": 40}


def node(number: int, parent, tokens: int, label: str, lock: int = 0) -> dict:
    return {"id": number, "parent": parent, "tokens": tokens, "label": label, "lock": lock, "used": number}


def _scheduler(**changed) -> dict:
    empty = {"waiting": [], "running": [], "preempted": [], "finished": [], "tables": {}, "free": 4, "blocks": 4}
    return {"budget": {"total": 64, "given": {}}} | empty | changed


def _blocks(**changed) -> dict:
    empty = {"tables": {}, "free": [1, 2, 3, 4], "waiting": [], "running": [], "finished": []}
    return empty | {"blocks": {str(number): BLANK for number in range(1, 5)}} | changed


ROOT = node(0, None, 0, "", 1)
STATES = {
    "scheduler": [
        _scheduler(),
        _scheduler(
            budget={"total": 64, "given": {"r1": 40, "r2": 1}},
            waiting=["r<3>"],
            preempted=["r<3>"],
            running=[
                {"id": "r1", "computed": 40, "known": 41, "phase": "decode"},
                {"id": "r2", "computed": 10, "known": 20, "phase": "prefill"},
            ],
            tables={"r1": [1, 2], "r2": [1, 3]},
            free=1,
        ),
        _scheduler(finished=["r1", "r2"]),
    ],
    "blocks": [
        _blocks(),
        _blocks(
            tables={"r1": [1, 2], "r2": [1]},
            running=["r1", "r2"],
            free=[3, 4],
            blocks={"1": NAMED, "2": {"ref": 1, "hash": None, "filled": 5}, "3": BLANK, "4": NAMED | {"ref": 0}},
        ),
        _blocks(finished=["r1", "r2"], free=[4, 3, 2, 1]),
    ],
    "tree": [
        {"nodes": [ROOT], "evictable": 0, "protected": 0, "free": 40},
        {
            "nodes": [ROOT, node(1, 0, 9, "You & me", 1), node(2, 1, 3, "alone")],
            "evictable": 3,
            "protected": 9,
            "free": 20,
        },
        {"nodes": [ROOT, node(1, 0, 9, "You & me")], "evictable": 9, "protected": 0, "free": 31},
    ],
}
TABLES = """
[[replay]]
id = "few"
record = "01/replay-few"
title = "A few steps & a line"
[[replay.because]]
event = "arrive"
excerpt = "step"
at = "return self.schedule()"
text = "{who} *arrives* with {tokens}"
[[replay.because]]
event = "leave"
excerpt = "step"
at = "return self.schedule()"
text = "{who} leaves {blocks}"
[[replay.mark]]
step = 1
id = "here"
text = "The first is `here`."
[[replay.mark]]
step = 2
id = "gone"
text = "It is gone."
"""
BLOCK = "\n/// replay | few\n    alt: Queues and blocks.\n///\n"


def data(kind: str = "scheduler") -> dict:
    """The `extra.replay` of a made-up record."""
    events = [[], [ARRIVE], [LEAVE, ARRIVE]]
    steps = [
        {"n": n, "events": events[n], "ran": RAN if n else {}, "state": state} for n, state in enumerate(STATES[kind])
    ]
    return copy.deepcopy(
        {
            "format": 1,
            "kind": kind,
            "setup": SETUP,
            "files": {CORE: sha(SOURCES[CORE].encode())},
            "requests": REQUESTS,
            "steps": steps,
        }
    )


def add(site: Site, kind: str = "scheduler", change=lambda made: None, tables: str = TABLES) -> None:
    """Gives the site a replay: its record, `change`d, and its tables in the manifest; a page still has to show it."""
    made = data(kind)
    change(made)
    site.save_record("replay-few", base_record("replay-few") | {"extra": {"replay": made}})
    site.write("snippets/01-one-request.toml", site.manifest + tables)
