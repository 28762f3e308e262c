"""A fleet that counts whole is on disk whole or not at all, and never of two attempts, whatever ends one of them."""

import dataclasses
import errno
import os
import signal
import time

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.records import record_file, record_swap
from experiments.lab.records.record_file import Draft, Record, sample
from experiments.lab.servers.supervisor import process_state
from tests.lab.fakes.scripted_driver import Driver

pytestmark = pytest.mark.usefixtures("nothing_left")
NAMES = ("side-a", "side-b", "side-c")


def fleet(attempt, fail=None, calls=None, names=NAMES):
    def measure(ctx):
        for name in names:
            if calls is not None:
                calls.append((name, ctx.wanted(name)))
            if name == fail:
                raise LabError("the card fell off")
            yield Draft(name, {"seed": 1}, [sample("x", "ms", [attempt])], {"x": [attempt]})

    return Fleet("sides", names, measure, minutes=0.1, whole=True)


def measured(machine, out, *suite, **more):
    return suite_runner.measure("05", "cpu", machine, out, suite=list(suite), **more)


def attempts(out):
    return {path.stem: Record(path).values("x")[0] for path in sorted((out / "05").glob("*.json"))}


def test_an_attempt_that_fails_leaves_nothing(machine, tmp_path):
    out = tmp_path / "out"
    assert measured(machine, out, fleet(1.0, fail="side-c")) == ["sides: the card fell off"]
    assert not out.exists()
    assert measured(machine, out, fleet(2.0)) == []
    assert attempts(out) == dict.fromkeys(NAMES, 2.0)


def test_a_finished_one_is_left_alone_an_unfinished_one_is_repeated_whole(machine, tmp_path):
    out, calls = tmp_path / "out", []
    measured(machine, out, fleet(1.0, calls=calls))
    measured(machine, out, fleet(2.0, calls=calls))
    assert len(calls) == 3 and attempts(out) == dict.fromkeys(NAMES, 1.0)
    (out / "05/side-b.json").unlink()
    measured(machine, out, fleet(3.0, calls=calls), only="side-b")
    assert calls[3:] == [(name, True) for name in NAMES] and attempts(out) == dict.fromkeys(NAMES, 3.0)


def test_what_an_earlier_attempt_finished_stays_until_its_successor_is_complete(machine, tmp_path):
    out = tmp_path / "out"
    measured(machine, out, fleet(1.0))
    assert measured(machine, out, fleet(2.0, fail="side-b"), again=True) == ["sides: the card fell off"]
    assert attempts(out) == dict.fromkeys(NAMES, 1.0)


def test_a_record_that_is_too_large_is_refused_when_it_is_made(machine, tmp_path):
    def measure(ctx):
        yield Draft("side-a", {"seed": 1}, [sample("x", "ms", [0.123456789] * 90_000)])
        pytest.fail("went on")

    (line,) = measured(machine, tmp_path / "out", Fleet("sides", ("side-a", "side-b"), measure, whole=True))
    assert "side-a: " in line and "keep fewer samples" in line


def test_stopped_at_any_moment_of_replacing_no_attempt_is_lost_and_none_is_mixed(machine, tmp_path, monkeypatch):
    out, seen = tmp_path / "out", set()
    for moment in range(40):
        measured(machine, out, fleet(1.0), again=True)
        with monkeypatch.context() as patch:
            _stop_at(moment, patch)
            try:
                measured(machine, out, fleet(2.0), again=True)
                break  # there are no more moments
            except SystemExit:
                pass
        assert len(set(attempts(out).values())) <= 1, moment
        assert measured(machine, out, fleet(3.0)) == []
        found = attempts(out)
        assert set(found) == set(NAMES) and set(found.values()) in ({1.0}, {2.0}), "nothing was measured again"
        assert all(Record(out / f"05/{name}.json").columns["x"] == [found[name]] for name in NAMES)
        assert sorted(path.suffix for path in (out / "05").iterdir()) == [".gz"] * 3 + [".json"] * 3
        seen.add(found["side-a"])
    assert seen == {1.0, 2.0} and moment > 12


