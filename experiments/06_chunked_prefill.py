# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Experiment 06: what the budget of a step trades
#
# Thirty-two answers are being decoded when five long prompts arrive, one after the other. What the decoders wait between two
# tokens, and what the prompts wait for their first, depends on how many tokens a step may hold. vLLM 0.32.0 and SGLang
# 0.5.21, Qwen3-8B shape, one card. The servers of the sweep do not fit the card at once: they stand there in fleets, and each
# fleet holds both engines' defaults. A result leaves its fleet only as a ratio to one of these two, measured in the same
# rounds; milliseconds of different fleets are never set against each other.

# %%
import json
from types import SimpleNamespace

import numpy as np

from experiments.lab.analysis import card_time as sittings, intervals as bootstrap
from experiments.lab.analysis.claim_book import Book
from experiments.lab.analysis.draw_figures import colour
from experiments.lab.analysis.roofline import Shape, mixed_floor_ms
from experiments.lab.host.model_folders import QWEN3_8B

book = Book("06")
SHAPE = Shape.from_config(QWEN3_8B)
ENGINES = {"vllm": "vLLM", "sglang": "SGLang"}
BUDGETS = (512, 1024, 2048, 4096, 16384)  # beside the default
FLEETS = ("f1", "f2", "f3", "f4")
REFERENCES = ("vllm-default", "sglang-default")


def engine_of(server):
    return server.partition("-")[0]


def fleet_of(server):
    """The fleet in which a server stood; of the defaults, which stood in all of them, the first."""
    found = sorted((book.base / "records" / "06").glob(f"mixed-f*-{server}.json"))
    return found[0].name.split("-")[1] if found else FLEETS[0]


def place(server, fleet=None):
    """The measurement of a server under decoders and long prompts."""
    return f"mixed-{fleet or fleet_of(server)}-{server}"


def with_references(*servers):
    """Measurements of these servers and of both defaults beside each of them, every one once."""
    names = [name for server in servers for fleet in [fleet_of(server)]
             for name in (place(server, fleet), *(place(reference, fleet) for reference in REFERENCES))]
    return list(dict.fromkeys(names))


def by_name(runs):
    return {run.data["measurement"]: run for run in runs}


def each_visit(run, name):
    """A value a round: of the prompts' first tokens the visit's median, everything else is one a visit already."""
    values = np.array(run.values(name), dtype=float)
    return np.median(values.reshape(-1, run.data["workload"]["prompts"]), axis=1) if name == "ttft" else values


def median_of(series, unit, digits=3):
    return bootstrap.by_round(np.median, [series], unit, digits)


def quotient(a, b):
    return np.median(a) / np.median(b)


def beside(runs, server, name, reference=None, digits=3):
    """A server's median over that of its engine's default, or of `reference`, in the same fleet."""
    fleet = fleet_of(server)
    below = place(reference or f"{engine_of(server)}-default", fleet)
    return bootstrap.by_round(quotient, [each_visit(runs[place(server, fleet)], name), each_visit(runs[below], name)], "1", digits)


def across(runs, above, below, name, unit="1", digits=3):
    """A ratio of two servers' ratios to vLLM's default, each in its own fleet; fleets are resampled apart."""
    series = []
    for server in (above, below):
        fleet = fleet_of(server)
        series.append([each_visit(runs[place(each, fleet)], name) for each in (server, "vllm-default")])
    tables = [np.array(each) for each in series]

    def statistic(*chosen):
        ratios = [quotient(*table[:, rounds.astype(int)]) for table, rounds in zip(tables, chosen, strict=True)]
        return ratios[0] / ratios[1]

    return bootstrap.of(statistic, [np.arange(table.shape[1]) for table in tables], unit, digits)


def default_of(engine, name):
    """The median over all fleets of the engine's default: what a ratio to it is drawn with."""
    values = [each_visit(book.record(place(f"{engine}-default", fleet)), name) for fleet in FLEETS]
    return np.median(np.concatenate(values))


def rates(*runs):
    """(TFLOP/s, GB/s), the fastest that a probe reached in these runs: a floor must not be beaten because the card was
    warm."""
    return (max(max(run.probes["matmul"]) for run in runs), max(max(run.probes["copy"]) for run in runs))


def exact(number):
    return bootstrap.value(int(number), "count", 6)


def holds_one(value):
    return value["ci"][0] <= 1 <= value["ci"][1]


# %% [markdown]
# ## The defaults, and what *off* says
#
# Read from the started servers: SGLang answers when asked, vLLM prints the budget as the end of the range of sizes for which it
# compiles.

# %%
@book.claim(
    id="default-budgets",
    title="What the started servers have for a default",
    sentence="Started without a flag for it on this card, vLLM has {vllm} tokens for a step. SGLang has {sglang} for a chunk and "
    "{batch} for a prefill batch, does not mix, and runs {interval} decode turns between two prefill batches.",
    records=["default-vllm", "default-sglang"], tier="gpu",
    holds_if="the two numbers are equal, SGLang does not mix, and its decode turns are 0",
)
def default_budgets(vllm, sglang):
    def said(run, name):
        return run.values(name)[0]

    values = {
        "vllm": bootstrap.value(said(vllm, "max_num_batched_tokens"), "count", 5),
        "sglang": bootstrap.value(said(sglang, "chunked_prefill_size"), "count", 5),
        "batch": bootstrap.value(said(sglang, "max_prefill_tokens"), "count", 5),
        "interval": bootstrap.value(said(sglang, "prefill_decode_interval"), "count", 1),
    }
    alike = values["vllm"]["value"] == values["sglang"]["value"]
    return values, alike and values["interval"]["value"] == 0 and not said(sglang, "enable_mixed_chunk")


@book.claim(
    id="off-warns",
    title="What vLLM says to off",
    sentence="Lines in the log of a vLLM server that say the model does not officially support it: {off} with chunked prefill off, {default} at the default.",
    records=[place("vllm-off"), "default-vllm"], tier="gpu",
    holds_if="the line is in the log of off and not in the default's",
)
def off_warns(off, default):
    text = "does not officially support disabling chunked prefill"
    values = {
        name: bootstrap.value(sum(text in line for line in run.data["extra"]["warnings"]), "count", 1)
        for name, run in (("off", off), ("default", default))
    }
    return values, values["off"]["value"] > 0 and values["default"]["value"] == 0


# %% [markdown]
# ## The trade
#
# One point a setting: the median first token of the long prompts against the 99th percentile of the decoders' gaps while these
# prompts were in the server. A point is the setting's ratio to its own engine's default beside it, times the median of that
# default over all fleets. The floor is a step's: its FLOP at the best bf16 rate of the run, or, where that is more, weights and cache
# read once at the best copy rate; the prompt's floor is the sum over its chunks.

