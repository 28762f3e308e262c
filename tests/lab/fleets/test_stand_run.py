"""Fleets share servers that stand; a server that dies at its start, in the middle or at the end costs who needs it."""

import dataclasses
import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.fleets.run_log import RunLog
from experiments.lab.host import gpu_occupancy
from experiments.lab.load.streaming_client import Client
from experiments.lab.records.record_file import Draft, Record, sample
from experiments.lab.servers import server_group
from experiments.lab.servers.server import Server, ServerSpec
from experiments.lab.servers.sglang import Sglang

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(gpu_occupancy, "SETTLE_S", 0.0)
    monkeypatch.setattr(server_group, "POLL_S", 0.05)


def spec(name, mode="ok", gib=10.0, **env):
    return ServerSpec(name, "vllm", env={"FAKE_MODE": mode, **env}, memory_gib=gib)


def draft(name, server=None):
    return Draft(name, {"seed": 1}, [sample("x", "ms", [1.0])], server=server)


class Suites:
    """Fleets whose `seen` says, in order, which processes served them."""

    def __init__(self, card):
        self.card, self.seen, self.out = card, [], card.folder / "out"

    def fleet(self, name, *servers, inside=lambda ctx: None, behind=lambda ctx: None, **more):
        def measure(ctx):
            self.seen.append((name, {each: ctx.server(each).pid for each in ctx.servers}))
            inside(ctx)
            yield draft(name, ctx.server(servers[0].name) if servers else None)
            behind(ctx)

        return Fleet(name, (name,), measure, servers, minutes=0.1, engines=("vllm",), **more)

    def measure(self, **suites):
        wanted = {number.strip("e"): fleets for number, fleets in suites.items()}
        return suite_runner.measure_all(list(wanted), "gpu", self.card.settings, self.out, suites=wanted)

    def written(self):
        return sorted(f"{path.parent.name}/{path.stem}" for path in self.out.glob("[0-9][0-9]/*.json"))

    def starts(self):
        return [(each["stand"], each["server"]) for each in json.loads((self.out / "logs/starts.json").read_text())]

    def pid(self, fleet, name):
        (found,) = [pids[name] for seen, pids in self.seen if seen == fleet]
        return found


@pytest.fixture
def suites(card):
    return Suites(card)


def kill(name):
    return lambda ctx: os.kill(ctx.servers[name].pid, signal.SIGKILL)


def test_fleets_of_two_experiments_are_measured_on_one_server_under_their_own_names(suites, capsys):
    assert suites.measure(e05=[suites.fleet("a", spec("default")), suites.fleet("cost")],
                          e06=[suites.fleet("b", spec("reference"), spec("other", FLAG="x"))]) == []
    assert [name for name, _ in suites.seen] == ["cost", "a", "b"], "without servers first of all"
    assert suites.pid("a", "default") == suites.pid("b", "reference") != suites.pid("b", "other")
    assert suites.written() == ["05/a", "05/cost", "06/b"]
    assert sorted(suites.starts()) == [("stand-1", "default"), ("stand-1", "other")]
    assert Record(suites.out / "06/b.json").data["experiment"] == "06"
    err = capsys.readouterr().err
    assert "stand 1: 05 a, 06 b: 2 servers, 20 GiB\n" in err and "min in all: " in err and "stand-1: " in err


def test_between_stands_a_server_that_the_next_one_wants_stays_up(suites):
    fleets = [suites.fleet(f"f{number}", spec("ref"), spec(f"s{number}", gib=60.0, FLAG=str(number)))
              for number in (1, 2)]
    assert suites.measure(e05=fleets) == []
    assert suites.pid("f1", "ref") == suites.pid("f2", "ref")
    assert sorted(suites.starts()) == [("stand-1", "ref"), ("stand-1", "s1"), ("stand-2", "s2")]


def later_stand(suites, monkeypatch, mode="ok"):
    """Two fleets on two stands; the second has a server that vLLM has to compile for, for which the first has room."""
    monkeypatch.delenv("VLLM_CACHE_ROOT")
    monkeypatch.setenv("XDG_CACHE_HOME", str(suites.card.folder / "no-cache"))

    def gone(ctx):
        (log,) = suites.card.settings.logs.rglob("ahead-1-new*/log")
        pid = re.search(r"lab: server process (\d+)", log.read_text())
        assert pid and not Path(f"/proc/{pid[1]}").exists()

    twin = dataclasses.replace(spec("twin", gib=30.0), flags=("--kv-cache-memory-bytes", "1"))
    first = suites.fleet("f1", spec("ref", gib=20.0), spec("s1", gib=20.0, FLAG="1"), inside=gone)
    return [first, suites.fleet("f2", spec("ref", gib=20.0), spec("new", mode, gib=20.0, FLAG="2"), twin)]


