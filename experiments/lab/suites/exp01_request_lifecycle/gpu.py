"""Experiment 01 on a GPU: the card's two rates, one request taken apart, both engines under load, kernel times, and one
request taken apart with a larger largest graph in vLLM and without graphs of prompts in SGLang."""

import dataclasses
import random
from collections.abc import Iterable, Iterator

from experiments.lab.fleets.fleet import Context, Fleet
from experiments.lab.host import interpreters
from experiments.lab.host.config import seed
from experiments.lab.host.run_worker import worker
from experiments.lab.load.samples import Samples
from experiments.lab.records.record_file import Draft, sample
from experiments.lab.servers.server_spec import ServerSpec
from experiments.lab.suites.common import shape_servers, sweep
from experiments.lab.suites.common.plan import PLAN
from experiments.lab.suites.common.rounds import rounds
from experiments.lab.suites.exp01_request_lifecycle import cpu, stages, visits

SEED = seed(cpu.SEED)
SMALL, SHAPE = cpu.SMALL, PLAN.model
LENGTHS = [128, 1024, 4096]  # prompt tokens; the longest still fits one step of either engine's default budget
# Both engines get room for as many tokens of KV cache; the flags beyond that only make them fit side by side on a card.
KV_TOKENS = PLAN.value("01 tokens", 80_000)
ROUNDS, EACH = 8, 4
LOAD_ROUNDS = 5
LOAD = PLAN.load("01 load", visits.Load(clients=128, each=2, prompt=224, output=128))
KERNEL_REQUESTS = 5


def _server(engine: str, model: str, end: str = "", *changed: str) -> ServerSpec:
    """A server of either model, with the flags `changed` and `end` behind its name."""
    large = model == SHAPE
    make = shape_servers.spec if large else shape_servers.small
    fits = make(engine, f"{engine}-{'8b' if large else 'small'}{end}", KV_TOKENS, *changed)
    # Counting for /metrics is work of the processes that are taken apart here.
    flags = tuple(flag for flag in fits.flags if flag != "--enable-metrics")
    probes = stages.VLLM_GPU if engine == "vllm" else stages.SGLANG_GPU
    return dataclasses.replace(fits, flags=flags, inject="stages", stages=tuple(probes))


SERVERS = tuple(_server(engine, model) for model in (SHAPE, SMALL) for engine in ("vllm", "sglang"))
# What is measured on each server, in the order that the rounds are shuffled from.
CONFIGURATIONS = {f"{engine}-{size}": f"{engine}-gpu" for size in ("small", "8b") for engine in ("vllm", "sglang")}
LOADS = {f"load-{name}": name for name in CONFIGURATIONS}
KERNELS = {f"kernels-{server.name}": server.name for server in SERVERS}
# Whether it is the graph that makes a launch short: vLLM's largest one raised to the middle length, so that the longest
# is still launched without, and SGLang's prefills without graphs, each beside the same engine's default.
RAISED, OFF = "-1024", "-prefill-eager"
GRAPH_SERVERS = (
    *(server for server in SERVERS if server.name != "sglang-8b"),
    *(_server("vllm", model, RAISED, "--max-cudagraph-capture-size", str(LENGTHS[1])) for model in (SHAPE, SMALL)),
    _server("sglang", SMALL, OFF, "--cuda-graph-backend-prefill", "disabled"),
)


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
    yield from cpu.one_request(ctx, _here(CONFIGURATIONS, ctx.servers), LENGTHS, ROUNDS, EACH, SEED)
    loads, kernels = _of(LOADS, ctx.servers), _of(KERNELS, ctx.servers)
    if ctx.wanted(*loads):
        yield from _under_load(ctx, loads)
    if ctx.wanted(*kernels):  # last: nothing is timed in a process that had the profiler in it
        yield from _kernels(ctx, kernels)


def measure_graphs(ctx: Context) -> Iterator[Draft]:
    """One request at a time, as in `measure`, on servers that differ in what they captured."""
    configurations = {name: f"{name.split('-')[0]}-gpu" for name in ctx.servers}
    yield from cpu.one_request(ctx, configurations, LENGTHS, ROUNDS, EACH, SEED + 3, "graphs")


def _here(configurations: dict[str, str], servers: Iterable[str]) -> dict[str, str]:
    return {name: configuration for name, configuration in configurations.items() if name in servers}


def _of(records: dict[str, str], servers: Iterable[str]) -> dict[str, str]:
    return {record: name for record, name in records.items() if name in servers}


def _under_load(ctx: Context, loads: dict[str, str]) -> Iterator[Draft]:
    ctx.begin()
    rng, samples = random.Random(SEED + 1), {record: Samples() for record in loads}
    # Round 0 warms up: batch shapes seen for the first time.
    for done, (record, name) in rounds(ctx.progress, LOAD_ROUNDS + 1, "under load", loads.items(), rng):
        visits.load(ctx.server(name), CONFIGURATIONS[name], samples[record] if done else Samples(), rng, LOAD)
    workload = {"seed": SEED + 1, "rounds": LOAD_ROUNDS, **LOAD.recorded(),
                "arrival": "closed loops, one process a client"}
    for record, name in loads.items():
        yield Draft(record, workload, samples[record].rows(), server=ctx.server(name))


def _kernels(ctx: Context, kernels: dict[str, str]) -> Iterator[Draft]:
    """GPU time proper, from the profiler."""
    workload = {"seed": SEED + 2, "prompt_tokens": LENGTHS, "max_tokens": 4, "requests": KERNEL_REQUESTS,
                "concurrency": 1}
    for record, name in kernels.items():
        ctx.begin()
        ctx.progress(0, 0, f"kernel times of {name}")
        server = ctx.server(name)
        rows = visits.kernels(server, CONFIGURATIONS[name], LENGTHS, KERNEL_REQUESTS, SEED + 2)
        yield Draft(record, workload, rows, server=server)


def groups() -> dict[str, tuple[ServerSpec, ...]]:
    """{end of a fleet's name: its servers}: all side by side where they fit, else the two of one model at a time."""
    if not PLAN.small or sweep.gib(SERVERS) + sweep.RESERVE_GIB <= sweep.card_gib():
        return {"": SERVERS}
    return {f"-{size}": tuple(server for server in SERVERS if server.name.endswith(size)) for size in ("8b", "small")}


def fleets() -> list[Fleet]:
    sweep.card_gib()  # refuses a card that is too small for every plan
    found = [Fleet("card", ("card",), measure_card, engines=("vllm",), minutes=0.3)]
    for end, servers in groups().items():
        names = [server.name for server in servers]
        produced = (*cpu.records(_here(CONFIGURATIONS, names)), *_of(LOADS, names), *_of(KERNELS, names))
        # The profiler stays in the processes that it was in.
        found.append(Fleet(f"side-by-side{end}", produced, measure, servers=servers, minutes=PLAN.minutes(5.5),
                           ends=tuple(names), **PLAN.fleet()))
    if PLAN.has("01 graphs"):
        produced = cpu.records({server.name: "" for server in GRAPH_SERVERS}, "graphs")
        found.append(Fleet("graphs", produced, measure_graphs, servers=GRAPH_SERVERS, minutes=PLAN.minutes(3.5),
                           whole=True, **PLAN.fleet()))
    return found
