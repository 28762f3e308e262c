"""Ranges for another host cover simulated hosts of known spread as often as they say, hardly wider than need be."""

import math

import numpy as np
import pytest

from experiments.lab.analysis import host_spread, intervals
from experiments.lab.analysis.host_spread import Pool, Seen

BETWEEN, WITHIN, ROUNDS = 0.10, 0.03, 5


def claim(name, hosts, unit="ms", set_by="processor", tier="gpu"):
    """A claim with the value `x`, given as {host: value} or {host: Value}."""
    entries = [
        {"id": host, "values": {"x": x if isinstance(x, dict) else intervals.value(x, unit)}}
        for host, x in hosts.items()
    ]
    kind = {"kind": "ratio" if unit in ("1", "%") else "count" if unit == "count" else set_by, "set_by": set_by}
    return {"id": name, "tier": tier, "kinds": {"x": kind}, "hosts": entries}


def simulated(rng, values, hosts, between=BETWEEN, within=WITHIN):
    """Claims of `values` times on `hosts` hosts, each the median of five rounds, with its interval."""
    made = []
    for number in range(values):
        truth = np.exp(rng.normal(0, 1))
        each = {}
        for host in range(hosts):
            here = truth * np.exp(rng.normal(0, between))
            each[f"h{host}"] = intervals.median(here * np.exp(rng.normal(0, within, ROUNDS)), "ms")
        made.append(claim(f"c{number}", each))
    return made


@pytest.mark.parametrize(("between", "within"), [(0.10, 0.03), (0.01, 0.05), (0.30, 0.02)])
def test_a_fourth_host_lies_in_the_range_of_three_as_often_as_said(between, within):
    rng = np.random.default_rng(4)
    covered, widths = [], []
    for _ in range(6):
        claims = simulated(rng, 40, 4, between, within)
        values = host_spread.seen(claims)
        known = [value.without("h3") for value in values]
        pools = host_spread.pools(known)
        for value, three in zip(values, known, strict=True):
            low, high = host_spread.expected(three, pools[three.pool])
            covered.append(low <= math.exp(value.numbers["h3"]) <= high)
            widths.append(math.log(high / low))
    assert 0.93 <= np.mean(covered) <= 0.995
    # The median of five normal rounds has 1.2 times the standard error of their mean.
    known_spread = math.sqrt((between**2 + (1.2 * within) ** 2 / ROUNDS) * (1 + 1 / 3))
    assert np.median(widths) < 1.5 * 2 * 1.96 * known_spread


def test_one_host_left_out_is_predicted_from_the_others_alone():
    rng = np.random.default_rng(5)
    by_host = host_spread.calibration(host_spread.seen(simulated(rng, 60, 3)))
    assert sorted(by_host) == ["h0", "h1", "h2"]
    assert [[len(tally.inside) for tally in tallies.values()] for tallies in by_host.values()] == [[60]] * 3
    every = host_spread.together(tally for tallies in by_host.values() for tally in tallies.values())
    assert len(every.inside) == len(every.half_widths) == 180 and 0.9 <= np.mean(every.inside) <= 1.0


def test_a_host_whose_processor_is_another_is_told_by_its_own_tally():
    """All hosts in one number hid that what three slow ones foretold of a fast one was wrong."""
    rng = np.random.default_rng(8)
    claims = simulated(rng, 60, 4, between=0.02, within=0.01)
    for each in claims:
        value = each["hosts"][3]["values"]["x"]
        value |= {"value": value["value"] * 0.65, "ci": [end * 0.65 for end in value["ci"]]}
    by_host = host_spread.calibration(host_spread.seen(claims))
    inside = {host: np.mean(host_spread.together(tallies.values()).inside) for host, tallies in by_host.items()}
    assert inside["h3"] < 0.05 and min(inside["h0"], inside["h1"], inside["h2"]) > 0.95


def test_the_other_card_of_a_machine_foretells_nothing_of_it():
    rng = np.random.default_rng(9)
    claims = simulated(rng, 40, 4)
    for each in claims[:10]:
        del each["hosts"][:2]  # measured on the two cards of one machine alone
    values = host_spread.seen(claims)

    def left_out(machines):
        by_host = host_spread.calibration(values, machines)
        return {host: len(host_spread.together(tallies.values()).inside) for host, tallies in by_host.items()}

    assert left_out(None) == {"h0": 30, "h1": 30, "h2": 40, "h3": 40}
    assert left_out({"h2": "m", "h3": "m"}) == {"h0": 30, "h1": 30, "h2": 30, "h3": 30}


