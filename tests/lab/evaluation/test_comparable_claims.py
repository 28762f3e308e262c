"""Ratios, counts and orders are compared across shapes; a bound to a time is not."""

import pytest

from experiments.lab.evaluation import compare_claims
from experiments.lab.evaluation.comparable_claims import comparable, other_shape
from experiments.lab.verdicts.claim_value import Value
from experiments.lab.verdicts.verdict import (
    above,
    all_of,
    any_of,
    below,
    between,
    equals,
    every,
    fact,
    falling,
    fewer,
    holds_value,
    not_,
    some,
    the,
)

VALUES = {"ms": ("ms", 20.0), "other": ("ms", 30.0), "rate": ("tok/s", 900.0), "ratio": ("1", 1.5),
          "share": ("%", 40.0), "hits": ("tokens", 4096.0), "steps": ("count", 7.0)}  # fmt: skip


def claim(test, id="c", facts=None, **more):
    values = {name: Value({"value": value, "unit": unit, "digits": 3}) for name, (unit, value) in VALUES.items()}
    predicate = {"test": test.data(), **({"facts": facts} if facts else {})}
    return {"id": id, "values": values, "predicate": predicate, "holds": True, "host": {"label": "X"}, **more}


@pytest.mark.parametrize(("test", "can"), [
    (above(1.2, "ratio"), True),
    (below(50, "share", "hits"), True),
    (below(25, "ms"), False),
    (above(0, "ms"), True),
    (above(the("ms"), "other"), True),
    (above(2 * the("ms"), "other"), True),
    (above(the("ms") + 5, "other"), False),
    (falling("other", "ms"), True),
    (between(0.9, 1.6, "ratio"), True),
    (between(10, 30, "ms"), False),
    (between(the("ms"), 2 * the("ms"), "other"), True),
    (holds_value(1, "ratio"), True),
    (holds_value(20, "ms"), False),
    (equals(7, "steps"), True),
    (some("steps"), True),
    (fewer("steps", "hits"), True),
    (below(2000, every("time", "m*", "rate")), False),
    (above(1, every("ratio", "rat*")), False),
    (all_of(above(1, "ratio"), below(25, "ms")), False),
    (any_of(above(1, "ratio"), fact("x", "x")), True),
    (not_(below(25, "ms")), False),
    (above(1, the("hits") - the("steps")), True),
])
def test_a_verdict_is_compared_where_it_rests_on_no_bound_of_a_time(test, can):
    assert comparable(claim(test)) is can


def test_a_fact_counts_by_its_unit_and_a_suites_time_never():
    facts = {"wait": {"value": 0.1, "unit": "ms", "digits": 2}}
    assert not comparable(claim(below(1, "wait"), facts=facts))
    assert not comparable(claim(below(18, "ratio"), "suite-time-05"))


def test_the_table_names_the_shape_and_gives_no_verdict_on_times_of_another():
    plan = {"plan": {"name": "24gb", "shape": "Qwen3-0.6B shape"}}
    tests = {"time": below(25, "ms"), "order": above(1, "ratio"), "gone": above(1, "ratio")}
    reference = [claim(test, name) for name, test in tests.items()]
    here = [{**claim(test, name, **plan), "holds": False} for name, test in tests.items() if name != "gone"]
    lines = compare_claims.table("05", reference, here, {}).splitlines()
    assert lines[0] == "experiment 05, here with the Qwen3-0.6B shape, plan 24gb"
    first = {line.split()[0]: line for line in lines if line.split()[0] in tests}
    assert first["time"].endswith("not comparable: times of another shape")
    assert first["order"].endswith("NO") and first["gone"].endswith("(yes, reference)")


def test_a_claim_of_the_references_own_model_has_its_verdict():
    mine = claim(below(25, "ms"), plan={"name": "24gb", "shape": None})
    assert other_shape(mine) is None and other_shape(claim(below(25, "ms"))) is None
    lines = compare_claims.table("05", [claim(below(25, "ms"))], [mine], {}).splitlines()
    assert lines[0] == "experiment 05" and any(line.endswith("yes") for line in lines)