# %%
VLLM = [f"vllm-{budget}" for budget in (*BUDGETS, "off")]
SGLANG = [f"sglang-{budget}" for budget in (*BUDGETS, "off")]
LET_IN = ["sglang-mixed-default", "sglang-mixed-2048", "sglang-2048-interval1"]
SWEEP = [*VLLM, *SGLANG, *LET_IN]
LABELS = {"default": "8k", "off": "off", "mixed-default": "mix 8k", "mixed-2048": "mix 2k", "2048-interval1": "2k, turn"}
LABELS |= {str(budget): f"{budget // 1024}k" if budget >= 1024 else str(budget) for budget in BUDGETS}


def decoding(run):
    """Tokens in the cache behind each decoding request, half-way through its answer."""
    what = run.data["workload"]
    return (what["decoder_prompt"] + what["decoder_output"] // 2,) * what["decoders"]


def chunks(run, budget):
    """(tokens, tokens behind) of a long prompt's chunks when each step's budget pays for the decodes first."""
    what, behind, found = run.data["workload"], 0, []
    while behind < what["prompt_tokens"]:
        found.append((min(budget - what["decoders"], what["prompt_tokens"] - behind), behind))
        behind += found[-1][0]
    return found


def step_floors(run, budget, card):
    """ms, a value a chunk."""
    return [mixed_floor_ms(SHAPE, tokens, behind, decoding(run), *card) for tokens, behind in chunks(run, budget)]


def prompt_floor(run, size, card):
    """ms of a long prompt in chunks of `size` tokens with no decode beside them: SGLang's pause, if nothing else took time."""
    tokens = run.data["workload"]["prompt_tokens"]
    return sum(mixed_floor_ms(SHAPE, min(size, tokens - behind), behind, (), *card) for behind in range(0, tokens, size))


def default_budget():
    return int(book.record("default-vllm").values("max_num_batched_tokens")[0])


def in_ms(axis):
    """A logarithmic axis whose ticks are plain numbers."""
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:.0e}"[0] in "235" else "")


def label(axes, points, tone, offset):
    """Write each point's setting beside it, to the left where the offset is; points that lie on each other share a label.
    `points`: [(x, y, text)]."""
    groups = []
    for x, y, text in points:
        near = next((group for group in groups if abs(group[0] / x - 1) < 0.08 and abs(np.log(group[1] / y)) < 0.2), None)
        if near is None:
            groups.append([x, y, text])
        else:
            near[2] += f", {text}"
    for x, y, text in groups:
        axes.annotate(text, (x, y), xytext=offset, textcoords="offset points", fontsize=7, color=tone,
                      ha="right" if offset[0] < 0 else "left")


@book.figure("trade.svg", size=(4.4, 5.0))
def trade_figure(figure, axes):
    runs = by_name(book.record(name) for name in with_references(*SWEEP))

    def at(server):
        engine, fleet = engine_of(server), fleet_of(server)
        pair = [runs[place(each, fleet)] for each in (server, f"{engine}-default")]
        return [default_of(engine, name) * quotient(*(each_visit(run, name) for run in pair)) for name in ("ttft", "itl_p99")]

    reference = runs[place("vllm-default", "f1")]
    floors = [step_floors(reference, budget, rates(reference)) for budget in (512, 724, 1024, 1448, 2048, 2896, 4096, 8224)]
    axes.plot([sum(f) for f in floors], [max(f) for f in floors], color=colour("floor"), linestyle="--", label="floor")
    for engine, mark in zip(ENGINES, "os", strict=True):
        line = [f"{engine}-{budget}" for budget in (512, 1024, 2048, 4096)] + [f"{engine}-default", f"{engine}-16384"]
        points = [at(server) for server in line]
        axes.plot(*zip(*points, strict=True), mark + "-", color=colour(engine), markersize=5, linewidth=1, label=ENGINES[engine])
        axes.plot(*at(f"{engine}-off"), mark, color=colour(engine), markerfacecolor="none", markersize=8)
        text = [(*point, LABELS[server.partition("-")[2]]) for server, point in zip(line, points, strict=True)]
        text.append((*at(f"{engine}-off"), "off"))
        label(axes, text[::-1], colour(engine), (-8, -2) if engine == "sglang" else (7, -3))
    points = [(*at(server), LABELS[server.partition("-")[2]]) for server in LET_IN]
    axes.plot(*zip(*(point[:2] for point in points), strict=True), "D", color=colour("accent"), markersize=5,
              label="SGLang, decodes let in")
    label(axes, [point for point in points if point[1] < 100], colour("accent"), (-6, -11))
    label(axes, [point for point in points if point[1] >= 100], colour("accent"), (-1, -22))  # clear of SGLang's off
    axes.set_xlim(155, 335)
    axes.set_yscale("log")
    in_ms(axes.yaxis)
    axes.tick_params(which="both", labelsize=8)
    axes.set_xlabel("first token of the long prompts, ms")
    axes.set_ylabel("p99 of the gaps between others' tokens, ms")
    figure.legend(loc="outside upper center", ncols=2, fontsize=8)


# %%
def swept(prefix, values):
    return {f"{prefix}{server.partition('-')[2]}": value for server, value in values.items()}


def beside_512(runs, engine):
    """p99 gaps in ms of the smallest setting and of the default that stood beside it: these two share a fleet."""
    fleet = fleet_of(f"{engine}-512")
    return {key: median_of(each_visit(runs[place(f"{engine}-{what}", fleet)], "itl_p99"), "ms")
            for key, what in (("default", "default"), ("small", "512"))}


@book.claim(
    id="gap-by-budget",
    title="vLLM's slowest gaps follow the budget",
    sentence="In vLLM the decoders' p99 gap is {default} at the default budget and {small} at 512 tokens a step. With 4,096 it is {b4096} times the "
    "default's, with 2,048 {b2048}, with 1,024 {b1024}, with 512 {b512}, and with 16,384 {b16384}.",
    records=with_references(*(f"vllm-{budget}" for budget in BUDGETS)), tier="gpu", figure="trade.svg",
    holds_if="the intervals from 512 to 4,096 rise without touching, the last lies below 1, and the first below 0.25",
)
def gap_by_budget(*found):
    runs = by_name(found)
    values = swept("b", {f"vllm-{budget}": beside(runs, f"vllm-{budget}", "itl_p99") for budget in BUDGETS})
    values |= beside_512(runs, "vllm")
    steps = [values[f"b{budget}"] for budget in (512, 1024, 2048, 4096)]
    falls = all(low["ci"][1] < high["ci"][0] for low, high in zip(steps, steps[1:], strict=False))
    return values, falls and steps[-1]["ci"][1] < 1 and steps[0]["ci"][1] < 0.25


