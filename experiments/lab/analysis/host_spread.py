"""What a value varies by between hosts, pooled over values of a kind, and the range that follows for another host.

Three hosts say little about one value, but hundreds of values of a kind say much: the time of a kernel varies by a
hundredth from host to host, the time of a Python loop by a third. docs/reference/method.md has the formulas.

Observations are on a scale on which their spread is comparable: logarithms of what is positive, points of a percentage,
else the number itself.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

COVERED = 0.95
WIDTH_OF_95 = 2 * 1.959964  # of a normal distribution's middle 95%, in standard deviations
MEDIAN_SQUARE = 0.454936  # the median of a squared standard normal
LEAST_FACTOR = 1.959964
# Fewer say nothing of their kind: two hosts that agree by chance would make a range of next to no width.
LEAST_VALUES = 5
SET_BY = ("gpu", "processor", "count")
SAME = 1e-9  # numbers this close are one; of such a count every host gave the same


@dataclass(frozen=True)
class Seen:
    """A value on the hosts that measured it.

    `pool` is its kind, its scale, and whether it is `sampled`, with an interval, or a `single` reading, such as an
    extreme; `numbers` by host id on that scale, `within` the standard deviation that its interval says it has on each
    host."""

    claim: str
    name: str
    pool: tuple[str, str, str]
    numbers: Mapping[str, float]
    within: Mapping[str, float]

    def without(self, *hosts: str) -> "Seen":
        kept = [name for name in self.numbers if name not in hosts]
        numbers, within = ({name: kind[name] for name in kept} for kind in (self.numbers, self.within))
        return Seen(self.claim, self.name, self.pool, numbers, within)

    @property
    def middle(self) -> float:
        return math.fsum(self.numbers.values()) / len(self.numbers)

    @property
    def noise(self) -> float:
        """The mean variance within a host."""
        return math.fsum(each**2 for each in self.within.values()) / len(self.within)

    @property
    def spread(self) -> float:
        """The sample variance over hosts, noise included; 0 for one host."""
        if len(self.numbers) < 2:
            return 0.0
        middle = self.middle  # numpy's variance of three numbers takes ten times as long, and `verify` waits for it
        return math.fsum((each - middle) ** 2 for each in self.numbers.values()) / (len(self.numbers) - 1)


@dataclass(frozen=True)
class Pool:
    """What values of a kind have in common: the variance between hosts, and how many standard deviations reach 95%."""

    between: float
    factor: float
    values: int = 0


Pools = Mapping[tuple[str, str, str], Pool]


@dataclass
class Tally:
    """Predictions of left-out hosts, of one pool or of several together."""

    inside: list[bool] = field(default_factory=list)
    half_widths: list[float] = field(default_factory=list)


def set_by(pool: tuple[str, str, str]) -> str:
    """What sets the values of a pool, one of `SET_BY`: a ratio of times is set by what sets the times."""
    return pool[0].removeprefix("ratio-")


def kind_of(kinds: Mapping[str, Any]) -> str:
    """`count`, `gpu`, `processor`, or a ratio with what sets it, `ratio-gpu`."""
    return f"ratio-{kinds['set_by']}" if kinds["kind"] == "ratio" else kinds["kind"]


def seen(claims: Iterable[Mapping[str, Any]]) -> list[Seen]:
    """Every value of a kind in claims of the GPU tier, on the hosts that have it."""
    found = []
    for claim in claims:
        if claim["tier"] != "gpu":
            continue
        for name, kinds in claim.get("kinds", {}).items():
            if kinds["kind"] == "lab":  # says nothing of a host
                continue
            values = {host["id"]: host["values"][name] for host in claim.get("hosts", []) if name in host["values"]}
            if not values or any(isinstance(value["value"], bool) for value in values.values()):
                continue
            positive = all(value["value"] > 0 for value in values.values())
            unit = next(iter(values.values()))["unit"]
            sampled = "sampled" if any(value.get("ci") for value in values.values()) else "single"
            scale = "points" if unit == "%" else "relative" if positive else "units"
            found.append(Seen(
                claim["id"], name, (kind_of(kinds), scale, sampled),
                {host: math.log(value["value"]) if scale == "relative" else float(value["value"])
                 for host, value in values.items()},
                {host: _within(value, scale) for host, value in values.items()},
            ))
    return found


def _within(value: Mapping[str, Any], scale: str) -> float:
    """The standard deviation of a value within its host, from its interval; 0 where it has none."""
    if not value.get("ci"):
        return 0.0
    low, high = value["ci"]
    return (high - low) / WIDTH_OF_95 / (value["value"] if scale == "relative" else 1)


def pools(values: Sequence[Seen]) -> dict[tuple[str, str, str], Pool]:
    """The pools of the values that two hosts or more have. A kind of which fewer than `LEAST_VALUES` are such has none,
    and so no range."""
    several: dict[tuple[str, str, str], list[Seen]] = {}
    for value in values:
        if len(value.numbers) > 1:
            several.setdefault(value.pool, []).append(value)
    return {pool: pool_of(members) for pool, members in several.items() if len(members) >= LEAST_VALUES}


def pool_of(members: Sequence[Seen]) -> Pool:
    """What these values have in common, however few they are."""
    # Medians: a few values that differ much between hosts, a spread or a smallest gap, must not widen all ranges.
    between = float(np.median([value.spread for value in members])) / MEDIAN_SQUARE
    between = max(0.0, between - float(np.median([value.noise for value in members])))
    misses = []
    for value in members:
        for host in value.numbers:
            rest = value.without(host)
            misses.append(_miss(value.numbers[host] - rest.middle, deviation(rest, between)))
    factor = float(np.quantile([miss for miss in misses if math.isfinite(miss)] or [0.0], COVERED))
    return Pool(between, max(LEAST_FACTOR, factor), len(members))


def deviation(value: Seen, between: float) -> float:
    """The standard deviation of another host's number from the middle of those that are there."""
    own = max(between + value.noise, value.spread)
    return math.sqrt(own * (1 + 1 / len(value.numbers)))


