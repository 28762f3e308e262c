"""What a suite hands to the runner: fleets, the unit that is measured whole or again.

A suite is a module `experiments/lab/suites/sNN.py` with `fleets(tier) -> list[Fleet]`, tier "gpu" or "cpu".
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .errors import LabError


@dataclass(frozen=True)
class Fleet:
    """Servers that run side by side, and what is measured on them.

    `measure(ctx)` is a generator of records.Draft; each is written when it is yielded and kept if a later one fails.
    `produces` are the measurement names it yields, all of them; `servers` may be empty for a measurement that drives
    classes itself; `engines` are then the engines it needs. `one_by_one`: the next server starts when the one
    before it is healthy, so that engines that size their memory by what is free do not race for it.
    """

    name: str
    produces: tuple
    measure: Callable
    servers: tuple = ()
    minutes: float = 2.0
    one_by_one: bool = False
    engines: tuple = ()

    def needs(self) -> tuple:
        """Names of the engines whose interpreters it needs."""
        return tuple(dict.fromkeys([*self.engines, *(spec.engine for spec in self.servers)]))


@dataclass
class Context:
    """What `measure` works with.

    `servers` by name, `settings`, `tier`, `experiment`; `folder` a scratch folder of this fleet; `progress(done,
    total, text)` says how far it is; `wanted(*names)` whether any of these records is still to be made (a group that is
    not wanted may be skipped whole, never in part); `begin()` starts the clock of the next drafts' wall time;
    `probes` are the card's rates of this run, as the records carry them (None without a GPU).
    """

    servers: dict
    settings: object
    tier: str
    experiment: str
    folder: object
    missing: frozenset
    report: Callable
    probes: dict | None = None
    started: float = field(default_factory=time.time)
    _mark: float = field(default_factory=time.monotonic)

    def server(self, name: str):
        try:
            server = self.servers[name]
        except KeyError:
            raise LabError(
                f"no server is called {name!r} in this fleet; there are: {', '.join(self.servers) or 'none'}"
            ) from None
        if not server.alive():
            raise LabError(f"{name}: the server died while it was measured: {server.cause()} (log: {server.log})")
        return server

    def wanted(self, *names: str) -> bool:
        return any(name in self.missing for name in names)

    def begin(self) -> None:
        self.started, self._mark = time.time(), time.monotonic()

    def elapsed(self) -> float:
        return time.monotonic() - self._mark

    def progress(self, done: float, total: float, text: str = "") -> None:
        self.report(done, total, text)
