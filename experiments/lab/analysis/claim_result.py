"""What a claim's function returns: values that are checked, and the verdict on them in the form of a claims file."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from experiments.lab.errors import LabError, NoNumber, NotMeasured
from experiments.lab.records.record_file import Record
from experiments.lab.verdicts.claim_value import Value
from experiments.lab.verdicts.verdict import Found, Verdict


def evaluated(
    function: Callable[..., Any], records: Sequence[Record], holds: Verdict, labels: Mapping[str, str], where: str
) -> tuple[dict[str, Value], dict[str, Any]]:
    """(values by name, {"holds", "holds_if", "predicate"}) of a claim's function on its records. LabError, with
    `where` at its beginning, for what is no value or is not there."""
    try:
        result = function(*records) if inspect.signature(function).parameters else function()
    except NotMeasured:
        raise
    except LabError as error:  # of samples, which do not know whose they are
        raise type(error)(f"{where}: {error}") from None
    values, facts = result if isinstance(result, tuple) and len(result) == 2 else (result, {})
    if not isinstance(values, dict) or not isinstance(facts, dict):
        raise LabError(f"{where}: its code must return values by name, or (values, facts)")
    found = Found(_checked(values, where), _checked_facts(facts, where), labels)
    if unknown := sorted(set(labels) - set(values) - set(facts)):
        raise LabError(f"{where}: labels {', '.join(unknown)}, which its code does not return")
    try:
        verdict = {"holds": holds.true(found), "holds_if": holds.words(found)}
    except LabError as error:
        raise LabError(f"{where}: {error}") from None
    predicate = {"test": holds.data(), **({"facts": dict(found.facts)} if facts else {})}
    return dict(found.values), {**verdict, "predicate": predicate}


def of_values_alone(holds: Verdict, values: Mapping[str, Value], facts: Mapping[str, bool | Value]) -> bool:
    """The verdict with every interval left aside: where it is another, the intervals are too wide to settle it."""

    narrow = {name: _exact(value) for name, value in values.items()}
    return holds.true(Found(narrow, {n: _exact(f) if isinstance(f, Value) else f for n, f in facts.items()}, {}))


def _exact(value: Value) -> Value:
    return Value({key: part for key, part in value.items() if key != "ci"})


def _checked(values: Mapping[str, object], where: str) -> dict[str, Value]:
    checked = {}
    for name, value in values.items():
        if not isinstance(value, dict) or "value" not in value or "unit" not in value:
            raise LabError(
                f"{where}: value {name}: must be {{'value', 'unit', ...}}; make it with the functions of intervals"
            )
        numbers = [value["value"], *(value.get("ci") or [])]
        if not all(isinstance(n, (int, float)) and math.isfinite(n) for n in numbers):
            raise NoNumber(f"{where}: value {name}: {numbers} holds something that is no finite number")
        checked[name] = value if isinstance(value, Value) else Value(value)
    return checked


def _checked_facts(facts: Mapping[str, object], where: str) -> dict[str, bool | Value]:
    plain = {name: bool(fact) for name, fact in facts.items() if isinstance(fact, (bool, np.bool_))}
    return {**plain, **_checked({name: fact for name, fact in facts.items() if name not in plain}, where)}
