"""A sweep is divided into fleets that fit, each beside the same references; nothing is lost and nothing repeated."""

import itertools

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets.fleet_plan import group
from experiments.lab.host import host_info
from experiments.lab.servers.server import ServerSpec


def spec(name, gib):
    return ServerSpec(name, "vllm", memory_gib=gib)


REFERENCES = [spec("vllm-default", 22.0), spec("sglang-default", 23.0)]


def named(fleets):
    return [[each.name for each in fleet] for fleet in fleets]


def sweep(*sizes):
    return [spec(f"s{number}", gib) for number, gib in enumerate(sizes)]


def test_each_fleet_has_the_references_and_as_many_others_as_fit():
    # 139 - 3 - 45 = 91 GiB: four of 22 fit beside the references, so fourteen take four fleets, as equal as can be
    fleets = group(REFERENCES, sweep(*[22.0] * 14), 139.0)
    assert [len(fleet) - 2 for fleet in fleets] == [4, 4, 3, 3]
    assert all(fleet[:2] == REFERENCES for fleet in fleets)
    assert [each.name for fleet in fleets for each in fleet[2:]] == [f"s{number}" for number in range(14)]


def test_sizes_are_balanced_where_memory_allows_it_and_the_order_is_kept():
    assert named(group([], sweep(1, 1, 1, 1, 1), 7.0)) == [["s0", "s1", "s2"], ["s3", "s4"]]
    # the large one at the front forces an uneven cut
    assert named(group([], sweep(3, 3, 1, 1), 6.0)) == [["s0"], ["s1"], ["s2", "s3"]]


def test_exactly_full_fits_and_a_little_more_does_not():
    assert len(group([], sweep(2.0, 2.0), 7.0)) == 1
    assert len(group([], sweep(2.0, 2.01), 7.0)) == 2
    assert len(group([], sweep(2.0, 2.01), 7.0, reserve_gib=2.9)) == 1


def test_it_is_the_same_again_and_none_is_lost():
    for sizes in itertools.product((1.0, 2.5, 4.0), repeat=5):
        others = sweep(*sizes)
        fleets = group(REFERENCES[:1], others, 33.0)
        assert named(fleets) == named(group(REFERENCES[:1], others, 33.0))
        assert [each for fleet in fleets for each in fleet[1:]] == others
        assert all(sum(each.memory_gib for each in fleet) <= 30.0 for fleet in fleets)


def test_without_others_the_references_are_a_fleet_of_their_own():
    assert group(REFERENCES, [], 139.0) == [REFERENCES] and group([], [], 139.0) == []


def test_a_gpu_too_small_for_the_shape_is_one_line(monkeypatch):
    monkeypatch.setattr(host_info, "gpu", lambda: {"name": "NVIDIA L4"})
    with pytest.raises(LabError) as caught:
        group(REFERENCES, [spec("vllm-512", 22.0), spec("vllm-16384", 26.0)], 22.0)
    assert str(caught.value) == (
        "NVIDIA L4: too small for the shape: it has 22.0 GiB, the smallest fleet needs 74.0 (vllm-default 22 + "
        "sglang-default 23 + vllm-16384 26, 3 kept free); measure on a GPU with 74 GiB or more"
    )
    monkeypatch.setattr(host_info, "gpu", lambda: None)
    with pytest.raises(LabError, match="this GPU: too small .* needs 48.0"):
        group(REFERENCES, [], 40.0)


def test_a_server_that_does_not_say_what_it_takes_is_refused():
    with pytest.raises(LabError, match="s1: cannot be put into fleets without memory_gib"):
        group(REFERENCES, sweep(1.0, None), 139.0)
    with pytest.raises(LabError, match="s0: two servers of one sweep are called alike"):
        group(REFERENCES, [spec("s0", 1.0), spec("s0", 2.0)], 139.0)