@book.figure("gaps.svg", size=(4.4, 3.6))
def gaps_figure(_, axes):
    runs = by_name(book.record(name) for name in with_references(*VLLM, *SGLANG))
    default = default_budget()
    places = sorted((*BUDGETS, default))
    reference = runs[place("vllm-default", "f1")]
    axes.plot(places, [max(step_floors(reference, budget, rates(reference))) for budget in places], color=colour("floor"),
              linestyle="--", label="floor of one step")
    axes.plot(places, [prompt_floor(reference, size, rates(reference)) for size in places], color=colour("floor"), linestyle=":",
              label="floor of a prompt in chunks")
    for engine, mark in zip(ENGINES, "os", strict=True):
        anchor = default_of(engine, "itl_p99")
        found = [
            bootstrap.value(1.0, "1", ci=(1, 1)) if budget == default else beside(runs, f"{engine}-{budget}", "itl_p99")
            for budget in places
        ]
        y = anchor * np.array([each["value"] for each in found])
        error = np.abs(anchor * np.array([each["ci"] for each in found]).T - y)
        axes.errorbar(places, y, error, fmt=mark + "-", color=colour(engine), markersize=5, linewidth=1, label=ENGINES[engine])
    axes.set_xscale("log", base=2)
    axes.set_xticks(places, [f"{n:,}" for n in places], fontsize=8)
    axes.minorticks_off()
    axes.set_yscale("log")
    in_ms(axes.yaxis)
    axes.tick_params(axis="y", which="both", labelsize=8)
    axes.set_xlabel("vLLM: tokens a step; SGLang: tokens a chunk")
    axes.set_ylabel("p99 of the gaps between tokens, ms")
    axes.legend(fontsize=8)


# %%
@book.claim(
    id="gap-by-chunk",
    title="SGLang's slowest gaps do not shrink with the chunk size",
    sentence="In SGLang the decoders' p99 gap is {default} at the default chunk size and {small} with chunks of 512 tokens. With 4,096 it is {c4096} times "
    "the default's, with 2,048 {c2048}, with 1,024 {c1024}, with 512 {c512}, and with 16,384 {c16384}.",
    records=with_references(*(f"sglang-{budget}" for budget in BUDGETS)), tier="gpu", figure="gaps.svg",
    holds_if="every interval lies above 0.9",
)
def gap_by_chunk(*found):
    runs = by_name(found)
    values = swept("c", {f"sglang-{budget}": beside(runs, f"sglang-{budget}", "itl_p99") for budget in BUDGETS})
    shorter = min(value["ci"][0] for value in values.values())
    values |= beside_512(runs, "sglang")
    return values, shorter > 0.9


@book.claim(
    id="small-chunk-longer",
    title="Chunks of 512 make a longer wait than the default",
    sentence="With chunks of 512 tokens SGLang's decoders wait {gap} times as long as at the default (p99), and the prompts {ttft} times "
    "as long for their first token.",
    records=with_references("sglang-512"), tier="gpu",
    holds_if="both intervals lie above 1.05",
)
def small_chunk_longer(*found):
    runs = by_name(found)
    values = {"gap": beside(runs, "sglang-512", "itl_p99"), "ttft": beside(runs, "sglang-512", "ttft")}
    return values, min(value["ci"][0] for value in values.values()) > 1.05


@book.claim(
    id="gap-over-ttft",
    title="In SGLang the others wait as long as the prompt does",
    sentence="The decoders' p99 gap is {sglang512} of the prompts' first token in SGLang with chunks of 512 and {sglang2048} with chunks of 2,048; in vLLM, with "
    "such budgets, {vllm512} and {vllm2048}.",
    records=[place(f"{engine}-{budget}") for engine in ("sglang", "vllm") for budget in (512, 2048)], tier="gpu",
    holds_if="both of SGLang's intervals lie above 75% and both of vLLM's below 50%",
)
def gap_over_ttft(*found):
    runs = by_name(found)
    values = {
        f"{engine}{budget}": bootstrap.by_round(lambda gap, ttft: 100 * quotient(gap, ttft), [each_visit(runs[place(f"{engine}-{budget}")], name)
                                      for name in ("itl_p99", "ttft")], "%")
        for engine in ENGINES for budget in (512, 2048)
    }
    whole = min(values["sglang512"]["ci"][0], values["sglang2048"]["ci"][0]) > 75
    return values, whole and max(values["vllm512"]["ci"][1], values["vllm2048"]["ci"][1]) < 50


@book.claim(
    id="decodes-let-in",
    title="What lets SGLang's decoders in between chunks",
    sentence="Beside SGLang's default, mixing with chunks of 2,048 makes the decoders' p99 gap {mixed} times as long and the prompts' first "
    "token {mixed_ttft} times; a decode turn after every chunk of 2,048, {turn} and {turn_ttft}; mixing at the default chunk size, "
    "{mixed_default} and {mixed_default_ttft}.",
    records=with_references(*LET_IN), tier="gpu",
    holds_if="both intervals of the gap with chunks of 2,048 lie below 0.6",
)
def decodes_let_in(*found):
    runs, values = by_name(found), {}
    for key, server in (("mixed", "sglang-mixed-2048"), ("turn", "sglang-2048-interval1"), ("mixed_default", "sglang-mixed-default")):
        values[key], values[f"{key}_ttft"] = beside(runs, server, "itl_p99"), beside(runs, server, "ttft")
    return values, max(values["mixed"]["ci"][1], values["turn"]["ci"][1]) < 0.6


@book.claim(
    id="median-gap",
    title="The median gap moves the other way",
    sentence="The decoders' median gap in vLLM is {default} at the default. With a budget of 2,048 it is {middle} times that, with 512 {small} times.",
    records=with_references("vllm-512", "vllm-2048"), tier="gpu",
    holds_if="the interval at 512 lies above 1",
)
def median_gap(*found):
    runs = by_name(found)
    values = {
        "small": beside(runs, "vllm-512", "itl_p50"), "middle": beside(runs, "vllm-2048", "itl_p50"),
        "default": median_of(each_visit(runs[place("vllm-default", "f1")], "itl_p50"), "ms"),
    }
    return values, values["small"]["ci"][0] > 1


@book.claim(
    id="ttft-by-budget",
    title="What a small budget costs the prompt, in vLLM",
    sentence="The long prompts' first token takes {default} at vLLM's default; with 4,096 tokens a step {t4096} times that, with 2,048 {t2048}, with "
    "1,024 {t1024}, with 512 {t512}, and with 16,384 {t16384}.",
    records=with_references(*(f"vllm-{budget}" for budget in BUDGETS)), tier="gpu",
    holds_if="the values fall from 512 to the default, and the interval at 512 lies above 1",
)
def ttft_by_budget(*found):
    runs = by_name(found)
    values = swept("t", {f"vllm-{budget}": beside(runs, f"vllm-{budget}", "ttft") for budget in BUDGETS})
    order = [values[f"t{budget}"]["value"] for budget in (512, 1024, 2048, 4096)] + [1.0]
    values["default"] = median_of(each_visit(runs[place("vllm-default", "f1")], "ttft"), "ms")
    return values, order == sorted(order, reverse=True) and values["t512"]["ci"][0] > 1


