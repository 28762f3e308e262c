"""Experiment 03 on a GPU: how much throughput a larger KV pool buys, and what binds when it buys no more.

Servers of the Qwen3-8B shape that differ in their KV pool alone, one with the largest pool and few places, and one with
larger blocks. On a card that does not hold them all they are cut into fleets, each with the largest pool as its
reference, and a result leaves its fleet only as a ratio to that.
"""

import functools
import random

from .. import hosts
from ..bench import COMMAND, Bench
from ..client import shuffled
from ..fleet import Fleet
from ..grouping import group
from ..records import Draft, sample
from ..settings import seed
from ..traces import Prompts
from . import s03_cpu
from . import s03_visits as visits
from .gpu_servers import spec, warm
from .rows import Samples

SEED = seed(20261127)
ROUNDS = 5
CARD_GIB = 139.8  # where no card is to be asked, the sweep is planned for an H200
POOLS = {"6k": 6_144, "12k": 12_288, "24k": 24_576, "48k": 49_152}  # tokens
SEQS = 32  # requests that may run at once in the server with few places


def _server(name, pool, *flags):
    # vLLM refuses to start with room for fewer tokens than --max-model-len, and the shape's own length is longer.
    return spec("vllm", f"kv-{name}", POOLS[pool], "--max-model-len", "4096", *flags)


REFERENCE = _server("48k", "48k")
OTHERS = (
    *(_server(pool, pool) for pool in ("6k", "12k", "24k")),
    _server("48k-seqs", "48k", "--max-num-seqs", str(SEQS)),
    _server("12k-block128", "12k", "--block-size", "128"),
)
HELD = ("kv-12k", "kv-12k-block128")


def measure(ctx, fleet: str, last: bool):
    rng, prompts = random.Random(f"{SEED} {fleet}"), Prompts(SEED % 1000 * 10 + int(fleet[1:]))
    names = list(ctx.servers)
    with Bench(ctx.settings, ctx.folder / "bench") as bench:
        for name in names:
            ctx.progress(0, 0, f"warming up {name}")
            warm(ctx.server(name), rng, (2048,), clients=4)
            bench.run(ctx.server(name), visits.asks(prompts, visits.FIRST))
        yield from _pools(ctx, bench, prompts, rng, fleet, names, last)
        if some := [name for name in names if name in HELD]:
            yield from _held(ctx, bench, prompts, rng, some)


def _pools(ctx, bench, prompts, rng, fleet, names, last):
    ctx.begin()
    stops = [(name, "pool") for name in names] + [(REFERENCE.name, "again")] * last
    samples = {stop: Samples() for stop in stops}
    for done in range(ROUNDS):
        ctx.progress(done, ROUNDS, "the same load on every pool")
        for stop in shuffled(rng, stops):
            visits.load(ctx.server(stop[0]), bench, prompts, samples[stop])
    workload = {"seed": SEED, "load": COMMAND, "rounds": ROUNDS, "fleet": names, **visits.LOAD,
                "arrival": "all at once, no two prompts share a block",
                "order": "servers in random order within each round"}
    for name, what in stops:
        label = f"again-{name}" if what == "again" else f"pool-{fleet}-{name}"
        rows = [*samples[name, what].rows(), sample("pool", "tokens", [visits.pool_tokens(ctx.server(name))])]
        yield Draft(label, workload, rows, server=ctx.server(name))


def _held(ctx, bench, prompts, rng, names):
    ctx.begin()
    samples = {name: Samples() for name in names}
    for done in range(ROUNDS):
        ctx.progress(done, ROUNDS, "slots held and tokens written")
        for name in shuffled(rng, names):
            visits.held(ctx.server(name), bench, prompts, samples[name])
    for name in names:
        yield Draft(f"held-{name}", {"seed": SEED, "load": COMMAND, "rounds": ROUNDS, **visits.HELD,
                                     "arrival": "all at once"}, samples[name].rows(), server=ctx.server(name))


def _host():
    """What a block costs on this host's CPU, to set beside a step on its card."""
    go = functools.partial(s03_cpu.cost, measurement="cost-host", engine="vllm")
    return Fleet("cost", ("cost-host",), go, engines=("vllm",), minutes=0.5, timed=True)


def fleets() -> list[Fleet]:
    card = hosts.gpu()
    groups = group([REFERENCE], list(OTHERS), card["memory_bytes"] / 2**30 if card else CARD_GIB)
    found = []
    for number, servers in enumerate(groups, 1):
        fleet, last = f"f{number}", number == len(groups)
        names = [server.name for server in servers]
        produces = [f"pool-{fleet}-{name}" for name in names]
        produces += [f"held-{name}" for name in names if name in HELD] + [f"again-{REFERENCE.name}"] * last
        go = functools.partial(measure, fleet=fleet, last=last)
        found.append(Fleet(fleet, tuple(produces), go, servers=tuple(servers), minutes=1.6 + 0.4 * len(names), whole=True))
    return [*found, _host()]
