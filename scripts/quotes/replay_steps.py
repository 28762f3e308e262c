"""The shape of a record's replay: steps all there, in order, each with the state that its kind draws."""

from scripts.common.errors import SiteError

MEASURE = "measure it again with the lab; a record is never edited"
KINDS = {int: "a whole number", str: "text", list: "a list", dict: "a table", type(None): "null"}
# A shape is a type or several, [shape of each], {ANY: shape of each value}, or {"key": shape}, where "key?" may be
# absent and other keys are nobody's business.
ANY = "*"
NAMES, NUMBERS = [str], [int]
TABLES = {ANY: NUMBERS}
STATES = {
    "scheduler": {
        "budget": {"total": int, "given": {ANY: int}},
        "waiting": NAMES,
        "running": [{"id": str, "computed": int, "known": int, "phase": str}],
        "preempted": NAMES,
        "finished": NAMES,
        "tables": TABLES,
        "free": int,
        "blocks": int,
    },
    "blocks": {
        "tables": TABLES,
        "free": NUMBERS,
        "blocks": {ANY: {"ref": int, "hash": (str, type(None)), "filled": int}},
        "waiting": NAMES,
        "running": NAMES,
        "finished": NAMES,
    },
    "tree": {
        "nodes": [{"id": int, "parent": (int, type(None)), "tokens": int, "label": str, "lock": int, "used": int}],
        "evictable": int,
        "protected": int,
        "free": int,
    },
}
EVENT = {"event": str, "who?": str, "args?": {ANY: (int, float, str, list)}}
STEP = {"n": int, "events": [EVENT], "ran": {ANY: NUMBERS}, "state": dict}
SETUP = {"block_size?": int, "max_num_seqs?": int, "tokens?": int}  # what is drawn of it
DATA = {"setup": SETUP, "files": {ANY: str}, "steps": [dict]}


def check_steps(data: dict, where: str) -> None:
    """Whether every step is there, in order, with the state that its kind has. `data` is of a known kind."""
    kind = data["kind"]
    requests = {"requests?" if kind == "tree" else "requests": {ANY: {"prompt": int, "output": int}}}
    _check(data, DATA | requests, where, "the replay")
    steps = data["steps"]
    if len(steps) < 2:
        raise SiteError(f"{where}: holds fewer than two steps; {MEASURE}")
    for wanted, step in enumerate(steps):
        if step.get("n") != wanted:
            numbers = [other.get("n") for other in steps]
            what = "is out of order" if wanted in numbers else "is missing"
            raise SiteError(f"{where}: step {wanted} {what}, step {step.get('n')} stands in its place; {MEASURE}")
        at = f"{where}: step {wanted}"
        _check(step, STEP, at, "the step")
        _check(step["state"], STATES[kind], at, f"its state, of the kind {kind},")
        _check_state(kind, step["state"], data.get("requests", {}), at)


def _check(value, shape, where: str, what: str) -> None:
    """Raises SiteError where `value` is not of `shape`; `what` is how a reader finds it."""
    if isinstance(shape, list):
        _is(value, list, where, what)
        for position, each in enumerate(value):
            _check(each, shape[0], where, f"{what} [{position}]")
    elif isinstance(shape, dict):
        _is(value, dict, where, what)
        if ANY in shape:
            for key, each in value.items():
                _check(each, shape[ANY], where, f"{what} '{key}'")
            return
        for key, of in shape.items():
            name = key.removesuffix("?")
            if name in value:
                _check(value[name], of, where, f"{what} '{name}'")
            elif name == key:
                raise SiteError(f"{where}: {what} has no '{name}'; {MEASURE}")
    else:
        _is(value, shape, where, what)


def _is(value, kinds, where: str, what: str) -> None:
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    if isinstance(value, bool) or not isinstance(value, kinds):
        wanted = " or ".join(KINDS[kind] for kind in kinds if kind in KINDS)
        raise SiteError(f"{where}: {what} is {value!r:.40}, not {wanted}; {MEASURE}")


def _check_state(kind: str, state: dict, requests: dict, where: str) -> None:
    """Whether a state speaks only of what there is: what it names and nobody knows would be left out of the picture."""
    if kind == "tree":
        _check_tree(state["nodes"], where)
        return
    running = [each if isinstance(each, str) else each["id"] for each in state["running"]]
    named = [*state["waiting"], *running, *state["finished"], *state.get("preempted", ()), *state["tables"]]
    for name in [*named, *state.get("budget", {}).get("given", ())]:
        if name not in requests:
            raise SiteError(f"{where}: request '{name}' is not among the replay's requests; {MEASURE}")
    if kind == "blocks":
        for block in [*state["free"], *(block for table in state["tables"].values() for block in table)]:
            if str(block) not in state["blocks"]:
                raise SiteError(f"{where}: block {block} is not among its blocks; {MEASURE}")
        for block in state["blocks"]:
            if not block.isdecimal():
                raise SiteError(f"{where}: block '{block}' is not called by its number; {MEASURE}")


def _check_tree(nodes: list, where: str) -> None:
    parents = {}
    for node in nodes:
        if node["id"] in parents:
            raise SiteError(f"{where}: two nodes are called {node['id']}; {MEASURE}")
        parents[node["id"]] = node["parent"]
    for node in parents:
        above, seen = node, set()
        while above is not None:
            if above not in parents or above in seen:
                raise SiteError(f"{where}: node {node} hangs in no tree; {MEASURE}")
            seen.add(above)
            above = parents[above]
