"""Experiment 04 on a GPU: SGLang's tree under two orders of the queue, against no tree, and beside vLLM's hashes.

Servers of the Qwen3-8B shape stand side by side with a cache so small that the order of the queue matters; one is
measured at a time, in an order drawn anew for each round.
"""

import functools
import random
from collections.abc import Iterator

from experiments.lab.fleets.fleet import Context, Fleet
from experiments.lab.fleets.fleet_plan import group
from experiments.lab.host.config import seed
from experiments.lab.records.record_file import Draft
from experiments.lab.servers.server import Server
from experiments.lab.suites.common import sweep
from experiments.lab.suites.common.parts import Rounds, Stop, Tour, drafts
from experiments.lab.suites.common.plan import PLAN
from experiments.lab.suites.common.shape_servers import SHORT, spec, warm
from experiments.lab.suites.exp04_radix_cache import cpu, visits
from experiments.lab.workers.worker_kit import streams

SEED = seed(20261126)
KV_TOKENS = 24_576  # two thirds of what the prefixes of `visits.ORDER` take together
ROUNDS = {"order": 5, "noreuse": 12, "turns": 5, "streams": 2}

REFERENCE = spec("sglang", "sglang-fcfs", KV_TOKENS)
OTHERS = (
    spec("sglang", "sglang-lpm", KV_TOKENS, "--schedule-policy", "lpm"),
    spec("sglang", "sglang-off", KV_TOKENS, "--disable-radix-cache"),
    spec("vllm", "vllm-default", KV_TOKENS, *SHORT),
)
if PLAN.small:  # cut into fleets, those come first that `order` and `streams` set side by side
    OTHERS = (OTHERS[0], OTHERS[2], OTHERS[1])
# What is measured on which server; every part goes through all of its own that the fleet has.
PARTS = {
    "order": ("sglang-fcfs", "sglang-lpm", "vllm-default"),
    "noreuse": ("sglang-fcfs", "sglang-off"),
    "turns": ("sglang-fcfs", "sglang-off"),
    "streams": ("sglang-fcfs", "vllm-default"),
}


# "load" names the client by what its module was called when the first record was written: it is data, and not a path.
WORKLOADS: dict[str, dict[str, object]] = {
    "order": {**visits.ORDER.recorded(), "arrival": "all at once, the groups mixed in an order of the seed"},
    "noreuse": {**visits.NO_REUSE.recorded(), "arrival": "all at once, no two prompts share a block"},
    "turns": {**visits.TURNS.recorded(), "answers": visits.ANSWERS, "load": "token_client.py",
              "arrival": "every conversation's next turn when the last one ended, with the answer that it got"},
    "streams": {**streams.WORKLOAD, "load": "token_client.py",
                "arrival": "few-shot and none all at once; a turn, or a branch, when what it goes on from ended"},
}


def _stops(part: str, name: str) -> list[tuple]:
    """What is visited of a server in one round: the rest of a visit's arguments."""
    if part == "noreuse":  # the default against itself too: what two sides that are one differ by
        return [(side,) for side in ("ab" if name == REFERENCE.name else "a")]
    if part == "turns":
        return [(answers,) for answers in visits.ANSWERS]
    if part == "streams":
        return [(stream,) for stream in streams.WORKLOAD]
    return [()]


def parts(group: sweep.Group) -> list[Rounds]:
    """What is measured on the servers of a fleet, in order; a part that compares needs the reference and another."""
    measured = []
    for part, servers in PARTS.items():
        records = {f"{part}-{group.fleet}-{name}": name for name in group.names if name in servers}
        if len(records) > 1:
            measured.append(Rounds(
                records, part, ROUNDS[part], SEED, {"kv_tokens": KV_TOKENS, **WORKLOADS[part]},
                functools.partial(_visit, part, group.fleet),
                stops=[(record, *more) for record, name in records.items() for more in _stops(part, name)],
            ))
    return measured


def _visit(part: str, fleet: str, tour: Tour, stop: Stop, *more: str) -> None:
    drawn = f"{SEED} {(fleet, stop.round)}"  # what is drawn hangs on it: tokens of the token client, too
    if part == "order":
        # The same mixture of the groups on every server of a round, in other prompts.
        visits.order(stop.server, tour.bench, tour.prompts, random.Random(drawn), stop.samples)
    elif part == "noreuse":
        visits.no_reuse(stop.server, tour.bench, tour.prompts, stop.samples, *more)
    elif part == "turns":
        visits.turns(stop.server, f"{drawn} {more[0]} {stop.server.spec.name}", stop.samples, *more)
    else:
        visits.stream(stop.server, more[0], f"{drawn} {more[0]}", random.Random(drawn), stop.samples)


def measure(ctx: Context, group: sweep.Group) -> Iterator[Draft]:
    def warm_up(tour: Tour, server: Server) -> None:
        warm(server, tour.rng, (2112, 512, 64), clients=16)

    prompts = sweep.prompts(SEED, group.number)
    return drafts(ctx, parts(group), random.Random(f"{SEED} {group.fleet}"), prompts, warm_up)


def fleets() -> list[Fleet]:
    groups = group([REFERENCE], list(OTHERS), sweep.card_gib(), sweep.RESERVE_GIB)
    return [
        *sweep.fleets(groups, parts, measure, lambda group: 2.6 + 0.6 * len(group.names)),
        *cpu.costs("host", sglang="sglang", vllm="vllm"),
    ]
