"""A verdict is data: what it comes to and what it says are made of the same."""

import json

import pytest

from experiments.lab.errors import LabError
from experiments.lab.verdicts.claim_value import Value
from experiments.lab.verdicts.verdict import (
    Found,
    above,
    all_of,
    any_of,
    apart,
    as_many,
    at_least,
    at_most,
    below,
    between,
    equals,
    every,
    excludes,
    fact,
    falling,
    fewer,
    holds_value,
    more,
    none,
    not_,
    rising,
    some,
    the,
)


def sampled(value, low, high, unit="1"):
    return Value(value=value, unit=unit, digits=3, ci=[low, high])


VALUES = {
    "gap": sampled(1.2, 1.1, 1.3),
    "ttft": sampled(1.4, 1.06, 1.6),
    "share": sampled(22.0, 20.0, 26.0, "%"),
    "steps": Value(value=7, unit="count"),
    "sg_steps": Value(value=9, unit="count"),
    "none": Value(value=0, unit="count"),
}
LABELS = {"ttft": "the time to first token", "sg_steps": "the number of SGLang's batches"}
FOUND = Found(VALUES, {"order": True, "worst": sampled(2.0, 1.9, 2.1)}, LABELS)


@pytest.mark.parametrize(
    ("verdict", "true", "words"),
    [
        (above(1.05, "gap", "ttft"), True, "the gap and the time to first token lie above 1.05, whole intervals"),
        (above(1.1, "gap"), False, "the gap lies above 1.1, the whole interval"),
        (at_least(1.1, "gap"), True, "the gap is at least 1.1, the whole interval"),
        (below(25, "share"), False, "the share lies below 25%, the whole interval"),
        (below(25, "share", by="value"), True, "the share lies below 25%, its interval aside"),
        (at_most(8, "steps"), True, "the steps is at most 8"),
        (equals(0, "none"), True, "the none is 0"),
        (equals(the("steps"), "sg_steps"), False, "the number of SGLang's batches equals the steps"),
        (above(the("steps"), "sg_steps"), True, "the number of SGLang's batches is above the steps"),
        (above(the("steps") + the("none"), "sg_steps"), True,
         "the number of SGLang's batches is above the steps plus the none"),
        (at_least(2 * the("gap"), "worst"), False, "the worst is at least twice the gap, whole intervals"),
        (between(0, 2, the("sg_steps") - the("steps")), True,
         "the number of SGLang's batches less the steps lies between 0 and 2"),
        (between(20, 26, "share"), True, "the share lies between 20% and 26%, the whole interval"),
        (between(0, 2.1, every("ratio", "gap", "t*", "worst")), True,
         "every ratio lies between 0 and 2.1, the whole interval"),
        (between(1, 2, every("ratio", "t*"), "gap"), True,
         "every ratio and the gap lie between 1 and 2, whole intervals"),
        (holds_value(1.2, "gap", "ttft"), True,
         "the intervals of the gap and the time to first token contain 1.2"),
        (excludes(1.2, "gap"), False, "the interval of the gap excludes 1.2"),
        (rising("gap", "worst"), True, "the gap and the worst rise in this order, intervals apart"),
        (rising("gap", "ttft"), False, "the gap and the time to first token rise in this order, intervals apart"),
        (rising("gap", "ttft", by="value"), True,
         "the gap and the time to first token rise in this order, their intervals aside"),
        (falling("sg_steps", "steps", 0), True, "the number of SGLang's batches, the steps and 0 fall in this order"),
        (apart("worst", "gap"), True, "the intervals of the worst and the gap do not touch"),
        (all_of(some("steps"), none("none")), True, "there are steps and there are no none"),
        (fewer("steps", "sg_steps"), True, "there are fewer steps than number of SGLang's batches"),
        (more("steps", "sg_steps"), False, "there are more steps than number of SGLang's batches"),
        (as_many("steps", "steps"), True, "there are as many steps as steps"),
        (fact("order", "they end in the same order"), True, "they end in the same order"),
        (not_(equals(0, "steps")), True, "it is not so that the steps is 0"),
        (all_of(equals(0, "none"), below(9, "steps")), True, "the none is 0 and the steps is below 9"),
        (all_of(above(1, "gap"), above(5, "steps")), True,
         "the gap lies above 1, the whole interval; and the steps is above 5"),
        (any_of(equals(1, "none"), below(9, "steps")), True, "the none is 1 or the steps is below 9"),
    ],
)  # fmt: skip
def test_it_comes_to_what_its_words_say(verdict, true, words):
    assert (verdict.true(FOUND), verdict.words(FOUND)) == (true, words)
    json.dumps(verdict.data())


def test_the_data_says_what_was_asked():
    verdict = all_of(above(1.05, "gap", every("ratio", "t*")), equals(the("take") + 2 * the("keep"), "hash"))
    assert verdict.data() == {
        "all": [
            {"is": "above", "limit": 1.05, "of": ["gap", {"every": "ratio", "of": ["t*"]}], "by": "interval"},
            {"is": "equal", "limit": {"sum": {"take": 1, "keep": 2}}, "of": ["hash"], "by": "value"},
        ]
    }


@pytest.mark.parametrize(
    ("verdict", "message"),
    [
        (above(1, "gaps"), "its verdict names gaps, its code returns gap"),
        (above(1, every("gap", "x*")), r"its verdict names x\*"),
        (fact("sorted", "they are sorted"), "the fact sorted; its code must return it"),
    ],
)
def test_a_name_that_is_not_there_is_refused(verdict, message):
    with pytest.raises(LabError, match=message):
        verdict.true(FOUND)


def test_a_difference_takes_the_worst_of_both_intervals():
    gain = the("ttft") - the("gap")
    assert (gain.at(FOUND, "low"), gain.at(FOUND, "high")) == (pytest.approx(1.06 - 1.3), pytest.approx(1.6 - 1.1))


def test_a_value_is_written_as_the_dict_it_is():
    gap = VALUES["gap"]
    assert json.dumps(gap) == '{"value": 1.2, "unit": "1", "digits": 3, "ci": [1.1, 1.3]}'
    assert gap.above(1) and not gap.above(1.1) and gap.below(1.4) and gap.holds(1.3) and not gap.holds(1)
    assert VALUES["steps"].ci == (7, 7) and VALUES["steps"].exact
