"""Work in several processes: the order, errors, what a process that is ended or interrupted leaves."""

import io
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from scripts.common import side_by_side
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_what_is_made_is_told_in_the_order_of_the_things(processes):
    def slow_first(number: int) -> int:
        time.sleep(0.2 if number == 0 else 0)
        return number * 10

    assert side_by_side.outcomes(slow_first, range(5), processes) == [0, 10, 20, 30, 40]


def test_it_is_made_in_other_processes_only_where_there_is_more_than_one_thing_and_process():
    def process(_: object) -> int:
        return os.getpid()

    assert os.getpid() not in side_by_side.outcomes(process, "ab", 2)
    assert side_by_side.outcomes(process, "ab", 1) == [os.getpid()] * 2
    assert side_by_side.outcomes(process, "a", 2) == [os.getpid()]
    assert side_by_side.outcomes(process, "", 2) == []


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_is_the_outcome_of_its_thing_and_of_no_other(processes):
    def made(name: str) -> str:
        if name == "b":
            raise SiteError("docs/b.md: is wrong; correct it")
        return name

    first, error, last = side_by_side.outcomes(made, "abc", processes)
    assert (first, last) == ("a", "c")
    assert isinstance(error, SiteError) and str(error) == "docs/b.md: is wrong; correct it"


@pytest.mark.parametrize("processes", [1, 2])
def test_a_mistake_of_the_code_is_raised_here(processes):
    with pytest.raises(ZeroDivisionError):
        side_by_side.outcomes(lambda number: 1 // number, [1, 0], processes)


def test_a_process_that_is_ended_is_told_in_one_line():
    with pytest.raises(SiteError, match="was ended from outside; .* try again$") as told:
        side_by_side.outcomes(lambda _: os.kill(os.getpid(), signal.SIGKILL), "ab", 2)
    assert "\n" not in str(told.value)


def test_a_thread_that_prints_meanwhile_holds_no_process_up(monkeypatch):
    held, over = threading.Event(), threading.Event()

    class Held(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, _) -> int:
            held.set()
            over.wait(30)
            return 1

    def prints() -> None:
        out.write("x")
        out.flush()

    out = io.TextIOWrapper(io.BufferedWriter(Held()))
    monkeypatch.setattr(sys, "stdout", out)
    thread = threading.Thread(target=prints, daemon=True)
    thread.start()
    try:
        held.wait(30)
        assert side_by_side.outcomes(str, [1, 2], 2) == ["1", "2"]
    finally:
        over.set()
        thread.join()


def test_cores_are_those_that_may_be_used(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    assert side_by_side.cores() == 3
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert side_by_side.cores() == side_by_side.MOST
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert side_by_side.cores() == 1


# A shell that starts something in the background has it ignore interrupts, and its children with it.
INTERRUPTED = """
import os, signal, time
from scripts.common import side_by_side
from scripts.common.errors import run_cli
signal.signal(signal.SIGINT, signal.default_int_handler)
run_cli(lambda: side_by_side.outcomes(lambda _: (os.write(1, b"at work\\n"), time.sleep(1)), "abcdefgh", 2))
"""


def test_an_interrupt_leaves_no_process_and_no_traceback():
    command = [sys.executable, "-c", INTERRUPTED]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, **pipes) as process:
        assert process.stdout.readline() == "at work\n"
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "interrupted; the same command goes on from here\n")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
