"""Whoever else listens on a server's port is found before a record is written under the engine's name."""

import contextlib
import os
import socket
import subprocess
import sys
import time

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.load.streaming_client import Client
from experiments.lab.records.record_file import Draft, Record, sample
from experiments.lab.servers import port_owner, server_group
from experiments.lab.servers import server as servers
from experiments.lab.servers.local_http import free_port, status_of
from experiments.lab.servers.server import Server, ServerSpec
from tests.lab.fakes import taking_server

pytestmark = pytest.mark.usefixtures("nothing_left")
BODY = {"messages": [{}], "stream": True}


@contextlib.contextmanager
def a_stranger(port, address="127.0.0.1"):
    command = [sys.executable, taking_server.__file__, str(port), address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(servers, "GRACE_S", 1)
    monkeypatch.setattr(server_group, "POLL_S", 0.05)


def spec(mode="ok", **env):
    return ServerSpec("fake", "vllm-cpu", env={"FAKE_MODE": mode, **env})


def fleet(inside, *names):
    def measure(ctx):
        for name in names:
            inside(ctx, name)
            yield Draft(name, {"seed": 1}, [sample("x", "ms", [1.0])], server=ctx.servers["fake"])

    return Fleet("f", names, measure, (spec(),), minutes=0.1)


def measured(machine, out, suite):
    return suite_runner.measure("05", "cpu", machine, out, suite=[suite])


@pytest.mark.parametrize("mode", ["never", "slow", "dies"])
def test_a_stranger_that_answers_while_the_engine_starts_is_not_taken_for_it(machine, tmp_path, monkeypatch, mode):
    """The port that was free a moment ago is taken; the stranger is healthy at once, the engine never there."""
    port = free_port()
    monkeypatch.setattr(servers, "free_port", lambda: port)
    with a_stranger(port) as other, pytest.raises(LabError) as caught:
        Server(spec(mode), machine, tmp_path / "s").__enter__()
    line = str(caught.value)
    assert "\n" not in line and "log: " in line
    if mode != "dies":  # or the engine's death was seen first
        assert f"process {other.pid} (python" in line and f"listens on its port {port}" in line and "run again" in line


def test_a_run_goes_on_at_another_port_and_records_the_engine_alone(machine, tmp_path, monkeypatch):
    taken = free_port()
    ports = iter([taken])
    monkeypatch.setattr(servers, "free_port", lambda: next(ports, None) or free_port())
    seen = []
    with a_stranger(taken):
        measuring = fleet(lambda ctx, name: seen.append(ctx.server("fake").port), "a")
        assert measured(machine, tmp_path / "out", measuring) == []
    assert seen and taken not in seen
    assert Record(tmp_path / "out/05/a.json").data["engine"]["name"] == "vllm"


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_nothing_is_recorded_once_a_stranger_shares_the_port(machine, tmp_path, monkeypatch, address):
    """Two processes may listen on one port (SO_REUSEPORT, which vLLM sets): the kernel then deals out connections."""
    with contextlib.ExitStack() as stack:

        def inside(ctx, name):
            if name == "b":
                stack.enter_context(a_stranger(ctx.server("fake").port, address))

        shared = fleet(inside, "a", "b", "c")
        shared.servers[0].env["FAKE_SHARES_PORT"] = "1"
        (line,) = measured(machine, tmp_path / "out", shared)
    assert "listens on its port" in line and "nothing of it is recorded" in line and "\n" not in line
    assert [path.stem for path in (tmp_path / "out/05").glob("*.json")] == ["a"], "what was made before is kept"


def test_a_stranger_in_the_place_of_an_engine_that_died_gets_no_record(machine, tmp_path):
    with contextlib.ExitStack() as stack:

        def inside(ctx, name):
            if name == "b":
                server = ctx.servers["fake"]
                os.kill(server.pid, 9)
                while server.alive():
                    time.sleep(0.02)
                stack.enter_context(a_stranger(server.port))
                assert status_of(server.port, "/health") == 200

        (line,) = measured(machine, tmp_path / "out", fleet(inside, "a", "b", "c"))
    assert "the server died while it was measured: killed by SIGKILL" in line
    assert [path.stem for path in (tmp_path / "out/05").glob("*.json")] == ["a"]


def test_a_server_that_a_fleet_ends_is_looked_at_before(machine, tmp_path):
    with contextlib.ExitStack() as stack:

        def inside(ctx, name):
            stack.enter_context(a_stranger(ctx.server("fake").port))
            ctx.end("fake")

        shared = fleet(inside, "a")
        shared.servers[0].env["FAKE_SHARES_PORT"] = "1"
        (line,) = measured(machine, tmp_path / "out", shared)
    assert "listens on its port" in line and not (tmp_path / "out/05").exists()


def test_a_client_of_the_port_is_no_stranger_and_a_paused_server_no_other(machine, tmp_path):
    with Server(spec("ok+child"), machine, tmp_path / "s") as server, Client(server.port) as client:
        client.chat(BODY)
        server.vouch()
        server.pause()
        server.vouch()
        server.resume()
    with pytest.raises(LabError, match="the server died"):
        server.vouch()


@pytest.mark.parametrize("family, address", [
    (socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"),
    (socket.AF_INET6, "::ffff:127.0.0.1"),
])
def test_every_address_that_a_connection_may_reach_counts(family, address):
    try:
        listening = socket.socket(family)
        listening.bind((address, 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with listening:
        port = listening.getsockname()[1]
        assert not port_owner.listeners(port), "bound alone it takes no connection"
        listening.listen()
        assert port_owner.listeners(port) == {os.fstat(listening.fileno()).st_ino}
        assert port_owner.strangers(port, [os.getpid()]) is None
        assert port_owner.strangers(port, []) == f"process {os.getpid()} ({port_owner._name(os.getpid())})"
    assert not port_owner.listeners(port)


def test_where_the_tables_cannot_be_read_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(port_owner, "TABLES", ("/proc/no-such-table",))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert port_owner.strangers(listening.getsockname()[1], []) is None
