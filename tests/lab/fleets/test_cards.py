"""Several cards of one host measure other experiments at the same time; what befalls one leaves the others alone."""

import json
import os
import sys
import textwrap

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import cards, suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.host import gpu_occupancy, host_info
from experiments.lab.records.record_file import Draft, Record, finish, sample, write
from tests.lab.fakes import fake_card

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture
def two(card, monkeypatch):
    card.set(cards="0\n1")
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "x")  # both are put back after the test
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    fake_card.forget()
    return card


def test_the_longest_goes_first_to_the_card_with_least_to_do():
    minutes = {"01": 5.0, "02": 9.0, "03": 4.0, "05": 7.0, "06": 12.0}
    assert cards.share_out(minutes, ["0", "1"], {}) == {"0": ["01", "06"], "1": ["02", "03", "05"]}
    assert cards.share_out(minutes, ["0", "1"], {"06": "1"}) == {"0": ["02", "03", "05"], "1": ["01", "06"]}
    assert cards.share_out({"01": 1.0}, ["0", "1"], {}) == {"0": ["01"]}


def test_processors_are_divided(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3, 4, 5, 6})
    assert cards.processors(2) == [{0, 1, 2}, {3, 4, 5}] and cards.processors(1) == [{0, 1, 2, 3, 4, 5, 6}]
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    assert cards.processors(2) == [{3}, {3}]


