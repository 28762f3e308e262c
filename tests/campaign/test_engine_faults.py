"""The real engine, where that is quick: vLLM on the CPU loses its core under load."""

import os
import signal
import uuid
from pathlib import Path

import pytest

from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.host import config
from experiments.lab.load.streaming_client import Client
from experiments.lab.records.record_file import Draft, Record, sample
from experiments.lab.servers.server_spec import ServerSpec
from tests.campaign.faulty_run import TAG, left_running

FLAGS = ("--max-model-len", "1024", "--enforce-eager", "--max-num-seqs", "4")


def asked(tokens: int) -> dict:
    return {
        "messages": [{"role": "user", "content": "Count."}],
        "max_tokens": tokens,
        "ignore_eos": True,
        "stream": True,
        "stream_options": {"include_usage": True},
        "model": "smollm2-135m",
    }


def core_of(pids: list[int]) -> int:
    """vLLM names its processes: the core's name begins so."""
    return next(pid for pid in pids if b"EngineCore" in Path(f"/proc/{pid}/cmdline").read_bytes())


@pytest.mark.server
def test_an_engine_core_that_is_killed_in_an_answer_is_named_and_what_was_finished_stays(
    engine_python, tmp_path, monkeypatch
):
    tag = uuid.uuid4().hex
    monkeypatch.setenv(TAG, tag)
    monkeypatch.setenv("LAB_VLLM_CPU_PYTHON", engine_python)

    def measure(ctx):
        server = ctx.server("real")
        with Client(server.port) as client:
            client.chat(asked(4))
        yield Draft("before", {"seed": 1}, [sample("x", "ms", [1.0])], server=server)

        def kill(_reply):
            if not struck:
                struck.append(core_of(server.processes()))
                os.kill(struck[0], signal.SIGKILL)

        struck: list[int] = []
        with Client(server.port, on_event=kill) as client:
            client.chat(asked(800))
        yield Draft("after", {"seed": 1}, [sample("x", "ms", [2.0])], server=server)

    spec = ServerSpec("real", "vllm-cpu", flags=FLAGS, env={"VLLM_CPU_KVCACHE_SPACE": "1"})
    fleet = Fleet("f", ("before", "after"), measure, (spec,), minutes=1)
    (line,) = suite_runner.measure("05", "cpu", config.load(), tmp_path, suite=[fleet])
    assert line.startswith("f: real: ") and "\n" not in line
    assert "the server died" in line and "log: " in line and "kept" in line and "same command" in line
    assert "EngineCore" in line or "Engine core" in line
    assert [path.name for path in (tmp_path / "05").iterdir()] == ["before.json"]
    assert Record(tmp_path / "05/before.json").values("x") == [1.0]
    assert not left_running(tag)
