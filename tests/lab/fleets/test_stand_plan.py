"""Fleets of several experiments are packed into few stands that fit the card; servers alike are one server."""

import itertools

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import RESERVE_GIB, Fleet
from experiments.lab.fleets.stand_plan import Pending, Stand, keyed, plan
from experiments.lab.host import host_info
from experiments.lab.servers.server_spec import ServerSpec


def spec(name, gib, flag="", **more):
    return ServerSpec(name, "vllm", flags=(flag or name,), memory_gib=gib, **more)


def fleet(name, *servers, experiment="05", **more):
    return Pending(experiment, Fleet(name, (name,), lambda ctx: iter(()), servers, **more), frozenset({name}))


def named(stands):
    return [[each.fleet.name for each in stand.fleets] for stand in stands]


def test_fleets_of_several_experiments_stand_together_where_the_card_has_room():
    fleets = [fleet("a", spec("a1", 20), spec("a2", 20)), fleet("b", spec("b1", 30), experiment="06"),
              fleet("c", spec("c1", 60), experiment="07"), fleet("d", spec("d1", 7))]
    assert named(plan(fleets, 80.0)) == [["a", "b"], ["c", "d"]]
    assert named(plan(fleets, 160.0)) == [["a", "b", "c", "d"]]


def test_a_server_that_several_fleets_want_is_counted_once():
    fleets = [fleet("a", spec("ref", 30), spec("a1", 30)), fleet("b", spec("mine", 30, "ref"), spec("b1", 17))]
    (stand,) = plan(fleets, 80.0)
    assert [each.name for each in stand.servers.values()] == ["ref", "a1", "b1"]
    assert len(plan([fleets[0], fleet("b", spec("other", 30), spec("b1", 17))], 80.0)) == 2


def test_a_fleet_goes_where_most_of_its_servers_stand_already():
    fleets = [fleet("a", spec("a1", 50)), fleet("b", spec("b1", 45)), fleet("c", spec("b1", 45), spec("c1", 5))]
    assert named(plan(fleets, 60.0)) == [["a"], ["b", "c"]]


def test_a_stand_follows_one_that_leaves_it_servers():
    ref = spec("ref", 20)
    fleets = [fleet("f1", ref, spec("s1", 50)), fleet("x", spec("x1", 70)), fleet("f2", ref, spec("s2", 50)),
              fleet("f3", ref, spec("s3", 50))]
    assert named(plan(fleets, 80.0)) == [["f1"], ["f2"], ["f3"], ["x"]]


def test_exactly_full_fits_and_the_plan_is_the_same_again():
    assert len(plan([fleet("a", spec("a", 40.0)), fleet("b", spec("b", 37.0))], 80.0)) == 1
    assert len(plan([fleet("a", spec("a", 40.0)), fleet("b", spec("b", 37.1))], 80.0)) == 2
    for sizes in itertools.product((10.0, 25.0, 40.0), repeat=4):
        fleets = [fleet(f"f{number}", spec(f"s{number}", gib)) for number, gib in enumerate(sizes)]
        stands = plan(fleets, 80.0)
        assert named(stands) == named(plan(fleets, 80.0))
        assert sorted(each.fleet.name for stand in stands for each in stand.fleets) == ["f0", "f1", "f2", "f3"]
        taken = [sum(each.memory_gib for each in stand.servers.values()) for stand in stands]
        assert all(gib <= 80.0 - RESERVE_GIB for gib in taken)


def test_what_must_stand_alone_does():
    fleets = [fleet("a", spec("a", 10)), fleet("alone", spec("b", 10), alone=True), fleet("silent", spec("c", None)),
              fleet("ordered", spec("d", 10), one_by_one=True), fleet("large", spec("e", 90)),
              fleet("f", spec("f", 10))]
    assert sorted(named(plan(fleets, 80.0))) == [["a", "f"], ["alone"], ["large"], ["ordered"], ["silent"]]
    assert len(plan(fleets, None)) == 6, "without a card each by itself"
    assert plan([fleet("none")], 80.0) == []


def test_within_a_stand_the_fresh_come_first_and_who_ends_servers_last():
    ref = spec("ref", 20)
    fleets = [fleet("ends", ref, ends=("ref",)), fleet("a", ref), fleet("fresh", ref, fresh=True), fleet("b", ref)]
    assert named(plan(fleets, 80.0)) == [["fresh", "a", "b", "ends"]]


def test_two_alike_of_one_fleet_are_two_servers():
    pair = (spec("a", 20, "x"), spec("b", 20, "x"))
    (stand,) = plan([fleet("pair", *pair), fleet("one", spec("c", 20, "x"))], 80.0)
    assert [each.name for each in stand.servers.values()] == ["a", "b"]
    with pytest.raises(LabError, match=r"called alike \(a\)"):
        keyed((pair[0], pair[0]))


def test_the_larger_statement_of_one_server_counts():
    stand = Stand((fleet("a", spec("a", 20, "x", start_limit_s=100.0)), fleet("b", spec("b", 21, "x"))))
    (server,) = stand.servers.values()
    assert (server.name, server.memory_gib, server.start_limit_s) == ("a", 21, 100.0)


@pytest.mark.parametrize("gib", [139.8, 79.0])
def test_the_suites_that_are_here_are_packed(gib, monkeypatch):
    monkeypatch.setattr(host_info, "gpu", lambda: {"name": "a card", "memory_bytes": int(gib * 2**30)})
    fleets = [Pending(number, each, frozenset(each.produces)) for number in ("02", "03", "04", "05", "07")
              for each in suite_runner.fleets(number, "gpu")]
    with_servers = [each for each in fleets if each.fleet.servers]
    stands = plan(fleets, gib)
    assert len(stands) < len(with_servers) or gib > 80, "an H200's fleets fill it"
    found = [len({*stand.servers} & before.left_up) for before, stand in itertools.pairwise(stands)]
    assert sum(found) >= 5, "servers of one stand that the next finds up"
    assert sorted(id(each) for stand in stands for each in stand.fleets) == sorted(map(id, with_servers))
