"""Experiment 03: what one visit to one server measures. Loads come from `vllm bench serve`."""

import contextlib
import dataclasses
import threading
import time

from experiments.lab.load import engine_metrics
from experiments.lab.load.load_trace import Prompts
from experiments.lab.load.samples import Samples
from experiments.lab.load.vllm_bench import Bench
from experiments.lab.servers.server import Server
from experiments.lab.suites.common.loads import AtOnce
from experiments.lab.suites.common.plan import PLAN
from experiments.lab.suites.common.shape_servers import ITL, Metrics, kv_used, pool_blocks

SCALE = PLAN.value("03 scale", 1)
# Together its requests fill 45,056 slots, which the largest pool holds and no other.
LOAD = AtOnce(requests=128 // SCALE, prompt_tokens=256, output_tokens=96)
FIRST = dataclasses.replace(LOAD, output_tokens=8)
# All of these fit the pool together, so that none waits and what they hold is what they reserve.
HELD = AtOnce(requests=28 // SCALE, prompt_tokens=256, output_tokens=128)
# A reading costs the server's front end some milliseconds: few while throughput is measured, many while it is not.
LOAD_EVERY_S, HELD_EVERY_S = 0.1, 0.02


class Watch:
    """Reads a server's metrics every `every_s` seconds while it is open; `seen` are the readings, in order."""

    def __init__(self, server: Server, every_s: float):
        self.server, self.every_s = server, every_s
        self.seen: list[dict] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        while not self._done.wait(self.every_s):
            with contextlib.suppress(OSError):
                self.seen.append(engine_metrics.metrics(self.server.port))

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def most(self, gauge: str) -> float:
        return max((engine_metrics.total(reading, gauge) for reading in self.seen), default=0.0)


def load(server: Server, bench: Bench, prompts: Prompts, samples: Samples) -> None:
    """`LOAD`: everything at once. Adds, a value a visit, `throughput` (tok/s, prompts counted), `wall` (s), and by the
    engine's own metrics `running` and `waiting` (count, the most at once), `kv_used` (tokens, the most), `preemptions`
    and `steps` (count), and `itl` (ms, the mean between two tokens of an answer, a pre-emption's pause counted)."""
    metrics = Metrics(server)
    with Watch(server, LOAD_EVERY_S) as watch:
        run = bench.run(server, LOAD.asks(prompts))
    metrics.read()
    samples.add("throughput", "tok/s", run.throughput())
    samples.add("wall", "s", run.wall_s())
    samples.add("running", "count", watch.most("vllm:num_requests_running"))
    samples.add("waiting", "count", watch.most("vllm:num_requests_waiting"))
    samples.add("kv_used", "tokens", max((kv_used(server, reading) for reading in watch.seen), default=0.0))
    samples.add("preemptions", "count", metrics.counted("num_preemptions_total"))
    samples.add("steps", "count", metrics.counted("iteration_tokens_total_count"))
    samples.add("itl", "ms", metrics.mean_ms(ITL))


def pool_tokens(server: Server) -> int:
    """The tokens that the started server says its pool holds, the block that no request gets left out."""
    blocks, size = pool_blocks(engine_metrics.metrics(server.port))
    return (blocks - 1) * size


def held(server: Server, bench: Bench, prompts: Prompts, samples: Samples) -> None:
    """`HELD`: of the KV slots that the running requests hold, the share without a token, while all of them decode.

    Adds `reserved` and `written` (tokens, a value a reading): slots in the blocks in use by the engine's gauge, and the
    prompt and output tokens that its counters have seen, less the last of each request, which no step has computed that
    was counted. Both are of one reading. `readings` (count): how many each visit has of them.
    """
    before = engine_metrics.metrics(server.port)
    with Watch(server, HELD_EVERY_S) as watch:
        bench.run(server, HELD.asks(prompts))
    time.sleep(0.25)
    kept = 0
    for reading in watch.seen:
        counted = [engine_metrics.total(reading, name) - engine_metrics.total(before, name)
                   for name in ("vllm:prompt_tokens_total", "vllm:generation_tokens_total")]
        if counted[0] != HELD.requests * HELD.prompt_tokens:
            continue  # some prompt is not computed yet
        if engine_metrics.total(reading, "vllm:num_requests_running") == HELD.requests:
            samples.add("reserved", "tokens", kv_used(server, reading))
            samples.add("written", "tokens", sum(counted) - HELD.requests)
            kept += 1
    samples.add("readings", "count", kept)