def _stop_at(moment, monkeypatch):
    left = [moment]

    def counted(function):
        def call(*arguments, **more):
            left[0] -= 1
            if left[0] < 0:
                raise SystemExit
            return function(*arguments, **more)

        return call

    for name in ("unlink", "rename", "replace"):
        monkeypatch.setattr(record_swap.Path, name, counted(getattr(record_swap.Path, name)))
    monkeypatch.setattr(record_file, "write", counted(record_file.write))


@pytest.mark.parametrize("whole", [True, False])
def test_on_a_full_disk_what_was_finished_stays_and_the_line_says_so(machine, tmp_path, monkeypatch, whole):
    out = tmp_path / "out"
    one = fleet(1.0)
    measured(machine, out, one)
    left = [1]

    def full(path, data, mode=0o644, write=record_file.write_whole):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data, mode)

    monkeypatch.setattr(record_file, "write_whole", full)
    (line,) = measured(machine, out, dataclasses.replace(fleet(2.0), whole=whole), again=True)
    assert "the disk is full" in line and "make room" in line and "same command" in line and "\n" not in line
    assert attempts(out) == dict.fromkeys(NAMES, 1.0)
    assert len(list((out / "05").iterdir())) == 6, "nothing half-written is left"


def test_a_measurement_whose_name_begins_like_anothers_keeps_its_columns(tmp_path):
    for name in ("a", "a.b"):
        record, packed = record_file.finish(
            Draft(name, {"seed": 1}, [sample("x", "ms", [1.0])], {"x": [1]}), "05", 0, 0
        )
        record_file.write(tmp_path, record, packed)
    record_swap.remove(tmp_path / "05", ["a"])
    assert sorted(path.name for path in (tmp_path / "05").iterdir()) == ["a.b.columns.json.gz", "a.b.json"]


SIDES = """
def measure(ctx):
    for side in ("side-a", "side-b"):
        served = ctx.server("fake")
        print(side, *served.processes(), flush=True)
        if mode == "slow" and side == "side-b":
            time.sleep(60)
        yield draft(side, float(len(mode)), served)


def replace(folder, names):
    removed(folder, names)
    if len(names) > 1:
        print("removed", flush=True)
        time.sleep(60 if mode == "replacing" else 0)


removed, record_swap.remove = record_swap.remove, replace
child = "ok+child" if mode == "slow" else "ok"
suite = [
    Fleet("before", ("before",), lambda ctx: iter([draft("before", 1.0)])),
    Fleet("sides", ("side-a", "side-b"), measure, (ServerSpec("fake", "vllm-cpu", env={"FAKE_MODE": child}),),
          whole=True),
]
"""


def gone(pid: str) -> bool:
    return process_state(int(pid)) in "ZX"


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_between_its_sides_it_is_repeated_whole_by_the_same_command(machine, tmp_path, sign):
    driver = Driver(machine, tmp_path / "out", SIDES)
    first = driver.start("slow")
    assert first.stdout.readline().startswith("side-a")
    name, *pids = first.stdout.readline().split()
    assert name == "side-b" and len(pids) == 2
    os.kill(first.pid, sign)
    first.communicate(timeout=30)
    assert first.returncode == (-9 if sign == signal.SIGKILL else 130)
    assert driver.written() == ["before.json"]
    again = driver.run()
    assert again.returncode == 0, again.stderr
    assert [line.split()[0] for line in again.stdout.splitlines()] == ["side-a", "side-b", "removed"]
    assert "before: finished before" in again.stderr
    assert driver.written() == ["before.json", "side-a.json", "side-b.json"]
    deadline = time.monotonic() + 10
    while not all(gone(pid) for pid in pids):
        assert time.monotonic() < deadline, "a server outlived its driver"
        time.sleep(0.05)
    assert "sides: finished before" in driver.run().stderr


def test_killed_while_it_replaces_the_complete_attempt_counts(machine, tmp_path):
    driver = Driver(machine, tmp_path / "out", SIDES)
    assert driver.run().returncode == 0
    (driver.out / "side-b.json").unlink()
    first = driver.start("replacing")
    assert [first.stdout.readline().split()[0] for _ in range(3)] == ["side-a", "side-b", "removed"]
    first.kill()
    first.communicate(timeout=30)
    assert driver.written() == ["before.json"]
    again = driver.run()
    assert again.returncode == 0 and "sides: finished before" in again.stderr
    assert {Record(driver.out / f"{side}.json").values("x")[0] for side in ("side-a", "side-b")} == {9.0}
