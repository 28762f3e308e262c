"""Experiment 07 on a GPU: output with and without a schema, and, for the page of famous numbers, what CUDA graphs and
compilation are worth.

Servers of the Qwen3-8B shape with both engines' defaults, with llguidance in place of xgrammar, and with less or more of
graphs and compilation; and SmolLM2-135M on both engines, which also writes what is checked for validity. One is measured at
a time, in random order within each round. Last, with no server up, the masks on this host, by the workers of the CPU tier.
"""

import functools
import json
import random

from .. import hosts
from ..bench import COMMAND, Bench
from ..client import shuffled
from ..fleet import Fleet
from ..grouping import group
from ..records import Draft
from ..settings import seed
from ..traces import Prompts
from . import gpu_servers, s07_cpu
from . import s07_visits as visits
from .gpu_servers import small
from .rows import Samples

SEED = seed(20261207)
KV_TOKENS = 12_288  # room for 128 requests of 64 tokens, and some
SMALL_TOKENS = 40_000
ROUNDS = 5
CARD_GIB, RESERVE_GIB = 139.8, 3.0  # where no card is to be asked, the suite is planned for an H200
LENGTH = ("--max-model-len", "2048")  # vLLM wants room for one request of that length
# Of the shape whose tokenizer fills the vocabulary: xgrammar's masks are dearer where it does not.
spec = functools.partial(gpu_servers.spec, model=s07_cpu.MODEL)
REFERENCE = (spec("vllm", "vllm-default", KV_TOKENS, *LENGTH), spec("sglang", "sglang-default", KV_TOKENS))
GRAPHS = (
    spec("vllm", "vllm-eager", KV_TOKENS, *LENGTH, "--enforce-eager"),
    spec("sglang", "sglang-nograph", KV_TOKENS, "--disable-cuda-graph"),
    spec("vllm", "vllm-nograph", KV_TOKENS, *LENGTH, "--compilation-config", '{"cudagraph_mode": "NONE"}'),
    spec("vllm", "vllm-piecewise", KV_TOKENS, *LENGTH, "--compilation-config", '{"cudagraph_mode": "PIECEWISE"}'),
)
LIBRARIES = (
    spec("vllm", "vllm-guidance", KV_TOKENS, *LENGTH, "--structured-outputs-config", '{"backend": "guidance"}'),
    spec("sglang", "sglang-llguidance", KV_TOKENS, "--grammar-backend", "llguidance"),
)
# One batch size alone is compiled: each takes SGLang minutes, since it tries kernels on the card; the references wait beside it.
COMPILED = (spec("sglang", "sglang-compile", KV_TOKENS, "--enable-torch-compile", "--torch-compile-max-bs", "1"),)
SMALL = (small("vllm", "small-vllm", SMALL_TOKENS, *LENGTH), small("sglang", "small-sglang", SMALL_TOKENS))
NAMES = tuple(each.name for each in REFERENCE)
VARIED = tuple(each.name for each in (*GRAPHS, *COMPILED))
ARMS = ("none", "flat")


def after_s(name: str) -> float:
    return visits.AFTER_S["small" if name.startswith("small") else "big" if name in NAMES else "slow"]


def measure(ctx, fleet: str, schemas_from: str):
    """Validity first, then what every server takes without a schema and these with one."""
    rng, prompts = random.Random(f"{SEED} {fleet}"), Prompts(SEED % 1000 * 100 + sum(fleet.encode()))
    cases = json.loads(s07_cpu.cases(ctx, schemas_from).read_text())
    bodies = {"none": None, "again": None, **{arm: visits.response_format(cases[arm]["schema"]) for arm in ARMS[1:]}}
    names = list(ctx.servers)
    with Bench(ctx.settings, ctx.folder / "bench") as bench:
        for name in (name for name in names if name.startswith("small")):
            yield from _answers(ctx, name, cases["flat"])
        for name in names:
            ctx.progress(0, 0, f"warming up {name}")
            bench.run(ctx.server(name), visits.asks(prompts, visits.STAGES, 2 * after_s(name)), body=bodies[_arms(name)[-1]])
        if paces(names):
            # The same again, under another name: an interval of it against itself must hold 1.
            stops = [(name, arm) for name in names if name not in VARIED for arm in ARMS]
            stops += [(name, "again") for name in NAMES if name in names]
            yield from _paced(ctx, bench, prompts, rng, fleet, "pace", stops, visits.STAGES, bodies)
        if varied := [name for name in names if name in VARIED]:
            stops = [(name, "none") for name in names if name in (*NAMES, *varied)]
            yield from _paced(ctx, bench, prompts, rng, fleet, "graphs", stops, visits.FEW, bodies)


