"""The shape of a replay's steps: all there, in order, each with the state that its kind draws."""

from scripts.errors import SiteError

# What a state of each kind holds.
STATES = {
    "scheduler": {
        "budget": dict,
        "waiting": list,
        "running": list,
        "preempted": list,
        "finished": list,
        "tables": dict,
        "free": int,
        "blocks": int,
    },
    "blocks": {"tables": dict, "free": list, "blocks": dict, "waiting": list, "running": list, "finished": list},
    "tree": {"nodes": list, "evictable": int, "protected": int, "free": int},
}
NODE = ("id", "parent", "tokens", "label", "lock", "used")
MEASURE = "measure it again with the lab; a record is never edited"


def check_steps(data: dict, where: str) -> None:
    """Whether every step is there, in order, with the state that its kind has."""
    kind, steps = data["kind"], data.get("steps")
    if not isinstance(steps, list) or len(steps) < 2:
        raise SiteError(f"{where}: holds fewer than two steps; {MEASURE}")
    for wanted, step in enumerate(steps):
        if step.get("n") != wanted:
            numbers = [other.get("n") for other in steps]
            what = "is out of order" if wanted in numbers else "is missing"
            raise SiteError(f"{where}: step {wanted} {what}, step {step.get('n')} stands in its place; {MEASURE}")
        state = step.get("state", {})
        for key, of in STATES[kind].items():
            if not isinstance(state.get(key), of):
                raise SiteError(
                    f"{where}: step {wanted}: its state has no '{key}', which the kind {kind} needs; {MEASURE}"
                )
        if kind == "tree":
            ids = {node.get("id") for node in state["nodes"]}
            for node in state["nodes"]:
                if any(key not in node for key in NODE) or node["parent"] not in ids | {None}:
                    raise SiteError(f"{where}: step {wanted}: node {node.get('id')} hangs in no tree; {MEASURE}")
