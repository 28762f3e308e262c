"""Values with a 95% interval from raw samples: percentile bootstrap, stretched for how few samples there are, and
seeded, so that the same samples give the same.

A percentile bootstrap of the median of three rounds covers 75% of the time where it says 95%, of five 94%; the stretch
is what makes it 95% (`tests/lab/analysis/test_intervals.py` simulates it, docs/reference/method.md says how).
Every function returns a claim's Value: {"value", "unit", "ci": [low, high] or none, "n", "digits"}.
"""

import functools
import itertools
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from experiments.lab.errors import LabError, NoNumber
from experiments.lab.verdicts.claim_value import Value

Statistic = Callable[..., float | np.floating]  # of one array a sample

RESAMPLES = 2000
SEED = 20240
ENUMERATED = 6  # of so few samples all resamples are gone through, each with its weight
# How much further than the percentiles an interval reaches from the value to either side, by the number of samples:
# found by simulation for medians and differences of medians, of normal, skewed and heavy-tailed samples.
STRETCH = {2: 12.7, 3: 4.6, 4: 1.65, 5: 1.12, 6: 1.1, 7: 1.65, 8: 1.25, 9: 1.2, 10: 1.1, 20: 1.1, 30: 1.05}


def value(
    number: float | np.number | np.bool_, unit: str, digits: int = 3, ci: Sequence[float] | None = None,
    n: int | None = None,
) -> Value:
    """A value that is exact (a count, a size, a floor), or whose interval was found elsewhere."""
    if isinstance(number, (bool, np.bool_)):
        number = bool(number)
    elif isinstance(number, (int, np.integer)):
        number = int(number)
    else:
        number = float(number)
    built = Value(value=number, unit=unit, digits=digits)
    if ci is not None:
        built["ci"] = [float(ci[0]), float(ci[1])]
    if n is not None:
        built["n"] = int(n)
    return built


def numbers(sample: ArrayLike, name: str) -> np.ndarray:
    """The sample's values. LabError, with its `name`, for one that is no row of finite numbers: NaN would be taken for
    the largest of all, and for true."""
    if any(each is None or isinstance(each, (str, bytes)) for each in np.ravel(np.asarray(sample, dtype=object))):
        raise LabError(f"{name}: holds a text or nothing in a number's place; leave out what was not measured")
    try:
        array = np.asarray(sample, dtype=float)
    except (TypeError, ValueError):
        raise LabError(f"{name}: is no row of numbers; give one list of values") from None
    if array.ndim != 1:
        raise LabError(f"{name}: has {array.ndim} dimensions, one expected; give one list of values")
    if places := np.flatnonzero(~np.isfinite(array)).tolist():
        raise LabError(
            f"{name}: {len(places)} of {array.size} values are no finite number, first value {places[0] + 1} "
            f"({array[places[0]]}); leave out what was not measured"
        )
    return array


def stretch(n: int) -> float:
    """How far an interval of `n` samples reaches, in multiples of the distance to the bootstrap's percentile."""
    return STRETCH[max(size for size in STRETCH if size <= n)]


def of(
    statistic: Statistic, samples: Sequence[ArrayLike], unit: str, digits: int = 3, seed: int = SEED
) -> Value:
    """`statistic(*samples)` of one or more independent samples, each resampled on its own. n is the smallest size."""
    arrays = [numbers(sample, f"sample {place} of {len(samples)}") for place, sample in enumerate(samples, 1)]
    sizes = [array.size for array in arrays]
    if not arrays or min(sizes) < 2:
        raise LabError(f"an interval needs at least two values in each sample, there are {sizes}")
    with np.errstate(divide="ignore", invalid="ignore"):  # what comes of it is refused below
        if len(arrays) == 1 and sizes[0] <= ENUMERATED:
            chosen, weights = _all_resamples(sizes[0])
            resampled = np.array([statistic(arrays[0][list(places)]) for places in chosen], dtype=float)
        else:
            rng = np.random.RandomState(seed)  # of all of numpy's streams the one that is frozen for good
            weights = np.full(RESAMPLES, 1 / RESAMPLES)
            resampled = np.empty(RESAMPLES)
            for index in range(RESAMPLES):
                resampled[index] = statistic(*(array[rng.randint(0, array.size, array.size)] for array in arrays))
        middle, more = float(statistic(*arrays)), stretch(min(sizes))
    low, high = (_quantile(resampled, weights, share) for share in (0.025, 0.975))
    if np.isnan(resampled).any() or not np.isfinite([middle, low, high]).all():
        found = f"{middle:g}, {low:g} to {high:g}"
        raise NoNumber(f"of samples of {sizes} values comes no finite interval ({found}); is one's median 0?")
    return value(middle, unit, digits, (middle - more * (middle - low), middle + more * (high - middle)), min(sizes))


