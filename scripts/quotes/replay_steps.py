"""The shape of a record's replay: steps all there, in order, each with the state that its kind draws."""

from scripts.common.errors import SiteError

MEASURE = "measure it again with the lab; a record is never edited"
KINDS = {int: "a whole number", str: "text", list: "a list", dict: "a table", type(None): "null"}
# A shape is a type or several, [shape of each], {ANY: shape of each value}, or {"key": shape}, where "key?" may be
# absent and other keys are nobody's business.
Shape = type | tuple[type, ...] | list | dict[str, "Shape"]
ANY = "*"
NAMES: Shape = [str]
NUMBERS: Shape = [int]
TABLES: Shape = {ANY: NUMBERS}
STATES: dict[str, Shape] = {
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
    "slots": {
        "budget": {"total": int, "given": {ANY: int}},
        "mode": (str, type(None)),
        "waiting": NAMES,
        "running": [{"id": str, "computed": int, "known": int, "phase": str}],
        "preempted": NAMES,
        "finished": NAMES,
        "held": {ANY: int},
        "kept": int,
        "free": int,
        "slots": int,
        "reserved": (int, float),
    },
}
EVENT: Shape = {"event": str, "who?": str, "args?": {ANY: (int, float, str, list)}}
STEP: Shape = {"n": int, "events": [EVENT], "ran": {ANY: NUMBERS}, "state": dict}
SETUP: Shape = {"block_size?": int, "max_num_seqs?": int, "tokens?": int}  # what is drawn of it
DATA: dict[str, Shape] = {"setup": SETUP, "files": {ANY: str}, "steps": [dict]}


def check_steps(data: dict, where: str) -> None:
    """Whether every step is there, in order, with the state that its kind has. `data` is of a known kind."""
    kind = data["kind"]
    requests: dict[str, Shape] = {"requests?" if kind == "tree" else "requests": {ANY: {"prompt": int, "output": int}}}
    _check(data, DATA | requests, where, "the replay")
    steps = data["steps"]
    if len(steps) < 2:
        raise SiteError(f"{where}: holds fewer than two steps; {MEASURE}")
    for number, step in enumerate(steps):
        if step.get("n") != number:
            numbers = [other.get("n") for other in steps]
            what = "is out of order" if number in numbers else "is missing"
            raise SiteError(f"{where}: step {number} {what}, step {step.get('n')} stands in its place; {MEASURE}")
        at = f"{where}: step {number}"
        _check(step, STEP, at, "the step")
        _check(step["state"], STATES[kind], at, f"its state, of the kind {kind},")
        _check_state(kind, step["state"], data.get("requests", {}), at)


def _check(value: object, shape: Shape, where: str, what: str) -> None:
    """Raises SiteError where `value` is not of `shape`; `what` is how a reader finds it."""
    if fault := _fault(value, shape):
        raise SiteError(f"{where}: {what}{fault}; {MEASURE}")


def _fault(value: object, shape: Shape) -> str:
    """What is wrong with `value`, and where inside it; "" where nothing is, which is put into words nowhere."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return _not(value, (list,))
        of = shape[0]
        for position, element in enumerate(value):
            if type(element) is not of and (fault := _fault(element, of)):
                return f" [{position}]{fault}"
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            return _not(value, (dict,))
        if ANY in shape:
            of = shape[ANY]
            for key, element in value.items():
                if type(element) is not of and (fault := _fault(element, of)):
                    return f" '{key}'{fault}"
            return ""
        for key, of in shape.items():
            name = key.removesuffix("?")
            if name in value:
                if fault := _fault(value[name], of):
                    return f" '{name}'{fault}"
            elif name == key:
                return f" has no '{name}'"
    elif type(value) is not shape:
        kinds = shape if isinstance(shape, tuple) else (shape,)
        if isinstance(value, bool) or not isinstance(value, kinds):
            return _not(value, kinds)
    return ""


def _not(value: object, kinds: tuple[type, ...]) -> str:
    names = " or ".join(KINDS[kind] for kind in kinds if kind in KINDS)
    return f" is {value!r:.40}, not {names}"


def _check_state(kind: str, state: dict, requests: dict, where: str) -> None:
    """Whether a state speaks only of what there is: what it names and nobody knows would be left out of the picture."""
    if kind == "tree":
        _check_tree(state["nodes"], where)
        return
    running = [request if isinstance(request, str) else request["id"] for request in state["running"]]
    named = [*state["waiting"], *running, *state["finished"], *state.get("preempted", ()), *state.get("tables", ())]
    for name in [*named, *state.get("held", ()), *state.get("budget", {}).get("given", ())]:
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
