"""Experiment 05 on a GPU: what a prefix-cache hit saves, and what the cache costs where nothing hits.

Four servers of the Qwen3-8B shape stand side by side, each engine with its cache on (its default) and off; one is
measured at a time, sides alternating within each round in an order drawn from the seed.
"""

import random

from ..bench import COMMAND, Bench
from ..client import shuffled
from ..fleet import Fleet
from ..records import Draft
from ..traces import Prompts
from . import s05_visits as visits
from .gpu_servers import spec, warm
from .rows import Samples

SEED = 20261124
KV_TOKENS = 80_000  # room for KV cache in each server
ROUNDS = {"hits": 6, "nohits": 5, "reuse": 5, "memory": 2, "neighbours": 5}
ON, OFF = ("vllm-on", "sglang-on"), ("vllm-off", "sglang-off")
SERVERS = (
    spec("vllm", "vllm-on", KV_TOKENS),
    spec("sglang", "sglang-on", KV_TOKENS),
    spec("vllm", "vllm-off", KV_TOKENS, "--no-enable-prefix-caching"),
    spec("sglang", "sglang-off", KV_TOKENS, "--disable-radix-cache"),
)


def _drafts(ctx, prefix: str, samples: dict, workload: dict, names=lambda server: server):
    """A draft a server from its samples."""
    for server, rows in samples.items():
        yield Draft(f"{prefix}-{names(server)}", {"seed": SEED, "load": COMMAND, **workload}, rows.rows(),
                    server=ctx.server(server))


def _engine(server: str) -> str:
    return server.partition("-")[0]


def _rounds(ctx, what: str, stops: list, rng, go) -> None:
    """`go(stop)` for every stop in every round, the stops of a round in random order."""
    for done in range(ROUNDS[what]):
        ctx.progress(done, ROUNDS[what], what)
        for stop in shuffled(rng, stops):
            go(stop)


def measure(ctx):
    rng, prompts = random.Random(SEED), Prompts(SEED % 1000)
    with Bench(ctx.settings, ctx.folder / "bench") as bench:
        ctx.begin()
        for name in (*ON, *OFF):
            ctx.progress(0, 0, f"warming up {name}")
            warm(ctx.server(name), rng, (4096, 512, 16384))
        yield from _hits(ctx, bench, prompts, rng)
        yield from _no_hits(ctx, bench, prompts, rng)
        yield from _reuse(ctx, bench, prompts, rng)
        yield from _memory(ctx, bench, prompts, rng)
        yield from _neighbours(ctx, bench, prompts, rng)


def _hits(ctx, bench, prompts, rng):
    ctx.begin()
    samples = {name: Samples() for name in ON}
    _rounds(ctx, "hits", list(ON), rng, lambda name: visits.hits(ctx.server(name), bench, prompts, rng, samples[name]))
    yield from _drafts(ctx, "hits", samples, {
        "rounds": ROUNDS["hits"], "prompt_tokens": list(visits.SHARED), "shared_tokens": {str(n): list(s) for n, s in visits.SHARED.items()},
        "output_tokens": visits.HIT_OUT, "concurrency": 1,
        "order": "cold first, then the shares in random order; servers alternate in random order within a round",
    }, _engine)


def _no_hits(ctx, bench, prompts, rng):
    ctx.begin()
    samples = {name: Samples() for name in (*ON, *OFF)}
    both = [*((name, side) for name in ON for side in "ab"), *((name, "a") for name in OFF)]
    _rounds(ctx, "nohits", both, rng,
            lambda visit: visits.no_hits(ctx.server(visit[0]), bench, prompts, samples[visit[0]], visit[1]))
    yield from _drafts(ctx, "nohits", samples, {"rounds": ROUNDS["nohits"], **visits.NO_HITS,
                                                "arrival": "all at once, no two prompts share a block"})


def _reuse(ctx, bench, prompts, rng):
    ctx.begin()
    samples = {name: Samples() for name in (*ON, *OFF)}
    _rounds(ctx, "reuse", [*ON, *OFF], rng, lambda name: visits.reuse(ctx.server(name), bench, prompts, samples[name]))
    yield from _drafts(ctx, "reuse", samples, {
        "rounds": ROUNDS["reuse"], **visits.REUSE,
        "arrival": "one request with the shared prefix first, not measured; then all at once",
    })


def _memory(ctx, bench, prompts, rng):
    ctx.begin()
    samples = {name: Samples() for name in (*ON, *OFF)}
    each = [(name, n) for name in samples for n in ((1, 8, 64) if name in ON else (1, 8))]
    _rounds(ctx, "memory", each, rng,
            lambda visit: visits.memory(ctx.server(visit[0]), bench, prompts, samples[visit[0]], visit[1]))
    yield from _drafts(ctx, "memory", samples, {"rounds": ROUNDS["memory"], **visits.MEMORY,
                                                "arrival": "the shared prefix alone first, then all at once"})


def _neighbours(ctx, bench, prompts, rng):
    """The same configuration with its neighbours idle, stopped by a signal, and, for vLLM, ended."""
    ctx.begin()
    samples = {name: Samples() for name in ON}

    def go(visit):
        name, neighbours = visit
        with visits.stopped_beside(ctx, name, neighbours == "paused"):
            visits.single(ctx.server(name), bench, prompts, samples[name], neighbours)

    _rounds(ctx, "neighbours", [(name, how) for name in ON for how in ("idle", "paused")], rng, go)
    workload = {"rounds": ROUNDS["neighbours"], **visits.SINGLE, "concurrency": 1}
    yield from _drafts(ctx, "neighbours", {"sglang-on": samples["sglang-on"]}, workload, _engine)
    for name in (*OFF, "sglang-on"):
        ctx.end(name)
    _rounds(ctx, "neighbours", [("vllm-on", "none")], rng,
            lambda visit: visits.single(ctx.server("vllm-on"), bench, prompts, samples["vllm-on"], "none"))
    yield from _drafts(ctx, "neighbours", {"vllm-on": samples["vllm-on"]}, workload, _engine)


def fleets() -> list[Fleet]:
    names = [spec.name for spec in SERVERS]
    produces = [*(f"hits-{engine}" for engine in ("vllm", "sglang"))]
    produces += [f"{what}-{name}" for what in ("nohits", "reuse", "memory") for name in names]
    produces += [f"neighbours-{engine}" for engine in ("vllm", "sglang")]
    return [Fleet("cache", tuple(produces), measure, servers=SERVERS, minutes=7, whole=True)]