def _quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The smallest value up to which `share` of the weight lies."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][min(int(np.searchsorted(reached, share - 1e-12)), values.size - 1)])


@functools.cache
def _all_resamples(n: int) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """Every choice of n of n places, repetition allowed and order aside, and how probable each is."""
    chosen = list(itertools.combinations_with_replacement(range(n), n))
    ways = [math.factorial(n) / math.prod(map(math.factorial, Counter(places).values())) for places in chosen]
    return chosen, np.array(ways) / n**n


def by_round(statistic: Statistic, series: Sequence[ArrayLike], unit: str, digits: int = 3) -> Value:
    """`statistic(*series)` of series with one value a round each, all of the same rounds. Rounds are resampled whole,
    so that what the visits of a round have in common, such as the card's temperature, stays together."""
    rows = [numbers(one, f"series {place} of {len(series)}") for place, one in enumerate(series, 1)]
    if len({row.size for row in rows}) != 1:
        sizes = [row.size for row in rows]
        raise LabError(f"series by round need a value a round each: they have {sizes}; give all rounds")
    table = np.array(rows)
    return of(lambda chosen: statistic(*table[:, chosen.astype(int)]), [np.arange(table.shape[1])], unit, digits)


def median(sample: ArrayLike, unit: str, digits: int = 3) -> Value:
    """The median of one sample, in the sample's unit."""
    return of(np.median, [sample], unit, digits)


def ratio(above: ArrayLike, below: ArrayLike, unit: str = "1", digits: int = 3) -> Value:
    """median(above) / median(below); with unit "%" as a percentage."""
    scale = 100.0 if unit == "%" else 1.0
    return of(lambda a, b: scale * np.median(a) / np.median(b), [above, below], unit, digits)


def difference(left: ArrayLike, right: ArrayLike, unit: str, digits: int = 3) -> Value:
    """median(left) - median(right), in their unit."""
    return of(lambda a, b: np.median(a) - np.median(b), [left, right], unit, digits)


def share(part: ArrayLike, whole: ArrayLike, digits: int = 3) -> Value:
    """100 * median(part / whole) of values that belong together pair by pair (of one request): resampled in pairs."""
    parts, wholes = numbers(part, "the parts of a share"), numbers(whole, "the wholes of a share")
    if parts.size != wholes.size:
        raise LabError(f"a share needs pairs: {parts.size} parts, {wholes.size} wholes; give each its own")
    if zeros := int(np.count_nonzero(wholes == 0)):
        raise NoNumber(f"a share: {zeros} of {wholes.size} wholes are 0; leave out what never happened")
    return of(np.median, [100.0 * parts / wholes], "%", digits)


def proportion(flags: ArrayLike, digits: int = 3) -> Value:
    """The percentage of `flags` that are true, with Wilson's 95% interval: a bootstrap of none or all would have no
    width."""
    array = numbers(flags, "the flags of a proportion") != 0
    if not array.size:
        raise LabError("a proportion needs at least one value, there is none")
    n, p, z = array.size, array.mean(), 1.959964
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return value(100 * p, "%", digits, (100 * max(0.0, middle - half), 100 * min(1.0, middle + half)), n)


def slope(groups: Mapping[float, ArrayLike], unit: str, digits: int = 3) -> Value:
    """Least-squares slope through the groups' medians: {x: samples of y}, unit of y per unit of x."""
    xs = sorted(groups)
    numbers(xs, "the places of a slope's groups")
    if len(xs) < 2:
        raise LabError(f"a slope needs at least two groups, there are {len(xs)}")
    return of(lambda *ys: np.polyfit(xs, [np.median(y) for y in ys], 1)[0], [groups[x] for x in xs], unit, digits)
