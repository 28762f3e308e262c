"""Experiment 03 on a GPU: how much throughput a larger KV pool buys, and what binds when it buys no more.

Servers of the Qwen3-8B shape that differ in their KV pool alone, one with the largest pool and few places, and one with
larger blocks. On a card that does not hold them all they are cut into fleets, each with the largest pool as its
reference, and a result leaves its fleet only as a ratio to that.
"""

import random
from collections.abc import Iterator

from experiments.lab.fleets.fleet import Context, Fleet
from experiments.lab.fleets.fleet_plan import group
from experiments.lab.host.config import seed
from experiments.lab.records.record_file import Draft, sample
from experiments.lab.servers.server import Server
from experiments.lab.servers.server_spec import ServerSpec
from experiments.lab.suites.common import sweep
from experiments.lab.suites.common.parts import Part, Rounds, Stop, Tour, drafts
from experiments.lab.suites.common.plan import PLAN
from experiments.lab.suites.common.shape_servers import SHORT, spec, warm
from experiments.lab.suites.exp03_block_manager import cpu, visits

SEED = seed(20261127)
ROUNDS = 5
SCALE = PLAN.value("03 scale", 1)  # a pool keeps its name, which says its place among them
POOLS = {name: tokens // SCALE for name, tokens in (("6k", 6_144), ("12k", 12_288), ("24k", 24_576), ("48k", 49_152))}
SEQS = 32 // SCALE  # requests that may run at once in the server with few places


def _server(name: str, pool: str, *flags: str) -> ServerSpec:
    return spec("vllm", f"kv-{name}", POOLS[pool], *SHORT, *flags)


REFERENCE = _server("48k", "48k")
OTHERS = PLAN.kept((
    *(_server(pool, pool) for pool in ("6k", "12k", "24k")),
    _server("48k-seqs", "48k", "--max-num-seqs", str(SEQS)),
    _server("12k-block128", "12k", "--block-size", "128"),
))
HELD = ("kv-12k", "kv-12k-block128")


def parts(group: sweep.Group) -> list[Part]:
    """What is measured on the servers of a fleet, in order."""
    measured: list[Part] = [_pools(group)]
    if names := [name for name in group.names if name in HELD]:
        measured.append(_held(names))
    return measured


def _pools(group: sweep.Group) -> Part:
    def visit(tour: Tour, stop: Stop) -> None:
        visits.load(stop.server, tour.bench, tour.prompts, stop.samples)

    def pool(server: Server) -> list:
        return [sample("pool", "tokens", [visits.pool_tokens(server)])]

    again = {f"again-{REFERENCE.name}": REFERENCE.name} if group.last else {}
    return Rounds(
        {f"pool-{group.fleet}-{name}": name for name in group.names} | again,
        "the same load on every pool", ROUNDS, SEED,
        {"fleet": group.names, **visits.LOAD.recorded(), "arrival": "all at once, no two prompts share a block",
         "order": "servers in random order within each round"},
        visit, also=pool,
    )


def _held(names: list[str]) -> Part:
    def visit(tour: Tour, stop: Stop) -> None:
        visits.held(stop.server, tour.bench, tour.prompts, stop.samples)

    return Rounds({f"held-{name}": name for name in names}, "slots held and tokens written", ROUNDS, SEED,
                  {**visits.HELD.recorded(), "arrival": "all at once"}, visit)


def measure(ctx: Context, group: sweep.Group) -> Iterator[Draft]:
    def warm_up(tour: Tour, server: Server) -> None:
        warm(server, tour.rng, (2048,), clients=4)
        tour.bench.run(server, visits.FIRST.asks(tour.prompts))

    prompts = sweep.prompts(SEED, group.number)
    return drafts(ctx, parts(group), random.Random(f"{SEED} {group.fleet}"), prompts, warm_up)


def fleets() -> list[Fleet]:
    groups = group([REFERENCE], list(OTHERS), sweep.card_gib(), sweep.RESERVE_GIB)
    return [
        *sweep.fleets(groups, parts, measure, lambda group: 1.5 + 0.4 * len(group.names)),
        # What a block costs on this host's CPU, to set beside a step on its card.
        cpu.cost("cost-host", "vllm", 0.4),
    ]
