"""What notebooks read out of records, and how long a suite held its card, as a claim."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.lab.analysis import card_time, readings
from experiments.lab.analysis.claim_book import Book
from experiments.lab.errors import LabError
from experiments.lab.verdicts.claim_value import Value

SLOW, FAST = [20.0, 21.0, 22.0, 25.0], [10.0, 10.5, 11.0, 12.0]


def test_ratios_and_differences_of_the_same_rounds():
    assert readings.quotient(SLOW, FAST) == 2.0
    assert readings.ratio_of(SLOW, FAST).value == 2.0 and readings.ratio_of(SLOW, FAST).holds(2.0)
    assert readings.percentage_of(FAST, SLOW) | {"ci": 0} == {"value": 50, "unit": "%", "digits": 3, "ci": 0, "n": 4}
    assert readings.difference_of(SLOW, FAST, "ms").value == 10.75
    assert readings.median_of(SLOW, "ms").unit == "ms" and readings.exact(3).exact


def test_a_ratio_across_fleets_is_one_of_ratios():
    across = readings.ratio_across([SLOW, FAST], [FAST, FAST])
    assert across.value == 2.0 and across.holds(2.0) and not across.holds(1.5)


def test_error_bars_reach_from_the_value_to_its_bounds():
    values = [Value(value=2.0, unit="1", ci=[1.5, 3.0]), readings.exact(1.0, "1")]
    y, errors = readings.error_bars(iter(values), 10.0)
    assert y.tolist() == [20, 10] and np.allclose(errors, [[5, 0], [10, 0]])
    assert readings.lowest(values).value == 1.0 and readings.highest(values).value == 2.0


def test_rows_and_steps_of_a_record():
    rows, steps = [{"run": "a", "steps": 1}, {"run": "b", "steps": 2}], [{}, {"a": 1}, {"b": 2}]
    extra = {"rows": rows, "replay": {"steps": steps}}
    run = SimpleNamespace(data={"extra": extra}, path=SimpleNamespace(name="loop.json"))
    assert readings.row_of(run, run="b")["steps"] == 2
    assert readings.replay_steps(run) == [({}, {"a": 1}), ({"a": 1}, {"b": 2})]
    with pytest.raises(LabError, match="loop.json: has no row of {'run': 'c'}"):
        readings.row_of(run, run="c")


def test_an_entered_function_is_counted_once_a_thread():
    columns = {"symbol": ["f", "f", "f", "g"], "pid": [1, 1, 2, 1], "thread": [1, 1, 1, 1],
               "phase": ["request", "request", "startup", "request"]}  # fmt: skip
    assert readings.entered(SimpleNamespace(columns=columns), "f") == 1


def test_how_long_the_suite_held_the_card_is_a_claim():
    book = Book("02", "verify")
    card_time.claim(book, ["preempt-tight"], fleets=True)
    claim = book.claims[0]
    assert claim["id"] == "suite-time-02" and claim["holds_if"] == "the time in minutes is at most 18"
    assert set(claim["values"]) == {"minutes", "fleets"} and claim["values"]["fleets"]["value"] == 1
    kinds = {name: kind["set_by"] for name, kind in claim["kinds"].items()}
    assert kinds == {"minutes": "lab", "fleets": "lab"}  # it says nothing of a host
    assert json.loads(book.finish()) == {"suite-time-02": True}