@book.claim(
    id="off-against-default",
    title="Chunked prefill off against the default",
    sentence="With chunked prefill off the decoders' p99 gap is {vllm_gap} times the default's in vLLM and {sglang_gap} times in SGLang, and the "
    "prompts' first token takes {vllm_ttft} and {sglang_ttft} times as long. The prompts have as many tokens as the default budget.",
    records=with_references("vllm-off", "sglang-off"), tier="gpu",
    holds_if="every interval lies between 0.9 and 1.1",
)
def off_against_default(*found):
    runs, values = by_name(found), {}
    for engine in ENGINES:
        values[f"{engine}_gap"] = beside(runs, f"{engine}-off", "itl_p99")
        values[f"{engine}_ttft"] = beside(runs, f"{engine}-off", "ttft")
    return values, all(value["ci"][0] > 0.9 and value["ci"][1] < 1.1 for value in values.values())


@book.claim(
    id="off-or-large",
    title="Off and a budget of 16,384 are not told apart here",
    sentence="vLLM's p99 gap with chunked prefill off, over that with a budget of 16,384 tokens, each as a ratio to the default beside it: {gap}; "
    "the prompts' first token: {ttft}. Off has the same budget, and one prompt at a time always fits it.",
    records=with_references("vllm-off", "vllm-16384"), tier="gpu",
    holds_if="both intervals hold 1",
)
def off_or_large(*found):
    runs = by_name(found)
    values = {key: across(runs, "vllm-off", "vllm-16384", name) for key, name in (("gap", "itl_p99"), ("ttft", "ttft"))}
    return values, all(holds_one(value) for value in values.values())


# %% [markdown]
# ## Engines at equal first tokens
#
# A budget of 2,048 is not the same thing in both engines, so the settings are not compared one by one. For each way in which
# SGLang lets decoders in, vLLM's p99 at the same first token is read off between its own settings, in the ratios to vLLM's
# default that both have.

# %%
def at_equal_ttft(runs, server):
    """{"gap", "same", "over", "ttft", "fastest"}: the server's p99 gap; the shortest that vLLM reaches with no slower a first
    token, read off between its settings; the former over the latter; the server's first token, and vLLM's fastest. All but
    "over" are ratios to vLLM's default beside each server. Where "ttft" is below "fastest", "same" is that of the fastest."""
    settings = [*(f"vllm-{budget}" for budget in BUDGETS), server]
    fleets = list(dict.fromkeys(map(fleet_of, settings)))
    table = {
        each: [(each_visit(runs[place(each)], name), each_visit(runs[place("vllm-default", fleet_of(each))], name))
               for name in ("ttft", "itl_p99")]
        for each in settings
    }
    known = {}

    def found(*chosen):
        key = b"".join(each.tobytes() for each in chosen)
        if key not in known:
            rounds = dict(zip(fleets, (each.astype(int) for each in chosen), strict=True))
            points = {
                each: [quotient(above[rounds[fleet_of(each)]], below[rounds[fleet_of(each)]]) for above, below in pairs]
                for each, pairs in table.items()
            }
            ttft, gap = points.pop(server)
            ttfts, gaps = zip(*sorted([*points.values(), [1.0, 1.0]]), strict=True)
            best = np.minimum.accumulate(gaps)
            same = np.exp(np.interp(np.log(ttft), np.log(ttfts), np.log(best)))
            known[key] = {"gap": gap, "same": same, "over": gap / same, "ttft": ttft, "fastest": ttfts[0]}
        return known[key]

    samples = [np.arange(len(each_visit(runs[place("vllm-default", fleet)], "itl_p99"))) for fleet in fleets]
    return {name: bootstrap.of(lambda *chosen, name=name: found(*chosen)[name], samples, "1")
            for name in ("gap", "same", "over", "ttft", "fastest")}


@book.claim(
    id="equal-ttft",
    title="At the same first token, vLLM's slowest gaps are shorter",
    sentence="Where SGLang mixes chunks of 2,048 its prompts' first token takes {mixed_ttft} times vLLM's default and the p99 gap {mixed_gap} times; "
    "with no slower a first token vLLM's settings come down to {mixed_same} times, so that SGLang's gap is {mixed_over} times as long. With a decode turn "
    "after each chunk of 2,048 it is {turn_over} times as long, at {turn_ttft} times the first token.",
    records=with_references(*(f"vllm-{budget}" for budget in BUDGETS), "sglang-mixed-2048", "sglang-2048-interval1"), tier="gpu",
    holds_if="SGLang's first tokens are no earlier than vLLM's earliest, and both intervals of its gap over vLLM's lie above 1",
)
def equal_ttft(*found):
    runs, values = by_name(found), {}
    for key, server in (("mixed", "sglang-mixed-2048"), ("turn", "sglang-2048-interval1")):
        values |= {f"{key}_{name}": value for name, value in at_equal_ttft(runs, server).items()}
    inside = all(values[f"{key}_ttft"]["value"] >= values[f"{key}_fastest"]["value"] for key in ("mixed", "turn"))
    return values, inside and min(values["mixed_over"]["ci"][0], values["turn_over"]["ci"][0]) > 1


@book.claim(
    id="equal-budget",
    title="At 2,048 tokens, two engines and two ways give one trade",
    sentence="Mixing chunks of 2,048, SGLang's p99 gap is {mixed_gap} times vLLM's at a budget of 2,048 and the prompts' first token {mixed_ttft} times, each as a ratio "
    "to vLLM's default beside it. With a decode turn after each chunk of 2,048: {turn_gap} and {turn_ttft}.",
    records=with_references("vllm-2048", "sglang-mixed-2048", "sglang-2048-interval1"), tier="gpu",
    holds_if="every interval lies between 0.9 and 1.1",
)
def equal_budget(*found):
    runs = by_name(found)
    values = {
        f"{key}_{short}": across(runs, server, "vllm-2048", name)
        for key, server in (("mixed", "sglang-mixed-2048"), ("turn", "sglang-2048-interval1"))
        for short, name in (("gap", "itl_p99"), ("ttft", "ttft"))
    }
    return values, all(value["ci"][0] > 0.9 and value["ci"][1] < 1.1 for value in values.values())


# %% [markdown]
# ## Where a pause is counted
#
# SGLang sends the tokens of a turn after it has launched the next one. What the launch of a prefill takes on the processor is
# therefore part of the gap before the pause. The longest gaps are found in the raw times, each with the one before it; the two
# together do not depend on when the token between them came. That the sum is the steadier number was seen in these records,
# so its claim's limit, the tenth of the other claims, was set after them.