def test_each_card_is_a_host_of_its_own(two, monkeypatch):
    hosts = []
    for number in "01":
        cards.use(number)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == number and os.environ["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
        hosts.append(host_info.host())
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert [host["gpu"]["uuid"] for host in hosts] == ["GPU-1", "GPU-1-second"] and hosts[0]["id"] != hosts[1]["id"]


@pytest.mark.parametrize(("listed", "seen"), [("1,0", ["1", "0"]), ("GPU-1", ["GPU-1"]), ("", []), ("0,-1,1", ["0"])])
def test_the_cards_are_the_visible_ones(two, monkeypatch, listed, seen):
    assert host_info.cards() == ["0", "1"] and host_info.first_gpu() == "0"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", listed)
    assert host_info.cards() == seen and host_info.first_gpu() == next(iter(seen), None)
    if not seen:
        assert host_info.gpu() is None and gpu_occupancy.apps() == [] and gpu_occupancy.used_mib() is None


def test_a_card_or_a_number_of_them_that_is_not_there_is_one_line(two):
    for number in ("2", "-1", "x"):
        with pytest.raises(LabError, match=f"--card {number}: this host has no such card; there are: 0, 1$"):
            cards.use(number)
    assert cards.how_many("all") == cards.how_many("2") == 2
    for count in ("3", "0", "some"):
        with pytest.raises(LabError, match=f"--cards {count}: give a number from 1 to 2, or all"):
            cards.how_many(count)
    two.set(cards="")
    with pytest.raises(LabError, match="nvidia-smi names 0 cards here"):
        cards.how_many("all")


def test_only_its_own_card_is_looked_at(two, monkeypatch):
    two.set(**{"apps-second": "4711, 900, python", "used-second": 5000})
    assert gpu_occupancy.in_use() is None
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert "process 4711" in gpu_occupancy.in_use()


def test_a_run_on_one_card_leaves_room_for_one_on_another_and_for_no_other(tmp_path):
    with suite_runner.one_a_card("0", tmp_path):
        with suite_runner.one_a_card("1", tmp_path):
            pass
        for other in (suite_runner.one_a_card("0", tmp_path), suite_runner.one_at_a_time(tmp_path)):
            with pytest.raises(LabError, match=rf"another run is measuring here \(process {os.getpid()}\)"), other:
                pytest.fail("both measure")
    with suite_runner.one_at_a_time(tmp_path):
        pass


CHILD = """
    import os, sys
    from pathlib import Path
    from experiments.lab.fleets import cards, suite_runner
    from experiments.lab.fleets.fleet import Fleet
    from experiments.lab.host import config
    from experiments.lab.records import record_file
    from experiments.lab.records.record_file import Draft, sample
    from experiments.lab.servers.server import ServerSpec
    record_file.source_digest = lambda *_: "sha256:" + "0" * 64
    words = sys.argv[1:]
    card, out = words[words.index("--card") + 1], Path(words[words.index("--out") + 1])
    wanted = [words[at + 1] for at, word in enumerate(words) if word == "--exp"]
    cards.use(card)
    if "06" in wanted and FAULT:
        sys.exit("the card fell off")
    pythons = {"vllm": Path(PYTHON), "sglang": None, "vllm-cpu": None}
    found = config.Settings(pythons, Path(MODELS), Path(LOGS), frozenset())
    def measure(ctx):
        cores = len(os.sched_getaffinity(0))
        yield Draft("a", {"seed": 1}, [sample("cores", "count", [cores])], server=ctx.server("s"))
    suites = {each: [Fleet("a", ("a",), measure, (ServerSpec("s", "vllm", memory_gib=10.0),))] for each in wanted}
    sys.exit(len(suite_runner.measure_all(wanted, "gpu", found, out, suites=suites, logs=cards.logs_of(card))))
"""


@pytest.fixture
def children(two, monkeypatch):
    """What stands in for the command on each card, and how long each experiment takes."""
    script = textwrap.dedent(CHILD)
    words = {"PYTHON": two.settings.pythons["vllm"], "MODELS": two.settings.models, "LOGS": two.settings.logs}
    for word, path in words.items():
        script = script.replace(word, repr(str(path)))

    def install(fault):
        monkeypatch.setattr(cards, "COMMAND", (sys.executable, "-c", script.replace("FAULT", repr(fault))))

    minutes = {"05": 3.0, "06": 9.0, "07": 5.0}
    monkeypatch.setattr(suite_runner, "fleets", lambda experiment, _tier: [
        Fleet("a", ("a",), lambda ctx: iter(()), minutes=minutes[experiment])])
    return install


def test_two_cards_measure_at_once_and_what_they_leave_is_put_together(two, children, capsys):
    children(fault=False)
    out = two.folder / "out"
    assert cards.measure(["05", "06", "07"], 2, out) == []
    records = {each: Record(out / each / "a.json").data for each in ("05", "06", "07")}
    assert records["05"]["host"]["id"] == records["07"]["host"]["id"] != records["06"]["host"]["id"]
    assert records["06"]["environment"]["CUDA_VISIBLE_DEVICES"] == "0"
    half = max(1, len(os.sched_getaffinity(0)) // 2)
    assert records["05"]["samples"][0]["values"] == [half] and records["05"]["host"]["cores"] == half
    starts = json.loads((out / "logs/starts.json").read_text())
    assert sorted((each["card"], each["server"]) for each in starts) == [("0", "s"), ("1", "s")]
    assert sorted(each["card"] for each in json.loads((out / "logs/run.json").read_text())) == ["0", "1"]
    assert sorted(path.name for path in (out / "logs").iterdir()) == ["run.json", "starts.json"]
    err = capsys.readouterr().err
    assert "card 0: experiments 06, " in err and "card 1: experiments 05, 07, " in err
    assert "card 1: 05 a (" in err, "their lines are forwarded"


def test_a_fault_on_one_card_leaves_the_others_run_alone(two, children, capsys):
    children(fault=True)
    out = two.folder / "out"
    assert cards.measure(["05", "06", "07"], 2, out) == ["card 0: its run ended with status 1; its lines are above"]
    assert sorted(path.parent.name for path in out.glob("*/a.json")) == ["05", "07"]
    assert "card 0: the card fell off" in capsys.readouterr().err


def test_an_experiment_that_a_card_has_begun_goes_on_there(two, tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    write(tmp_path, *finish(Draft("a", {"seed": 1}, [sample("x", "ms", [1.0])]), "06", 0, 0))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    (tmp_path / "05").mkdir()
    (tmp_path / "05/cut.json").write_text("{")
    assert cards.begun(tmp_path, ["05", "06", "07"], ["0", "1"]) == {"06": "1"}
    assert cards.begun(tmp_path, ["06"], ["0"]) == {}


def test_an_interrupt_ends_the_runs_of_all_cards(two, children, monkeypatch):
    children(fault=False)
    monkeypatch.setattr(cards.subprocess.Popen, "wait", _interrupted(cards.subprocess.Popen.wait))
    with pytest.raises(KeyboardInterrupt):
        cards.measure(["05", "06"], 2, two.folder / "out")


def _interrupted(wait):
    calls = []

    def once(process, timeout=None):
        calls.append(process)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return wait(process, timeout)

    return once
