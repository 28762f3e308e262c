"""Experiment 02 on a GPU: the loop with and without overlap, a burst among decoders, and a pool that runs out.

Servers of the Qwen3-8B shape with both engines' defaults as the reference, each engine again with its scheduler in step
with the GPU, vLLM with a pool too small for its load; and the first four of SmolLM2-135M. What a card does not hold at
once is cut into fleets, and a result leaves its fleet only as a ratio to the same engine's default in it.
"""

import functools
import random

from .. import hosts
from ..bench import COMMAND, Bench
from ..client import shuffled
from ..fleet import Fleet
from ..grouping import group
from ..records import Draft
from ..settings import seed
from ..traces import Prompts
from . import s02_cpu
from . import s02_visits as visits
from .gpu_servers import small, spec, warm
from .rows import Samples

SEED = seed(20261130)
KV_TOKENS, TIGHT_TOKENS = 22_016, 6_144
ROUNDS = 5
CARD_GIB, RESERVE_GIB = 139.8, 3.0  # where no card is to be asked, the suite is planned for an H200
# vLLM refuses to start with room for fewer tokens than --max-model-len, and the shape's own length is longer.
LENGTH = ("--max-model-len", "4096")
OFF = {"vllm": "--no-async-scheduling", "sglang": "--disable-overlap-schedule"}
REFERENCE = (spec("vllm", "vllm-default", KV_TOKENS, *LENGTH), spec("sglang", "sglang-default", KV_TOKENS))
OTHERS = (
    spec("vllm", "vllm-sync", KV_TOKENS, *LENGTH, OFF["vllm"]),
    spec("sglang", "sglang-sync", KV_TOKENS, OFF["sglang"]),
    spec("vllm", "vllm-tight", TIGHT_TOKENS, *LENGTH),
)
SMALL = (
    small("vllm", "small-vllm-default", KV_TOKENS, *LENGTH), small("sglang", "small-sglang-default", KV_TOKENS),
    small("vllm", "small-vllm-sync", KV_TOKENS, *LENGTH, OFF["vllm"]),
    small("sglang", "small-sglang-sync", KV_TOKENS, OFF["sglang"]),
)
NAMES = tuple(each.name for each in REFERENCE)
PACED = {*NAMES, "vllm-sync", "sglang-sync", *(each.name for each in SMALL)}
# A pool, and how many requests the client lets run at once in it.
CAPS = {"roomy": ("vllm-default", None), "tight": ("vllm-tight", None), "capped": ("vllm-tight", visits.CAP)}


def measure(ctx, fleet: str, first: bool):
    rng, prompts = random.Random(f"{SEED} {fleet}"), Prompts(SEED % 1000 * 100 + sum(fleet.encode()))
    names = list(ctx.servers)
    with Bench(ctx.settings, ctx.folder / "bench") as bench:
        for name in names:
            ctx.progress(0, 0, f"warming up {name}")
            warm(ctx.server(name), rng, (2048,), clients=visits.PACE["concurrency"][-1])
        yield from _pace(ctx, bench, prompts, rng, fleet, [name for name in names if name in PACED], first)
        if NAMES[0] in names:
            yield from _burst(ctx, bench, prompts, rng, fleet)
        if "vllm-tight" in names:
            yield from _tight(ctx, bench, prompts, rng)


def _pace(ctx, bench, prompts, rng, fleet, names, first):
    ctx.begin()
    after = {name: visits.PACE["small_after_s" if name.startswith("small") else "after_s"] for name in names}
    stops = [(name, "pace") for name in names] + [(name, "again") for name in NAMES if first and name in names]
    samples = {stop: Samples() for stop in stops}
    for name in names:  # batches of sizes not seen before
        bench.run(ctx.server(name), visits.pace_asks(prompts, after[name]))
    for done in range(ROUNDS):
        ctx.progress(done, ROUNDS, "time per output token")
        for stop in shuffled(rng, stops):
            visits.pace(ctx.server(stop[0]), bench, prompts, samples[stop], after[stop[0]])
    workload = {"seed": SEED, "load": COMMAND, "rounds": ROUNDS, "fleet": names, **visits.PACE,
                "order": "servers in random order within each round"}
    for name, what in stops:
        label = f"again-{name}" if what == "again" else f"pace-{fleet}-{name}"
        yield Draft(label, workload, samples[name, what].rows(), server=ctx.server(name),
                    extra={"says": visits.says_of_itself(ctx.server(name))})


def _burst(ctx, bench, prompts, rng, fleet):
    ctx.begin()
    samples = {name: Samples() for name in NAMES}
    columns = {name: {"round": [], "itl_us": []} for name in NAMES}
    for name in NAMES:  # a step of both kinds is a batch of a size not seen before
        bench.run(ctx.server(name), visits.burst_asks(prompts, visits.BURST))
    for done in range(ROUNDS):
        ctx.progress(done, ROUNDS, "a burst among decoders")
        for name in shuffled(rng, NAMES):
            visits.burst(ctx.server(name), bench, prompts, samples[name], columns[name], done)
    for name in NAMES:
        yield Draft(f"burst-{fleet}-{name}", {"seed": SEED, "load": COMMAND, "rounds": ROUNDS, **visits.BURST},
                    samples[name].rows(), columns=columns[name], server=ctx.server(name),
                    extra={"says": visits.says_of_itself(ctx.server(name))})


def _tight(ctx, bench, prompts, rng):
    ctx.begin()
    samples = {what: Samples() for what in CAPS}
    for done in range(ROUNDS):
        ctx.progress(done, ROUNDS, "a pool that runs out")
        for what in shuffled(rng, list(CAPS)):
            name, cap = CAPS[what]
            visits.tight(ctx.server(name), bench, prompts, samples[what], cap)
    for what, (name, cap) in CAPS.items():
        yield Draft(f"preempt-{what}", {"seed": SEED, "load": COMMAND, "rounds": ROUNDS, **visits.TIGHT,
                                        "max_concurrency": cap, "arrival": "all at once"},
                    samples[what].rows(), server=ctx.server(name))


def _host():
    """What a call of `schedule` costs on this host's CPU, to set beside a step on its card."""
    go = functools.partial(s02_cpu.cost, measurement="cost-host", engine="vllm")
    return Fleet("cost", ("cost-host",), go, engines=("vllm",), minutes=0.6, timed=True)


def fleets() -> list[Fleet]:
    card = hosts.gpu()
    room = card["memory_bytes"] / 2**30 if card else CARD_GIB
    groups = group(list(REFERENCE), list(OTHERS), room, RESERVE_GIB)
    if sum(each.memory_gib for each in (*groups[0], *SMALL)) + RESERVE_GIB <= room:
        groups[0] += SMALL
    else:
        groups.append(list(SMALL))
    found = []
    for number, servers in enumerate(groups, 1):
        fleet, first = f"f{number}", number == 1
        names = [server.name for server in servers]
        produces = [f"pace-{fleet}-{name}" for name in names if name in PACED]
        if NAMES[0] in names:
            produces += [f"again-{name}" for name in NAMES if first] + [f"burst-{fleet}-{name}" for name in NAMES]
        produces += [f"preempt-{what}" for what in CAPS if "vllm-tight" in names]
        go = functools.partial(measure, fleet=fleet, first=first)
        found.append(Fleet(fleet, tuple(produces), go, servers=tuple(servers), minutes=2.0 + 0.4 * len(names), whole=True))
    return [*found, _host()]