# %%
def pauses_of_rounds(run):
    """[(the gaps of over half the round's longest, the gaps just before these)], ms, a pair of arrays a round."""
    rounds, gaps = (np.array(run.columns[name]) for name in ("round", "itl_us"))
    found = []
    for number in np.unique(rounds):
        ms = gaps[rounds == number] / 1e3
        at = np.flatnonzero(ms > ms.max() / 2)
        at = at[at > 0]
        found.append((ms[at], ms[at - 1]))
    return found


def pauses(run):
    """Medians a round, ms: the pauses, and the gaps just before these."""
    return np.array([[np.median(part) for part in pair] for pair in pauses_of_rounds(run)]).T


@book.claim(
    id="off-pause",
    title="SGLang's shorter pause with chunking off is a pause cut in two",
    sentence="The decoders' pause for a prompt is {off} in SGLang with chunked prefill off and {default} at the default; the gap just before it is {before_off} and "
    "{before_default}. Both together: {sum_off} and {sum_default}, a ratio of {sums}.",
    records=[place("sglang-off"), place("sglang-default", fleet_of("sglang-off"))], tier="gpu",
    holds_if="the intervals of the two pauses lie apart, those of the gaps before too, and the ratio's lies between 0.95 and 1.05",
)
def off_pause(off, default):
    values = {}
    for name, run in (("off", off), ("default", default)):
        pause, before = pauses(run)
        values |= {name: median_of(pause, "ms"), f"before_{name}": median_of(before, "ms"), f"sum_{name}": median_of(pause + before, "ms")}
    parted = values["off"]["ci"][1] < values["default"]["ci"][0] and values["before_off"]["ci"][0] > values["before_default"]["ci"][1]
    values["sums"] = bootstrap.by_round(quotient, [sum(pauses(off)), sum(pauses(default))], "1")
    return values, parted and values["sums"]["ci"][0] > 0.95 and values["sums"]["ci"][1] < 1.05


@book.claim(
    id="pause-whole",
    title="With the gap before it, the pause is alike in both engines and in every fleet",
    sentence="At the defaults a pause and the gap before it together take {vllm} in vLLM and {sglang} in SGLang, {engines} times vLLM's. In the later fleets they "
    "take between {low} and {high} times as long as in the first. With chunked prefill off vLLM's take {off} times the default's beside it, with a budget of "
    "16,384 {large} times, which makes off {off_large} times as long as 16,384.",
    records=[*(place(reference, fleet) for fleet in FLEETS for reference in REFERENCES), place("vllm-off"), place("vllm-16384")], tier="gpu",
    holds_if="every interval of a ratio lies between 0.9 and 1.1",
)
def pause_whole(*found):
    both = {name: sum(pauses(run)) for name, run in by_name(found).items()}
    vllm, sglang = (both[place(reference, "f1")] for reference in REFERENCES)
    pairs = [(both[place(server)], both[place("vllm-default", fleet_of(server))]) for server in ("vllm-off", "vllm-16384")]
    later = [bootstrap.ratio(both[place(reference, fleet)], both[place(reference, "f1")]) for reference in REFERENCES for fleet in FLEETS[1:]]
    (off, beside_off), (large, beside_large) = pairs
    values = {
        "engines": bootstrap.by_round(quotient, [sglang, vllm], "1"), "off": bootstrap.by_round(quotient, pairs[0], "1"), "large": bootstrap.by_round(quotient, pairs[1], "1"),
        "low": min(later, key=lambda value: value["value"]), "high": max(later, key=lambda value: value["value"]),
    }

    def over(first, second):
        one, two = first.astype(int), second.astype(int)
        return quotient(off[one], beside_off[one]) / quotient(large[two], beside_large[two])

    values["off_large"] = bootstrap.of(over, [np.arange(len(off)), np.arange(len(large))], "1")
    alike = all(value["ci"][0] > 0.9 and value["ci"][1] < 1.1 for value in [*values.values(), *later])
    return values | {"vllm": median_of(vllm, "ms"), "sglang": median_of(sglang, "ms")}, alike


# %% [markdown]
# ## The floor of one step

# %%
def over_floor(run, budget, name="itl_p99"):
    floor = max(step_floors(run, budget, rates(run)))
    return bootstrap.by_round(lambda gaps: np.median(gaps) / floor, [each_visit(run, name)], "1")


@book.claim(
    id="gap-floor",
    title="How far above the floor of a step vLLM's p99 gap lies",
    sentence="The floor of the largest step, its FLOP or what it has to read, is {floor512} with a budget of 512 and {floor_default} at the default. vLLM's "
    "p99 gap is {v512} times the floor with 512, {v1024} with 1,024, {v2048} with 2,048, {v4096} with 4,096 and {default} at the default. There {under} of the {pauses} pauses "
    "are shorter than the floor; pause and the gap before it together are {both} times the floor.",
    records=[*(place(f"vllm-{budget}") for budget in (512, 1024, 2048, 4096)), place("vllm-default", "f1"), "default-vllm"],
    tier="gpu",
    holds_if="every interval lies between 1 and 2 times the floor",
)
def gap_floor(v512, v1024, v2048, v4096, default, said):
    budget = int(said.values("max_num_batched_tokens")[0])
    values = {"v512": over_floor(v512, 512), "v1024": over_floor(v1024, 1024), "v2048": over_floor(v2048, 2048),
              "v4096": over_floor(v4096, 4096), "default": over_floor(default, budget)}
    one_step = all(value["ci"][0] > 1 and value["ci"][1] < 2 for value in values.values())
    whole = max(step_floors(default, budget, rates(default)))
    ms = np.concatenate([found[0] for found in pauses_of_rounds(default)])
    values["under"], values["pauses"] = exact(sum(ms < whole)), exact(len(ms))
    values["both"] = bootstrap.by_round(lambda both: np.median(both) / whole, [sum(pauses(default))], "1")
    values["floor512"] = bootstrap.value(max(step_floors(v512, 512, rates(v512))), "ms")
    values["floor_default"] = bootstrap.value(whole, "ms")
    return values, one_step


# %% [markdown]
# ## Throughput

# %%
OFFLINE = ("vllm-512", "sglang-512", "vllm-off", "sglang-off")


def offline(server):
    return f"offline-{fleet_of(server)}-{server}"


def offline_over_default(runs, server, digits=4):
    beside_it = f"offline-{fleet_of(server)}-{engine_of(server)}-default"
    return bootstrap.by_round(quotient, [runs[offline(server)].values("throughput"), runs[beside_it].values("throughput")], "1", digits)


