"""An interval says 95%, and at the numbers of rounds that experiments take it covers about as often."""

import numpy as np
import pytest

from experiments.lab.analysis import intervals
from experiments.lab.errors import LabError

TRIES = 400
DRAWN = {
    "normal": lambda rng, size: rng.normal(size=size),
    "heavy-tailed": lambda rng, size: rng.standard_t(3, size=size),
    "skewed": lambda rng, size: np.exp(0.7 * rng.normal(size=size)) - 1,
}


@pytest.mark.parametrize("kind", DRAWN)
@pytest.mark.parametrize("rounds", [3, 4, 5, 6])
def test_the_median_of_few_rounds_lies_in_its_interval_as_often_as_said(rounds, kind):
    rng = np.random.default_rng(rounds)
    inside = [intervals.median(DRAWN[kind](rng, rounds), "ms").holds(0) for _ in range(TRIES)]
    assert np.mean(inside) > 0.95 - 2.5 * np.sqrt(0.95 * 0.05 / TRIES)


def test_a_difference_of_medians_is_covered_too():
    rng = np.random.default_rng(9)
    inside = []
    for _ in range(TRIES):
        left, right = rng.normal(size=(2, 5))
        value = intervals.by_round(lambda a, b: np.median(a) - np.median(b), [left, right], "ms")
        inside.append(value.holds(0))
    assert np.mean(inside) > 0.95 - 2.5 * np.sqrt(0.95 * 0.05 / TRIES)


def test_the_median_of_five_reaches_a_little_beyond_the_extremes():
    # Every resample's median lies between the extremes: a percentile could not reach beyond them.
    value = intervals.median([1, 2, 3, 4, 5], "ms")
    assert value["ci"] == pytest.approx([3 - 1.12 * 2, 3 + 1.12 * 2]) and value["n"] == 5


def test_the_same_samples_give_the_same_interval_and_equal_ones_no_width():
    samples = list(np.random.default_rng(1).normal(size=20))
    assert intervals.median(samples, "ms") == intervals.median(samples, "ms")
    assert intervals.median([7.0] * 5, "ms")["ci"] == [7, 7]


def test_between_two_numbers_of_samples_the_stretch_of_the_smaller_counts():
    assert intervals.stretch(11) == intervals.STRETCH[10] and intervals.stretch(4000) == intervals.STRETCH[30]


def test_one_sample_has_no_interval():
    with pytest.raises(LabError, match="at least two values in each sample, there are \\[1\\]"):
        intervals.median([1.0], "ms")