def test_a_ratio_is_counted_with_what_sets_it():
    pools = [(kind, "relative", "single") for kind in ("gpu", "ratio-gpu", "ratio-processor", "count", "ratio-count")]
    assert [host_spread.set_by(pool) for pool in pools] == ["gpu", "gpu", "processor", "count", "count"]
    assert set(map(host_spread.set_by, pools)) == set(host_spread.SET_BY)


def test_a_count_that_every_host_repeats_is_expected_again():
    values = host_spread.seen([claim(f"c{n}", {"a": 17, "b": 17, "c": 17}, unit="count") for n in range(5)])
    low, high = host_spread.expected(values[0], host_spread.pools(values)[values[0].pool])
    assert (low, high) == (pytest.approx(17), pytest.approx(17))


def test_a_value_that_differs_more_than_its_kind_has_a_range_of_its_own_spread():
    calm = Pool(0.0, 2.0)
    wide = Seen("c", "x", ("ratio-gpu", "points", "sampled"), {"a": 0.0, "b": 10.0}, {"a": 0.1, "b": 0.1})
    low, high = host_spread.expected(wide, calm)
    assert low < 0 and high > 10


def test_scales_follow_units_and_signs():
    scales = {
        claim("c", {"a": 5.0, "b": 6.0}, unit=unit, set_by="gpu")["id"] + unit: value.pool
        for unit in ("ms", "%", "1")
        for value in host_spread.seen([claim("c", {"a": 5.0, "b": 6.0}, unit=unit, set_by="gpu")])
    }
    assert scales == {
        "cms": ("gpu", "relative", "single"), "c%": ("ratio-gpu", "points", "single"),
        "c1": ("ratio-gpu", "relative", "single"),
    }
    (negative,) = host_spread.seen([claim("c", {"a": -5.0, "b": 6.0})])
    assert negative.pool[1] == "units"


def test_claims_of_the_cpu_and_truths_have_no_range():
    assert host_spread.seen([claim("c", {"a": 5.0}, tier="cpu"), claim("d", {"a": True}, unit="count")]) == []
    alone = host_spread.seen([claim("c", {"a": 5.0})])
    assert host_spread.pools(alone) == {}


def test_a_count_is_never_expected_below_none():
    (value,) = host_spread.seen([claim("c", {"a": 128, "b": 0, "c": 0}, unit="count")])
    low, high = host_spread.expected(value, Pool(0.0, 2.0))
    assert low == 0 and high > 128


def test_a_kind_of_few_values_has_no_range():
    """One value that two hosts happened to repeat had a range of two billionths to either side."""
    rng = np.random.default_rng(6)
    known = host_spread.seen(simulated(rng, host_spread.LEAST_VALUES, 3))
    assert len(host_spread.pools(known)) == 1
    assert host_spread.pools(known[1:]) == host_spread.pools([value.without("h1") for value in known[1:]]) == {}
    alone = [*known[1:], known[0].without("h1").without("h2")]  # one host says nothing of what differs between hosts
    assert host_spread.pools(alone) == {}


def test_the_least_number_of_values_is_one_at_which_hardly_a_range_is_much_too_narrow():
    rng, widths = np.random.default_rng(7), {}
    for number in (1, host_spread.LEAST_VALUES):
        found = widths[number] = []
        for _ in range(600 // number):
            values = [
                Seen(f"c{n}", "x", ("gpu", "relative", "single"), dict(zip("abc", drawn, strict=True)),
                     dict.fromkeys("abc", 0.0))
                for n, drawn in enumerate(rng.normal(0, BETWEEN, (number, 3)))
            ]
            pool = host_spread.pool_of(values)
            found += [pool.factor * host_spread.deviation(value, pool.between) for value in values]
    right = 1.96 * BETWEEN * math.sqrt(1 + 1 / 3)
    assert np.quantile(widths[1], 0.05) < 0.4 * right  # one value in twenty with less than half of what it needs
    assert np.quantile(widths[host_spread.LEAST_VALUES], 0.05) > 0.7 * right