@book.figure("throughput.svg", size=(4.4, 3.6))
def throughput_figure(_, axes):
    runs = by_name(book.record(name) for name in with_references(*VLLM, *SGLANG))
    for server in (*OFFLINE, *REFERENCES):
        runs[offline(server)] = book.record(offline(server))
    places = ("512", "1024", "2048", "4096", "16384", "off")
    axes.axhline(1, color=colour("floor"), linestyle="--", linewidth=1)
    for shift, engine, mark in ((-0.1, "vllm", "o"), (0.1, "sglang", "s")):
        series = [(x, beside(runs, f"{engine}-{what}", "throughput"), mark, True) for x, what in enumerate(places)]
        series += [(places.index(what), offline_over_default(runs, f"{engine}-{what}"), mark, False) for what in ("512", "off")]
        for filled in (True, False):
            some = [(x, value) for x, value, _, solid in series if solid is filled]
            y = np.array([value["value"] for _, value in some])
            error = np.abs(np.array([value["ci"] for _, value in some]).T - y)
            axes.errorbar([x + shift + (0 if filled else 0.12) for x, _ in some], y, error, fmt=mark, markersize=5, color=colour(engine),
                          markerfacecolor=colour(engine) if filled else "none",
                          label=f"{ENGINES[engine]}, {'decoders and long prompts' if filled else 'everything at once'}")
    axes.set_xticks(range(len(places)), [LABELS[what] for what in places])
    axes.set_xlabel("tokens a step (vLLM), a chunk (SGLang)")
    axes.set_ylabel("throughput over the default's")
    axes.legend(fontsize=7, loc="lower center", bbox_to_anchor=(0.5, 1.0))


@book.claim(
    id="throughput-by-budget",
    title="What a small budget costs in throughput",
    sentence="Over a whole visit, decoders and long prompts together, vLLM's throughput with a budget of 512 is {v512} times the default's, with 2,048 "
    "{v2048}; SGLang's with chunks of 512 {s512}, and mixed with chunks of 2,048 {mixed}.",
    records=with_references("vllm-512", "vllm-2048", "sglang-512", "sglang-mixed-2048"), tier="gpu", figure="throughput.svg",
    holds_if="both intervals at 512 lie below 1",
)
def throughput_by_budget(*found):
    runs = by_name(found)
    values = {key: beside(runs, server, "throughput", digits=4) for key, server in (
        ("v512", "vllm-512"), ("v2048", "vllm-2048"), ("s512", "sglang-512"), ("mixed", "sglang-mixed-2048"))}
    return values, max(values["v512"]["ci"][1], values["s512"]["ci"][1]) < 1


@book.claim(
    id="offline-null",
    title="Re-tested: chunked prefill does not improve offline throughput",
    sentence="With every request sent at once, the default's throughput is {vllm} times that with chunked prefill off in vLLM and {sglang} times "
    "in SGLang. In vLLM off also has twice the budget.",
    records=[offline("vllm-off"), offline("sglang-off"), *(f"offline-{fleet_of('vllm-off')}-{each}" for each in REFERENCES)], tier="gpu",
    holds_if="both intervals lie below 1.03",
)
def offline_null(vllm_off, sglang_off, vllm, sglang):
    values = {
        name: bootstrap.by_round(quotient, [on.values("throughput"), off.values("throughput")], "1", 4)
        for name, on, off in (("vllm", vllm, vllm_off), ("sglang", sglang, sglang_off))
    }
    return values, max(value["ci"][1] for value in values.values()) < 1.03


@book.claim(
    id="offline-small",
    title="Offline, a small budget costs",
    sentence="With every request sent at once, vLLM serves {small} with a budget of 512 and {default} at the default, {vllm} of it, and was the faster in {faster} of "
    "{rounds} rounds. Chunks of 512 leave SGLang {sglang} of its default's throughput.",
    records=[offline("vllm-512"), offline("sglang-512"), *(f"offline-{fleet_of('vllm-512')}-{each}" for each in REFERENCES)], tier="gpu",
    holds_if="both intervals lie below 100%",
)
def offline_small(*found):
    runs = by_name(found)
    served = {
        engine: [runs[name].values("throughput")
                 for name in (offline(f"{engine}-512"), f"offline-{fleet_of(f'{engine}-512')}-{engine}-default")]
        for engine in ENGINES
    }
    values = {engine: bootstrap.by_round(lambda a, b: 100 * quotient(a, b), pair, "%") for engine, pair in served.items()}
    dear = max(value["ci"][1] for value in values.values()) < 100
    small, default = served["vllm"]
    values |= {
        "small": median_of(small, "tok/s", 5), "default": median_of(default, "tok/s", 5),
        "faster": bootstrap.value(sum(a > b for a, b in zip(small, default, strict=True)), "count", 1),
        "rounds": bootstrap.value(len(small), "count", 1),
    }
    return values, dear


# %% [markdown]
# ## After Sarathi-Serve
#
# Prompts of one length at random times, chunked into small steps or not at all. The paper's capacity is the largest rate at which a
# limit on the p99 gap is kept; these are the gaps at two rates, from which a reader with a limit of their own can tell. Each visit
# drew its own arrivals, so the two settings did not see the same traffic, and three rounds make no interval: the lowest and
# the highest are given.

# %%
@book.claim(
    id="sarathi-gap",
    title="Re-tested in kind: gaps under random arrivals, chunked and not",
    sentence="At 3 requests a second of 4,096-token prompts vLLM's p99 gap is {on3} with a budget of 512, in the lowest and highest round {on3_low} and {on3_high}, "
    "and {off3} with chunked prefill off and a budget of 16,384, {off3_low} and {off3_high}: {ratio3} times. At 6 a second it is {on6}, {on6_low} and {on6_high}, "
    "against {off6}, {off6_low} and {off6_high}: {ratio6} times.",
    records=["capacity-vllm-512", "capacity-vllm-off"], tier="gpu",
    holds_if="at both rates the highest with 512 is less than half the lowest with off",
)
def sarathi_gap(small, off):
    values, halved = {}, []
    for rate in (3, 6):
        gaps = {name: run.values("itl_p99", rate=rate) for name, run in (("on", small), ("off", off))}
        for name, some in gaps.items():
            for end, statistic in (("", np.median), ("_low", min), ("_high", max)):
                values[f"{name}{rate}{end}"] = bootstrap.value(statistic(some), "ms")
        values[f"ratio{rate}"] = bootstrap.value(quotient(gaps["on"], gaps["off"]), "1")
        halved.append(max(gaps["on"]) < min(gaps["off"]) / 2)
    return values, all(halved)


