"""`python -m experiments.lab measure` in a process of its own, on a machine of stand-ins, and a fault that strikes it.

Three fleets of experiment 05: one without a server, one whose records are kept one by one, and one that counts whole.
A fault is Python that runs in the driver: it may define `strike(moment, ctx)`, called before, during and after each
measurement, change `mode`, the environment of the stand-in of the engine, or put something in the place of what the
lab calls. Every process of a run bears a tag in its environment, so that whatever outlives it is found.
"""

import os
import shutil
import subprocess
import sys
import textwrap
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host.config import Settings
from experiments.lab.records.record_file import Record
from experiments.lab.servers.supervisor import process_state
from tests.lab.conftest import heed_interrupts
from tests.lab.fakes import taking_server

ROOT = Path(__file__).resolve().parents[2]
TAG = "FAULTY_RUN"
NAMES = ("alone", "one-a", "one-b", "side-a", "side-b")
BEGIN = """
import contextlib, ctypes, errno, functools, os, resource, shutil, signal, socket, subprocess, sys, tempfile
import threading, time
from pathlib import Path
from experiments.formats import whole_file
from experiments.lab import __main__ as command
from experiments.lab.fleets import run_log, suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.host import config, gpu_occupancy
from experiments.lab.load.streaming_client import Client
from experiments.lab.records import record_file, record_swap
from experiments.lab.records.record_file import Draft, sample
from experiments.lab.servers import server, server_group
from experiments.lab.servers.server import ServerSpec

value, tier, engine, flags = float(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
server.GRACE_S = server_group.PATIENCE_S = gpu_occupancy.SETTLE_S = 1
record_file.source_digest = lambda *_: "sha256:" + "0" * 64  # whoever edits the lab meanwhile
pythons = {{name: Path(path) if path else None for name, path in {pythons!r}.items()}}
out, logs = Path({out!r}), Path({logs!r})
settings = config.Settings(pythons, Path({models!r}), logs, frozenset({{"models"}}))
config.load = lambda *_, **__: settings
suite_runner.one_at_a_time = functools.partial(suite_runner.one_at_a_time, Path({here!r}))
mode = {{"FAKE_MODE": "ok"}}
SELF = Path("/proc/self/cmdline").read_text().split("\\0")[2]
BODY = {{"messages": [{{}}], "stream": True}}


def stranger(port):
    # It ends with the driver, whose end closes its standard input.
    process = subprocess.Popen(
        [sys.executable, {stranger!r}, str(port), "127.0.0.1", "with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={{key: word for key, word in os.environ.items() if key != "FAULTY_RUN"}},
    )
    process.stdout.readline()


def end(pid, served):
    os.kill(pid, signal.SIGKILL)
    while served.alive():
        time.sleep(0.02)


def later(*signals):
    def send():
        for number in signals:
            os.kill(os.getpid(), number)
            time.sleep(0.3)
    threading.Thread(target=send, daemon=True).start()
    time.sleep(60)


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def strike(moment, ctx):
    pass


def measure(*names):
    def measuring(ctx):
        for name in names:
            strike(f"before {{name}}", ctx)
            served = ctx.server("fake") if ctx.servers else None
            if served:
                with Client(served.port, timeout=2) as client:
                    client.chat(BODY)
                    strike(f"during {{name}}", ctx)
                    client.chat(BODY)
            yield Draft(name, {{"seed": 1}}, [sample("x", "ms", [value])], {{"x": [value]}}, server=served)
            strike(f"after {{name}}", ctx)
    return measuring
"""
END = """
suite = [
    Fleet("alone", ("alone",), measure("alone"), minutes=0.1),
    Fleet("ones", ("one-a", "one-b"), measure("one-a", "one-b"), (ServerSpec("fake", engine),), minutes=0.1),
    Fleet("sides", ("side-a", "side-b"), measure("side-a", "side-b"), (ServerSpec("fake", engine, env=mode),),
          minutes=0.1, whole=True),
]
suite_runner.fleets = lambda *_: suite
sys.exit(command.main(["measure", "--exp", "05", "--tier", tier, "--out", str(out), *flags]))
"""


@dataclass
class Ended:
    """How a run ended: its status, what it said, what it left running."""

    status: int
    text: str
    left: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.strip()]


class Machine:
    """A machine of stand-ins, and what was measured on it below `out`. `engine` is the stand-in that serves."""

    def __init__(self, settings: Settings, folder: Path, tier: str = "cpu", engine: str = "vllm-cpu"):
        self.settings, self.folder, self.tier, self.engine = settings, folder, tier, engine
        self.out = folder / "records"
        folder.mkdir(parents=True, exist_ok=True)

    def run(
        self, value: float, fault: str = "", again: bool = False, before=heed_interrupts, limit_s: float = 60
    ) -> Ended:
        """A run that measures `value` in everything that is to be measured."""
        words = {
            "pythons": {name: str(path) if path else "" for name, path in self.settings.pythons.items()},
            "models": str(self.settings.models),
            "logs": str(self.settings.logs),
            "out": str(self.out),
            "here": str(self.folder),
            "stranger": taking_server.__file__,
        }
        script = BEGIN.format(**words) + textwrap.dedent(fault) + END
        tag = uuid.uuid4().hex
        flags = ["--again"] if again else []
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(value), self.tier, self.engine, *flags],
            cwd=ROOT,
            env={**os.environ, TAG: tag},
            preexec_fn=before,
            text=True,
            errors="replace",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            text = process.communicate(timeout=limit_s)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            text = f"{process.communicate()[1]}\nit did not end within {limit_s:g} s"
        return Ended(process.returncode, text, left_running(tag))

    def values(self) -> dict[str, float | None]:
        """What is on disk of each measurement; None where nothing is that can be read."""
        return {name: _value(self.out / f"05/{name}.json") for name in NAMES}

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.out / "05").iterdir())

    def as_measured_on(self, other: "Machine") -> None:
        """Begin with the records of a run on another machine of the kind."""
        shutil.copytree(other.out, self.out)


def _value(path: Path) -> float | None:
    try:
        record = Record(path)
        value = record.values("x")[0]
        return value if record.columns["x"] == [value] else None
    except (OSError, LabError):
        return None


def left_running(tag: str, patience_s: float = 10.0) -> list[str]:
    """The processes with this tag that are still there after a while: pid and command line."""
    ends = time.monotonic() + patience_s
    while (found := _tagged(tag)) and time.monotonic() < ends:
        time.sleep(0.05)
    return found


def _tagged(tag: str) -> list[str]:
    found = []
    wanted = f"{TAG}={tag}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes() and process_state(int(folder.name)) not in "ZX":
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:120]
                found.append(f"{folder.name} {line}")
        except OSError:  # gone meanwhile, or somebody else's
            continue
    return found
