"""A fleet is started on a GPU that it fits and that is ours alone; otherwise it is a line, and the others go on."""

import os
import threading

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.fleets.fleet_plan import group
from experiments.lab.host import gpu_occupancy
from experiments.lab.records.record_file import Draft, sample
from experiments.lab.servers.server import ServerSpec

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(gpu_occupancy, "SETTLE_S", 0.0)
    monkeypatch.setattr(gpu_occupancy, "PAUSE_S", 0.05)


def fleet(name, gib, before=lambda: None):
    def measure(ctx):
        before()
        yield Draft(name, {"seed": 1}, [sample("x", "ms", [1.0])], server=ctx.server("fake"))

    return Fleet(name, (name,), measure, (ServerSpec("fake", "vllm", memory_gib=gib),), minutes=0.1)


def measured(card, *suite):
    return suite_runner.measure("06", "gpu", card.settings, card.folder / "out", suite=list(suite))


def written(card):
    return sorted(path.stem for path in card.folder.glob("out/06/*.json"))


def test_a_fleet_that_does_not_fit_is_a_line_and_the_next_is_measured(card):
    (line,) = measured(card, fleet("large", 81.0), fleet("fits", 79.0))
    assert line == (
        "large: NVIDIA Fake: too small for the shape: it has 80.0 GiB, the servers side by side need 81.0 (fake 81); "
        "measure on a GPU with 81 GiB or more"
    )
    assert written(card) == ["fits"]


def test_servers_are_added_up_and_those_that_do_not_say_count_nothing(card):
    gpu_occupancy.fits([ServerSpec("a", "vllm", memory_gib=40.0), ServerSpec("b", "vllm", memory_gib=40.0)])
    with pytest.raises(LabError, match=r"need 80.5 \(a 40 \+ b 40.5\)"):
        gpu_occupancy.fits([ServerSpec("a", "vllm", memory_gib=40.0), ServerSpec("b", "vllm", memory_gib=40.5)])
    gpu_occupancy.fits([ServerSpec("a", "vllm"), ServerSpec("b", "sglang")])


def test_a_sweep_that_does_not_fit_is_a_line_and_not_the_end_of_the_command(card, monkeypatch):
    def too_large(experiment, tier):
        return group(
            [ServerSpec("default", "vllm", memory_gib=70.0)], [ServerSpec("512", "vllm", memory_gib=8.0)], 80.0
        )

    monkeypatch.setattr(suite_runner, "fleets", too_large)
    (line,) = suite_runner.measure("06", "gpu", card.settings, card.folder / "out")
    assert line.startswith("experiment 06: NVIDIA Fake: too small for the shape: it has 80.0 GiB, the smallest fleet")


def test_another_process_on_the_gpu_is_named_with_its_memory(card):
    card.set(apps=f"{os.getpid() + 1}, 3, x\n{os.getpid()}, 5120, /usr/bin/python3", used=5123)
    (line,) = measured(card, fleet("a", 1.0))
    assert line == (
        f"a: NVIDIA Fake: process {os.getpid()} (python3, 5120 MiB) and 1 more use the GPU and would disturb the "
        f"numbers; end it (kill {os.getpid()}); then run the same command again"
    )
    assert written(card) == [] and card.probed() == 0


def test_a_process_that_comes_later_fails_the_next_fleet_and_no_other(card):
    def arrive():
        card.set(apps="99999999, [N/A], python")

    (line,) = measured(card, fleet("a", 1.0, arrive), fleet("b", 1.0), fleet("c", 81.0))[:1]
    assert "b: NVIDIA Fake: process 99999999 (python, an unknown amount of memory) uses the GPU" in line
    assert "it is not of this container" in line and written(card) == ["a"]


@pytest.mark.parametrize("apps", ["", "[Insufficient Permissions]", "[N/A], [N/A], [N/A]"])
def test_memory_in_use_says_it_where_no_process_is_listed(card, apps):
    card.set(apps=apps, used=700)
    assert gpu_occupancy.in_use() is None
    card.set(used=1500)
    (line,) = measured(card, fleet("a", 1.0))
    assert "1500 MiB are in use by a process that nvidia-smi does not name" in line


def test_what_was_just_ended_gets_a_moment_to_give_its_memory_back(card, monkeypatch):
    monkeypatch.setattr(gpu_occupancy, "SETTLE_S", 10.0)
    card.set(used=1500)
    timer = threading.Timer(0.5, lambda: card.set(used=10))
    timer.start()
    assert measured(card, fleet("a", 1.0)) == []
    timer.join()


@pytest.mark.parametrize("answer", ["", "[N/A]"])
def test_an_nvidia_smi_that_does_not_say_holds_nothing_up(card, answer):
    card.set(used=answer)
    assert measured(card, fleet("a", 1.0)) == []


def test_without_nvidia_smi_nothing_is_checked(card, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert gpu_occupancy.apps() == [] and gpu_occupancy.used_mib() is None
    gpu_occupancy.free()
    gpu_occupancy.fits([ServerSpec("a", "vllm", memory_gib=1e6)])
