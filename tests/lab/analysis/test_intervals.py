"""An interval says 95%, and at the numbers of rounds that experiments take it covers about as often."""

import itertools

import numpy as np
import pytest

from experiments.lab.analysis import intervals
from experiments.lab.errors import LabError, NoNumber

TRIES = 400
DRAWN = {
    "normal": lambda rng, size: rng.normal(size=size),
    "heavy-tailed": lambda rng, size: rng.standard_t(3, size=size),
    "skewed": lambda rng, size: np.exp(0.7 * rng.normal(size=size)) - 1,
}

# How often the plain interval of a median of so many rounds covers the truth, which the method page says.
PLAIN = {3: 0.75, 5: 0.94}


@pytest.mark.parametrize("rounds", PLAIN)
def test_the_plain_interval_of_few_rounds_is_their_range_and_covers_too_seldom(rounds):
    medians = [np.median(drawn) for drawn in itertools.product(range(rounds), repeat=rounds)]
    assert list(np.percentile(medians, [2.5, 97.5])) == [0, rounds - 1]
    # The truth lies outside the range when all rounds lie on one side of it.
    assert round(1 - 2 * 0.5**rounds, 2) == PLAIN[rounds]


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


NAN, INF = float("nan"), float("inf")
REFUSED = {
    "none": (lambda: intervals.median([], "ms"), r"at least two values in each sample, there are \[0\]"),
    "NaN": (lambda: intervals.median([1, 2, NAN, 4], "ms"), r"sample 1 of 1: 1 of 4 .* first value 3 \(nan\)"),
    "infinite": (lambda: intervals.ratio([1, 2], [1, INF, INF]), r"sample 2 of 2: 2 of 3 .* first value 2 \(inf\)"),
    "nothing": (lambda: intervals.median([1, None], "ms"), "holds a text or nothing"),
    "text": (lambda: intervals.median(["1", "2"], "ms"), "holds a text or nothing"),
    "two dimensions": (lambda: intervals.median([[1, 2], [3, 4]], "ms"), "has 2 dimensions"),
    "ragged": (lambda: intervals.median([[1, 2], [3]], "ms"), "no row of numbers"),
    "one number": (lambda: intervals.median(3.0, "ms"), "has 0 dimensions"),
    "zeros below": (lambda: intervals.ratio([1, 2, 3], [0, 0, 0]), "no finite interval"),
    "zeros below zeros": (lambda: intervals.ratio([0, 0], [0, 0]), "no finite interval"),
    "zeros below, now and then": (lambda: intervals.ratio([1, 2, 3], [0, 0, 1, 1, 1]), "no finite interval"),
    "a whole of 0": (lambda: intervals.share([1, 2], [2, 0]), "1 of 2 wholes are 0"),
    "unequal pairs": (lambda: intervals.share([1, 2], [2]), "needs pairs: 2 parts, 1 wholes"),
    "unequal rounds": (
        lambda: intervals.by_round(lambda a, b: np.median(a) - np.median(b), [[1, 2, 3], [1, 2]], "ms"),
        r"a value a round each: they have \[3, 2\]"),
    "no rounds": (lambda: intervals.by_round(np.median, [], "ms"), "a value a round each"),
    "NaN in a round": (lambda: intervals.by_round(np.median, [[1, NAN]], "ms"), "series 1 of 1: 1 of 2"),
    "NaN as a flag": (lambda: intervals.proportion([1.0, NAN, 0.0]), "1 of 3 values are no finite number"),
    "no flag": (lambda: intervals.proportion([]), "at least one value, there is none"),
    "one group": (lambda: intervals.slope({1: [1, 2]}, "x"), "at least two groups, there are 1"),
    "a group of one": (lambda: intervals.slope({1: [1, 2], 2: [3]}, "x"), r"there are \[2, 1\]"),
    "a place of NaN": (lambda: intervals.slope({NAN: [1, 2], 2: [3, 4]}, "x"), "places of a slope's groups: 1 of 2"),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.filterwarnings("error")
def test_what_gives_no_interval_is_refused_in_a_line_that_says_which_sample(kind):
    call, words = REFUSED[kind]
    with pytest.raises(LabError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, NoNumber) == ("zero" in kind or "of 0" in kind)


def test_a_rare_zero_below_that_no_interval_reaches_is_no_fault():
    assert intervals.ratio([1.0] * 9, [2.0] * 8 + [0.0])["value"] == 0.5
