"""The driver's end of the injection: what to put in the engine's environment, arm, disarm, read back.

    injection = Injection(folder)
    server = start(command, env={**os.environ, **injection.env("trace")})
    injection.arm(); send(request); injection.disarm()
    injection.plan({"lines": [...]}); injection.arm(); injection.mark(); send(request); injection.disarm()
    lines = injection.read()

`folder` is private to one server; what an earlier one left there is removed. Standard library only.
"""

import json
import os
import struct
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host.engine_table import table

from .calls.plan import MARK

HERE = Path(__file__).resolve().parent


class InjectionError(LabError):
    """One line: what went wrong in the engine's processes and what to do."""


class Injection:
    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        for stale in (*self.folder.glob("*.jsonl"), *self.folder.glob("*.ack"), *self.folder.glob("plan.json")):
            stale.unlink()
        self._arm = self.folder / "arm"
        self.generation = 0
        self._kept: list[dict] = []
        self._arm.write_bytes(bytes(4096))

    def env(self, mode: str, stages: list | None = None, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """Variables to add to the engine's environment.

        `mode` is "trace" or "stages"; `stages` the list of probes (see timers.py), for mode "stages";
        `base` the environment that they are added to (default os.environ), whose PYTHONPATH is kept.
        """
        base = os.environ if base is None else base
        path = [str(HERE / "path"), *filter(None, [base.get("PYTHONPATH")])]
        added = {
            "LAB_INJECT": mode,
            "LAB_INJECT_DIR": str(self.folder.resolve()),
            "LAB_INJECT_PACKAGES": ",".join(engine.sources for engine in table().engines.values()),
            "PYTHONPATH": os.pathsep.join(path),
        }
        if mode == "stages":
            file = self.folder / "stages.json"
            file.write_text(json.dumps(stages or []))
            added["LAB_INJECT_STAGES"] = str(file.resolve())
        return added

    def processes(self) -> list:
        """Pids of the engine's processes that were injected and still live."""
        return sorted(pid for pid in self._pids() if _lives(pid))

    def _pids(self) -> list[int]:
        return [int(path.stem) for path in self.folder.glob("*.jsonl")]

    def lost(self) -> list[str]:
        """What could not be recorded, a line each."""
        return list(dict.fromkeys(line["lost"] for line in self.read() if "lost" in line))

    def plan(self, plan: dict | None) -> None:
        """What the following armings of a tracer record beyond first entries (see plan.py); None: nothing."""
        file = self.folder / "plan.json"
        if plan is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(json.dumps(plan))

    def mark(self) -> None:
        """The request of interest is sent now: the turns of a plan are counted from here. Every process sees it at
        once, since the file is mapped."""
        self._put_mark(1)

    def _put_mark(self, value: int) -> None:
        with open(self._arm, "r+b") as file:
            file.seek(MARK)
            file.write(bytes([value]))

    def arm(self, value: int = 1, timeout: float = 20.0) -> None:
        """Start recording in every process; returns when all of them have begun."""
        self._set(value, timeout)

    def disarm(self, timeout: float = 60.0) -> None:
        """Stop recording; returns when every process has written what it holds."""
        armed = {pid for pid in self._pids() if self._acknowledged(pid) == self.generation}
        self._set(0, timeout)
        ended = {line["ended"] for line in self._kept + self._lines() if "ended" in line}
        for pid in sorted(armed - set(self.processes()) - ended):
            self._kept.append({"lost": f"all of process {pid}, which ended while it was recorded", "pid": pid})

    def _set(self, value: int, timeout: float) -> None:
        self.generation += 1
        self._put_mark(0)
        with open(self._arm, "r+b") as file:
            file.write(bytes([value]))
            file.flush()
            file.seek(8)
            file.write(struct.pack("<Q", self.generation))
        deadline = time.monotonic() + timeout
        while missing := [pid for pid in self.processes() if self._acknowledged(pid) != self.generation]:
            if time.monotonic() > deadline:
                silent = ", ".join(map(str, missing))
                raise InjectionError(f"{self.folder}: no answer in {timeout:g} s from {silent}; is the engine hung?")
            time.sleep(0.005)
        if not self.processes():
            raise InjectionError(f"{self.folder}: no injected process lives; was the engine started with env()?")

    def _acknowledged(self, pid: int) -> int:
        try:
            return int((self.folder / f"{pid}.ack").read_text())
        except (OSError, ValueError):
            return -1

    def read(self, strict: bool = True) -> list:
        """All lines of all processes. With `strict`, a failure noted in a process raises InjectionError."""
        lines = self._kept + self._lines()
        failures = [line["error"] for line in lines if "error" in line]
        if failures and strict:
            more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
            raise InjectionError(f"{self.folder}: {' '.join(failures[0].split())[-300:]}{more}")
        return lines

    def _lines(self) -> list:
        lines = []
        for path in sorted(self.folder.glob("*.jsonl")):
            for text in path.read_text(encoding="utf-8").splitlines():
                try:
                    lines.append(json.loads(text))
                except ValueError:  # the last line of a process killed while it wrote
                    continue
        return lines

    def missing(self, stages: Iterable[dict]) -> list:
        """Names of probes that are in place in no process: their modules were not imported (yet)."""
        there = {line["probe"] for line in self.read() if "probe" in line}
        return [entry["stage"] for entry in stages if entry["stage"] not in there]

    def clear(self) -> None:
        """Forget what was recorded so far (between rounds); what is true of the processes stays, failures too."""
        self._kept += [line for line in self._lines() if not {"stage", "gpu_sync", "symbol", "wire"} & line.keys()]
        for path in self.folder.glob("*.jsonl"):
            with open(path, "r+b") as file:
                file.truncate(0)


def _lives(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")
