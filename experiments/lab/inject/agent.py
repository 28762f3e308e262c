"""The lab's presence in one engine process: control byte, poll thread, output file.

Started when an engine package begins to be imported, so that helper processes (resource trackers,
compile workers) stay untouched, and again in every forked child. The driver's arm file is mapped into
memory:

    byte 0       0 disarmed, 1 armed
    bytes 8..15  generation, little endian, raised by the driver after byte 0 was set

The poll thread compares generations every POLL_S seconds, calls the mode's `armed` or `disarmed`,
appends what it returns to `<pid>.jsonl`, and answers by writing the generation to `<pid>.ack`. Engines
are stopped with SIGKILL, so nothing is left for exit that a disarm has not written.
"""

import atexit
import json
import mmap
import os
import struct
import sys
import threading
import time
import traceback

from .calls.code_names import FOLDERS
from .calls.tracer import Tracer
from .import_hooks import Watcher
from .mode import Idle, Mode, Process
from .stages.timers import Stages

POLL_S = float(os.environ.get("LAB_INJECT_POLL_MS", "20")) / 1e3
MODES: dict[str, type[Mode]] = {"trace": Tracer, "stages": Stages}


class Agent(Process):
    """One per process. `kind` is one of MODES."""

    def __init__(self, folder: str, kind: str):
        self.folder = folder
        with open(os.path.join(folder, "arm"), "rb") as file:
            self.arm = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.watcher = Watcher(self.note_failure)
        self.mode = MODES[kind](self)
        self.pid = 0
        self.poller = None
        self._notes: list[dict] = []
        self._generation = 0
        self._writing = threading.Lock()

    def install(self) -> None:
        """Put the import watcher in place; the rest waits for the engine's own import."""
        for package in FOLDERS:
            self.watcher.before[package] = self.start
        self.watcher.install()
        self.mode.prepare()

    def start(self) -> None:
        """Begin in this process: register, start the mode and the poll thread. Idempotent."""
        if self.pid == os.getpid():
            return
        first = not self.pid
        self.pid = os.getpid()
        self.write([self._identity()])
        if first:
            os.register_at_fork(after_in_child=self._in_child)
            atexit.register(self._at_exit)
            try:
                self.mode.begin()
            except Exception as error:
                # The driver still gets its answers, and this with them.
                self.note_failure(f"process {self.pid} cannot be recorded", error)
                self.mode = Idle(self)
        if self.arm[0]:  # what it does at once counts too: its poll thread would see that later
            self._guarded_step()
        threading.Thread(target=self._poll, name="lab-inject", daemon=True).start()

    def _in_child(self) -> None:
        try:
            self._writing = threading.Lock()
            self._notes = []
            self._generation = 0
            self.poller = None
            self.mode.forked()
            self.start()
        except Exception as error:
            print(f"lab injection: lost in forked process: {error!r}", file=sys.stderr)

    def _identity(self) -> dict:
        return {
            "process": os.getpid(),
            "parent": os.getppid(),
            "python": sys.version.split()[0],
            "arguments": list(getattr(sys, "orig_argv", sys.argv)),
            "t_ns": time.monotonic_ns(),
        }

    def _poll(self) -> None:
        self.poller = threading.get_ident()
        while True:
            self._guarded_step()
            time.sleep(POLL_S)

    def _guarded_step(self) -> None:
        try:
            self._step()
        except Exception:
            self.note_failure("poll", traceback.format_exc(limit=-3))

    def _step(self) -> None:
        generation = struct.unpack_from("<Q", self.arm, 8)[0]
        if generation != self._generation:
            try:
                if self.arm[0]:
                    self.mode.armed(generation)
                else:
                    self.flush()
            except Exception:
                self.note_failure("arm", traceback.format_exc(limit=-3))
            self.write([])
            self._generation = generation
            self._acknowledge(generation)
        elif self.arm[0]:
            self.mode.watch()
        elif self.mode.pending():
            self.flush()

    def _acknowledge(self, generation: int) -> None:
        path = os.path.join(self.folder, f"{self.pid}.ack")
        with open(path + ".part", "w") as file:
            file.write(str(generation))
        os.replace(path + ".part", path)

    def _at_exit(self) -> None:
        """At an orderly exit nothing is lost, and the driver is told so."""
        self.note({"ended": self.pid})
        self.flush()

    def flush(self) -> None:
        """Write what the mode holds."""
        if self.pid == os.getpid():
            self.write(self.mode.disarmed())

    def note_failure(self, where: str, error: object) -> None:
        self.note({"error": f"{where}: {error}", "pid": os.getpid()})

    def note_lost(self, what: str) -> None:
        self.note({"lost": what, "pid": os.getpid()})

    def note(self, line: dict) -> None:
        self._notes.append(line)

    def write(self, lines: list) -> None:
        """Append lines to this process's file, with its present title and the notes so far."""
        with self._writing:
            lines, self._notes = list(lines) + self._notes, []
            if not lines:
                return
            lines.append({"title": self.pid, "name": _title()})
            with open(os.path.join(self.folder, f"{self.pid}.jsonl"), "a", encoding="utf-8") as file:
                file.write("".join(json.dumps(line) + "\n" for line in lines))


def _title() -> str:
    """The process's title as `ps` shows it: engines set one to say which role a process has."""
    try:
        with open("/proc/self/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()[:120]
    except OSError:
        return ""


def install() -> None:
    """Entry point of sitecustomize: LAB_INJECT is trace or stages, LAB_INJECT_DIR the driver's folder."""
    Agent(os.environ["LAB_INJECT_DIR"], os.environ["LAB_INJECT"]).install()
