"""Starts an engine's server as a user would, on 127.0.0.1 alone, waits for its health, and always ends it.

    with Server(ServerSpec("vllm", "vllm", "qwen3-8b-shape"), settings, folder) as server:
        client.Client(server.port)

Each server runs below a supervisor (supervisor.py), so that it ends with the driver whatever becomes of the driver.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host import interpreters, model_folders
from experiments.lab.host.config import Settings
from experiments.lab.inject.control import Injection
from experiments.lab.servers import adapter_lookup, driver_pipe, log_cause, port_owner
from experiments.lab.servers.local_http import free_port, status_of
from experiments.lab.servers.server_spec import ServerSpec
from experiments.lab.servers.supervisor import descendants, process_state, send

START_LIMIT_S = 900  # from the start to the first healthy answer; one that takes longer is given up
GRACE_S = 15
STILL_S = 10  # for all processes of a server to stop or go on; one in the middle of a system call ends that first
_KILLED = {128 + number: number.name for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS)}
# Nothing is fetched and nobody is told; the same for every engine, so that two records differ in what matters.
QUIET = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
SUPERVISOR = Path(__file__).with_name("supervisor.py")


class Died(LabError):
    """A server is gone, or answers nothing but that it is broken."""


class Server:
    """One running server. `port`, `pid` of the engine's main process, `folder` of its own, `log` file, `injection`."""

    def __init__(self, spec: ServerSpec, settings: Settings, folder: Path):
        self.spec, self.settings, self.folder = spec, settings, Path(folder)
        self.engine = interpreters.engine(spec.engine, settings)
        self.adapter = adapter_lookup.adapter(spec.engine)
        self.port = 0  # until it starts
        self.injection: Injection | None = None
        self.started_s: float | None = None  # start to healthy, s
        self.paused = False
        self._broken = 0  # how often in a row its health check failed
        self._process: subprocess.Popen | None = None
        self._pipe: int | None = None
        self._begin = 0.0
        self.log = self.folder / "log"

    def command(self, port: int | str = "PORT", model: str | None = None) -> list[str]:
        """The command line after the interpreter; without arguments, as the record writes it."""
        spec, model = self.spec, model or f"models/{self.spec.model}"
        common = ["--host", "127.0.0.1", "--port", str(port)]
        dummy = ["--load-format", "dummy"] if spec.dummy else []
        start = self.adapter.start(model, self.engine["distribution"])
        return [*start, "--served-model-name", spec.model, *common, *dummy, *spec.flags]

    def environment(self) -> dict[str, str]:
        """What the server gets beyond the user's own environment; the record holds it."""
        return {**QUIET, **self.engine.get("environment", {}), **self.spec.env}

    def start(self) -> None:
        """Start it and return at once; `wait` waits for its health."""
        self.folder.mkdir(parents=True, exist_ok=True)
        model = model_folders.folder(self.spec.model, self.settings)
        self.port = free_port()
        env = interpreters.outside() | self.environment() | {"PYTHONUNBUFFERED": "1"}
        if self.spec.inject:
            self.injection = Injection(self.folder / "inject")
            env.update(self.injection.env(self.spec.inject, list(self.spec.stages), base=env))
        read, self._pipe = driver_pipe.new()
        python = self.settings.pythons[self.spec.engine]
        begin = time.monotonic()
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(SUPERVISOR), str(read), str(GRACE_S), str(python),
                 *self.command(self.port, str(model))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=env,
                pass_fds=[read],
                start_new_session=True,
                cwd=self.folder,
            )
        os.close(read)
        self._begin = begin

    @property
    def pid(self) -> int:
        announced = re.search(r"^lab: server process (\d+)", self.text(), re.M)
        if not announced:
            raise LabError(f"{self.spec.name}: has not started")
        return int(announced[1])

    def processes(self) -> list[int]:
        """Pids of the engine's processes."""
        return descendants(self._process.pid) if self._process else []

    def health(self) -> int:
        """The status with which /health answers, 0 while nothing answers."""
        return status_of(self.port, "/health")

    def healthy(self) -> bool:
        return self.health() == 200

    def wait(self, on_wait: Callable[[], object] = lambda: None) -> None:
        """Until healthy. LabError with the likely cause when it dies or the limit passes; `on_wait` is called about
        twice a second."""
        while not self.ready():
            on_wait()
            time.sleep(0.4)

    def ready(self) -> bool:
        """Whether it is healthy; asked again and again while it starts, it notes when it first is. LabError with the
        likely cause when it died, when the limit passed, and when its health check fails again and again."""
        limit = START_LIMIT_S if self.spec.start_limit_s is None else self.spec.start_limit_s
        status, waited = self.health(), time.monotonic() - self._begin
        if self._process is not None and self._process.poll() is not None:  # first: who answers is then somebody else
            raise Died(f"{self.spec.name}: the server died after {waited:.0f} s: {self.cause()} ({self.where()})")
        if line := self.stranger():
            self.stop()
            raise Died(line)
        if status == 200:
            self.started_s = self.started_s or waited
            return True
        self._broken = self._broken + 1 if status in (404, 500) else 0  # 503 is how an engine says that it still starts
        if self._broken > 20:
            self.stop()
            raise Died(
                f"{self.spec.name}: /health answers {status} again and again: {self.cause()} ({self.where()})"
            )
        if waited > limit:
            self.stop()
            raise LabError(
                f"{self.spec.name}: not healthy within {limit:g} s and stopped; last line: "
                f"{self.cause(guess=False)} (log: {self.log})"
            )
        return False

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def text(self) -> str:
        try:
            return self.log.read_text(errors="replace")
        except OSError:
            return ""

    def cause(self, guess: bool = True) -> str:
        """The log's likeliest line to say why; without `guess`, its last. One that was killed has not logged why."""
        line, code = log_cause.cause(self.text(), guess), self._process.poll() if self._process else None
        if code in _KILLED:
            return f"killed by {_KILLED[code]}; the log says: {line}"
        return line

    def where(self) -> str:
        """The log's path, its last lines that tell of an error, and whether its disk is full."""
        return f"log: {self.log}{log_cause.told_last(self.text())}{log_cause.full_disk(self.folder)}"

    def epitaph(self, when: str = "while it was measured") -> str:
        """The line about a server that died."""
        return (
            f"{self.spec.name}: the server died {when}: {self.cause()} ({self.where()}); what is finished is kept, the "
            "same command measures the rest"
        )

    def stranger(self) -> str | None:
        """The line about another process that listens on its port: what answered may not have been this server."""
        if (who := port_owner.settled_strangers(self.port, self.processes)) is None:
            return None
        return (
            f"{self.spec.name}: {who} listens on its port {self.port}, so that what answers may be no "
            f"{self.engine['name']}; nothing of it is recorded: run again, which takes another port (log: {self.log})"
        )

    def vouch(self) -> None:
        """LabError unless it lives and nobody else listens on its port: then it is what answered."""
        if not self.alive():
            raise LabError(self.epitaph())
        if line := self.stranger():
            raise LabError(line)

    def known_as(self, spec: ServerSpec) -> None:
        """Go by the name that another fleet has for the same server. LabError when it is another server."""
        if spec.likeness() != self.spec.likeness():
            raise LabError(f"{spec.name}: is another server than {self.spec.name}; they differ in more than their name")
        self.spec = spec

    def pause(self) -> None:
        """Stop all of its processes where they stand (SIGSTOP), until `resume`. LabError when they do not all stop.

        It keeps its memory and its port: who connects waits. `stop` ends a paused one as well.
        """
        if not self.alive():
            raise LabError(f"{self.spec.name}: cannot be paused, it is not running")
        self.paused = True
        if not self._signal(signal.SIGSTOP, lambda states: all(state == "T" for state in states)):
            self.resume()
            raise LabError(f"{self.spec.name}: its processes did not all stop within {STILL_S:g} s; is one stuck?")

    def resume(self) -> None:
        """Let it go on (SIGCONT) after `pause`. LabError when it does not."""
        self.paused = False
        if not self._signal(signal.SIGCONT, lambda states: not any(state == "T" for state in states)):
            raise LabError(f"{self.spec.name}: did not go on within {STILL_S:g} s after its pause")

    def _signal(self, number: int, reached: Callable[[list[str]], bool]) -> bool:
        """Signal all of its processes, those that start meanwhile too, until `reached(their states)`."""
        deadline = time.monotonic() + STILL_S
        while time.monotonic() < deadline:
            pids = self.processes()
            if reached([state for pid in pids if (state := process_state(pid)) not in "ZX"]):
                return True
            send(pids, number)
            time.sleep(0.02)
        return False

    def stop(self, wait: bool = True) -> None:
        """Ask the supervisor to end it; with `wait`, return when nothing of it is left. Never raises."""
        if self._pipe is not None:
            driver_pipe.close(self._pipe)
            self._pipe = None
        if self._process is None or not wait:
            return
        try:
            self._process.wait(GRACE_S + 15)
        except subprocess.TimeoutExpired:  # the supervisor itself hangs
            send([*descendants(self._process.pid), self._process.pid], signal.SIGKILL)
            self._process.wait()

    def __enter__(self) -> "Server":
        try:
            self.start()
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