def paces(names: list) -> bool:
    """Whether a fleet measures schemas: in one of nothing but the references and servers for graphs nothing would be new."""
    return not {*names} <= {*NAMES, *(each.name for each in COMPILED)}


def _arms(name: str) -> tuple:
    return ARMS[:1] if name in VARIED else ARMS


def _answers(ctx, name: str, case: dict):
    ctx.begin()
    for held in ("free", "held"):
        ctx.progress(0, 0, f"two hundred answers, {held}, {name}")
        found = visits.answers(ctx.server(name), case, held == "held")
        yield Draft(f"answers-{held}-{name}", {"seed": None, "questions": len(found), **visits.ASKED, "at_once": visits.AT_ONCE,
                                               "schema": "flat" if held == "held" else None, "shown": case["document"]},
                    columns={key: [each[key] for each in found] for key in ("kind", "text", "finish", "tokens")},
                    server=ctx.server(name))


def _paced(ctx, bench, prompts, rng, fleet: str, prefix: str, stops: list, what: dict, bodies: dict):
    """Every stop, (server, schema), in every round; a draft a server."""
    ctx.begin()
    names = list(dict.fromkeys(name for name, _ in stops))
    samples = {name: Samples() for name in names}
    for done in range(ROUNDS):
        ctx.progress(done, ROUNDS, f"time per output token, {prefix}")
        for name, arm in shuffled(rng, stops):
            visits.paced(ctx.server(name), bench, prompts, samples[name], what, after_s(name), bodies[arm], schema=arm)
    workload = {"seed": SEED, "load": COMMAND, "rounds": ROUNDS, "fleet": names, **what,
                "order": "servers and schemas in random order within each round"}
    for name in names:
        yield Draft(f"{prefix}-{fleet}-{name}", workload, samples[name].rows(), server=ctx.server(name))


def fleets() -> list[Fleet]:
    card = hosts.gpu()
    room = card["memory_bytes"] / 2**30 if card else CARD_GIB
    groups = group(list(REFERENCE), [*GRAPHS, *LIBRARIES], room, RESERVE_GIB)
    if sum(each.memory_gib for each in (*groups[0], *SMALL)) + RESERVE_GIB <= room:
        groups[0] += SMALL
    else:
        groups.append(list(SMALL))
    groups += group(list(REFERENCE), list(COMPILED), room, RESERVE_GIB)
    found = []
    for number, servers in enumerate(groups, 1):
        fleet = f"f{number}"
        names = [server.name for server in servers]
        produces = [f"answers-{held}-{name}" for name in names if name.startswith("small") for held in ("free", "held")]
        if paces(names):
            produces += [f"pace-{fleet}-{name}" for name in names if name not in VARIED]
        if any(name in VARIED for name in names):
            produces += [f"graphs-{fleet}-{name}" for name in names if name in (*NAMES, *VARIED)]
        go = functools.partial(measure, fleet=fleet, schemas_from="vllm")
        found.append(Fleet(fleet, tuple(produces), go, servers=tuple(servers), minutes=2.0 + 0.5 * len(names), engines=("vllm",)))
    return found + [s07_cpu.cost_fleet(engine, engine, "host", "vllm") for engine in ("vllm", "sglang")]
