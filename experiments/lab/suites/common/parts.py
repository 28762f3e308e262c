"""What a fleet of running servers measures, as a list of parts.

A part names its records and the server that each is of, so that what a fleet says it produces and what it yields come
from one list.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from experiments.lab.fleets.fleet import Context
from experiments.lab.load.load_trace import Prompts
from experiments.lab.load.samples import Samples
from experiments.lab.load.vllm_bench import COMMAND, Bench
from experiments.lab.records.record_file import Draft
from experiments.lab.servers.server import Server
from experiments.lab.suites.common.rounds import rounds


@dataclass(frozen=True)
class Tour:
    """What the visits of one fleet draw from and send with."""

    ctx: Context
    bench: Bench
    prompts: Prompts
    rng: random.Random


@dataclass(frozen=True)
class Stop:
    """One visit: its server, its round from 0, and where what it measures goes, which is one record's."""

    server: Server
    samples: Samples
    columns: dict[str, list]
    round: int


class Part(Protocol):
    """Some of a fleet's records, measured together."""

    @property
    def records(self) -> dict[str, str]:
        """{measurement: its server}, in the order in which `measure` yields them."""

    def measure(self, tour: Tour) -> Iterator[Draft]:
        """A draft for each of `records`."""


@dataclass(frozen=True)
class Rounds:
    """A part whose records are filled in rounds, and handed over after the last.

    `visit(tour, stop, *more)` is called for each of `stops`, (record, *more); without them every record is one.
    `before` goes once to every server first, and what it sends is not measured. `own` is what the workload of one
    record says besides. `also(server)` are samples, and `extra(server)` the record's extra, taken at the end.
    """

    records: dict[str, str]
    says: str
    rounds: int
    seed: int
    workload: dict[str, object]
    visit: Callable[..., None]
    stops: Sequence[tuple] = ()
    own: dict[str, dict[str, object]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    before: Callable[[Tour, Server], None] | None = None
    also: Callable[[Server], list] | None = None
    extra: Callable[[Server], dict] | None = None

    def measure(self, tour: Tour) -> Iterator[Draft]:
        ctx = tour.ctx
        samples = {record: Samples() for record in self.records}
        columns: dict[str, dict[str, list]] = {record: {name: [] for name in self.columns} for record in self.records}
        if self.before:
            for name in dict.fromkeys(self.records.values()):
                self.before(tour, ctx.server(name))
        stops = self.stops or [(record,) for record in self.records]
        for done, (record, *more) in rounds(ctx.progress, self.rounds, self.says, stops, tour.rng):
            self.visit(tour, Stop(ctx.server(self.records[record]), samples[record], columns[record], done), *more)
        for record, name in self.records.items():
            server = ctx.server(name)
            yield Draft(
                record,
                {"seed": self.seed, "load": COMMAND, "rounds": self.rounds} | self.workload | self.own.get(record, {}),
                [*samples[record].rows(), *(self.also(server) if self.also else ())],
                columns=columns[record] or None, server=server, extra=self.extra(server) if self.extra else None,
            )


def produces(parts: Iterable[Part]) -> tuple[str, ...]:
    """The records of the parts, for a fleet's `produces`."""
    return tuple(record for part in parts for record in part.records)


def drafts(ctx: Context, parts: Iterable[Part], rng: random.Random, prompts: Prompts,
           warm_up: Callable[[Tour, Server], None], cold: Iterable[Part] = ()) -> Iterator[Draft]:
    """The drafts of a fleet's parts, with `vllm bench serve` at hand. Before them every server is warmed up by
    `warm_up`; `cold` are the parts that come before that."""
    with Bench(ctx.settings, ctx.folder / "bench") as bench:  # it imports its tool while the cold parts are measured
        tour = Tour(ctx, bench, prompts, rng)
        yield from _measured(cold, tour)
        for name in ctx.servers:
            ctx.progress(0, 0, f"warming up {name}")
            warm_up(tour, ctx.server(name))
        yield from _measured(parts, tour)


def _measured(parts: Iterable[Part], tour: Tour) -> Iterator[Draft]:
    for part in parts:
        tour.ctx.begin()
        yield from part.measure(tour)
