"""Experiment 01 on a GPU: the card's two rates, one request taken apart, both engines under load, and kernel times."""

import dataclasses
import random
from collections.abc import Iterator

from experiments.lab.fleets.fleet import Context, Fleet
from experiments.lab.host import interpreters
from experiments.lab.host.config import seed
from experiments.lab.host.run_worker import worker
from experiments.lab.load.samples import Samples
from experiments.lab.records.record_file import Draft, sample
from experiments.lab.servers.server_spec import ServerSpec
from experiments.lab.suites.common import shape_servers
from experiments.lab.suites.common.rounds import rounds
from experiments.lab.suites.exp01_request_lifecycle import cpu, stages, visits

SEED = seed(cpu.SEED)
SMALL, SHAPE = cpu.SMALL, "qwen3-8b-shape"
LENGTHS = [128, 1024, 4096]  # prompt tokens; the longest still fits one step of either engine's default budget
# Both engines get room for as many tokens of KV cache; the flags beyond that only make them fit side by side on a card.
KV_TOKENS = 80_000
ROUNDS, EACH = 8, 4
LOAD_ROUNDS, LOAD = 5, visits.Load(clients=128, each=2, prompt=224, output=128)
KERNEL_REQUESTS = 5


def _server(engine: str, model: str) -> ServerSpec:
    large = model == SHAPE
    make = shape_servers.spec if large else shape_servers.small
    fits = make(engine, f"{engine}-{'8b' if large else 'small'}", KV_TOKENS)
    # Counting for /metrics is work of the processes that are taken apart here.
    flags = tuple(flag for flag in fits.flags if flag != "--enable-metrics")
    probes = stages.VLLM_GPU if engine == "vllm" else stages.SGLANG_GPU
    return dataclasses.replace(fits, flags=flags, inject="stages", stages=tuple(probes))


SERVERS = tuple(_server(engine, model) for model in (SHAPE, SMALL) for engine in ("vllm", "sglang"))
# What is measured on each server, in the order that the rounds are shuffled from.
CONFIGURATIONS = {f"{engine}-{size}": f"{engine}-gpu" for size in ("small", "8b") for engine in ("vllm", "sglang")}
LOADS = {f"load-{name}": name for name in CONFIGURATIONS}
KERNELS = {f"kernels-{server.name}": server.name for server in SERVERS}


def measure_card(ctx: Context) -> Iterator[Draft]:
    """The two rates that floors are made of, on the card before any engine is on it."""
    ctx.begin()
    rates = worker(ctx.settings, "vllm", "card.py")
    yield Draft(
        "card", {"seed": 0, "matmul_side": rates["side"], "copy_bytes": rates["copy_bytes"]},
        [sample("matmul", "TFLOP/s", rates["matmul"]), sample("copy", "GB/s", rates["copy"])],
        engine=interpreters.engine("vllm", ctx.settings), command=["python", "experiments/lab/workers/card.py"],
        environment={},
    )


def measure(ctx: Context) -> Iterator[Draft]:
    """Both engines with both models side by side, one measured at a time, sides alternating within each round."""
    yield from cpu.one_request(ctx, CONFIGURATIONS, LENGTHS, ROUNDS, EACH, SEED)
    if ctx.wanted(*LOADS):
        yield from _under_load(ctx)
    if ctx.wanted(*KERNELS):  # last: nothing is timed in a process that had the profiler in it
        yield from _kernels(ctx)


def _under_load(ctx: Context) -> Iterator[Draft]:
    ctx.begin()
    rng, samples = random.Random(SEED + 1), {record: Samples() for record in LOADS}
    # Round 0 warms up: batch shapes seen for the first time.
    for done, (record, name) in rounds(ctx.progress, LOAD_ROUNDS + 1, "under load", LOADS.items(), rng):
        visits.load(ctx.server(name), CONFIGURATIONS[name], samples[record] if done else Samples(), rng, LOAD)
    workload = {"seed": SEED + 1, "rounds": LOAD_ROUNDS, **LOAD.recorded(),
                "arrival": "closed loops, one process a client"}
    for record, name in LOADS.items():
        yield Draft(record, workload, samples[record].rows(), server=ctx.server(name))


def _kernels(ctx: Context) -> Iterator[Draft]:
    """GPU time proper, from the profiler."""
    workload = {"seed": SEED + 2, "prompt_tokens": LENGTHS, "max_tokens": 4, "requests": KERNEL_REQUESTS,
                "concurrency": 1}
    for record, name in KERNELS.items():
        ctx.begin()
        ctx.progress(0, 0, f"kernel times of {name}")
        server = ctx.server(name)
        rows = visits.kernels(server, CONFIGURATIONS[name], LENGTHS, KERNEL_REQUESTS, SEED + 2)
        yield Draft(record, workload, rows, server=server)


def fleets() -> list[Fleet]:
    produced = (*cpu.records(CONFIGURATIONS), *LOADS, *KERNELS)
    return [
        Fleet("card", ("card",), measure_card, engines=("vllm",), minutes=0.3),
        # The profiler stays in the processes that it was in.
        Fleet("side-by-side", produced, measure, servers=SERVERS, minutes=5.5,
              ends=tuple(server.name for server in SERVERS)),
    ]
