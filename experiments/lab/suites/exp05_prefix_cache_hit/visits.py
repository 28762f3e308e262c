"""Experiment 05: what one visit to one server measures. Loads come from `vllm bench serve`."""

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from experiments.lab.fleets.fleet import Context
from experiments.lab.load.load_trace import Ask, Prompts
from experiments.lab.load.samples import Samples
from experiments.lab.load.statistics import median
from experiments.lab.load.streaming_client import shuffled
from experiments.lab.load.vllm_bench import Bench
from experiments.lab.servers.server import Server
from experiments.lab.suites.common.loads import AtOnce
from experiments.lab.suites.common.plan import PLAN
from experiments.lab.suites.common.shape_servers import ITL, TTFT, Metrics, kv_used
from experiments.lab.suites.common.workload import Workload


@dataclass(frozen=True)
class Reuse(Workload):
    """So many requests at once that share the first `shared_tokens` of their prompts."""

    requests: int
    prompt_tokens: int
    shared_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Memory(Workload):
    """The same with several numbers of requests, one a visit, each with `own_tokens` behind what is shared."""

    requests: tuple[int, ...]
    shared_tokens: int
    own_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Singles(Workload):
    """So many requests that count, one at a time, 0.3 s apart, behind one that does not."""

    requests: int
    prompt_tokens: int
    output_tokens: int

    def asks(self, prompts: Prompts) -> list[Ask]:
        return [Ask(round(0.3 * number, 3), self.prompt_tokens, self.output_tokens, prompts.fresh(self.prompt_tokens))
                for number in range(self.requests + 1)]


# Prompt tokens: how many of its first tokens are cached. Whole blocks of 16; the last is the whole prompt.
SHARED = {4096: (0, 1024, 2048, 3072, 3680, 4096), 16384: (0, 4096, 8192, 12288, 14736, 16384)}
if not PLAN.value("05 long", True):
    del SHARED[16384]
HIT_OUT = 24
NO_HITS = PLAN.load("05 no hits", AtOnce(requests=64, prompt_tokens=1024, output_tokens=32))
REUSE = PLAN.load("05 reuse", Reuse(requests=32, prompt_tokens=4096, shared_tokens=3680, output_tokens=32))
MEMORY = PLAN.load("05 memory", Memory(requests=(1, 8, 64), shared_tokens=4096, own_tokens=64, output_tokens=160))
SINGLE = Singles(requests=4, prompt_tokens=512, output_tokens=24)


def hits(server: Server, bench: Bench, prompts: Prompts, rng: random.Random, samples: Samples) -> None:
    """A cold prompt of each length, then prompts that share more or less of it, one at a time.

    Adds for each request `ttft` and `tpot` (ms; labels prompt_tokens, cached_tokens), and for each length what the
    engine's own metrics say beside the client: `hit_tokens`, and the means of TTFT and ITL from both (ms).
    """
    for tokens, shared in SHARED.items():
        cold = prompts.fresh(tokens)
        asks: list[Ask] = []
        at = 0.0
        for cached in (0, *shuffled(rng, shared[1:])):
            chunks = prompts.behind(cold, cached, tokens) if cached else cold
            asks.append(Ask(round(at, 3), tokens, HIT_OUT, chunks, str(cached)))
            # The next request comes when this one is over and its blocks are freed, at the speed of an H200;
            # on a slower card it waits its turn at the client.
            at += 0.26 + 0.55 * (tokens - cached) / 16384
        metrics = Metrics(server)
        run = bench.run(server, asks, concurrency=1)
        metrics.read()
        for served in run.served:
            labels = {"prompt_tokens": tokens, "cached_tokens": served.ask.kind}
            samples.add("ttft", "ms", served.ttft_ms, **labels)
            samples.add("tpot", "ms", served.tpot_ms, **labels)
        gaps = [gap for served in run.served for gap in served.itl_ms]
        label = {"prompt_tokens": tokens}
        samples.add("hit_tokens", "tokens", metrics.hit_tokens(), **label)
        samples.add("ttft_client_mean", "ms", sum(served.ttft_ms for served in run.served) / len(run.served), **label)
        samples.add("ttft_engine_mean", "ms", metrics.mean_ms(TTFT), **label)
        samples.add("itl_client_mean", "ms", sum(gaps) / len(gaps), **label)
        samples.add("itl_engine_mean", "ms", metrics.mean_ms(ITL), **label)


def no_hits(server: Server, bench: Bench, prompts: Prompts, samples: Samples, side: str) -> None:
    """`NO_HITS`: everything at once and nothing shared. Adds `throughput` (tok/s) and the engine's `hit_tokens`."""
    metrics = Metrics(server)
    run = bench.run(server, NO_HITS.asks(prompts))
    samples.add("throughput", "tok/s", run.throughput(), side=side)
    samples.add("hit_tokens", "tokens", metrics.read().hit_tokens(), side=side)


def reuse(server: Server, bench: Bench, prompts: Prompts, samples: Samples) -> None:
    """`REUSE`: most of each prompt is shared. Adds `throughput` (tok/s), `ttft_median` (ms), `hit_tokens`."""
    tokens, shared, out = REUSE.prompt_tokens, REUSE.shared_tokens, REUSE.output_tokens
    first = prompts.fresh(tokens)
    bench.run(server, [Ask(0.0, tokens, 2, first)])
    metrics = Metrics(server)
    run = bench.run(server, [
        Ask(0.0, tokens, out, prompts.behind(first, shared, tokens)) for _ in range(REUSE.requests)
    ])
    samples.add("throughput", "tok/s", run.throughput())
    samples.add("ttft_median", "ms", median([served.ttft_ms for served in run.served]))
    samples.add("hit_tokens", "tokens", metrics.read().hit_tokens())


def memory(server: Server, bench: Bench, prompts: Prompts, samples: Samples, requests: int) -> None:
    """The most KV cache in use, by the engine's own gauge, while `requests` that share a prefix decode (`kv_used`,
    tokens). The gauge is read every 20 ms; SGLang renews it every 40 decode steps, hence the long outputs."""
    shared, tokens = MEMORY.shared_tokens, MEMORY.shared_tokens + MEMORY.own_tokens
    first = prompts.fresh(shared)
    seen, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.is_set():
            with contextlib.suppress(OSError):
                seen.append(kv_used(server))
            time.sleep(0.02)

    asks = [Ask(0.0, shared, 2, first), *(
        Ask(0.6, tokens, MEMORY.output_tokens, prompts.behind(first, shared, tokens)) for _ in range(requests)
    )]
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        bench.run(server, asks)
    finally:
        done.set()
        watcher.join()
    samples.add("kv_used", "tokens", max(seen), requests=requests)


def single(server: Server, bench: Bench, prompts: Prompts, samples: Samples, neighbours: str) -> None:
    """`SINGLE`: short cold prompts, one at a time. Adds the visit's median `ttft` and `tpot` (ms)."""
    run = bench.run(server, SINGLE.asks(prompts), concurrency=1)
    kept = run.served[1:]  # the first request after an idle spell meets cold caches of every kind
    for name in ("ttft", "tpot"):
        samples.add(name, "ms", median([getattr(served, f"{name}_ms") for served in kept]), neighbours=neighbours)


@contextlib.contextmanager
def stopped_beside(ctx: Context, name: str, paused: bool) -> Iterator[None]:
    """With `paused`, every server but `name` is stopped by a signal meanwhile: it keeps its memory and does nothing."""
    others = [server for other, server in ctx.servers.items() if other != name and server.alive()] if paused else []
    for server in others:
        server.pause()
    try:
        yield
    finally:
        for server in others:
            server.resume()
