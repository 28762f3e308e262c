"""One server of a fleet can be ended early; one that dies is named with its cause, and the other fleets go on."""

import os
import signal
import time

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.load.streaming_client import Client
from experiments.lab.records.record_file import Draft, sample
from experiments.lab.servers.server import ServerSpec
from experiments.lab.servers.supervisor import process_state

pytestmark = pytest.mark.usefixtures("nothing_left")


def server(name, mode="ok"):
    return ServerSpec(name, "vllm-cpu", env={"FAKE_MODE": mode})


def draft(name, served=None):
    return Draft(name, {"seed": 1}, [sample("x", "ms", [1.0])], server=served)


def ask(served):
    with Client(served.port) as asking:
        return asking.chat({"messages": [{}], "stream": True})


def measured(machine, out, *suite):
    return suite_runner.measure("05", "cpu", machine, out, suite=list(suite))


def test_one_server_is_ended_and_the_other_goes_on(machine, tmp_path):
    def measure(ctx):
        first = ctx.server("one")
        pids = first.processes()
        ctx.end("one")
        assert not first.alive() and all(process_state(pid) in "ZX" for pid in pids)
        with pytest.raises(LabError, match=r"one: was ended earlier in this fleet; measure it before ctx.end\('one'\)"):
            ctx.server("one")
        with pytest.raises(LabError, match="one: was ended earlier"):
            ctx.end("one")
        with pytest.raises(LabError, match="no server is called 'three' in this fleet; there are: one, two"):
            ctx.end("three")
        assert ask(ctx.server("two")).chunks
        yield draft("a", first)
        yield draft("b", ctx.server("two"))

    fleet = Fleet("f", ("a", "b"), measure, (server("one"), server("two")))
    assert measured(machine, tmp_path, fleet) == []
    assert (tmp_path / "05/a.json").exists() and (tmp_path / "05/b.json").exists()


def loads(ctx):
    """Asks until it fails, as a load would, with an error that says nothing of the server."""
    for _ in range(3):
        ask(ctx.server("other"))
        ask(ctx.server("fake"))
    yield draft("a", ctx.server("fake"))


@pytest.mark.parametrize(
    ("mode", "cause"),
    [
        ("crashes+child", r"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 3 GiB"),
        ("killed", r"killed by SIGKILL; the log says: "),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_server_that_dies_under_load_is_named_with_its_cause(machine, tmp_path, mode, cause, whole):
    alive = []

    def measure(ctx):
        alive.extend(ctx.servers.values())
        yield draft("early", ctx.server("fake"))
        yield from loads(ctx)

    before = Fleet("before", ("before",), lambda ctx: iter([draft("before")]), whole=True)
    after = Fleet("after", ("after",), lambda ctx: iter([draft("after")]))
    dying = Fleet("f", ("early", "a"), measure, (server("fake", mode), server("other")), whole=whole)
    (line,) = measured(machine, tmp_path, before, dying, after)
    assert line.startswith("f: fake: the server died while it was measured: ") and "\n" not in line
    assert cause.replace("\\", "") in line and "(log: " in line
    assert len(alive) == 2 and not any(each.alive() for each in alive)
    expected = ["after.json", "before.json"] + ([] if whole else ["early.json"])
    assert sorted(path.name for path in (tmp_path / "05").iterdir()) == expected


def test_a_load_that_names_the_death_itself_keeps_its_line(machine, tmp_path):
    def measure(ctx):
        ask(ctx.server("fake"))
        try:
            ask(ctx.server("fake"))
        except (LabError, OSError):
            time.sleep(0.1)
        raise LabError("fake: the server died under load: I know")
        yield

    (line,) = measured(machine, tmp_path, Fleet("f", ("a",), measure, (server("fake", "killed"),)))
    assert line == "f: fake: the server died under load: I know"


def test_a_fault_with_living_servers_keeps_its_own_line(machine, tmp_path):
    begin = time.monotonic()
    fleet = Fleet("f", ("a",), lambda ctx: iter([1 / 0]), (server("fake"), server("ended")))
    (line,) = measured(machine, tmp_path, fleet)
    assert "ZeroDivisionError" in line and time.monotonic() - begin < 15


def test_an_ended_or_paused_server_is_not_taken_for_a_dead_one(machine, tmp_path):
    def measure(ctx):
        ctx.end("one")
        ctx.server("two").pause()
        raise LabError("the card fell off")
        yield

    fleet = Fleet("f", ("a",), measure, (server("one"), server("two")))
    assert measured(machine, tmp_path, fleet) == ["f: the card fell off"]


def test_a_server_that_hangs_is_what_happened_whatever_the_load_made_of_it(machine, tmp_path):
    def measure(ctx):
        os.kill(ctx.server("fake").pid, signal.SIGSTOP)
        raise LabError("a request took too long")
        yield

    (line,) = measured(machine, tmp_path, Fleet("f", ("a",), measure, (server("fake"),)))
    assert line.startswith("f: fake: the server answers no more (log: ") and "kept" in line


def test_a_load_that_knows_a_port_alone_gets_the_server_s_name_and_log(machine, tmp_path):
    def measure(ctx):
        raise LabError(f"port {ctx.server('other').port}: the answer was cut")
        yield

    (line,) = measured(machine, tmp_path, Fleet("f", ("a",), measure, (server("fake"), server("other"))))
    assert line.startswith("f: other (log: ") and line.endswith("): the answer was cut")
