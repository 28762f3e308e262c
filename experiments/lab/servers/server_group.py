"""Several servers side by side, started together and ended together; one that dies costs itself and no other."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from experiments.lab.errors import LabError
from experiments.lab.host.config import Settings
from experiments.lab.servers.server import Died, Server
from experiments.lab.servers.server_spec import ServerSpec

POLL_S = 0.4
PATIENCE_S = 5.0  # for a server that no longer answers to be dead: its processes end one after another


class Witness(Protocol):
    """Who is told what became of servers."""

    def started(self, label: str, server: Server) -> None:
        """It is healthy, after `server.started_s` seconds."""

    def died(self, label: str, server: Server) -> None:
        """It died, or was given up; its log is there."""


class Running:
    """Servers by label, which is unique among them as their names need not be.

    `servers` are those that are up. One that died while it started was started once more by itself, when nothing else
    starts beside it; one that died again is in `failed`, with the line that says why, and is not started any more.
    """

    def __init__(self, settings: Settings, folder: Path, witness: Witness | None = None):
        self.settings, self.folder, self.witness = settings, Path(folder), witness
        self.servers: dict[str, Server] = {}
        self.failed: dict[str, str] = {}
        self._coming: list[str] = []
        self._attempts = 0

    def start(
        self, specs: Mapping[str, ServerSpec], on_wait: Callable[[], object] = lambda: None, one_by_one: bool = False,
        once: Collection[str] = (),
    ) -> None:
        """Start these and return when each is healthy or in `failed`. `one_by_one`: the next starts when the one before
        is healthy, for engines that size their memory by what is free. Of the labels `once` none is started again."""
        asked = [{label: spec} for label, spec in specs.items()] if one_by_one else [dict(specs)]
        try:
            for some in asked:
                for label in (label for label in self._attempt(some, on_wait) if label not in once):
                    del self.failed[label]
                    if self._attempt({label: specs[label]}, on_wait):
                        self.failed[label] += "; it was started twice"
        except BaseException:
            self.stop()
            raise

    def _attempt(self, specs: Mapping[str, ServerSpec], on_wait: Callable[[], object]) -> list[str]:
        """Start each once. The labels of those that died; not of one that was given up, for it took all its time."""
        self._coming, fell = [], []
        self._attempts += 1
        for label, spec in specs.items():
            try:
                server = Server(spec, self.settings, self.folder / f"{label}-{self._attempts}")
                self.servers[label] = server
                server.start()
                self._coming.append(label)
            except LabError as error:
                self._fell(label, error)
        while self._coming:
            for label in list(self._coming):
                try:
                    if not self.servers[label].ready():
                        continue
                    self._coming.remove(label)
                    if self.witness:
                        self.witness.started(label, self.servers[label])
                except LabError as error:
                    self._coming.remove(label)
                    self._fell(label, error)
                    if isinstance(error, Died):
                        fell.append(label)
            if self._coming:
                on_wait()
                time.sleep(POLL_S)
        return fell

    def _fell(self, label: str, error: LabError) -> None:
        self.failed[label] = str(error)
        self._bury(label)

    def _bury(self, label: str) -> None:
        """Stop what is left of it, and have its log kept."""
        if server := self.servers.pop(label, None):
            server.stop()
            if self.witness and server.log.exists():
                self.witness.died(label, server)

    def lost(self, label: str) -> str | None:
        """Of a server that was up: the line about its death when it is dead, answers no more, or a stranger
        listens on its port, and then it is not among `servers` any longer; None while it lives, paused ones too."""
        server = self.servers[label]
        deadline = time.monotonic() + PATIENCE_S
        stuck = False  # neither dead nor alive
        while server.alive() and not server.paused and not server.healthy() and not stuck:
            time.sleep(0.1)
            stuck = time.monotonic() > deadline
        line = server.stranger() if server.alive() else server.epitaph()
        if line is None and stuck:
            line = f"{server.spec.name}: the server answers no more and was ended ({server.where()})"
        if line is None:
            return None
        self._bury(label)
        return line

    def waiting(self) -> str:
        """Names of those that are not healthy yet."""
        return ", ".join(self.servers[label].spec.name for label in self._coming)

    def stop(self, labels: Iterable[str] | None = None) -> None:
        """End these, or all, and return when nothing of them is left."""
        ending = [self.servers.pop(label) for label in (list(self.servers) if labels is None else list(labels))]
        for server in ending:
            server.stop(wait=False)
        for server in ending:
            server.stop()