def test_servers_of_a_later_stand_compile_beside_the_first_and_are_gone_before_anything_is_measured(
    suites, monkeypatch, capsys
):
    assert suites.measure(e05=later_stand(suites, monkeypatch)) == []
    first = [server for stand, server in suites.starts() if stand == "stand-1"]
    assert sorted(first) == ["ahead-1-new", "ref", "s1"]
    assert sorted(server for stand, server in suites.starts() if stand == "stand-2") == ["new", "twin"]
    assert "stand 1: new of later stands compile beside its start\n" in capsys.readouterr().err
    assert suites.pid("f1", "ref") == suites.pid("f2", "ref") and suites.written() == ["05/f1", "05/f2"]


def test_one_that_dies_ahead_of_its_stand_costs_nothing_there_and_is_tried_again_in_its_own(suites, monkeypatch):
    (failure,) = suites.measure(e05=later_stand(suites, monkeypatch, "dies"))
    assert failure.startswith("f2: new: the server died after ") and failure.endswith("it was started twice")
    assert suites.written() == ["05/f1"]
    logs = sorted(path.name for path in (suites.out / "logs").glob("*.log"))
    assert logs == ["stand-1-ahead-1-new.log", "stand-2-new-2.log", "stand-2-new.log"]


def test_a_server_dead_at_its_start_costs_the_fleets_that_need_it_and_no_other(suites):
    dies = spec("bad", "dies", gib=1.0)
    failures = suites.measure(
        e05=[suites.fleet("a", spec("good"), dies), suites.fleet("b", spec("good"))],
        e06=[suites.fleet("c", spec("worse", "dies", gib=1.0)), suites.fleet("d", spec("mine"))])
    assert len(failures) == 2 and failures[0].startswith("05 a: bad: the server died after ")
    assert failures[1].startswith("06 c: bad: the server died after ")
    for line in failures:
        assert "CUDA out of memory. Tried to allocate 2 GiB" in line and "(log: " in line and "\n" not in line
    assert suites.written() == ["05/b", "06/d"]
    logs = sorted(path.name for path in (suites.out / "logs").glob("*.log"))
    assert logs == ["stand-1-bad-2.log", "stand-1-bad.log"], "both of its attempts, and once for all fleets"
    assert "CUDA out of memory" in (suites.out / "logs/stand-1-bad.log").read_text()


def test_a_server_that_stands_at_its_second_start_costs_nothing(suites):
    fleet = suites.fleet("a", spec("bad", "dies", FAKE_ONCE="once"), spec("good"))
    assert suites.measure(e05=[fleet]) == []
    assert suites.written() == ["05/a"]


def test_dead_in_the_middle_its_fleet_fails_and_who_needs_it_gets_a_fresh_start_once(suites):
    def dies(ctx):
        kill("s")(ctx)
        with Client(ctx.servers["s"].port) as client:
            client.chat({"messages": [{}]})

    failures = suites.measure(e05=[
        suites.fleet("a", spec("s"), inside=dies), suites.fleet("b", spec("s"), inside=lambda ctx: ctx.server("s")),
        suites.fleet("c", spec("s"), spec("o", FLAG="x"), inside=dies), suites.fleet("d", spec("s")),
        suites.fleet("e", spec("o", FLAG="x"))])
    lines = dict(line.split(": ", 1) for line in failures)
    assert set(lines) == {"a", "c", "d"}
    assert lines["a"].startswith("s: the server died while it was measured: killed by SIGKILL")
    assert lines["d"].endswith("; it was started anew once") and "\n" not in lines["d"]
    assert [name for name, _ in suites.seen] == ["a", "b", "c", "e"]
    assert suites.written() == ["05/b", "05/e"]


def test_dead_at_the_end_the_fleet_counts_and_the_next_gets_a_fresh_one(suites):
    failures = suites.measure(e05=[suites.fleet("a", spec("s"), behind=kill("s")), suites.fleet("b", spec("s"))])
    assert failures == [] and suites.written() == ["05/a", "05/b"]
    assert suites.pid("a", "s") != suites.pid("b", "s")
    assert [path.name for path in (suites.out / "logs").glob("*.log")] == ["stand-1-s.log"]


def test_dead_at_the_end_of_the_run_its_log_is_kept(suites):
    assert suites.measure(e05=[suites.fleet("a", spec("s"), behind=kill("s"))]) == []
    assert [path.name for path in (suites.out / "logs").glob("*.log")] == ["stand-1-s.log"]


def test_who_ends_a_server_is_the_last_of_its_stand(suites):
    ending = suites.fleet("ends", spec("s"), spec("o", FLAG="x"), inside=lambda ctx: ctx.end("o"), ends=("o",))
    assert suites.measure(e05=[ending, suites.fleet("a", spec("o", FLAG="x"))]) == []
    assert [name for name, _ in suites.seen] == ["a", "ends"]
    assert suites.pid("a", "o") == suites.pid("ends", "o")


def test_what_a_fleet_leaves_changed_is_ended_after_it(suites):
    first = suites.fleet("a", spec("s"), spec("l", gib=65.0, FLAG="x"), ends=("s",))
    second = suites.fleet("b", spec("s"), spec("l", gib=65.0, FLAG="y"))
    assert suites.measure(e05=[first, second]) == []
    assert suites.pid("a", "s") != suites.pid("b", "s")


