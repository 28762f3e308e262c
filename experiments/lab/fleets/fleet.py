"""What a suite hands to the runner: fleets, the unit that is measured whole or again.

A suite is a folder `experiments/lab/suites/expNN_slug` whose modules `gpu` and `cpu` have `fleets() -> list[Fleet]`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host.config import Settings
from experiments.lab.servers.server import Server

RESERVE_GIB = 3.0  # of a large card, stay free


@dataclass(frozen=True)
class Fleet:
    """Servers that run side by side, and what is measured on them.

    `measure(ctx)` is a generator of records.Draft; each is written when it is yielded and kept if a later one fails.
    With `whole` all are written at the end instead: for measurements that are set side by side, so that those of two
    attempts never are. Unfinished, such a fleet is measured again whole; finished, it is left alone like any other.
    `produces` are the measurement names it yields, all of them; `servers` may be empty for a measurement that drives
    classes itself; `engines` are then the engines it needs. `one_by_one`: the next server starts when the one
    before it is healthy, so that engines that size their memory by what is free do not race for it. `timed`: without
    servers, but what it finds are times, which no other machine repeats.

    Fleets of a run, of other experiments too, may find servers up that are like theirs in all but the name, and use
    them in turn (stand_plan.py). `fresh`: nothing may have been measured on its servers since they started. `alone`: no
    server but its own may be up. `ends`: servers, by name, that are of no use to another fleet afterwards, because this
    one ends them (`Context.end`) or leaves them changed.

    `plan`: the plan for smaller cards that its servers are of, "" for that of a large card; its records' workloads say
    it. `reserve_gib` of the card stay free beside its servers.
    """

    name: str
    produces: tuple
    measure: Callable
    servers: tuple = ()
    minutes: float = 2.0
    one_by_one: bool = False
    engines: tuple = ()
    whole: bool = False
    timed: bool = False
    fresh: bool = False
    alone: bool = False
    ends: tuple[str, ...] = ()
    plan: str = ""
    reserve_gib: float = RESERVE_GIB

    def needs(self) -> tuple:
        """Names of the engines whose interpreters it needs."""
        return tuple(dict.fromkeys([*self.engines, *(spec.engine for spec in self.servers)]))


@dataclass
class Context:
    """What `measure` works with.

    `servers` by name, `settings`, `tier`, `experiment`; `folder` a scratch folder of this fleet; `progress(done,
    total, text)` says how far it is; `wanted(*names)` whether any of these records is still to be made (a group that is
    not wanted may be skipped whole, never in part); `begin()` starts the clock of the next drafts' wall time;
    `probes` are the card's rates of this run, as the records carry them (None without a GPU); `end(name)` ends one
    server for good while the others go on.
    """

    servers: dict[str, Server]
    settings: Settings
    tier: str
    experiment: str
    folder: Path
    missing: frozenset[str]
    report: Callable
    probes: dict | None = None
    ended: set[str] = field(default_factory=set)
    started: float = field(default_factory=time.time)
    _mark: float = field(default_factory=time.monotonic)

    def server(self, name: str) -> Server:
        try:
            server = self.servers[name]
        except KeyError:
            raise LabError(
                f"no server is called {name!r} in this fleet; there are: {', '.join(self.servers) or 'none'}"
            ) from None
        if name in self.ended:
            raise LabError(f"{name}: was ended earlier in this fleet; measure it before ctx.end({name!r})")
        if not server.alive():
            raise LabError(server.epitaph())
        return server

    def end(self, name: str) -> None:
        """End one server; what it wrote stays. LabError when there is none of that name, it is gone already, or a
        stranger listens on its port."""
        server = self.server(name)
        server.vouch()  # for what was measured on it; nobody can say later
        self.ended.add(name)
        server.stop()

    def death(self, patience_s: float = 5.0) -> str | None:
        """The line about a server that died unasked, that answers no more, or whose port a stranger shares; None if all
        is well with them. One that does not answer gets `patience_s` to be dead: its processes end one after another.
        """
        deadline = time.monotonic() + patience_s
        for name, server in self.servers.items():
            if name in self.ended or server.paused:
                continue
            while (waits := server.alive() and not server.healthy()) and time.monotonic() < deadline:
                time.sleep(0.1)
            if not server.alive():
                return server.epitaph()
            if line := server.stranger():
                return line
            if waits:
                return (
                    f"{name}: the server answers no more ({server.where()}); what is finished is kept, the same "
                    "command measures the rest"
                )
        return None

    def named(self, line: str) -> str:
        """A load's line about a port, with the server that has it and its log in the port's place."""
        for name, server in self.servers.items():
            line = line.replace(f"port {server.port}: ", f"{name} (log: {server.log}): ")
        return line

    def vouch(self, measured: object = None) -> None:
        """LabError when a stranger listens on the port of one of its servers, or the one that was `measured` is gone:
        what was measured may then be of another server. Those that were ended were looked at as they ended."""
        for name, server in self.servers.items():
            if name in self.ended:
                continue
            if server is measured:
                server.vouch()
            elif line := server.stranger():
                raise LabError(line)

    def wanted(self, *names: str) -> bool:
        return any(name in self.missing for name in names)

    def begin(self) -> None:
        self.started, self._mark = time.time(), time.monotonic()

    def elapsed(self) -> float:
        return time.monotonic() - self._mark

    def progress(self, done: float, total: float, text: str = "") -> None:
        self.report(done, total, text)
