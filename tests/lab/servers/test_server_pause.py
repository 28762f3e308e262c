"""A server can be stopped where it stands and go on, and it ends all the same when it is paused."""

import os
import signal
import time

import pytest

from experiments.lab.errors import LabError
from experiments.lab.load.streaming_client import Client
from experiments.lab.servers import server as servers
from experiments.lab.servers.server import Server, ServerSpec
from experiments.lab.servers.supervisor import process_state
from tests.lab.fakes.scripted_driver import Driver

pytestmark = pytest.mark.usefixtures("nothing_left")


def spec(mode="ok+child"):
    return ServerSpec("fake", "vllm-cpu", env={"FAKE_MODE": mode})


def states(server):
    return {process_state(pid) for pid in server.processes()}


def answers(server) -> bool:
    with Client(server.port) as client:
        return bool(client.chat({"messages": [{}], "stream": True}).chunks)


def test_all_its_processes_stop_and_go_on_but_not_its_supervisor(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "GRACE_S", 1)
    with Server(spec(), machine, tmp_path / "s") as server:
        for _ in range(2):
            server.pause()
            assert len(server.processes()) == 2 and states(server) == {"T"} and server.paused
            assert process_state(server._process.pid) not in "T"
            assert server.alive()
            server.resume()
            assert "T" not in states(server) and not server.paused
        assert answers(server)


def test_a_process_that_starts_while_it_is_stopped_is_stopped_too(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "GRACE_S", 1)
    with Server(spec(), machine, tmp_path / "s") as server:
        (child,) = set(server.processes()) - {server.pid}
        seen = [[server.pid], [server.pid, child], [server.pid, child]]
        monkeypatch.setattr(server, "processes", lambda: seen.pop(0) if len(seen) > 1 else seen[0])
        server.pause()
        assert process_state(child) == "T"
        server.resume()


def test_a_paused_server_is_ended_in_order_and_at_once(machine, tmp_path):
    server = Server(spec("ok"), machine, tmp_path / "s").__enter__()
    pids = server.processes()
    server.pause()
    begin = time.monotonic()
    server.stop()
    assert time.monotonic() - begin < 5, "the supervisor waited for a process that could not hear it"
    assert not server.alive() and all(process_state(pid) in "ZX" for pid in pids)


def test_what_is_not_running_cannot_be_paused(machine, tmp_path):
    server = Server(spec("ok"), machine, tmp_path / "s")
    with pytest.raises(LabError, match="fake: cannot be paused, it is not running"):
        server.pause()


def test_processes_that_do_not_stop_are_a_line_and_go_on(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "STILL_S", 0.3)
    with Server(spec("ok"), machine, tmp_path / "s") as server:
        monkeypatch.setattr(servers, "send", lambda pids, sign: sign == signal.SIGCONT and None)
        with pytest.raises(LabError, match="fake: its processes did not all stop within 0.3 s"):
            server.pause()
        assert not server.paused and answers(server)


PAUSES = """
def measure(ctx):
    one = ctx.server("one")
    one.pause()
    print(*one.processes(), *ctx.server("two").processes(), flush=True)
    time.sleep(60 if mode == "slow" else 0)
    yield draft("a", 1.0, ctx.server("two"))


server.GRACE_S = 15
suite = [Fleet("f", ("a",), measure, (ServerSpec("one", "vllm-cpu"), ServerSpec("two", "vllm-cpu")))]
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_paused_server_ends_with_a_driver_that_dies(machine, tmp_path, sign):
    driver = Driver(machine, tmp_path / "out", PAUSES)
    first = driver.start("slow")
    pids = [int(word) for word in first.stdout.readline().split()]
    assert [process_state(pid) for pid in pids] == ["T", "S"]
    os.kill(first.pid, sign)
    first.communicate(timeout=30)
    deadline = time.monotonic() + 5
    while not all(process_state(pid) in "ZX" for pid in pids):
        assert time.monotonic() < deadline, "a paused server outlived its driver"
        time.sleep(0.05)


def test_a_fleet_that_ends_with_a_paused_server_is_written(machine, tmp_path):
    driver = Driver(machine, tmp_path / "out", PAUSES)
    done = driver.run()
    assert done.returncode == 0, done.stderr
    assert driver.written() == ["a.json"]
