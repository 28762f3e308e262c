"""Every record of a GPU run carries the card's rates of that run, measured once, before any server starts."""

import time

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.host import card_rates
from experiments.lab.records import record_file
from experiments.lab.records.record_file import Draft, Record, sample
from experiments.lab.servers.server import ServerSpec

pytestmark = pytest.mark.usefixtures("nothing_left")
SERVER = ServerSpec("fake", "vllm")


def fleet(name, servers=(SERVER,), seen=None):
    def measure(ctx):
        if seen is not None:
            seen.append(ctx.probes)
        yield Draft(name, {"seed": 1}, [sample("x", "ms", [1.0])], server=ctx.server("fake") if servers else None)

    return Fleet(name, (name,), measure, servers, minutes=0.1, engines=("vllm",))


def measured(card, *suite, tier="gpu"):
    return suite_runner.measure("05", tier, card.settings, card.folder / "out", suite=list(suite))


def test_the_rates_are_those_that_the_script_prints(card):
    found = card_rates.probe(card.settings)
    assert found.pop("at").endswith("Z")
    assert found == {"matmul": [700.5, 701.25], "copy": [4000.0, 4100.0], "side": 8192, "copy_bytes": 4 << 30}


def test_a_run_probes_once_and_all_its_records_say_so(card):
    seen = []
    assert measured(card, fleet("a", servers=()), fleet("b", seen=seen), fleet("c", seen=seen)) == []
    found = [Record(card.folder / f"out/05/{name}.json") for name in "abc"]
    assert card.probed() == 1
    assert found[0].probes["copy"] == [4000.0, 4100.0] and found[0].probes == found[1].probes == found[2].probes
    assert seen == [found[0].probes] * 2
    assert found[1].data["host"]["gpu"]["name"] == "NVIDIA Fake"


def test_nothing_left_to_measure_and_nothing_to_start_is_not_probed(card):
    measured(card, fleet("a", servers=()))
    assert card.probed() == 0
    measured(card, fleet("b"))
    measured(card, fleet("b"))
    assert card.probed() == 1


def test_another_tier_is_not_probed(card):
    assert measured(card, fleet("a"), tier="cpu") == []
    assert card.probed() == 0


def test_a_record_without_rates_names_the_command(card):
    measured(card, fleet("a", servers=()))
    with pytest.raises(LabError, match=r"05/a.json: .*measure --exp 05 --tier gpu --only a"):
        _ = Record(card.folder / "out/05/a.json").probes


def test_a_card_that_cannot_be_probed_fails_the_fleets_with_servers_alone(card):
    card.set(status=1)
    failures = measured(card, fleet("a", servers=()), fleet("b"))
    assert len(failures) == 1 and failures[0].startswith("b: the card cannot be probed in the vllm environment")
    assert (card.folder / "out/05/a.json").exists() and not (card.folder / "out/05/b.json").exists()


@pytest.mark.parametrize(
    ("rates", "line"), [("no json", "did not print its rates"), ('{"matmul": [1]}', "did not print its rates .*copy")]
)
def test_rates_that_are_cut_short_are_one_line(card, rates, line):
    card.set(rates=rates)
    with pytest.raises(LabError, match=line) as caught:
        card_rates.probe(card.settings)
    assert "\n" not in str(caught.value)


def test_without_an_interpreter_the_line_says_how_to_name_one(card):
    with pytest.raises(LabError, match="no interpreter has vLLM or SGLang .*LAB_VLLM_PYTHON"):
        card_rates.probe(card.without_gpu())


GOOD = {"matmul": [1.0], "copy": [2.0], "side": 8, "copy_bytes": 4, "at": "2026-11-24T02:45:00Z"}


@pytest.mark.parametrize(
    "bad", [{"matmul": []}, {"copy": [0]}, {"side": 0}, {"at": "today"}, {"colour": 1}, {"copy": [float("inf")]}]
)
def test_rates_that_are_none_are_refused(bad):
    draft = Draft("a", {"seed": 1}, [sample("x", "ms", [1.0])])
    record_file.finish(draft, "05", time.time(), 1, GOOD)
    with pytest.raises(LabError, match="^a: probes"):
        record_file.finish(draft, "05", time.time(), 1, {**GOOD, **bad})
