"""Experiment 05 on a GPU: what a prefix-cache hit saves, and what the cache costs where nothing hits.

Servers of the Qwen3-8B shape stand side by side, each engine with its cache on (its default) and off; one is measured
at a time, sides alternating within each round in an order drawn from the seed.
"""

import random

from .. import hosts
from ..bench import COMMAND, Bench
from ..client import shuffled
from ..fleet import Fleet
from ..records import Draft
from ..settings import seed
from ..traces import Prompts
from . import s05_visits as visits
from .gpu_servers import spec, warm
from .rows import Samples

SEED = seed(20261124)
KV_TOKENS = 80_000  # room for KV cache in each server
ROUNDS = {"hits": 6, "nohits": 5, "reuse": 5, "memory": 2, "neighbours": 5}
ENGINES = {
    "vllm": (spec("vllm", "vllm-on", KV_TOKENS), spec("vllm", "vllm-off", KV_TOKENS, "--no-enable-prefix-caching")),
    "sglang": (spec("sglang", "sglang-on", KV_TOKENS), spec("sglang", "sglang-off", KV_TOKENS, "--disable-radix-cache")),
}
CARD_GIB = 139.8  # where no card is to be asked, an H200


def _drafts(ctx, prefix: str, samples: dict, workload: dict, names=lambda server: server):
    """A draft a server from its samples."""
    for server, rows in samples.items():
        yield Draft(f"{prefix}-{names(server)}", {"seed": SEED, "load": COMMAND, **workload}, rows.rows(),
                    server=ctx.server(server))


def _engine(server: str) -> str:
    return server.partition("-")[0]


def _on(ctx) -> list:
    return [name for name in ctx.servers if name.endswith("-on")]


def _off(ctx) -> list:
    return [name for name in ctx.servers if name.endswith("-off")]


def _rounds(ctx, what: str, stops: list, rng, go) -> None:
    """`go(stop)` for every stop in every round, the stops of a round in random order."""
    for done in range(ROUNDS[what]):
        ctx.progress(done, ROUNDS[what], what)
        for stop in shuffled(rng, stops):
            go(stop)


def measure(ctx):
    rng, prompts = random.Random(SEED), Prompts(SEED % 1000)
    with Bench(ctx.settings, ctx.folder / "bench") as bench:
        for name in ctx.servers:
            ctx.progress(0, 0, f"warming up {name}")
            warm(ctx.server(name), rng, (4096, 512, 16384))
        for part in (_hits, _no_hits, _reuse, _memory, _neighbours):
            ctx.begin()
            yield from part(ctx, bench, prompts, rng)


def _hits(ctx, bench, prompts, rng):
    samples = {name: Samples() for name in _on(ctx)}
    _rounds(ctx, "hits", list(samples), rng,
            lambda name: visits.hits(ctx.server(name), bench, prompts, rng, samples[name]))
    yield from _drafts(ctx, "hits", samples, {
        "rounds": ROUNDS["hits"], "prompt_tokens": list(visits.SHARED),
        "shared_tokens": {str(n): list(s) for n, s in visits.SHARED.items()},
        "output_tokens": visits.HIT_OUT, "concurrency": 1,
        "order": "cold first, then the shares in random order; servers alternate in random order within a round",
    }, _engine)


def _no_hits(ctx, bench, prompts, rng):
    samples = {name: Samples() for name in ctx.servers}
    both = [*((name, side) for name in _on(ctx) for side in "ab"), *((name, "a") for name in _off(ctx))]
    _rounds(ctx, "nohits", both, rng,
            lambda visit: visits.no_hits(ctx.server(visit[0]), bench, prompts, samples[visit[0]], visit[1]))
    yield from _drafts(ctx, "nohits", samples, {"rounds": ROUNDS["nohits"], **visits.NO_HITS,
                                                "arrival": "all at once, no two prompts share a block"})


def _reuse(ctx, bench, prompts, rng):
    samples = {name: Samples() for name in ctx.servers}
    _rounds(ctx, "reuse", list(samples), rng,
            lambda name: visits.reuse(ctx.server(name), bench, prompts, samples[name]))
    yield from _drafts(ctx, "reuse", samples, {
        "rounds": ROUNDS["reuse"], **visits.REUSE,
        "arrival": "one request with the shared prefix first, not measured; then all at once",
    })


def _memory(ctx, bench, prompts, rng):
    samples = {name: Samples() for name in ctx.servers}
    each = [(name, n) for name in samples for n in ((1, 8, 64) if name.endswith("-on") else (1, 8))]
    _rounds(ctx, "memory", each, rng,
            lambda visit: visits.memory(ctx.server(visit[0]), bench, prompts, samples[visit[0]], visit[1]))
    yield from _drafts(ctx, "memory", samples, {"rounds": ROUNDS["memory"], **visits.MEMORY,
                                                "arrival": "the shared prefix alone first, then all at once"})


def _neighbours(ctx, bench, prompts, rng):
    """The same configuration with its neighbours idle, stopped by a signal, and, for the first, ended."""
    samples = {name: Samples() for name in _on(ctx)}
    first, *others = samples

    def go(visit):
        name, neighbours = visit
        with visits.stopped_beside(ctx, name, neighbours == "paused"):
            visits.single(ctx.server(name), bench, prompts, samples[name], neighbours)

    _rounds(ctx, "neighbours", [(name, how) for name in samples for how in ("idle", "paused")], rng, go)
    workload = {"rounds": ROUNDS["neighbours"], **visits.SINGLE, "concurrency": 1}
    yield from _drafts(ctx, "neighbours", {name: samples[name] for name in others}, workload, _engine)
    for name in [name for name in ctx.servers if name != first]:
        ctx.end(name)
    _rounds(ctx, "neighbours", [(first, "none")], rng, go)
    yield from _drafts(ctx, "neighbours", {first: samples[first]}, workload, _engine)


def fleets() -> list[Fleet]:
    """All four side by side where they fit; on a smaller card one fleet an engine, since what is compared is the same
    engine with its cache on and off."""
    card = hosts.gpu()
    room = (card["memory_bytes"] / 2**30 if card else CARD_GIB) - 3
    together = {"cache": tuple(server for both in zip(*ENGINES.values(), strict=True) for server in both)}
    fits = sum(server.memory_gib for server in together["cache"]) <= room
    return [_fleet(name, servers)
            for name, servers in (together if fits else {f"cache-{e}": s for e, s in ENGINES.items()}).items()]


def _fleet(name: str, servers: tuple) -> Fleet:
    names = [server.name for server in servers]
    produces = [f"{what}-{_engine(name)}" for what in ("hits", "neighbours") for name in names if name.endswith("-on")]
    produces += [f"{what}-{name}" for what in ("nohits", "reuse", "memory") for name in names]
    return Fleet(name, tuple(produces), measure, servers=servers, minutes=2.0 * len(servers), whole=True)
