"""Experiment 05 on a GPU: what a prefix-cache hit saves, and what the cache costs where nothing hits.

Servers of the Qwen3-8B shape stand side by side, each engine with its cache on (its default) and off; one is measured
at a time, sides alternating within each round in an order drawn from the seed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from experiments.lab.fleets.fleet import Context, Fleet
from experiments.lab.host.config import seed
from experiments.lab.load.samples import Samples
from experiments.lab.load.vllm_bench import COMMAND
from experiments.lab.records.record_file import Draft
from experiments.lab.servers.server import Server
from experiments.lab.servers.server_spec import ServerSpec
from experiments.lab.suites.common import sweep
from experiments.lab.suites.common.parts import Part, Rounds, Stop, Tour, drafts, produces
from experiments.lab.suites.common.plan import PLAN
from experiments.lab.suites.common.rounds import rounds
from experiments.lab.suites.common.shape_servers import spec, warm
from experiments.lab.suites.exp05_prefix_cache_hit import visits

SEED = seed(20261124)
KV_TOKENS = PLAN.value("05 tokens", 80_000)  # room for KV cache in each server
ROUNDS = {"hits": 6, "nohits": 5, "reuse": 5, "memory": 2, "neighbours": 5}
ENGINES = {
    "vllm": (spec("vllm", "vllm-on", KV_TOKENS), spec("vllm", "vllm-off", KV_TOKENS, "--no-enable-prefix-caching")),
    "sglang": (spec("sglang", "sglang-on", KV_TOKENS),
               spec("sglang", "sglang-off", KV_TOKENS, "--disable-radix-cache")),
}


def _engine(server: str) -> str:
    return server.partition("-")[0]


def parts(names: list[str]) -> list[Part]:
    """What is measured on the servers of a fleet, in order."""
    on = [name for name in names if name.endswith("-on")]
    return [_hits(on), _no_hits(names), _reuse(names), _memory(names),
            Neighbours({f"neighbours-{_engine(name)}": name for name in on})]


def _hits(on: list[str]) -> Part:
    def visit(tour: Tour, stop: Stop) -> None:
        visits.hits(stop.server, tour.bench, tour.prompts, tour.rng, stop.samples)

    return Rounds({f"hits-{_engine(name)}": name for name in on}, "hits", ROUNDS["hits"], SEED, {
        "prompt_tokens": list(visits.SHARED),
        "shared_tokens": {str(tokens): list(shared) for tokens, shared in visits.SHARED.items()},
        "output_tokens": visits.HIT_OUT, "concurrency": 1,
        "order": "cold first, then the shares in random order; servers alternate in random order within a round",
    }, visit)


def _no_hits(names: list[str]) -> Part:
    def visit(tour: Tour, stop: Stop, side: str) -> None:
        visits.no_hits(stop.server, tour.bench, tour.prompts, stop.samples, side)

    sides = [*((name, side) for name in names if name.endswith("-on") for side in "ab"),
             *((name, "a") for name in names if name.endswith("-off"))]
    return Rounds({f"nohits-{name}": name for name in names}, "nohits", ROUNDS["nohits"], SEED,
                  {**visits.NO_HITS.recorded(), "arrival": "all at once, no two prompts share a block"}, visit,
                  stops=[(f"nohits-{name}", side) for name, side in sides])


def _reuse(names: list[str]) -> Part:
    def visit(tour: Tour, stop: Stop) -> None:
        visits.reuse(stop.server, tour.bench, tour.prompts, stop.samples)

    return Rounds({f"reuse-{name}": name for name in names}, "reuse", ROUNDS["reuse"], SEED, {
        **visits.REUSE.recorded(),
        "arrival": "one request with the shared prefix first, not measured; then all at once",
    }, visit)


def _memory(names: list[str]) -> Part:
    def visit(tour: Tour, stop: Stop, requests: int) -> None:
        visits.memory(stop.server, tour.bench, tour.prompts, stop.samples, requests)

    return Rounds({f"memory-{name}": name for name in names}, "memory", ROUNDS["memory"], SEED,
                  {**visits.MEMORY.recorded(), "arrival": "the shared prefix alone first, then all at once"}, visit,
                  stops=[(f"memory-{name}", requests) for name in names
                         for requests in ((1, 8, 64) if name.endswith("-on") else (1, 8))])


@dataclass(frozen=True)
class Neighbours:
    """The same configuration with its neighbours idle, stopped by a signal, and, for the first server, ended: its
    record is the last, since the others have theirs before they are ended."""

    servers: dict[str, str]  # {measurement: server}, the first server first

    @property
    def records(self) -> dict[str, str]:
        (record, first), *others = self.servers.items()
        return {**dict(others), record: first}

    def measure(self, tour: Tour) -> Iterator[Draft]:
        ctx, count = tour.ctx, ROUNDS["neighbours"]
        workload = {"seed": SEED, "load": COMMAND, "rounds": count, **visits.SINGLE.recorded(), "concurrency": 1}
        samples = {record: Samples() for record in self.servers}
        (record, first), *others = self.servers.items()

        def go(stops: list[tuple[str, str]]) -> None:
            for _, (stop, neighbours) in rounds(ctx.progress, count, "neighbours", stops, tour.rng):
                name = self.servers[stop]
                with visits.stopped_beside(ctx, name, neighbours == "paused"):
                    visits.single(ctx.server(name), tour.bench, tour.prompts, samples[stop], neighbours)

        go([(stop, how) for stop in self.servers for how in ("idle", "paused")])
        for other, name in others:
            yield Draft(other, workload, samples[other].rows(), server=ctx.server(name))
        for name in [name for name in ctx.servers if name != first]:
            ctx.end(name)
        go([(record, "none")])
        yield Draft(record, workload, samples[record].rows(), server=ctx.server(first))


def measure(ctx: Context) -> Iterator[Draft]:
    def warm_up(tour: Tour, server: Server) -> None:
        warm(server, tour.rng, (4096, 512, 16384))

    return drafts(ctx, parts(list(ctx.servers)), random.Random(SEED), sweep.prompts(SEED), warm_up)


def fleets() -> list[Fleet]:
    """All four side by side where they fit; on a smaller card one fleet an engine, since what is compared is the same
    engine with its cache on and off."""
    together = tuple(server for both in zip(*ENGINES.values(), strict=True) for server in both)
    if sweep.gib(together) <= sweep.card_gib() - sweep.RESERVE_GIB:
        return [_fleet("cache", together)]
    return [_fleet(f"cache-{engine}", servers) for engine, servers in ENGINES.items()]


def _fleet(name: str, servers: tuple[ServerSpec, ...]) -> Fleet:
    produced = produces(parts([server.name for server in servers]))
    # At its end one server is timed with nothing beside it: the others are ended before.
    return Fleet(name, produced, measure, servers=servers, minutes=PLAN.minutes(1.8 * len(servers)), whole=True,
                 alone=True, **PLAN.fleet(),
                 ends=tuple(server.name for server in servers))
