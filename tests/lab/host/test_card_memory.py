"""A cap on the card: what it says of shares, what it refuses, and a fleet that goes over it."""

import json
import time

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.host import card_memory, config, host_info
from experiments.lab.records.record_file import Draft, sample
from experiments.lab.servers.server import ServerSpec

pytestmark = pytest.mark.usefixtures("nothing_left")
H200 = {"name": "NVIDIA H200", "memory_bytes": int(139.8 * 2**30)}


def capped(card, gib):
    found = card.settings
    return config.Settings(found.pythons, found.models, found.logs, found.set_by_hand, gib)


def fleet(meanwhile=lambda: None, name="a", plan="", whole=False):
    def measure(ctx):
        yield Draft(f"{name}-early", {"seed": 1}, [sample("x", "ms", [1.0])], server=ctx.server("fake"))
        meanwhile()
        yield Draft(f"{name}-late", {"seed": 1}, [sample("x", "ms", [1.0])], server=ctx.server("fake"))

    servers = (ServerSpec("fake", "vllm", memory_gib=6.0),)
    return Fleet(name, (f"{name}-early", f"{name}-late"), measure, servers, minutes=0.1, plan=plan, whole=whole)


def measured(card, cap, *suite):
    return suite_runner.measure("06", "gpu", capped(card, cap), card.folder / "out", suite=list(suite))


def written(card):
    return sorted(path.stem for path in card.folder.glob("out/06/*.json"))


def seen(card):
    return [stand for run in json.loads((card.folder / "out/logs/run.json").read_text()) for stand in run["stands"]]


def test_the_smaller_of_card_and_cap_may_be_used_and_shares_are_of_the_whole_card(monkeypatch):
    monkeypatch.setattr(host_info, "gpu", lambda: H200)
    assert card_memory.usable_gib(None) == pytest.approx(139.8) and card_memory.usable_gib(22.0) == 22.0
    assert card_memory.of_whole_card(7.0, 1.0) == pytest.approx(0.05, abs=1e-3)
    monkeypatch.setattr(host_info, "gpu", lambda: None)
    assert card_memory.usable_gib(None) is None and card_memory.usable_gib(22.0) == 22.0
    assert card_memory.of_whole_card(11.0, 22.0) == 0.5


@pytest.mark.parametrize(("value", "line"), [
    ("twenty", "LAB_CARD_GIB: 'twenty' is no number of GiB above 0"),
    ("0", "LAB_CARD_GIB: '0' is no number of GiB above 0"),
    ("-4", "LAB_CARD_GIB: '-4' is no number of GiB above 0"),
    ("nan", "LAB_CARD_GIB: 'nan' is no number of GiB above 0"),
    ("inf", "LAB_CARD_GIB: 'inf' is no number of GiB above 0"),
    ("140", r"LAB_CARD_GIB: 140 GiB are more than NVIDIA H200 has \(139.8\); give less, or unset it"),
])
def test_a_bad_cap_is_one_line(tmp_path, monkeypatch, value, line):
    monkeypatch.setattr(host_info, "gpu", lambda: H200)
    for read in (config.load, config.card_gib):
        with pytest.raises(LabError, match=line):
            read(tmp_path, {"LAB_CARD_GIB": value})


@pytest.mark.parametrize(("text", "line"), [
    ("card_gib = true", "lab.toml: card_gib = True is not a setting; .* and card_gib, a number"),
    ("card_gib = -1", "lab.toml: card_gib: '-1' is no number of GiB above 0"),
])
def test_a_bad_cap_in_the_file_is_one_line(tmp_path, text, line):
    (tmp_path / "lab.toml").write_text(text + "\n")
    with pytest.raises(LabError, match=line):
        config.load(tmp_path, {})


def test_a_cap_comes_from_the_file_and_the_environment_wins(tmp_path):
    assert config.card_gib(tmp_path, {}) is None and config.load(tmp_path, {}).card_gib is None
    (tmp_path / "lab.toml").write_text("card_gib = 22.5\n")
    assert config.card_gib(tmp_path, {}) == config.load(tmp_path, {}).card_gib == 22.5
    assert config.card_gib(tmp_path, {"LAB_CARD_GIB": "16"}) == 16.0


def test_servers_that_do_not_fit_the_cap_are_not_started(card):
    (line,) = measured(card, 5.0, fleet())
    assert line == (
        "a: NVIDIA Fake: too small for the shape: it has 80.0 GiB, of which LAB_CARD_GIB leaves 5, the servers side by "
        "side need 6.0 (fake 6); measure on a GPU with 6 GiB or more"
    )


def test_the_most_that_the_card_held_is_in_the_log_and_in_the_progress(card, monkeypatch, capsys):
    monkeypatch.setattr(card_memory, "EVERY_S", 0.02)

    def rise():
        card.set(used=20480)
        time.sleep(0.5)
        card.set(used=1024)

    assert measured(card, 22.0, fleet(rise)) == []
    assert "the card held at most 20.0 of 22 GiB" in capsys.readouterr().err
    (found,) = seen(card)
    assert (found["cap_gib"], found["most_gib"]) == (22.0, 20.0)


@pytest.mark.parametrize("whole", [False, True])
def test_over_the_cap_a_fleet_fails_and_what_was_measured_then_is_not_kept(card, whole):
    first = fleet(lambda: card.set(used=23552), whole=whole)
    lines = measured(card, 22.0, first)
    assert lines == [
        "a: the card held 23.0 GiB, more than the cap of 22 (LAB_CARD_GIB); what was measured over it is not kept: "
        "state more memory_gib for its servers, or raise the cap"
    ]
    assert written(card) == ([] if whole else ["a-early"])


def test_without_a_cap_nothing_runs_beside_the_measurements(card):
    assert measured(card, None, fleet(lambda: card.set(used=70000))) == []
    assert "cap_gib" not in seen(card)[0] and written(card) == ["a-early", "a-late"]


def test_an_nvidia_smi_that_does_not_say_fails_nothing(card):
    card.set(used="[N/A]")
    assert measured(card, 22.0, fleet()) == []
    assert "cap_gib" not in seen(card)[0]


def test_a_record_says_its_plan_and_one_of_another_plan_is_not_finished(card):
    out = card.folder / "out/06/a-early.json"
    assert measured(card, 22.0, fleet(plan="24gb")) == []
    assert json.loads(out.read_text())["workload"] == {"seed": 1, "plan": "24gb"}
    stamp = out.stat().st_mtime_ns
    assert measured(card, 22.0, fleet(plan="24gb")) == [] and out.stat().st_mtime_ns == stamp
    assert measured(card, None, fleet()) == []
    assert json.loads(out.read_text())["workload"] == {"seed": 1}