def _miss(distance: float, scale: float) -> float:
    if abs(distance) < SAME:
        return 0.0
    return abs(distance) / scale if scale > SAME else math.inf


def expected(value: Seen, pool: Pool) -> tuple[float, float]:
    """(low, high) of what another host is to give, in the value's own unit."""
    reach = pool.factor * deviation(value, pool.between)
    low, high = value.middle - reach, value.middle + reach
    if value.pool[0] == "count" and value.pool[1] == "units" and min(value.numbers.values()) >= 0:
        low = max(0.0, low)  # there are never fewer than none
    return (math.exp(low), math.exp(high)) if value.pool[1] == "relative" else (low, high)


def calibration(
    values: Sequence[Seen], machines: Mapping[str, str] | None = None
) -> dict[str, dict[tuple[str, str, str], Tally]]:
    """By host and pool: each host left out in turn, everywhere, and what it has predicted from the others alone.

    `machines` says on which machine a host is; one that it does not name is a machine of its own. The other cards of
    the machine are left out with it: they share its processors, and so foretell what another machine does not."""
    machine = machines or {}
    known = sorted({host for value in values for host in value.numbers})
    return {
        host: _predicted(host, values, [
            each for each in known if each == host or machine.get(each, each) == machine.get(host, host)
        ])
        for host in known
    }


def _predicted(host: str, values: Sequence[Seen], absent: Sequence[str]) -> dict[tuple[str, str, str], Tally]:
    """How the values of a host compare with their ranges, made of what all but the `absent` hosts gave."""
    rest = [value.without(*absent) for value in values]
    learnt = pools(rest)
    tallies: dict[tuple[str, str, str], Tally] = {}
    for value, kept in zip(values, rest, strict=True):
        if host not in value.numbers or not kept.numbers or value.pool not in learnt:
            continue
        pool = learnt[value.pool]
        reach = pool.factor * deviation(kept, pool.between)
        tally = tallies.setdefault(value.pool, Tally())
        tally.inside.append(bool(abs(value.numbers[host] - kept.middle) <= reach + SAME))
        tally.half_widths.append(reach)
    return tallies


def together(tallies: Iterable[Tally]) -> Tally:
    """Predictions of several pools or hosts as one tally."""
    each = list(tallies)
    return Tally([one for tally in each for one in tally.inside], [one for tally in each for one in tally.half_widths])
