"""In what the committed claims differ from what their records give now."""

import math
from pathlib import Path
from typing import Any

from experiments.lab.analysis import notebook_runner
from experiments.lab.evaluation import host_claims
from experiments.lab.evaluation.committed_claims import reference_claims


def evaluated_again(experiment: str, root: Path) -> tuple[int, list[str]]:
    """Evaluate an experiment's claims again from its records: how many there are, and a line for each that is not as
    committed. LabError for a notebook that cannot be evaluated."""
    stored = {claim["id"]: claim for claim in reference_claims(experiment, root)}
    book = notebook_runner.evaluate(experiment, "verify", root)
    fresh = {claim["id"]: claim for claim in host_claims.on_every_host(experiment, book.claims, root)}
    file, remedy = f"experiments/claims/{experiment}.json", f"write it again: make experiments EXP={experiment}"
    wrong = []
    names = sorted(set(stored) | set(fresh))
    for name in names:
        if name not in fresh:
            wrong.append(f"{file}: claim {name} is not in the notebook any more; {remedy}")
        elif name not in stored:
            wrong.append(f"{file}: lacks the notebook's claim {name}; {remedy}")
        elif differs := differences(fresh[name], stored[name]):
            wrong.append(f"{file}: claim {name}: {', '.join(differs)}; {remedy}")
    return len(names), wrong


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """How two evaluations of a claim differ, the verdict first; floats may differ in the last places of a platform."""
    lines = [f"holds is {one['holds']} now, was {other['holds']}"] if one["holds"] != other["holds"] else []
    for name in sorted(set(one["values"]) | set(other["values"])):
        left, right = one["values"].get(name), other["values"].get(name)
        if left is None or right is None or not _close(left, right):
            lines.append(f"{name} is {_short(left)} now, was {_short(right)}")
    if not _same_predicate(one.get("predicate"), other.get("predicate")):
        lines.append("predicate differs")
    for key in ("holds_if", "sentence", "title", "records", "code", "tier", "figure", "host", "kinds", "plan"):
        if one.get(key) != other.get(key):
            lines.append(f"{key} differs")
    if "hosts" in one and "hosts" not in other:
        return [*lines, "it has no hosts, as if its notebook had been run by hand"]
    return lines + _hosts_differ(one.get("hosts", [])[1:], other.get("hosts", [])[1:])


def _hosts_differ(now: list[dict[str, Any]], were: list[dict[str, Any]]) -> list[str]:
    """How a claim's entries of further hosts differ; the first one is the reference."""
    fresh, stored = {host["id"]: host for host in now}, {host["id"]: host for host in were}
    lines = [f"host {name} {'is new' if name in fresh else 'is gone'}" for name in sorted(set(fresh) ^ set(stored))]
    for name in sorted(set(fresh) & set(stored)):
        lines += [f"on host {name} {line}" for line in differences(fresh[name], stored[name])]
    return lines


def _same_predicate(one: dict[str, Any] | None, other: dict[str, Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    facts, others = one.get("facts", {}), other.get("facts", {})

    def alike(fact: Any, other: Any) -> bool:
        return _close(fact, other) if isinstance(fact, dict) and isinstance(other, dict) else fact == other

    return (
        one["test"] == other["test"]
        and facts.keys() == others.keys()
        and all(alike(fact, others[name]) for name, fact in facts.items())
    )


def _close(left: dict[str, Any], right: dict[str, Any]) -> bool:
    if {k: v for k, v in left.items() if k not in ("value", "ci")} != {
        k: v for k, v in right.items() if k not in ("value", "ci")
    }:
        return False
    pairs = zip([left["value"], *(left.get("ci") or [])], [right["value"], *(right.get("ci") or [])], strict=False)
    same_length = len(left.get("ci") or []) == len(right.get("ci") or [])
    return same_length and all(close(a, b) for a, b in pairs)


def close(one: float, other: float) -> bool:
    """Whether two numbers are one: floats may differ in the last places of a platform."""
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def _short(value: dict[str, Any] | None) -> str:
    return "absent" if value is None else f"{value['value']!r} {value['unit']}"
