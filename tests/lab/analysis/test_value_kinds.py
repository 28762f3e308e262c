"""Every value has a kind: its unit says it, or the notebook does; what is forgotten or idle is an error."""

import pytest

from experiments.lab.analysis.intervals import value
from experiments.lab.analysis.value_kinds import kinds
from experiments.lab.errors import LabError

WHERE = "experiment 01: claim twice"
COUNT = {"kind": "count", "set_by": "count"}


@pytest.mark.parametrize("unit", ["count", "tokens", "B", "GiB", "blocks", "bool"])
def test_a_unit_settles_what_was_counted(unit):
    assert kinds({"n": value(3, unit)}, None, WHERE) == {"n": COUNT}


@pytest.mark.parametrize("word", ["processor", "gpu"])
def test_a_time_is_of_what_sets_it(word):
    found = kinds({"n": value(3, "count"), "ms": value(1.5, "ms"), "ratio": value(1.5, "1")}, word, WHERE)
    assert found == {"n": COUNT, "ms": {"kind": word, "set_by": word}, "ratio": {"kind": "ratio", "set_by": word}}


def test_the_first_pattern_that_matches_counts():
    values = {"gap_ms": value(1.5, "ms"), "call_ms": value(1.5, "us"), "share": value(30.0, "%")}
    found = kinds(values, {"gap*": "gpu", "share": "count", "*_ms": "processor"}, WHERE)
    assert found == {
        "gap_ms": {"kind": "gpu", "set_by": "gpu"},
        "call_ms": {"kind": "processor", "set_by": "processor"},
        "share": {"kind": "ratio", "set_by": "count"},
    }


@pytest.mark.parametrize(
    ("values", "set_by", "message"),
    [
        ({"ms": value(1.0, "ms")}, None,
         "value ms: nothing says what sets it; add set_by, \"processor\" or \"gpu\", or {'ms': ...}"),
        ({"ms": value(1.0, "ms"), "x": value(1.0, "%")}, {"m*": "gpu"}, "value x: nothing says what sets it"),
        ({"ms": value(1.0, "ms")}, "cpu", "set_by says 'cpu' of '*'; one of processor, gpu, count"),
        ({"ms": value(1.0, "ms")}, "count", "value ms: is in ms, which no count sets"),
        ({"n": value(3, "count")}, "gpu", "set_by names '*', but no value is left to it"),
        ({"ms": value(1.0, "ms")}, {"*": "gpu", "ms": "processor"}, "set_by names 'ms', but no value is left to it"),
        ({"ms": value(1.0, "ms")}, {"ms": "gpu", "us*": "gpu"}, "(there are ms); take it out"),
        ({"w": value(1.0, "W")}, "gpu", "value w: the unit 'W' has no kind"),
    ],
)
def test_what_is_forgotten_unknown_or_idle_is_refused(values, set_by, message):
    with pytest.raises(LabError) as error:
        kinds(values, set_by, WHERE)
    assert str(error.value).startswith(f"{WHERE}: ") and message in str(error.value)
