"""Whether a claim that was measured with another shape can be set beside the reference's.

Ratios, counts and orders can. A time cannot, and neither can a verdict that sets a bound to one; a verdict on which of
two times is the larger can.
"""

from fnmatch import fnmatchcase
from typing import Any

from experiments.lab.analysis.value_kinds import COUNTED, RATIOS
from experiments.lab.evaluation.committed_claims import Claim


def comparable(claim: Claim) -> bool:
    """Whether the claim's verdict rests on ratios, counts and orders alone. A suite's time is of its own plan."""
    if claim["id"].startswith("suite-time"):
        return False
    facts = claim["predicate"].get("facts", {})
    units = {name: value["unit"] for name, value in claim["values"].items()}
    units |= {name: fact["unit"] for name, fact in facts.items() if isinstance(fact, dict)}
    return _rests(claim["predicate"]["test"], units)


def other_shape(claim: Claim) -> str | None:
    """The shape of a smaller card's plan that the claim was measured with; None where the model is the reference's."""
    return (claim.get("plan") or {}).get("shape")


def _rests(test: dict[str, Any], units: dict[str, str]) -> bool:
    for joint in ("all", "any"):
        if joint in test:
            return all(_rests(part, units) for part in test[joint])
    if "not" in test:
        return _rests(test["not"], units)
    bounds = [test[key] for key in ("limit", "low", "high", "number") if key in test]
    return not any(map(_bounds, bounds)) or all(units[name] in RATIOS + COUNTED for name in _names(test["of"], units))


def _bounds(limit: Any) -> bool:
    """Whether a limit is a number, or has one in it, that is not 0: 0 says which of two is the larger."""
    return bool(limit.get("plus")) if isinstance(limit, dict) else not isinstance(limit, str) and limit != 0


def _names(subjects: list[Any], units: dict[str, str]) -> set[str]:
    """Names of the values that subjects stand for."""
    found: set[str] = set()
    for subject in subjects:
        if isinstance(subject, str):
            found.add(subject)
        elif isinstance(subject, dict):
            found |= set(subject.get("sum", ()))
            found |= {name for pattern in subject.get("of", ()) for name in units if fnmatchcase(name, pattern)}
    return found
