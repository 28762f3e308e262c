"""`lab verify`: every committed claim is evaluated again from its records; a line for each difference."""

import argparse
import math
import sys
from typing import Any

from experiments.lab.analysis import notebook_runner
from experiments.lab.analysis.compare_claims import claimed_experiments, reference_claims
from experiments.lab.host import config
from experiments.lab.host.config import Settings


def verify_command(options: argparse.Namespace, found: Settings) -> int:
    """Evaluate every committed claim again from its records and compare; a line for each difference."""
    wrong, count = [], 0
    for experiment in claimed_experiments(options.exp):
        stored = {claim["id"]: claim for claim in reference_claims(experiment)}
        book = notebook_runner.evaluate(experiment, "verify", config.ROOT)
        fresh = {claim["id"]: claim for claim in book.claims}
        remedy = f"write it again: make experiments EXP={experiment}"
        for name in sorted(set(stored) | set(fresh)):
            count += 1
            if name not in fresh:
                wrong.append(
                    f"experiments/claims/{experiment}.json: claim {name} is not in the notebook any more; {remedy}"
                )
            elif name not in stored:
                wrong.append(f"experiments/claims/{experiment}.json: lacks the notebook's claim {name}; {remedy}")
            else:
                wrong += [
                    f"experiments/claims/{experiment}.json: claim {name}: {line}; {remedy}"
                    for line in differences(fresh[name], stored[name])
                ]
    for line in wrong:
        print(line, file=sys.stderr)
    if not wrong:
        print(f"{count} claims evaluated again: all as written")
    return 1 if wrong else 0


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Lines that say how two evaluations of a claim differ; floats may differ in the last places of a platform."""
    lines = []
    for name in sorted(set(one["values"]) | set(other["values"])):
        left, right = one["values"].get(name), other["values"].get(name)
        if left is None or right is None or not _close(left, right):
            lines.append(f"{name} is {_short(left)} now, was {_short(right)}")
    if not _same_predicate(one.get("predicate"), other.get("predicate")):
        lines.append("predicate differs")
    for key in ("holds", "holds_if", "sentence", "title", "records", "code", "tier", "figure", "host"):
        if one.get(key) != other.get(key):
            lines.append(f"{key} differs" if key != "holds" else f"holds is {one[key]} now, was {other[key]}")
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
    return same_length and all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in pairs)


def _short(value: dict[str, Any] | None) -> str:
    return "absent" if value is None else f"{value['value']!r} {value['unit']}"
