"""Experiment 06 on a GPU: the budget of a step swept in both engines, chunking off, and SGLang's mixed batches.

The sweep takes more servers than fit a card, so it is cut into fleets; each has both engines' defaults as its
reference, and a result leaves its fleet only as a ratio to that.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from experiments.lab.fleets.fleet import Context, Fleet
from experiments.lab.fleets.fleet_plan import group
from experiments.lab.host.config import seed
from experiments.lab.records.record_file import Draft, sample
from experiments.lab.servers.server import Server
from experiments.lab.servers.server_spec import ServerSpec
from experiments.lab.suites.common import sweep
from experiments.lab.suites.common.parts import Part, Rounds, Stop, Tour, drafts
from experiments.lab.suites.common.plan import PLAN
from experiments.lab.suites.common.shape_servers import spec, warm
from experiments.lab.suites.exp06_chunked_prefill import visits

SEED = seed(20261125)
KV_TOKENS = PLAN.value("06 tokens", 33_000)  # the decoders and two long prompts; six servers then fit an H200
ROUNDS, CAPACITY_ROUNDS = 5, 3
LENGTH = str(PLAN.value("06 length", 16384))
BUDGETS: tuple[tuple[int | str, ...], ...] = PLAN.value("06 budgets", ((512, "off"), (1024, 2048), (4096, 16384)))


def _vllm(name: str, *flags: str) -> ServerSpec:
    # vLLM refuses to start with room for fewer tokens than --max-model-len, and the shape's own length is longer.
    return spec("vllm", f"vllm-{name}", KV_TOKENS, "--max-model-len", LENGTH, *flags)


def _vllm_with(budget: int | str) -> ServerSpec:
    if budget == "off":
        return _vllm("off", "--no-enable-chunked-prefill")
    return _vllm(str(budget), "--max-num-batched-tokens", str(budget))


def _sglang_with(budget: int | str) -> ServerSpec:
    size = "-1" if budget == "off" else str(budget)
    return spec("sglang", f"sglang-{budget}", KV_TOKENS, "--chunked-prefill-size", size)


REFERENCE = (_vllm("default"), spec("sglang", "sglang-default", KV_TOKENS))
OTHERS = PLAN.kept((
    *(make(budget) for some in BUDGETS for make in (_vllm_with, _sglang_with) for budget in some),
    spec("sglang", "sglang-mixed-default", KV_TOKENS, "--enable-mixed-chunk"),
    spec("sglang", "sglang-mixed-2048", KV_TOKENS, "--enable-mixed-chunk", "--chunked-prefill-size", "2048"),
    # The other way in which decoders get their turn between two chunks: a decode batch after each prefill batch.
    spec("sglang", "sglang-2048-interval1", KV_TOKENS, "--chunked-prefill-size", "2048",
         "--prefill-decode-interval", "1"),
))
# Measured wherever they stand, at no fixed arrival: throughput with everything sent at once.
OFFLINE = {"vllm-default", "sglang-default", "vllm-512", "sglang-512", "vllm-off", "sglang-off"}
CAPACITY = {"vllm-512", "vllm-off"} if PLAN.has("06 capacity") else set()
NAMES = tuple(server.name for server in REFERENCE)


def parts(group: sweep.Group) -> list[Part]:
    """What is measured on the servers of a fleet, in order."""
    measured: list[Part] = [Defaults(name) for name in NAMES if group.first]
    measured.append(_mixed(group))
    offline = [name for name in group.names if name in OFFLINE]
    if {*offline} - {*NAMES}:  # each beside the defaults of its own fleet
        measured.append(_offline(group.fleet, offline))
    if names := [name for name in group.names if name in CAPACITY]:
        measured.append(_capacity(names))
    return measured


@dataclass(frozen=True)
class Defaults:
    """What a started reference says of its own budget; a server's own words, not ours."""

    server: str

    @property
    def records(self) -> dict[str, str]:
        return {f"default-{self.server.partition('-')[0]}": self.server}

    def measure(self, tour: Tour) -> Iterator[Draft]:
        server, units = tour.ctx.server(self.server), {True: "bool", False: "tokens"}
        said = visits.says_of_itself(server)
        for record in self.records:
            yield Draft(record, {"seed": None},
                        [sample(key, units[isinstance(value, bool)], [value]) for key, value in sorted(said.items())],
                        server=server, extra={"warnings": visits.warnings(server)})


def _mixed(group: sweep.Group) -> Part:
    def visit(tour: Tour, stop: Stop) -> None:
        visits.mixed(stop.server, tour.bench, tour.prompts, stop.samples, stop.columns, stop.round)

    def before(tour: Tour, server: Server) -> None:  # a step of both kinds is a batch of a size not seen before
        tour.bench.run(server, visits.FIRST.asks(tour.prompts))

    def extra(server: Server) -> dict:
        return {"says": visits.says_of_itself(server), "warnings": visits.warnings(server)}

    again = {f"again-{name}": name for name in NAMES if group.last}
    return Rounds(
        {f"mixed-{group.fleet}-{name}": name for name in group.names} | again,
        "decoders and long prompts", ROUNDS, SEED,
        {"fleet": group.names, **visits.MIXED.recorded(), "order": "servers in random order within each round"},
        visit, before=before, columns=("round", "itl_us"), extra=extra,
    )


def _offline(fleet: str, names: list[str]) -> Part:
    def visit(tour: Tour, stop: Stop) -> None:
        visits.offline(stop.server, tour.bench, tour.prompts, stop.samples)

    return Rounds({f"offline-{fleet}-{name}": name for name in names}, "everything at once", ROUNDS, SEED,
                  visits.OFFLINE.recorded(), visit)


def _capacity(names: list[str]) -> Part:
    def visit(tour: Tour, stop: Stop, rate: int) -> None:
        visits.capacity(stop.server, tour.bench, tour.prompts, stop.samples, tour.rng, rate)

    return Rounds({f"capacity-{name}": name for name in names}, "at a rate", CAPACITY_ROUNDS, SEED,
                  visits.CAPACITY.recorded(), visit,
                  stops=[(f"capacity-{name}", rate) for name in names for rate in visits.CAPACITY.rates])


def measure(ctx: Context, group: sweep.Group) -> Iterator[Draft]:
    def warm_up(tour: Tour, server: Server) -> None:
        warm(server, tour.rng, (visits.MIXED.prompt_tokens, 512), clients=visits.MIXED.decoders)

    prompts = sweep.prompts(SEED, group.number)
    return drafts(ctx, parts(group), random.Random(f"{SEED} {group.fleet}"), prompts, warm_up)


def fleets() -> list[Fleet]:
    groups = group(list(REFERENCE), list(OTHERS), sweep.card_gib(), sweep.RESERVE_GIB)
    return sweep.fleets(groups, parts, measure, lambda group: 1.1 + 0.4 * len(group.names) + (1.7 if CAPACITY else 0.8) * group.first)