@book.claim(
    id="sarathi-limit",
    title="Rounds that kept a limit of 100 ms",
    sentence="Of {rounds} rounds at 6 requests a second the p99 gap stayed under 100 ms in {on} with a budget of 512 and in {off} with chunked prefill off, where it lay "
    "between {least} and {most}.",
    records=["capacity-vllm-512", "capacity-vllm-off"], tier="gpu",
    holds_if="a budget of 512 keeps it in every round, off in fewer than half",
)
def sarathi_limit(small, off):
    gaps = {name: run.values("itl_p99", rate=6) for name, run in (("on", small), ("off", off))}
    kept = {name: sum(gap < 100 for gap in some) for name, some in gaps.items()}
    values = {name: bootstrap.value(count, "count", 1) for name, count in kept.items()}
    values |= {"rounds": bootstrap.value(len(gaps["off"]), "count", 1), "least": bootstrap.value(min(gaps["off"]), "ms"),
               "most": bootstrap.value(max(gaps["off"]), "ms")}
    return values, kept["on"] == len(gaps["on"]) and 2 * kept["off"] < len(gaps["off"])


# %% [markdown]
# ## Whether the fleets may be joined

# %%
@book.claim(
    id="fleets-agree",
    title="The same configuration in another fleet",
    sentence="Both defaults stood in every fleet. In the second fleet the p99 gap is {vllm_gap} times that in the first in vLLM and {sglang_gap} times in "
    "SGLang, the first token {vllm_ttft} and {sglang_ttft} times. Over all later fleets these ratios lie between {low} and {high}.",
    records=[place(reference, fleet) for fleet in FLEETS for reference in REFERENCES], tier="gpu",
    holds_if="the four intervals of the second fleet hold 1, and those of all later fleets lie between 0.9 and 1.1",
)
def fleets_agree(*found):
    runs, values, seen = by_name(found), {}, []
    for reference in REFERENCES:
        for key, name in (("gap", "itl_p99"), ("ttft", "ttft")):
            first = each_visit(runs[place(reference, "f1")], name)
            later = [bootstrap.ratio(each_visit(runs[place(reference, fleet)], name), first) for fleet in FLEETS[1:]]
            values[f"{engine_of(reference)}_{key}"] = later[0]
            seen += later
    second = all(holds_one(value) for value in values.values())
    values |= {"low": min(seen, key=lambda value: value["value"]), "high": max(seen, key=lambda value: value["value"])}
    return values, second and all(value["ci"][0] > 0.9 and value["ci"][1] < 1.1 for value in seen)


@book.claim(
    id="same-again",
    title="The same configuration against itself",
    sentence="Visited twice in each round, as if they were two servers, the defaults' p99 gaps come to {vllm_gap} (vLLM) and {sglang_gap} (SGLang) times "
    "their own, and the first tokens to {vllm_ttft} and {sglang_ttft} times.",
    records=[name for each in REFERENCES for name in (place(each, "f4"), f"again-{each}")], tier="gpu",
    holds_if="every interval holds 1",
)
def same_again(vllm, vllm_again, sglang, sglang_again):
    values = {}
    for engine, one, two in (("vllm", vllm, vllm_again), ("sglang", sglang, sglang_again)):
        for key, name in (("gap", "itl_p99"), ("ttft", "ttft")):
            values[f"{engine}_{key}"] = bootstrap.by_round(quotient, [each_visit(two, name), each_visit(one, name)], "1")
    return values, all(holds_one(value) for value in values.values())


@book.claim(
    id="gaps-seen",
    title="Whether every gap was seen",
    sentence="A token that comes in one piece with the next has no gap of its own. Of the {tokens} gaps of a visit vLLM hid {median} in the median visit and {most} at most, "
    "which is {share}; SGLang hid {sglang}.",
    records=with_references(*SWEEP), tier="gpu",
    holds_if="fewer than 1% were hidden in every visit",
)
def gaps_seen(*found):
    what = found[0].data["workload"]
    tokens = what["decoders"] * (what["decoder_output"] - 1) + what["prompts"] * (what["prompt_output"] - 1)
    hidden = {engine: [count for run in found if run.data["engine"]["name"] == engine for count in run.values("merged")] for engine in ENGINES}
    most = int(max(hidden["vllm"]))
    values = {"tokens": bootstrap.value(tokens, "count", 5), "median": bootstrap.value(int(np.median(hidden["vllm"])), "count", 5),
              "most": bootstrap.value(most, "count", 5), "share": bootstrap.value(100 * most / tokens, "%", 2),
              "sglang": bootstrap.value(int(max(hidden["sglang"])), "count", 1)}
    return values, values["share"]["value"] < 1


# %% [markdown]
# ## What the recordings say
#
# One long prompt arrived beside a few decoding requests, with a tracer in every process. Times of the chunks and of the decode
# batches between the first and the last of them.

# %%
POLICY = "python/sglang/srt/managers/schedule_policy.py::PrefillAdder"
BATCHES = "python/sglang/srt/managers/scheduler.py::Scheduler"
MIX = "python/sglang/srt/managers/schedule_batch.py::ScheduleBatch.mix_with_running"


def turns(recording, symbol):
    """Times in ns at which a function was entered, one a turn of the scheduler."""
    columns = recording.columns
    rows = zip(columns["symbol"], columns["kind"], columns["phase"], columns["t_ns"], strict=True)
    return sorted(t for name, kind, phase, t in rows if name == symbol and kind == "start" and phase == "request")


def prefill_of(recording):
    """Of a recorded prompt: its chunks, and the decode batches and mixed ones between the first and the last of them."""
    first = turns(recording, f"{POLICY}._commit_prefill_admission")[:1]
    later = turns(recording, f"{POLICY}.add_chunked_req")
    times = first + later
    between = [t for t in turns(recording, f"{BATCHES}.update_running_batch") if times[0] < t < times[-1]]
    return SimpleNamespace(chunks=len(times), decodes=len(between), mixed=len(turns(recording, MIX)))


@book.claim(
    id="chunks-in-a-row",
    title="SGLang's chunks follow each other",
    sentence="As recorded, SGLang cut the prompt into {chunks} chunks and ran {decodes} decode batches between the first and the last; with mixing, of "
    "{mixed_chunks} chunks {mixed} carried the decodes with them; with chunking off there was {off} chunk.",
    records=["path-sglang-gpu", "path-sglang-gpu-mixed", "path-sglang-gpu-off"], tier="gpu",
    holds_if="there are several chunks and no decode batch between the first and the last, with mixing every chunk carried decodes, and with chunking off there is one chunk",
)
def chunks_in_a_row(*recordings):
    alone, mixed, off = map(prefill_of, recordings)
    counts = {"chunks": alone.chunks, "decodes": alone.decodes, "mixed_chunks": mixed.chunks, "mixed": mixed.mixed, "off": off.chunks}
    in_a_row = alone.chunks > 1 and alone.decodes == 0
    return ({name: bootstrap.value(count, "count", 2) for name, count in counts.items()},
            in_a_row and mixed.mixed == mixed.chunks and off.chunks == 1)