def test_a_server_that_a_failed_fleet_left_paused_goes_on(suites):
    def fail(ctx):
        ctx.server("s").pause()
        raise LabError("the card fell off")

    failing, next_one = suites.fleet("a", spec("s"), inside=fail), suites.fleet("b", spec("s"))
    assert suites.measure(e05=[failing, next_one]) == ["a: the card fell off"]
    assert suites.pid("a", "s") == suites.pid("b", "s") and suites.written() == ["05/b"]


def test_one_ended_unannounced_is_started_anew_for_the_next(suites):
    ending = suites.fleet("ends", spec("s"), spec("o", FLAG="x"), inside=lambda ctx: ctx.end("o"))
    assert suites.measure(e05=[ending, suites.fleet("a", spec("o", FLAG="x"))]) == []
    assert suites.pid("ends", "o") != suites.pid("a", "o")


def test_a_fleet_that_wants_fresh_servers_gets_them(suites):
    fleets = [suites.fleet(name, spec("s"), fresh=name != "a") for name in "afg"]
    assert suites.measure(e05=fleets) == []
    assert [name for name, _ in suites.seen] == ["f", "g", "a"]
    assert suites.pid("f", "s") != suites.pid("g", "s") == suites.pid("a", "s")


def test_an_interrupt_between_two_fleets_of_a_stand_ends_all_and_the_same_command_goes_on(suites):
    def interrupt(ctx):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        suites.measure(e05=[suites.fleet("a", spec("s")), suites.fleet("b", spec("s"), inside=interrupt)])
    assert suites.written() == ["05/a"]
    suites.seen.clear()
    assert suites.measure(e05=[suites.fleet("a", spec("s")), suites.fleet("b", spec("s"))]) == []
    assert [name for name, _ in suites.seen] == ["b"]
    assert len(json.loads((suites.out / "logs/run.json").read_text())) == 2


def test_a_process_that_comes_while_a_stand_is_up_fails_the_fleets_behind_it(suites):
    ours = suites.fleet("a", spec("s"), inside=lambda ctx: suites.card.set(
        apps=f"{ctx.server('s').pid}, 900, python\n{os.getpid()}, 7, tester"))
    (line,) = suites.measure(e05=[ours, suites.fleet("b", spec("s"))])
    assert f"b: NVIDIA Fake: process {os.getpid()} (tester, 7 MiB) uses the GPU" in line
    assert suites.written() == ["05/a"]


def test_processes_that_a_container_numbers_otherwise_are_taken_for_ours(suites, monkeypatch):
    started = gpu_occupancy.Card.started

    def start(card, ours):
        suites.card.set(apps="99999999, 900, python", used=90_000)
        started(card, ours)

    monkeypatch.setattr(gpu_occupancy.Card, "started", start)
    assert suites.measure(e05=[suites.fleet("a", spec("s")), suites.fleet("b", spec("s"))]) == []


def test_a_used_sglang_server_forgets_what_it_served(suites, monkeypatch):
    dropped = []
    monkeypatch.setattr(Server, "adapter", property(lambda _: Sglang(), lambda *_: None), raising=False)
    monkeypatch.setattr(Sglang, "drop_cache", lambda _, server: dropped.append(server.spec.name))
    monkeypatch.setattr(Server, "command", lambda self, port="PORT", model=None: [
        "-m", "vllm.entrypoints.cli.main", "serve", "--port", str(port)])
    assert suites.measure(e05=[suites.fleet("a", spec("s")), suites.fleet("b", spec("t"))]) == []
    assert dropped == ["t"]


def test_a_fault_of_ours_between_fleets_still_ends_the_servers(suites, monkeypatch):
    monkeypatch.setattr(RunLog, "close", lambda self: [])
    monkeypatch.setattr(Server, "known_as", lambda *_: 1 / 0)
    (line,) = suites.measure(e05=[suites.fleet("a", spec("s"))])
    assert line.startswith("a: ZeroDivisionError")


def test_two_servers_of_one_name_are_refused(suites):
    (line,) = suites.measure(e05=[suites.fleet("a", spec("s"), spec("s", FLAG="x"))])
    assert line.startswith("a: ") and "called alike (s)" in line


def test_only_names_a_fleet_of_one_of_them(suites):
    with pytest.raises(LabError, match="these experiments have no 'x' in tier gpu; there are: a, a, b, b"):
        suite_runner.measure_all(["05", "06"], "gpu", suites.card.settings, suites.out, only="x",
                                 suites={"05": [suites.fleet("a")], "06": [suites.fleet("b")]})


def test_logs_that_cannot_be_put_away_cost_nothing_that_was_measured(suites, capsys):
    def sweep(_ctx):
        shutil.rmtree(suites.card.settings.logs)

    assert suites.measure(e05=[suites.fleet("a", spec("s"), behind=sweep)]) == []
    assert suites.written() == ["05/a"]
    assert "the run's logs were not put away" in capsys.readouterr().err
