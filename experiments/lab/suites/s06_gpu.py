"""Experiment 06 on a GPU: the budget of a step swept in both engines, chunking off, and SGLang's mixed batches.

The sweep takes more servers than fit a card, so it is cut into fleets; each has both engines' defaults as its
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
from . import s06_visits as visits
from .gpu_servers import spec, warm
from .rows import Samples

SEED = seed(20261125)
KV_TOKENS = 33_000  # the decoders and two long prompts; six servers then fit an H200
ROUNDS, CAPACITY_ROUNDS = 5, 3
CARD_GIB = 139.8  # where no card is to be asked, the sweep is planned for an H200
BUDGETS = ((512, "off"), (1024, 2048), (4096, 16384))


def _vllm(name, *flags):
    # vLLM refuses to start with room for fewer tokens than --max-model-len, and the shape's own length is longer.
    return spec("vllm", f"vllm-{name}", KV_TOKENS, "--max-model-len", "16384", *flags)


def _vllm_with(budget):
    if budget == "off":
        return _vllm("off", "--no-enable-chunked-prefill")
    return _vllm(budget, "--max-num-batched-tokens", str(budget))


def _sglang_with(budget):
    size = "-1" if budget == "off" else str(budget)
    return spec("sglang", f"sglang-{budget}", KV_TOKENS, "--chunked-prefill-size", size)


REFERENCE = (_vllm("default"), spec("sglang", "sglang-default", KV_TOKENS))
OTHERS = (
    *(make(budget) for some in BUDGETS for make in (_vllm_with, _sglang_with) for budget in some),
    spec("sglang", "sglang-mixed-default", KV_TOKENS, "--enable-mixed-chunk"),
    spec("sglang", "sglang-mixed-2048", KV_TOKENS, "--enable-mixed-chunk", "--chunked-prefill-size", "2048"),
    # The other way in which decoders get their turn between two chunks: a decode batch after each prefill batch.
    spec("sglang", "sglang-2048-interval1", KV_TOKENS, "--chunked-prefill-size", "2048",
         "--prefill-decode-interval", "1"),
)
# Measured wherever they stand, at no fixed arrival: throughput with everything sent at once.
OFFLINE = {"vllm-default", "sglang-default", "vllm-512", "sglang-512", "vllm-off", "sglang-off"}
CAPACITY = {"vllm-512", "vllm-off"}
NAMES = tuple(each.name for each in REFERENCE)


def measure(ctx, fleet: str, first: bool, last: bool):
    rng, prompts = random.Random(f"{SEED} {fleet}"), Prompts(SEED % 1000 * 10 + int(fleet[1:]))
    names = list(ctx.servers)
    with Bench(ctx.settings, ctx.folder / "bench") as bench:
        for name in names:
            ctx.progress(0, 0, f"warming up {name}")
            warm(ctx.server(name), rng, (8192, 512), clients=visits.MIXED["decoders"])
        if first:
            yield from _defaults(ctx)
        yield from _mixed(ctx, bench, prompts, rng, fleet, names, last)
        if some := [name for name in names if name in OFFLINE and (first or name not in NAMES)]:
            yield from _offline(ctx, bench, prompts, rng, fleet, some)
        if some := [name for name in names if name in CAPACITY]:
            yield from _capacity(ctx, bench, prompts, rng, some)


def _defaults(ctx):
    """What each started reference says of its own budget; a server's own words, not ours."""
    for name in NAMES:
        ctx.begin()
        said = visits.says_of_itself(ctx.server(name))
        units = {True: "bool", False: "tokens"}
        yield Draft(f"default-{name.partition('-')[0]}", {"seed": None},
                    [sample(key, units[isinstance(value, bool)], [value]) for key, value in sorted(said.items())],
                    server=ctx.server(name), extra={"warnings": visits.warnings(ctx.server(name))})


def _mixed(ctx, bench, prompts, rng, fleet, names, last):
    ctx.begin()
    stops = [(name, "mixed") for name in names] + [(name, "again") for name in NAMES if last]
    samples = {stop: Samples() for stop in stops}
    columns = {stop: {"round": [], "itl_us": []} for stop in stops}
    for name in names:  # a step of both kinds is a batch of a size not seen before
        bench.run(ctx.server(name), visits.mixed_asks(prompts, visits.FIRST))
    for done in range(ROUNDS):
        ctx.progress(done, ROUNDS, "decoders and long prompts")
        for stop in shuffled(rng, stops):
            visits.mixed(ctx.server(stop[0]), bench, prompts, samples[stop], columns[stop], done)
    workload = {"seed": SEED, "load": COMMAND, "rounds": ROUNDS, "fleet": names, **visits.MIXED,
                "order": "servers in random order within each round"}
    for name, what in stops:
        label = f"again-{name}" if what == "again" else f"mixed-{fleet}-{name}"
        yield Draft(label, workload, samples[name, what].rows(), columns=columns[name, what], server=ctx.server(name),
                    extra={"says": visits.says_of_itself(ctx.server(name)), "warnings": visits.warnings(ctx.server(name))})


def _offline(ctx, bench, prompts, rng, fleet, names):
    ctx.begin()
    samples = {name: Samples() for name in names}
    for done in range(ROUNDS):
        ctx.progress(done, ROUNDS, "everything at once")
        for name in shuffled(rng, names):
            visits.offline(ctx.server(name), bench, prompts, samples[name])
    for name in names:
        yield Draft(f"offline-{fleet}-{name}", {"seed": SEED, "load": COMMAND, "rounds": ROUNDS, **visits.OFFLINE},
                    samples[name].rows(), server=ctx.server(name))


def _capacity(ctx, bench, prompts, rng, names):
    ctx.begin()
    samples = {name: Samples() for name in names}
    stops = [(name, rate) for name in names for rate in visits.CAPACITY["rates"]]
    for done in range(CAPACITY_ROUNDS):
        ctx.progress(done, CAPACITY_ROUNDS, "at a rate")
        for name, rate in shuffled(rng, stops):
            visits.capacity(ctx.server(name), bench, prompts, samples[name], rng, rate)
    for name in names:
        yield Draft(f"capacity-{name}", {"seed": SEED, "load": COMMAND, "rounds": CAPACITY_ROUNDS, **visits.CAPACITY},
                    samples[name].rows(), server=ctx.server(name))


def fleets() -> list[Fleet]:
    card = hosts.gpu()
    groups = group(list(REFERENCE), list(OTHERS), card["memory_bytes"] / 2**30 if card else CARD_GIB)
    found = []
    for number, servers in enumerate(groups, 1):
        fleet, first, last = f"f{number}", number == 1, number == len(groups)
        names = [server.name for server in servers]
        produces = [f"mixed-{fleet}-{name}" for name in names]
        produces += [f"offline-{fleet}-{name}" for name in names if name in OFFLINE and (first or name not in NAMES)]
        produces += [f"capacity-{name}" for name in names if name in CAPACITY]
        produces += [f"again-{name}" for name in NAMES if last] + ["default-vllm", "default-sglang"] * first
        go = functools.partial(measure, fleet=fleet, first=first, last=last)
        minutes = 2.0 + 0.4 * len(names) + 2.5 * first
        found.append(Fleet(fleet, tuple(produces), go, servers=tuple(servers), minutes=minutes, whole=True))
    return found