# %% [markdown]
# ## Without a GPU: what a step's budget buys
#
# vLLM's scheduler itself, driven on any machine, no model behind it. Thirty-two requests decode; one prompt arrives, or five at
# once. These values are exact, and the asynchronous scheduler that a GPU gets gives out the same tokens.

# %%
def steps_of(record, budget, prompts=1):
    """(prefill tokens, decode tokens, steps to the first tokens) of a run."""
    return tuple(record.values(name, budget=budget, prompts=prompts)
                 for name in ("prefill_tokens", "decode_tokens", "steps_to_first_token"))


@book.claim(
    id="budget-counts-both",
    title="One budget for decodes and prompts",
    sentence="With a budget of 512 tokens and {decoders} requests decoding, vLLM's scheduler gives a prompt {chunk} tokens a step, and the prompt of 8,192 "
    "its first token after {small} steps; with 2,048 after {middle}, with 8,192 after {default}, with 16,384 after {large}.",
    records=["budget-vllm"], tier="cpu",
    holds_if="prompt and decodes fill each step's budget up to the last chunk, and the asynchronous scheduler gives out the same",
)
def budget_counts_both(record):
    prefill, decode, first = steps_of(record, 512)
    filled = all(a + b == 512 for a, b in zip(prefill[:-1], decode, strict=False))
    values = {"decoders": exact(decode[0]), "chunk": exact(prefill[0]), "small": exact(first[0])}
    for name, budget in (("middle", 2048), ("default", 8192), ("large", 16384)):
        values[name] = exact(steps_of(record, budget)[2][0])
    same = all(row["asynchronous_same"] for row in record.data["extra"]["rows"] if row["kind"] == "run")
    return values, filled and same


@book.claim(
    id="last-crumb",
    title="A prompt as long as the budget takes two steps",
    sentence="At a budget of 8,192 the prompt of 8,192 tokens gets {first} of them in its first step, and {second} in a second one.",
    records=["budget-vllm"], tier="cpu",
    holds_if="there are two steps, and the second has as many tokens as requests decode",
)
def last_crumb(record):
    prefill, decode, _ = steps_of(record, 8192)
    return {"first": exact(prefill[0]), "second": exact(prefill[1])}, len(prefill) == 2 and prefill[1] == decode[0]


@book.claim(
    id="off-still-mixes",
    title="Off does not take prompts out of the decodes' steps",
    sentence="With chunked prefill off and no budget given, vLLM's budget becomes {budget}, and a prompt of 8,192 goes whole into one step with {decoders} decodes, "
    "as at a budget of 16,384 with chunking on. Of five prompts at once the last has its first token after {off} steps, there after {on}.",
    records=["budget-vllm"], tier="cpu",
    holds_if="off schedules the one prompt as 16,384 does, in one step, and takes more steps for five",
)
def off_still_mixes(record):
    off, on = steps_of(record, "off"), steps_of(record, 16384)
    values = {
        "budget": exact(record.values("budget_tokens", budget="off", prompts=1)[0]), "decoders": exact(off[1][0]),
        "off": exact(steps_of(record, "off", 5)[2][-1]), "on": exact(steps_of(record, 16384, 5)[2][-1]),
    }
    return values, off == on and off[0] == [8192] and values["off"]["value"] > values["on"]["value"]


@book.claim(
    id="off-waits",
    title="Off with a tight budget waits for decodes to end",
    sentence="With chunked prefill off and a budget of {budget}, which just holds the longest sequence, the prompt of 8,192 does not fit beside {decoders} decodes. "
    "It waits {waits} steps, until at most {beside} decode; here all end together.",
    records=["budget-vllm"], tier="cpu",
    holds_if="the prompt runs whole, in a step with no more decodes than fit beside it, and in every step before more decode",
)
def off_waits(record):
    prefill, decode, first = steps_of(record, "off-tight")
    waits = next(number for number, tokens in enumerate(prefill) if tokens)
    budget = record.values("budget_tokens", budget="off-tight", prompts=1)[0]
    beside_it = budget - 8192
    values = {"budget": exact(budget), "decoders": exact(decode[0]), "waits": exact(waits), "beside": exact(beside_it)}
    fits = prefill[waits] == 8192 and decode[waits] <= beside_it < min(decode[:waits])
    return values, fits and first == [waits + 1]


@book.claim(
    id="off-asks",
    title="What off asks of the budget",
    sentence="Off with a budget of {given} and a longest sequence of {length} is refused. Off without a budget takes {length}, and without a longest sequence "
    "the model's own, {model}. A budget below the number of requests that may run lowers that number, to {seqs} here, and is refused where both are given.",
    records=["budget-vllm"], tier="cpu",
    holds_if="off takes the longest sequence as its budget, the model's own where none is given, and both contradictions are refused",
)
def off_asks(record):
    rows = {row["case"]: row for row in record.data["extra"]["rows"] if row["kind"] == "config"}
    refused, length = rows["off, budget below max_model_len"], rows["off, no budget"]["max_model_len"]
    values = {
        "given": exact(refused["arguments"]["max_num_batched_tokens"]), "length": exact(length),
        "model": exact(rows["off, no budget, no max_model_len"]["max_num_batched_tokens"]),
        "seqs": exact(rows["budget of 64, no max_num_seqs"]["max_num_seqs"]),
    }
    taken = rows["off, no budget"]["max_num_batched_tokens"] == length
    both = "raises" in refused and "raises" in rows["budget below max_num_seqs"]
    return values, taken and both and rows["off, no budget, no max_model_len"]["max_model_len"] == values["model"]["value"]


# %% [markdown]
# ## How long it took

# %%
SERVERS = [f"{engine}-{setting}" for engine in ENGINES for setting in (*BUDGETS, "off")]
SERVERS += ["sglang-mixed-default", "sglang-mixed-2048", "sglang-2048-interval1"]


@book.claim(
    id="suite-time-06",
    title="How long the suite held the card",
    sentence="From the card's probes to the last measurement of each fleet, start-up included, the GPU tier of this "
    "experiment took {minutes} minutes in {fleets} fleets.",
    records=[*with_references(*SERVERS), "capacity-vllm-512", "capacity-vllm-off", "again-vllm-default",
             "again-sglang-default", *(f"offline-{fleet_of(name)}-{name}" for name in (
                 *REFERENCES, "vllm-512", "sglang-512", "vllm-off", "sglang-off"))], tier="gpu",
    holds_if="it is at most 18 minutes",
)
def suite_time_06(*runs):
    minutes = bootstrap.value(sittings.minutes(runs), "1", 3)
    fleets = {run.probes["at"] for run in runs}
    return {"minutes": minutes, "fleets": bootstrap.value(len(fleets), "1")}, minutes["value"] <= 18


# %%
book.finish()
print(json.dumps({claim["id"]: claim["holds"] for claim in book.claims}, indent=1))
