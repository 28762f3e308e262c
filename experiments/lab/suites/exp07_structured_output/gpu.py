"""Experiment 07 on a GPU: output with and without a schema, and, for the page of famous numbers, what CUDA graphs and
compilation are worth.

Servers of the Qwen3-8B shape with both engines' defaults, with llguidance in place of xgrammar, and with less or more
of graphs and compilation; and SmolLM2-135M on both engines, which also writes what is checked for validity. One is
measured at a time, in random order within each round. Last, with no server up, the masks on this host, by the workers
of the CPU tier.
"""

import functools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from experiments.lab.fleets.fleet import Context, Fleet
from experiments.lab.fleets.fleet_plan import group
from experiments.lab.host.config import seed
from experiments.lab.records.record_file import Draft
from experiments.lab.servers.server import Server
from experiments.lab.suites.common import shape_servers, sweep
from experiments.lab.suites.common.loads import Stages
from experiments.lab.suites.common.pace import Gaps
from experiments.lab.suites.common.parts import Rounds, Stop, Tour, drafts
from experiments.lab.suites.common.plan import PLAN
from experiments.lab.suites.common.shape_servers import SHORT, small
from experiments.lab.suites.exp07_structured_output import cpu, visits

SEED = seed(20261207)
KV_TOKENS = PLAN.value("07 tokens", 12_288)  # room for 128 requests of 64 tokens, and some
SMALL_TOKENS = 40_000
ROUNDS = 5
# Of the shape whose tokenizer fills the vocabulary: xgrammar's masks are dearer where it does not.
spec = functools.partial(shape_servers.spec, model=PLAN.vocab_model)
REFERENCE = (spec("vllm", "vllm-default", KV_TOKENS, *SHORT), spec("sglang", "sglang-default", KV_TOKENS))
GRAPHS = PLAN.kept((
    spec("vllm", "vllm-eager", KV_TOKENS, *SHORT, "--enforce-eager"),
    spec("sglang", "sglang-nograph", KV_TOKENS, "--disable-cuda-graph"),
    spec("vllm", "vllm-nograph", KV_TOKENS, *SHORT, "--compilation-config", '{"cudagraph_mode": "NONE"}'),
    spec("vllm", "vllm-piecewise", KV_TOKENS, *SHORT, "--compilation-config", '{"cudagraph_mode": "PIECEWISE"}'),
))
LIBRARIES = PLAN.kept((
    spec("vllm", "vllm-guidance", KV_TOKENS, *SHORT, "--structured-outputs-config", '{"backend": "guidance"}'),
    spec("sglang", "sglang-llguidance", KV_TOKENS, "--grammar-backend", "llguidance"),
))
# One batch size alone is compiled: each takes SGLang minutes, since it tries kernels on the card; the others wait beside
# it.
COMPILED = (spec("sglang", "sglang-compile", KV_TOKENS, "--enable-torch-compile", "--torch-compile-max-bs", "1"),)
SMALL = (small("vllm", "small-vllm", SMALL_TOKENS, *SHORT), small("sglang", "small-sglang", SMALL_TOKENS))
NAMES = tuple(server.name for server in REFERENCE)
VARIED = tuple(server.name for server in (*GRAPHS, *COMPILED))
ARMS = ("none", "flat")
# The masks on the card's host, whose rounds are as many as on any other. Left out is what the claims about that host do
# not ask: Outlines, whose largest schema takes 14 s to compile each time, and two of the five schemas; together these
# took over half of the five minutes. One engine is timed after the other: xgrammar compiles on eight threads, so that a
# core for each would slow what is measured, and two of them at once on all cores would disturb each other.
HOST_SCHEMAS = ("flat", "enums", "openapi")
HOST_LEAVES = ("outlines",)
HOST_MINUTES = {"vllm": 1.8, "sglang": 0.8}


def after_s(name: str) -> float:
    return visits.AFTER_S["small" if name.startswith("small") else "big" if name in NAMES else "slow"]


def paces(names: list[str]) -> bool:
    """Whether a fleet measures schemas: where torch.compile's server stands alone with the references, as it does on a
    card that holds no more, nothing would be new."""
    return not {*names} <= {*NAMES, *(server.name for server in COMPILED)}


def _arms(name: str) -> tuple[str, ...]:
    return ARMS[:1] if name in VARIED else ARMS


def _body(arm: str, cases: dict[str, dict]) -> dict | None:
    """What a request of this arm says besides: nothing, or that it is held to the schema of that name."""
    return None if arm in ("none", "again") else visits.response_format(cases[arm]["schema"])


