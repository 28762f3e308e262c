"""A server that dies costs itself alone: the others stand, and it is started once more before it is given up."""

import os
import signal

import pytest

from experiments.lab.errors import LabError
from experiments.lab.servers import server_group
from experiments.lab.servers.server import ServerSpec
from experiments.lab.servers.server_group import Running

pytestmark = pytest.mark.usefixtures("nothing_left")


class Noted:
    def __init__(self):
        self.heard = []

    def started(self, label, server):
        assert server.started_s > 0
        self.heard.append(("started", label))

    def died(self, label, server):
        assert server.log.exists() and not server.alive()
        self.heard.append(("died", label))


@pytest.fixture
def noted():
    return Noted()


@pytest.fixture
def running(machine, tmp_path, noted):
    group = Running(machine, tmp_path, noted)
    yield group
    group.stop()
    assert not group.servers


def spec(name, mode="ok", **env):
    return ServerSpec(name, "vllm-cpu", env={"FAKE_MODE": mode, **env})


def test_those_that_stand_are_kept_when_one_dies_twice(running, noted):
    running.start({"good": spec("good"), "bad": spec("bad", "dies"), "fine": spec("fine")})
    assert sorted(running.servers) == ["fine", "good"] and all(each.healthy() for each in running.servers.values())
    (line,) = running.failed.values()
    assert line.startswith("bad: the server died after ") and "CUDA out of memory. Tried to allocate 2 GiB" in line
    assert "(log: " in line and "; its last errors: " in line and "Engine core initialization failed" in line
    assert line.endswith("; it was started twice") and "\n" not in line
    assert sorted(noted.heard) == [("died", "bad")] * 2 + [("started", "fine"), ("started", "good")]


def test_one_that_dies_once_stands_at_its_second_start(running, noted):
    running.start({"bad": spec("bad", "dies", FAKE_ONCE="once"), "good": spec("good")})
    assert running.failed == {} and sorted(running.servers) == ["bad", "good"]
    assert noted.heard.index(("died", "bad")) < noted.heard.index(("started", "bad"))
    order = [label for what, label in noted.heard if what == "started"]
    assert order == ["good", "bad"], "by itself, behind the others"


def test_one_that_took_all_its_time_is_not_started_again(running, noted):
    running.start({"slow": ServerSpec("slow", "vllm-cpu", env={"FAKE_MODE": "never"}, start_limit_s=1.0)})
    assert "not healthy within 1 s" in running.failed["slow"] and "twice" not in running.failed["slow"]
    assert noted.heard == [("died", "slow")]


def test_one_that_cannot_be_started_at_all_costs_itself_too(running):
    running.start({"none": ServerSpec("none", "sglang"), "other": ServerSpec("other", "vllm-cpu", "no-model"),
                   "good": spec("good")})
    assert list(running.servers) == ["good"]
    assert "no interpreter has it" in running.failed["none"] and "no-model is not there" in running.failed["other"]


def test_a_death_is_found_out_when_it_is_asked_for(running, noted):
    running.start({"a": spec("a"), "b": spec("b")})
    running.servers["b"].pause()
    assert running.lost("a") is None and running.lost("b") is None, "one that is paused lives"
    running.servers["b"].resume()
    os.kill(running.servers["a"].pid, signal.SIGKILL)
    line = running.lost("a")
    assert line.startswith("a: the server died while it was measured: killed by SIGKILL")
    assert list(running.servers) == ["b"] and noted.heard[-1] == ("died", "a")


def test_one_that_answers_no_more_is_ended(running, noted, monkeypatch):
    monkeypatch.setattr(server_group, "PATIENCE_S", 0.2)
    running.start({"a": spec("a")})
    server = running.servers["a"]
    monkeypatch.setattr(server, "health", lambda: 0)
    assert running.lost("a").startswith("a: the server answers no more and was ended (log: ") and not server.alive()


def test_an_interrupt_while_they_start_leaves_none(running):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        running.start({"a": spec("a"), "never": spec("never", "never")}, interrupt)
    assert running.servers == {}


def test_one_by_one_the_next_starts_when_the_one_before_is_up(running, noted):
    running.start({"a": spec("a", "dies"), "b": spec("b")}, one_by_one=True)
    assert noted.heard == [("died", "a"), ("died", "a"), ("started", "b")]


def test_one_server_under_another_fleets_name(running):
    running.start({"a": spec("a")})
    server = running.servers["a"]
    server.known_as(spec("b"))
    assert server.spec.name == "b"
    with pytest.raises(LabError, match="c: is another server than b"):
        server.known_as(spec("c", "never"))


def test_one_that_is_asked_for_once_is_not_started_again(running, noted):
    running.start({"good": spec("good"), "bad": spec("bad", "dies")}, once={"bad"})
    assert list(running.servers) == ["good"] and not running.failed["bad"].endswith("twice")
    assert noted.heard.count(("died", "bad")) == 1
