"""Experiment 04 on a GPU: SGLang's tree under two orders of the queue, against no tree at all, and beside vLLM's hashes.

Servers of the Qwen3-8B shape stand side by side with a cache so small that the order of the queue matters; one is
measured at a time, in an order drawn anew for each round.
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
from ..workers import streams
from . import s04_cpu
from . import s04_visits as visits
from .gpu_servers import spec, warm
from .rows import Samples

SEED = seed(20261126)
KV_TOKENS = 24_576  # two thirds of what the prefixes of `visits.ORDER` take together
ROUNDS = {"order": 5, "noreuse": 12, "turns": 5, "streams": 2}
CARD_GIB = 139.8  # where no card is to be asked, an H200
LENGTH = 16_384  # vLLM starts only if its longest request fits the cache

REFERENCE = spec("sglang", "sglang-fcfs", KV_TOKENS)
OTHERS = (
    spec("sglang", "sglang-lpm", KV_TOKENS, "--schedule-policy", "lpm"),
    spec("sglang", "sglang-off", KV_TOKENS, "--disable-radix-cache"),
    spec("vllm", "vllm-default", KV_TOKENS, "--max-model-len", str(LENGTH)),
)
# What is measured on which server; every part goes through all of its own that the fleet has.
PARTS = {
    "order": ("sglang-fcfs", "sglang-lpm", "vllm-default"),
    "noreuse": ("sglang-fcfs", "sglang-off"),
    "turns": ("sglang-fcfs", "sglang-off"),
    "streams": ("sglang-fcfs", "vllm-default"),
}


def parts(names: list) -> dict:
    """{part: its servers in a fleet of `names`}; a part that compares needs the reference and another."""
    found = {part: [name for name in names if name in servers] for part, servers in PARTS.items()}
    return {part: servers for part, servers in found.items() if len(servers) > 1}


def _stops(part: str, names: list) -> list:
    """The visits of one round: (server, the rest of the visit's arguments)."""
    if part == "noreuse":  # the default against itself too: what two sides that are one differ by
        return [(name, side) for name in names for side in ("ab" if name == REFERENCE.name else "a")]
    if part == "turns":
        return [(name, answers) for name in names for answers in visits.ANSWERS]
    if part == "streams":
        return [(name, stream) for name in names for stream in streams.WORKLOAD]
    return [(name,) for name in names]


WORKLOADS = {
    "order": {**visits.ORDER, "arrival": "all at once, the groups mixed in an order of the seed"},
    "noreuse": {**visits.NO_REUSE, "arrival": "all at once, no two prompts share a block"},
    "turns": {**visits.TURNS, "answers": visits.ANSWERS, "load": "token_client.py",
              "arrival": "every conversation's next turn when the last one ended, with the answer that it got"},
    "streams": {**streams.WORKLOAD, "load": "token_client.py",
                "arrival": "few-shot and none all at once; a turn, or a branch, when what it goes on from ended"},
}


def measure(ctx, fleet: str):
    rng, prompts, names = random.Random(f"{SEED} {fleet}"), Prompts(SEED % 1000 * 10 + int(fleet[1:])), list(ctx.servers)
    with Bench(ctx.settings, ctx.folder / "bench") as bench:
        for name in names:
            ctx.progress(0, 0, f"warming up {name}")
            warm(ctx.server(name), rng, (2112, 512, 64), clients=16)
        for part, servers in parts(names).items():
            ctx.begin()
            samples = {name: Samples() for name in servers}
            for done in range(ROUNDS[part]):
                ctx.progress(done, ROUNDS[part], part)
                for name, *rest in shuffled(rng, _stops(part, servers)):
                    _visit(part, ctx.server(name), bench, prompts, rng, (fleet, done), samples[name], *rest)
            for name in servers:
                yield Draft(f"{part}-{fleet}-{name}", {
                    "seed": SEED, "load": COMMAND, "rounds": ROUNDS[part], "kv_tokens": KV_TOKENS, **WORKLOADS[part],
                }, samples[name].rows(), server=ctx.server(name))


def _visit(part, server, bench, prompts, rng, seed, samples, *rest) -> None:
    if part == "order":
        # The same mixture of the groups on every server of a round, in other prompts.
        visits.order(server, bench, prompts, random.Random(f"{SEED} {seed}"), samples)
    elif part == "noreuse":
        visits.no_reuse(server, bench, prompts, samples, *rest)
    elif part == "turns":
        visits.turns(server, f"{seed} {rest[0]} {server.spec.name}", samples, *rest)
    else:
        visits.stream(server, rest[0], f"{seed} {rest[0]}", random.Random(f"{SEED} {seed}"), samples)


def fleets() -> list[Fleet]:
    card = hosts.gpu()
    found = []
    for number, servers in enumerate(group([REFERENCE], list(OTHERS), card["memory_bytes"] / 2**30 if card else CARD_GIB), 1):
        fleet, names = f"f{number}", [server.name for server in servers]
        produces = [f"{part}-{fleet}-{name}" for part, some in parts(names).items() for name in some]
        found.append(Fleet(fleet, tuple(produces), functools.partial(measure, fleet=fleet), servers=tuple(servers),
                           minutes=2.4 + 0.6 * len(names), whole=True))
    return [*found, *s04_cpu.costs("host", sglang="sglang", vllm="vllm")]