@dataclass(frozen=True)
class Answers:
    """Two hundred answers of one server, free and held to a schema."""

    server: str
    cases: dict[str, dict]

    @property
    def records(self) -> dict[str, str]:
        return {f"answers-{held}-{self.server}": self.server for held in ("free", "held")}

    def measure(self, tour: Tour) -> Iterator[Draft]:
        ctx, case = tour.ctx, self.cases["flat"]
        for record, held in zip(self.records, ("free", "held"), strict=True):
            ctx.progress(0, 0, f"two hundred answers, {held}, {self.server}")
            answers = visits.answers(ctx.server(self.server), case, held == "held")
            workload = {"seed": None, "questions": len(answers), **visits.ASKED, "at_once": visits.AT_ONCE,
                        "schema": "flat" if held == "held" else None, "shown": case["document"]}
            columns = {key: [answer[key] for answer in answers] for key in ("kind", "text", "finish", "tokens")}
            yield Draft(record, workload, server=ctx.server(self.server), columns=columns)


def cold_parts(group: sweep.Group, cases: dict[str, dict]) -> list[Answers]:
    """What comes before the warm-up, in order."""
    return [Answers(name, cases) for name in group.names if name.startswith("small")]


def parts(group: sweep.Group, cases: dict[str, dict], gaps: Gaps) -> list[Rounds]:
    """What every server takes without a schema and these with one, in order."""
    names, measured = group.names, []
    if paces(names):
        # In the first fleet the same again, under another name: an interval of it against itself must hold 1.
        stops = [(name, arm) for name in names if name not in VARIED for arm in ARMS]
        stops += [(name, "again") for name in NAMES if group.first and name in names]
        measured.append(_paced("pace", group.fleet, stops, visits.STAGES, cases, gaps))
    if any(name in VARIED for name in names):
        stops = [(name, "none") for name in names if name in (*NAMES, *VARIED)]
        measured.append(_paced("graphs", group.fleet, stops, visits.FEW, cases, gaps))
    return measured


def _paced(prefix: str, fleet: str, stops: list[tuple[str, str]], stages: Stages, cases: dict[str, dict],
           gaps: Gaps) -> Rounds:
    """Every stop, (server, schema), in every round; a record a server."""
    def visit(tour: Tour, stop: Stop, arm: str) -> None:
        visits.paced(stop.server, tour.bench, tour.prompts, stop.samples, stages, gaps.of(stop.server),
                     _body(arm, cases), schema=arm)

    names = list(dict.fromkeys(name for name, _ in stops))
    return Rounds(
        {f"{prefix}-{fleet}-{name}": name for name in names}, f"time per output token, {prefix}", ROUNDS, SEED,
        {"fleet": names, **stages.recorded(), "order": "servers and schemas in random order within each round"},
        visit, stops=[(f"{prefix}-{fleet}-{name}", arm) for name, arm in stops],
    )


def measure(ctx: Context, group: sweep.Group, schemas_from: str) -> Iterator[Draft]:
    cases = json.loads(cpu.cases(ctx, schemas_from).read_text())

    gaps = Gaps(after_s)

    def warm_up(tour: Tour, server: Server) -> None:
        gaps.fit(server, tour.bench, tour.prompts, visits.STAGES, _body(_arms(server.spec.name)[-1], cases), apart=2)

    prompts = sweep.prompts(SEED, group.number)
    return drafts(ctx, parts(group, cases, gaps), random.Random(f"{SEED} {group.fleet}"), prompts, warm_up,
                  cold_parts(group, cases))


def _minutes(group: sweep.Group) -> float:
    return 1.5 + 0.45 * len(group.names) + (0.8 if {*group.names} & {server.name for server in COMPILED} else 0.0)


def fleets() -> list[Fleet]:
    card = sweep.card_gib()
    # An H200 takes two fleets: the small servers join the first, torch.compile's the last.
    groups = sweep.joined(group(list(REFERENCE), [*GRAPHS, *LIBRARIES], card, sweep.RESERVE_GIB), SMALL, card)
    if PLAN.has("sglang-compile"):
        groups = sweep.joined(groups, COMPILED, card, REFERENCE, last=True)
    return [
        *sweep.fleets(groups, lambda group: [*cold_parts(group, {}), *parts(group, {}, Gaps(after_s))],
                      functools.partial(measure, schemas_from="vllm"), _minutes,
                      engines=("vllm",)),
        *(cpu.cost_fleet(engine, engine, "host", "vllm", minutes, HOST_SCHEMAS, HOST_LEAVES)
          for engine, minutes in HOST_MINUTES.items() if PLAN.has("07 cost")),
    ]
