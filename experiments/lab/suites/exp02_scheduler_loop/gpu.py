"""Experiment 02 on a GPU: the loop with and without overlap, a burst among decoders, and a pool that runs out.

Servers of the Qwen3-8B shape with both engines' defaults as the reference, each engine again with its scheduler in step
with the GPU, vLLM with a pool too small for its load; and the first four of SmolLM2-135M. What a card does not hold at
once is cut into fleets, and a result leaves its fleet only as a ratio to the same engine's default in it.
"""

import random
from collections.abc import Iterator

from experiments.lab.fleets.fleet import Context, Fleet
from experiments.lab.fleets.fleet_plan import group
from experiments.lab.host.config import seed
from experiments.lab.records.record_file import Draft
from experiments.lab.servers.server import Server
from experiments.lab.suites.common import sweep
from experiments.lab.suites.common.pace import Gaps
from experiments.lab.suites.common.parts import Part, Rounds, Stop, Tour, drafts
from experiments.lab.suites.common.plan import PLAN
from experiments.lab.suites.common.shape_servers import SHORT, small, spec, warm
from experiments.lab.suites.exp02_scheduler_loop import cpu, visits

SEED = seed(20261130)
# More than any load here takes. The references of 03 and 04 and the small servers of 07 are such servers, too.
KV_TOKENS, SMALL_TOKENS = PLAN.value("02 tokens", 24_576), PLAN.value("02 small tokens", 40_000)
TIGHT_TOKENS = PLAN.value("02 tight tokens", 6_144)
ROUNDS = 5
OFF = {"vllm": "--no-async-scheduling", "sglang": "--disable-overlap-schedule"}
REFERENCE = (spec("vllm", "vllm-default", KV_TOKENS, *SHORT), spec("sglang", "sglang-default", KV_TOKENS))
OTHERS = (
    spec("vllm", "vllm-sync", KV_TOKENS, *SHORT, OFF["vllm"]),
    spec("sglang", "sglang-sync", KV_TOKENS, OFF["sglang"]),
    spec("vllm", "vllm-tight", TIGHT_TOKENS, *SHORT),
)
SMALL = (
    small("vllm", "small-vllm-default", SMALL_TOKENS, *SHORT), small("sglang", "small-sglang-default", SMALL_TOKENS),
    small("vllm", "small-vllm-sync", SMALL_TOKENS, *SHORT, OFF["vllm"]),
    small("sglang", "small-sglang-sync", SMALL_TOKENS, OFF["sglang"]),
)
NAMES = tuple(server.name for server in REFERENCE)
PACED = {*NAMES, "vllm-sync", "sglang-sync", *(server.name for server in SMALL)}
# A pool, and how many requests the client lets run at once in it.
CAPS = {"roomy": ("vllm-default", None), "tight": ("vllm-tight", None), "capped": ("vllm-tight", visits.CAP)}


def parts(group: sweep.Group) -> list[Part]:
    """What is measured on the servers of a fleet, in order."""
    measured: list[Part] = [_pace(group)]
    if NAMES[0] in group.names:
        measured.append(_burst(group.fleet))
    if "vllm-tight" in group.names:
        measured.append(_tight())
    return measured


def after_s(name: str) -> float:
    return visits.PACE.small_after_s if name.startswith("small") else visits.PACE.after_s


def _pace(group: sweep.Group) -> Part:
    gaps = Gaps(after_s)

    def visit(tour: Tour, stop: Stop) -> None:
        visits.pace(stop.server, tour.bench, tour.prompts, stop.samples, gaps.of(stop.server))

    def before(tour: Tour, server: Server) -> None:  # batches of sizes not seen before
        gaps.fit(server, tour.bench, tour.prompts, visits.PACE)

    names = [name for name in group.names if name in PACED]
    again = [name for name in NAMES if group.first and name in names]
    return Rounds(
        {f"pace-{group.fleet}-{name}": name for name in names} | {f"again-{name}": name for name in again},
        "time per output token", ROUNDS, SEED,
        {"fleet": names, **visits.PACE.recorded(), "order": "servers in random order within each round"},
        visit, before=before, extra=_said,
    )


def _said(server: Server) -> dict:
    return {"says": visits.says_of_itself(server)}


def _burst(fleet: str) -> Part:
    def visit(tour: Tour, stop: Stop) -> None:
        visits.burst(stop.server, tour.bench, tour.prompts, stop.samples, stop.columns, stop.round)

    def before(tour: Tour, server: Server) -> None:  # a step of both kinds is a batch of a size not seen before
        tour.bench.run(server, visits.BURST.asks(tour.prompts))

    return Rounds({f"burst-{fleet}-{name}": name for name in NAMES}, "a burst among decoders", ROUNDS, SEED,
                  visits.BURST.recorded(), visit, before=before, columns=("round", "itl_us"), extra=_said)


def _tight() -> Part:
    def visit(tour: Tour, stop: Stop, cap: int | None) -> None:
        visits.tight(stop.server, tour.bench, tour.prompts, stop.samples, cap)

    return Rounds(
        {f"preempt-{what}": name for what, (name, _) in CAPS.items()}, "a pool that runs out", ROUNDS, SEED,
        visits.TIGHT.recorded(), visit, stops=[(f"preempt-{what}", cap) for what, (_, cap) in CAPS.items()],
        own={f"preempt-{what}": {"max_concurrency": cap, "arrival": "all at once"} for what, (_, cap) in CAPS.items()},
    )


def measure(ctx: Context, group: sweep.Group) -> Iterator[Draft]:
    def warm_up(tour: Tour, server: Server) -> None:
        warm(server, tour.rng, (2048,), clients=visits.PACE.concurrency[-1])

    prompts = sweep.prompts(SEED, group.number)
    return drafts(ctx, parts(group), random.Random(f"{SEED} {group.fleet}"), prompts, warm_up)


def fleets() -> list[Fleet]:
    card = sweep.card_gib()
    groups = sweep.joined(group(list(REFERENCE), list(OTHERS), card, sweep.RESERVE_GIB), SMALL, card)
    return [
        *sweep.fleets(groups, parts, measure, lambda group: 1.5 + 0.4 * len(group.names)),
        # What a call of `schedule` costs on this host's CPU, to set beside a step on its card.
        cpu.cost("cost-host", "vllm", 0.4),
    ]
