"""What a run on a smaller card says before it starts."""

import pytest

from experiments.lab.errors import LabError
from experiments.lab.evaluation import measure_and_redraw, plan_notice
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.host import host_info
from experiments.lab.servers.server_spec import ServerSpec
from experiments.lab.suites.common import plan

RATIO = {"ratio": {"value": 1.5, "unit": "1"}}
TIME = {"ms": {"value": 20.0, "unit": "ms"}}


def claim(id, values, limit, tier="gpu"):
    test = {"is": "above", "limit": limit, "of": list(values), "by": "interval"}
    return {"id": id, "tier": tier, "values": values, "predicate": {"test": test}}


@pytest.fixture
def small(monkeypatch):
    """A card of 24 GB whose experiment 05 has two fleets, and four claims of which two can be compared."""
    monkeypatch.setattr(plan_notice, "PLAN", plan.GB_24)
    monkeypatch.setattr(host_info, "gpu", lambda: {"name": "NVIDIA Fake", "memory_bytes": int(23.6 * 2**30)})
    servers = (ServerSpec("vllm-on", "vllm"), ServerSpec("vllm-off", "vllm"))
    fleets = [Fleet("f1", ("a",), None, servers, 2.2), Fleet("f2", ("b",), None, servers[:1], 1.5)]
    monkeypatch.setattr(suite_runner, "fleets", lambda experiment, tier: fleets)
    claims = [claim("gain", RATIO, 1.2), claim("limit", TIME, 15), claim("more", TIME, 0)]
    claims.append(claim("host", RATIO, 1, "cpu"))
    monkeypatch.setattr(plan_notice, "reference_claims", lambda experiment: claims)


def test_it_says_which_shape_what_how_long_and_what_can_be_compared(small):
    assert plan_notice.lines(["05", "06"]) == [
        "NVIDIA Fake, 23.6 GiB: plan 24gb, the Qwen3-0.6B shape in place of the Qwen3-8B shape, random weights both",
        "experiment 05: 2 servers in 2 fleets, 4 min",
        "  2 of 3 claims can be compared, where it is measured: gain, more",
        "experiment 06: 2 servers in 2 fleets, 4 min",
        "  2 of 3 claims can be compared, where it is measured: gain, more",
        "about 8 min in all, of an experiment alone 2 more, for its servers' starts",
        "pools and loads are others than the reference's",
    ]


def test_a_cap_is_named(small, monkeypatch):
    monkeypatch.setenv("LAB_CARD_GIB", "22")
    assert plan_notice.lines(["05"])[0].startswith("NVIDIA Fake, capped to 22 GiB: plan 24gb")


def test_a_large_card_and_one_too_small_say_nothing(small, monkeypatch):
    monkeypatch.setenv("LAB_CARD_GIB", "8")
    assert plan_notice.lines(["05"]) == []
    monkeypatch.delenv("LAB_CARD_GIB")
    monkeypatch.setattr(plan_notice, "PLAN", plan.LARGE)
    assert plan_notice.lines(["05"], reference=True) == []


def test_a_smaller_shape_is_never_the_reference(small, monkeypatch):
    class Options:
        exp, reference, no_measure, cards, card = ["05"], True, False, None, None

    monkeypatch.setattr(measure_and_redraw, "tiers_here", lambda found: ["gpu"])
    with pytest.raises(LabError, match="--reference: the reference is of the Qwen3-8B shape, and this card takes"):
        measure_and_redraw.experiments_command(Options, None)
