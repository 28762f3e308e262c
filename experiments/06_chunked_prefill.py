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
# Thirty-two answers are being decoded when five long prompts arrive, one after the other. What the decoders wait
# between two tokens, and what the prompts wait for their first, depends on how many tokens a step may hold. vLLM 0.32.0
# and SGLang 0.5.21, Qwen3-8B shape, one card a host. The servers of the sweep do not fit the card at once: they stand
# there in fleets, and each fleet holds both engines' defaults. A result leaves its fleet only as a ratio to one of
# these two, measured in the same rounds; milliseconds of different fleets are never set against each other.

# %%
from types import SimpleNamespace

import numpy as np

from experiments.lab.analysis import card_time, intervals
from experiments.lab.analysis.claim_book import Book
from experiments.lab.analysis.draw_figures import colour
from experiments.lab.analysis.readings import (
    ENGINES, by_measurement, card_rates, count_of, error_bars, exact, gaps_by_round, highest, lowest,
    median_of, percentage_of, prefixed, quotient, ratio_across, ratio_of, series_of, shape_of,
)
from experiments.lab.analysis.roofline import mixed_floor_ms
from experiments.lab.verdicts.verdict import (
    above, all_of, as_many, at_least, at_most, below, between, equals, every, fact, falling, holds_value, more,
    none, rising, some, the,
)

book = Book("06")
BUDGETS = (512, 1024, 2048, 4096, 16384)  # beside the default
FLEETS = ("f1", "f2", "f3", "f4")
REFERENCES = ("vllm-default", "sglang-default")


def engine_of(server):
    return server.partition("-")[0]


def mixed(server, beside=None, fleet=None):
    """The measurement of a server under decoders and long prompts, of a default in the fleet of another server."""
    return book.measured("mixed", server, fleet, beside)


def with_references(*servers):
    """Measurements of these servers and of both defaults beside each of them, every one once."""
    return book.measured_beside("mixed", servers, REFERENCES)


PERCENTILES = {"itl_p50": 50, "itl_p99": 99}


def each_visit(run, name):
    """A value a round: of the prompts' first tokens the visit's median, of the gaps the percentile of them all, and all
    else is one a visit already."""
    if name in PERCENTILES:
        return gaps_by_round(run, PERCENTILES[name])
    values = series_of(run, name)
    return np.median(values.reshape(-1, run.data["workload"]["prompts"]), axis=1) if name == "ttft" else values


def pair(runs, server, name, reference):
    """The series of a server, and of the reference that stood beside it."""
    return [each_visit(runs[mixed(server)], name), each_visit(runs[mixed(reference, beside=server)], name)]


def over_default(runs, server, name, digits=3):
    """A server's median over that of its engine's default in the same fleet."""
    return ratio_of(*pair(runs, server, name, f"{engine_of(server)}-default"), digits)


def across(runs, server, other, name):
    """A ratio of two servers' ratios to vLLM's default, each in its own fleet."""
    return ratio_across(*(pair(runs, each, name, "vllm-default") for each in (server, other)))


def default_of(engine, name):
    """The median over all fleets of the engine's default: what a ratio to it is drawn with."""
    values = [each_visit(book.record(mixed(f"{engine}-default", fleet=fleet)), name) for fleet in FLEETS]
    return np.median(np.concatenate(values))


# %% [markdown]
# ## The defaults, and what *off* says
#
# Read from the started servers: SGLang answers when asked, vLLM prints the budget as the end of the range of sizes for
# which it compiles.

# %%
@book.claim(
    id="default-budgets",
    title="Both engines start with the same number of tokens, and SGLang without a way to let decodes in",
    sentence="Started without a flag for it on this card, vLLM has {vllm} tokens for a step. SGLang has {sglang} for a "
    "chunk and {batch} for a prefill batch, does not mix, and runs {interval} decode turns between two prefill "
    "batches.",
    records=["default-vllm", "default-sglang"], tier="gpu",
    holds=all_of(
        equals(the("sglang"), "vllm"), fact("turns", "SGLang does not mix"), none("interval"),
    ),
    labels={"vllm": "vLLM's budget", "sglang": "SGLang's chunk", "interval": "decode turns between its prefill "
    "batches"},
)
def default_budgets(vllm, sglang):
    values = {
        "vllm": exact(count_of(vllm, "max_num_batched_tokens"), digits=5),
        "sglang": exact(count_of(sglang, "chunked_prefill_size"), digits=5),
        "batch": exact(count_of(sglang, "max_prefill_tokens"), digits=5),
        "interval": exact(count_of(sglang, "prefill_decode_interval"), digits=1),
    }
    return values, {"turns": not count_of(sglang, "enable_mixed_chunk")}


@book.claim(
    id="off-warns",
    title="With chunked prefill off, vLLM warns that the model does not officially support it",
    sentence="Lines in the log of a vLLM server that say the model does not officially support it: {off} with chunked "
    "prefill off, {default} at the default.",
    records=[mixed("vllm-off"), "default-vllm"], tier="gpu",
    holds=all_of(some("off"), none("default")),
    labels={"off": "such lines in the log of off", "default": "such lines in the default's"},
)
def off_warns(off, default):
    text = "does not officially support disabling chunked prefill"
    return {
        name: exact(sum(text in line for line in run.data["extra"]["warnings"]), digits=1)
        for name, run in (("off", off), ("default", default))
    }


# %% [markdown]
# ## The trade
#
# One point a setting: the median first token of the long prompts against the 99th percentile of the decoders' gaps
# while these prompts were in the server. A point is the setting's ratio to its own engine's default beside it, times
# the median of that default over all fleets. The floor is a step's: its FLOP at the best bf16 rate of the run, or,
# where that is more, weights and cache read once at the best copy rate; the prompt's floor is the sum over its chunks.

# %%
VLLM = [f"vllm-{budget}" for budget in (*BUDGETS, "off")]
SGLANG = [f"sglang-{budget}" for budget in (*BUDGETS, "off")]
TWO_WAYS = {"mixed": "sglang-mixed-2048", "turn": "sglang-2048-interval1"}
LET_IN = ["sglang-mixed-default", *TWO_WAYS.values()]
SWEEP = [*VLLM, *SGLANG, *LET_IN]
LABELS = {"default": "8k", "off": "off", "mixed-default": "mix 8k", "mixed-2048": "mix 2k", "2048-interval1": "2k, "
"turn"}
LABELS |= {str(budget): f"{budget // 1024}k" if budget >= 1024 else str(budget) for budget in BUDGETS}


def decoding(run):
    """Tokens in the cache behind each decoding request, half-way through its answer."""
    what = run.data["workload"]
    return (what["decoder_prompt"] + what["decoder_output"] // 2,) * what["decoders"]


def chunks(run, budget):
    """(tokens, tokens behind) of a long prompt's chunks when each step's budget pays for the decodes first."""
    what, behind, cut = run.data["workload"], 0, []
    while behind < what["prompt_tokens"]:
        cut.append((min(budget - what["decoders"], what["prompt_tokens"] - behind), behind))
        behind += cut[-1][0]
    return cut


def step_floors(run, budget, card):
    """ms, a value a chunk."""
    shape = shape_of(run)
    return [mixed_floor_ms(shape, tokens, behind, decoding(run), *card) for tokens, behind in chunks(run, budget)]


def prompt_floor(run, size, card):
    """ms of a long prompt in chunks of `size` tokens with no decode beside them: SGLang's pause, if nothing else took
    time."""
    tokens, shape = run.data["workload"]["prompt_tokens"], shape_of(run)
    chunks = ((min(size, tokens - behind), behind) for behind in range(0, tokens, size))
    return sum(mixed_floor_ms(shape, chunk, behind, (), *card) for chunk, behind in chunks)


def default_budget():
    return int(book.record("default-vllm").values("max_num_batched_tokens")[0])


def in_ms(axis):
    """A logarithmic axis whose ticks are plain numbers."""
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:.0e}"[0] in "235" else "")


def label(axes, points, tone, offset):
    """Write each point's setting beside it, to the left where the offset is; points that lie on each other share a
    label. `points`: [(x, y, text)]."""
    groups = []
    for x, y, text in points:
        close = (group for group in groups if abs(group[0] / x - 1) < 0.08 and abs(np.log(group[1] / y)) < 0.2)
        near = next(close, None)
        if near is None:
            groups.append([x, y, text])
        else:
            near[2] += f", {text}"
    for x, y, text in groups:
        axes.annotate(text, (x, y), xytext=offset, textcoords="offset points", color=tone,
                      ha="right" if offset[0] < 0 else "left")


@book.figure("trade.svg", height=6.0, phone=6.6)
def trade_figure(figure, axes):
    runs = by_measurement(book.record(name) for name in with_references(*SWEEP))

    def at(server):
        engine = engine_of(server)
        return [default_of(engine, name) * quotient(*pair(runs, server, name, f"{engine}-default"))
                for name in ("ttft", "itl_p99")]

    reference = runs[mixed("vllm-default", fleet="f1")]
    budgets = (512, 724, 1024, 1448, 2048, 2896, 4096, 8224)
    floors = [step_floors(reference, budget, card_rates(reference)) for budget in budgets]
    axes.plot([sum(f) for f in floors], [max(f) for f in floors], color=colour("floor"), linestyle="--", label="floor")
    for engine, mark in zip(ENGINES, "os", strict=True):
        line = [f"{engine}-{budget}" for budget in (512, 1024, 2048, 4096)] + [f"{engine}-default", f"{engine}-16384"]
        points = [at(server) for server in line]
        style = {"color": colour(engine), "markersize": 5, "linewidth": 1, "label": ENGINES[engine]}
        axes.plot(*zip(*points, strict=True), mark + "-", **style)
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
    axes.set_xlabel("first token of the long prompts, ms")
    axes.set_ylabel("p99 of the gaps between others' tokens, ms")
    figure.legend(loc="outside upper center", ncols=2)


# %%
def swept(runs, engine, name):
    """{budget: the ratio to the engine's default} of each budget."""
    return {str(budget): over_default(runs, f"{engine}-{budget}", name) for budget in BUDGETS}


def beside_512(runs, engine):
    """p99 gaps in ms of the smallest setting and of the default that stood beside it: these two share a fleet."""
    small, default = pair(runs, f"{engine}-512", "itl_p99", f"{engine}-default")
    return {"default": median_of(default, "ms"), "small": median_of(small, "ms")}


@book.claim(
    id="gap-by-budget",
    title="vLLM's slowest gaps follow the budget",
    sentence="In vLLM the decoders' p99 gap is {default} at the default budget and {small} at 512 tokens a step. With "
    "4,096 it is {b4096} times the default's, with 2,048 {b2048}, with 1,024 {b1024}, with 512 {b512}, and with 16,384 "
    "{b16384}.",
    records=with_references(*(f"vllm-{budget}" for budget in BUDGETS)), tier="gpu", figure="trade.svg",
    holds=all_of(rising("b512", "b1024", "b2048", "b4096"), below(1, "b4096"), below(0.25, "b512")),
    labels={f"b{budget}": f"the ratio at {budget:,}" for budget in BUDGETS},
    # The p99 gaps of steps of up to 1,024 tokens lie furthest above their floors, and differ most between hosts.
    set_by={"b512": "processor", "b1024": "processor", "small": "processor", "*": "gpu"},
)
def gap_by_budget(*records):
    runs = by_measurement(records)
    return prefixed("b", swept(runs, "vllm", "itl_p99")) | beside_512(runs, "vllm")


@book.figure("gaps.svg", height=4.3, phone=4.5)
def gaps_figure(_, axes):
    runs = by_measurement(book.record(name) for name in with_references(*VLLM, *SGLANG))
    default = default_budget()
    places = sorted((*BUDGETS, default))
    reference = runs[mixed("vllm-default", fleet="f1")]
    card = card_rates(reference)
    axes.plot(places, [max(step_floors(reference, budget, card)) for budget in places], color=colour("floor"),
              linestyle="--", label="floor of one step")
    axes.plot(places, [prompt_floor(reference, size, card) for size in places], color=colour("floor"), linestyle=":",
              label="floor of a prompt in chunks")
    for engine, mark in zip(ENGINES, "os", strict=True):
        anchor = default_of(engine, "itl_p99")
        ratios = [
            exact(1.0, "1") if budget == default else over_default(runs, f"{engine}-{budget}", "itl_p99")
            for budget in places
        ]
        axes.errorbar(places, *error_bars(ratios, anchor), fmt=mark + "-", color=colour(engine), markersize=5,
                      linewidth=1, label=ENGINES[engine])
    axes.set_xscale("log", base=2)
    axes.set_xticks(places, [f"{n:,}" for n in places])
    axes.minorticks_off()
    axes.set_yscale("log")
    in_ms(axes.yaxis)
    axes.set_xlabel("vLLM: tokens a step; SGLang: tokens a chunk")
    axes.set_ylabel("p99 of the gaps between tokens, ms")
    axes.legend()


# %%
@book.claim(
    id="gap-by-chunk",
    title="SGLang's slowest gaps do not shrink with the chunk size",
    sentence="In SGLang the decoders' p99 gap is {default} at the default chunk size and {small} with chunks of 512 "
    "tokens. With 4,096 it is {c4096} times the default's, with 2,048 {c2048}, with 1,024 {c1024}, with 512 {c512}, "
    "and with 16,384 {c16384}.",
    records=with_references(*(f"sglang-{budget}" for budget in BUDGETS)), tier="gpu", figure="gaps.svg",
    holds=above(0.9, every("ratio", "c*")), set_by="gpu",
)
def gap_by_chunk(*records):
    runs = by_measurement(records)
    return prefixed("c", swept(runs, "sglang", "itl_p99")) | beside_512(runs, "sglang")


@book.claim(
    id="small-chunk-longer",
    title="Chunks of 512 make a longer wait than the default",
    sentence="With chunks of 512 tokens SGLang's decoders wait {gap} times as long as at the default (p99), and the "
    "prompts {ttft} times as long for their first token.",
    records=with_references("sglang-512"), tier="gpu",
    holds=above(1.05, "gap", "ttft"),
    labels={"ttft": "the time to first token"}, set_by="gpu",
)
def small_chunk_longer(*records):
    runs = by_measurement(records)
    return {"gap": over_default(runs, "sglang-512", "itl_p99"), "ttft": over_default(runs, "sglang-512", "ttft")}


@book.claim(
    id="gap-over-ttft",
    title="In SGLang the others wait nearly as long as the prompt does",
    sentence="The decoders' p99 gap is {sglang512} of the prompts' first token in SGLang with chunks of 512 and "
    "{sglang2048} with chunks of 2,048; in vLLM, with such budgets, {vllm512} and {vllm2048}.",
    records=[mixed(f"{engine}-{budget}") for engine in ("sglang", "vllm") for budget in (512, 2048)], tier="gpu",
    holds=all_of(above(75, every("share of SGLang's", "sglang*")), below(50, every("share of vLLM's", "vllm*"))),
    set_by={"vllm512": "processor", "*": "gpu"},
)
def gap_over_ttft(*records):
    runs = by_measurement(records)
    return {
        f"{engine}{budget}": percentage_of(*(each_visit(runs[mixed(f"{engine}-{budget}")], name)
                                             for name in ("itl_p99", "ttft")))
        for engine in ENGINES for budget in (512, 2048)
    }


@book.claim(
    id="decodes-let-in",
    title="Mixing, or a decode turn after each chunk of 2,048, shortens SGLang's slowest gaps",
    sentence="Beside SGLang's default, mixing with chunks of 2,048 makes the decoders' p99 gap {mixed} times as long "
    "and the prompts' first token {mixed_ttft} times; a decode turn after every chunk of 2,048, {turn} and "
    "{turn_ttft}; mixing at the default chunk size, {mixed_default} and {mixed_default_ttft}.",
    records=with_references(*LET_IN), tier="gpu",
    holds=below(0.6, "mixed", "turn"),
    labels={"mixed": "the gap with mixed chunks of 2,048", "turn": "that with a turn after each"}, set_by="gpu",
)
def decodes_let_in(*records):
    runs, values = by_measurement(records), {}
    for key, server in (*TWO_WAYS.items(), ("mixed_default", "sglang-mixed-default")):
        values[key], values[f"{key}_ttft"] = (over_default(runs, server, name) for name in ("itl_p99", "ttft"))
    return values


@book.claim(
    id="median-gap",
    title="A budget of 512 makes vLLM's median gap longer",
    sentence="The decoders' median gap in vLLM is {default} at the default. With a budget of 2,048 it is {middle} "
    "times that, with 512 {small} times.",
    records=with_references("vllm-512", "vllm-2048"), tier="gpu",
    holds=above(1, "small"), labels={"small": "the ratio at 512"}, set_by={"small": "processor", "*": "gpu"},
)
def median_gap(*records):
    runs = by_measurement(records)
    return {
        "small": over_default(runs, "vllm-512", "itl_p50"), "middle": over_default(runs, "vllm-2048", "itl_p50"),
        "default": median_of(each_visit(runs[mixed("vllm-default", fleet="f1")], "itl_p50"), "ms"),
    }


@book.claim(
    id="ttft-by-budget",
    title="In vLLM a smaller budget delays the prompt's first token",
    sentence="The long prompts' first token takes {default} at vLLM's default; with 4,096 tokens a step {t4096} times "
    "that, with 2,048 {t2048}, with 1,024 {t1024}, with 512 {t512}, and with 16,384 {t16384}.",
    records=with_references(*(f"vllm-{budget}" for budget in BUDGETS)), tier="gpu",
    holds=all_of(falling("t512", "t1024", "t2048", "t4096", 1, by="value"), above(1, "t512")),
    labels={f"t{budget}": f"the ratio at {budget:,}" for budget in BUDGETS}, set_by="gpu",
)
def ttft_by_budget(*records):
    runs = by_measurement(records)
    default = median_of(each_visit(runs[mixed("vllm-default", fleet="f1")], "ttft"), "ms")
    return prefixed("t", swept(runs, "vllm", "ttft")) | {"default": default}


@book.claim(
    id="off-against-default",
    title="Chunked prefill off changes no value by a tenth",
    sentence="With chunked prefill off the decoders' p99 gap is {vllm_gap} times the default's in vLLM and "
    "{sglang_gap} times in SGLang, and the prompts' first token takes {vllm_ttft} and {sglang_ttft} times as long. The "
    "prompts have as many tokens as the default budget.",
    records=with_references("vllm-off", "sglang-off"), tier="gpu",
    holds=between(0.9, 1.1, every("ratio")), set_by="gpu",
)
def off_against_default(*records):
    runs, values = by_measurement(records), {}
    for engine in ENGINES:
        values[f"{engine}_gap"] = over_default(runs, f"{engine}-off", "itl_p99")
        values[f"{engine}_ttft"] = over_default(runs, f"{engine}-off", "ttft")
    return values


@book.claim(
    id="off-or-large",
    title="Off and a budget of 16,384 cannot be told apart here",
    sentence="vLLM's p99 gap with chunked prefill off, over that with a budget of 16,384 tokens, each as a ratio to "
    "the default beside it: {gap}; the prompts' first token: {ttft}. Off has the same budget, and one prompt at a time "
    "always fits it.",
    records=with_references("vllm-off", "vllm-16384"), tier="gpu",
    holds=holds_value(1, "gap", "ttft"), labels={"ttft": "the time to first token"}, set_by="gpu",
)
def off_or_large(*records):
    runs = by_measurement(records)
    return {key: across(runs, "vllm-off", "vllm-16384", name) for key, name in (("gap", "itl_p99"), ("ttft", "ttft"))}


# %% [markdown]
# ## Engines at equal first tokens
#
# A budget of 2,048 is not the same thing in both engines, so the settings are not compared one by one. For each way in
# which SGLang lets decoders in, vLLM's p99 at the same first token is read off between its own settings, in the ratios
# to vLLM's default that both have.

# %%
def at_equal_ttft(runs, server):
    """{"gap", "same", "over", "ttft", "fastest"}: the server's p99 gap; the shortest that vLLM reaches with no slower a
    first token, read off between its settings; the former over the latter; the server's first token, and vLLM's
    fastest. All but "over" are ratios to vLLM's default beside each server. Where "ttft" is below "fastest", "same" is
    that of the fastest."""
    settings = [*(f"vllm-{budget}" for budget in BUDGETS), server]
    fleet_of = {setting: next(iter(book.fleets("mixed", setting)), FLEETS[0]) for setting in settings}
    fleets = list(dict.fromkeys(fleet_of.values()))
    table = {
        setting: [pair(runs, setting, name, "vllm-default") for name in ("ttft", "itl_p99")] for setting in settings
    }
    known = {}

    def trade(*chosen):
        key = b"".join(rounds.tobytes() for rounds in chosen)
        if key not in known:
            rounds = dict(zip(fleets, (each.astype(int) for each in chosen), strict=True))
            points = {
                setting: [quotient(above[rounds[fleet_of[setting]]], below[rounds[fleet_of[setting]]])
                          for above, below in pairs]
                for setting, pairs in table.items()
            }
            ttft, gap = points.pop(server)
            ttfts, gaps = zip(*sorted([*points.values(), [1.0, 1.0]]), strict=True)
            best = np.minimum.accumulate(gaps)
            same = np.exp(np.interp(np.log(ttft), np.log(ttfts), np.log(best)))
            known[key] = {"gap": gap, "same": same, "over": gap / same, "ttft": ttft, "fastest": ttfts[0]}
        return known[key]

    samples = [np.arange(len(each_visit(runs[mixed("vllm-default", fleet=fleet)], "itl_p99"))) for fleet in fleets]
    return {name: intervals.of(lambda *chosen, name=name: trade(*chosen)[name], samples, "1")
            for name in ("gap", "same", "over", "ttft", "fastest")}


@book.claim(
    id="equal-ttft",
    title="At the same first token, vLLM's slowest gaps are shorter",
    sentence="Where SGLang mixes chunks of 2,048 its prompts' first token takes {mixed_ttft} times vLLM's default and "
    "the p99 gap {mixed_gap} times; with no slower a first token vLLM's settings come down to {mixed_same} times, so "
    "that SGLang's gap is {mixed_over} times as long. With a decode turn after each chunk of 2,048 it is {turn_over} "
    "times as long, at {turn_ttft} times the first token.",
    records=with_references(*(f"vllm-{budget}" for budget in BUDGETS), *TWO_WAYS.values()), tier="gpu",
    holds=all_of(
        at_least(the("mixed_fastest"), "mixed_ttft", by="value"), at_least(the("turn_fastest"), "turn_ttft", by=""
        "value"),
        above(1, "mixed_over", "turn_over"),
    ),
    labels={"mixed_ttft": "the first token where SGLang mixes", "mixed_fastest": "vLLM's earliest",
            "turn_ttft": "that with a decode turn", "turn_fastest": "vLLM's earliest",
            "mixed_over": "its gap over vLLM's where it mixes", "turn_over": "that with a decode turn"},
    set_by="gpu",
)
def equal_ttft(*records):
    runs, values = by_measurement(records), {}
    for key, server in TWO_WAYS.items():
        values |= prefixed(f"{key}_", at_equal_ttft(runs, server))
    return values


@book.claim(
    id="equal-budget",
    title="At 2,048 tokens both engines give the same gap and first token, to a tenth",
    sentence="Mixing chunks of 2,048, SGLang's p99 gap is {mixed_gap} times vLLM's at a budget of 2,048 and the "
    "prompts' first token {mixed_ttft} times, each as a ratio to vLLM's default beside it. With a decode turn after "
    "each chunk of 2,048: {turn_gap} and {turn_ttft}.",
    records=with_references("vllm-2048", *TWO_WAYS.values()), tier="gpu",
    holds=between(0.9, 1.1, every("ratio")), set_by="gpu",
)
def equal_budget(*records):
    runs = by_measurement(records)
    return {
        f"{key}_{short}": across(runs, server, "vllm-2048", name)
        for key, server in TWO_WAYS.items() for short, name in (("gap", "itl_p99"), ("ttft", "ttft"))
    }


# %% [markdown]
# ## Where a pause is counted
#
# SGLang sends the tokens of a turn after it has launched the next one. What the launch of a prefill takes on the
# processor is therefore part of the gap before the pause. The longest gaps are found in the raw times, each with the
# one before it; the two together do not depend on when the token between them came. That the sum is the steadier number
# was seen in the records of the first host, so its claim's limit, the tenth of the other claims, was set after them.

# %%
def pauses_of_rounds(run):
    """[(the gaps of over half the round's longest, the gaps just before these)], ms, a pair of arrays a round."""
    rounds, gaps = (np.array(run.columns[name]) for name in ("round", "itl_us"))
    pairs = []
    for number in np.unique(rounds):
        ms = gaps[rounds == number] / 1e3
        at = np.flatnonzero(ms > ms.max() / 2)
        at = at[at > 0]
        pairs.append((ms[at], ms[at - 1]))
    return pairs


def pauses(run):
    """Medians a round, ms: the pauses, and the gaps just before these."""
    return np.array([[np.median(part) for part in pair] for pair in pauses_of_rounds(run)]).T


@book.claim(
    id="off-pause",
    title="SGLang's shorter pause with chunking off is a pause cut in two",
    sentence="The decoders' pause for a prompt is {off} in SGLang with chunked prefill off and {default} at the "
    "default; the gap just before it is {before_off} and {before_default}. Both together: {sum_off} and {sum_default}, "
    "a ratio of {sums}.",
    records=[mixed("sglang-off"), mixed("sglang-default", beside="sglang-off")], tier="gpu",
    holds=all_of(below(the("default"), "off"), above(the("before_default"), "before_off"), between(0.95, 1.05, "sums")),
    labels={"off": "the pause with off", "default": "the default's", "before_off": "the gap before it",
            "before_default": "the default's", "sums": "the ratio of both together"},
    set_by={"before_*": "processor", "*": "gpu"},
)
def off_pause(off, default):
    values = {}
    for name, run in (("off", off), ("default", default)):
        pause, before = pauses(run)
        values |= {name: median_of(pause, "ms"), f"before_{name}": median_of(before, "ms"),
                   f"sum_{name}": median_of(pause + before, "ms")}
    return values | {"sums": ratio_of(sum(pauses(off)), sum(pauses(default)))}


@book.claim(
    id="pause-whole",
    title="With the gap before it, the pause is alike in both engines and in every fleet",
    sentence="At the defaults a pause and the gap before it together take {vllm} in vLLM and {sglang} in SGLang, "
    "{engines} times vLLM's. In the later fleets they take between {low} and {high} times as long as in the first. "
    "With chunked prefill off vLLM's take {off} times the default's beside it, with a budget of 16,384 {large} times, "
    "which makes off {off_large} times as long as 16,384.",
    records=[*(mixed(reference, fleet=fleet) for fleet in FLEETS for reference in REFERENCES), mixed("vllm-off"),
             mixed("vllm-16384")], tier="gpu",
    holds=between(0.9, 1.1, every("ratio", "engines", "off*", "large", "later_*")), set_by="gpu",
)
def pause_whole(*records):
    both = {name: sum(pauses(run)) for name, run in by_measurement(records).items()}
    vllm, sglang = (both[mixed(reference, fleet="f1")] for reference in REFERENCES)
    off, large = ([both[mixed(server)], both[mixed("vllm-default", beside=server)]]
                  for server in ("vllm-off", "vllm-16384"))
    later = [
        intervals.ratio(both[mixed(reference, fleet=fleet)], both[mixed(reference, fleet="f1")])
        for reference in REFERENCES for fleet in FLEETS[1:]
    ]
    values = {
        "engines": ratio_of(sglang, vllm), "off": ratio_of(*off), "large": ratio_of(*large), "low": lowest(later),
        "high": highest(later), "off_large": ratio_across(off, large), "vllm": median_of(vllm, "ms"),
        "sglang": median_of(sglang, "ms"),
    }
    return values, {f"later_{number}": ratio for number, ratio in enumerate(later)}


# %% [markdown]
# ## The floor of one step

# %%
def over_floor(run, budget, name="itl_p99"):
    floor = max(step_floors(run, budget, card_rates(run)))
    return intervals.by_round(lambda gaps: np.median(gaps) / floor, [each_visit(run, name)], "1")


@book.claim(
    id="gap-floor",
    title="vLLM's p99 gap lies between the floor of a step and twice that floor",
    sentence="The floor of the largest step, its FLOP or what it has to read, is {floor512} with a budget of 512 and "
    "{floor_default} at the default. vLLM's p99 gap is {v512} times the floor with 512, {v1024} with 1,024, {v2048} "
    "with 2,048, {v4096} with 4,096 and {default} at the default. There, on the first host, {under} of the {pauses} "
    "pauses are shorter than the floor; pause and the gap before it together are {both} times the floor.",
    records=[*(mixed(f"vllm-{budget}") for budget in (512, 1024, 2048, 4096)), mixed("vllm-default", fleet="f1"),
             "default-vllm"], tier="gpu",
    holds=between(1, 2, every("p99 gap over its floor", "v*", "default")),
    set_by={"v512": "processor", "v1024": "processor", "*": "gpu"},
)
def gap_floor(v512, v1024, v2048, v4096, default, started):
    budget = int(count_of(started, "max_num_batched_tokens"))
    values = {"v512": over_floor(v512, 512), "v1024": over_floor(v1024, 1024), "v2048": over_floor(v2048, 2048),
              "v4096": over_floor(v4096, 4096), "default": over_floor(default, budget)}
    whole = max(step_floors(default, budget, card_rates(default)))
    ms = np.concatenate([long for long, _ in pauses_of_rounds(default)])
    values["under"], values["pauses"] = exact(int(sum(ms < whole))), exact(len(ms))
    values["both"] = intervals.by_round(lambda both: np.median(both) / whole, [sum(pauses(default))], "1")
    values["floor512"] = intervals.value(max(step_floors(v512, 512, card_rates(v512))), "ms")
    values["floor_default"] = intervals.value(whole, "ms")
    return values


# %% [markdown]
# ## Throughput

# %%
OFFLINE = ("vllm-512", "sglang-512", "vllm-off", "sglang-off")


def offline(server, beside=None):
    """The measurement of a server that got everything at once; in its fleet, or in that of another server."""
    return f"offline-{mixed(server, beside or server).split('-')[1]}-{server}"


def defaults_beside(budget):
    """Each engine's default beside its server with this budget."""
    return [offline(f"{engine}-default", beside=f"{engine}-{budget}") for engine in ENGINES]


def offline_pair(runs, server):
    """The throughput of a server, and of its engine's default beside it."""
    names = (offline(server), offline(f"{engine_of(server)}-default", beside=server))
    return [runs[name].values("throughput") for name in names]


@book.figure("throughput.svg", height=4.3, phone=5.0)
def throughput_figure(_, axes):
    runs = by_measurement(book.record(name) for name in with_references(*VLLM, *SGLANG))
    for server in (*OFFLINE, *REFERENCES):
        runs[offline(server)] = book.record(offline(server))
    places = ("512", "1024", "2048", "4096", "16384", "off")
    axes.axhline(1, color=colour("floor"), linestyle="--", linewidth=1)
    for shift, engine, mark in ((-0.1, "vllm", "o"), (0.1, "sglang", "s")):
        loaded = {x: over_default(runs, f"{engine}-{what}", "throughput") for x, what in enumerate(places)}
        at_once = {places.index(what): ratio_of(*offline_pair(runs, f"{engine}-{what}"), 4) for what in ("512", "off")}
        for points, aside, fill, what in ((loaded, 0, colour(engine), "decoders and long prompts"),
                                          (at_once, 0.12, "none", "everything at once")):
            axes.errorbar([x + shift + aside for x in points], *error_bars(points.values()), fmt=mark, markersize=5,
                          color=colour(engine), markerfacecolor=fill, label=f"{ENGINES[engine]}, {what}")
    axes.set_xticks(range(len(places)), [LABELS[what] for what in places])
    axes.set_xlabel("tokens a step (vLLM), a chunk (SGLang)")
    axes.set_ylabel("tokens over the visit's time, over the default's")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))


@book.claim(
    id="throughput-by-budget",
    title="Over a visit with fixed arrivals, a budget of 512 costs both engines throughput",
    sentence="Over a whole visit, decoders and long prompts together, vLLM's throughput with a budget of 512 is {v512} "
    "times the default's, with 2,048 {v2048}; SGLang's with chunks of 512 {s512}, and mixed with chunks of 2,048 "
    "{mixed}.",
    records=with_references("vllm-512", "vllm-2048", "sglang-512", "sglang-mixed-2048"), tier="gpu", figure=""
    "throughput.svg",
    holds=below(1, "v512", "s512"), labels={"v512": "vLLM's ratio at 512", "s512": "SGLang's"}, set_by="gpu",
)
def throughput_by_budget(*records):
    runs = by_measurement(records)
    return {key: over_default(runs, server, "throughput", digits=4) for key, server in (
        ("v512", "vllm-512"), ("v2048", "vllm-2048"), ("s512", "sglang-512"), ("mixed", "sglang-mixed-2048"))}


@book.claim(
    id="offline-null",
    title="With short prompts sent at once, chunking gains less than three per cent",
    sentence="With 40 requests of 1,024 prompt and 64 answer tokens sent at once, the default's throughput is {vllm} "
    "times that with chunked prefill off in vLLM and {sglang} times in SGLang. In vLLM off also has twice the budget, "
    "and in SGLang prefill without CUDA graphs.",
    records=[offline("vllm-off"), offline("sglang-off"), *defaults_beside("off")],
    tier="gpu",
    holds=below(1.03, every("ratio")), set_by="gpu",
)
def offline_null(vllm_off, sglang_off, vllm, sglang):
    return {
        name: ratio_of(on.values("throughput"), off.values("throughput"), 4)
        for name, on, off in (("vllm", vllm, vllm_off), ("sglang", sglang, sglang_off))
    }


@book.claim(
    id="offline-small",
    title="With short prompts sent at once, a budget of 512 costs both engines throughput",
    sentence="With 40 requests of 1,024 prompt and 64 answer tokens sent at once, and KV memory for fewer, vLLM serves "
    "{small} with a budget of 512 and {default} at the default, {vllm} of it, and was the faster in {faster} of "
    "{rounds} rounds on the first host. Chunks of 512 leave SGLang {sglang} of its default's throughput.",
    records=[offline("vllm-512"), offline("sglang-512"), *defaults_beside("512")], tier="gpu",
    holds=below(100, "vllm", "sglang"), labels={"vllm": "vLLM's share", "sglang": "SGLang's"}, set_by="gpu",
)
def offline_small(*records):
    runs = by_measurement(records)
    served = {engine: offline_pair(runs, f"{engine}-512") for engine in ENGINES}
    small, default = served["vllm"]
    return {
        **{engine: percentage_of(*series) for engine, series in served.items()},
        "small": median_of(small, "tok/s", 5), "default": median_of(default, "tok/s", 5),
        "faster": exact(sum(a > b for a, b in zip(small, default, strict=True)), digits=1),
        "rounds": exact(len(small), digits=1),
    }


# %% [markdown]
# ## After Sarathi-Serve
#
# Prompts of one length at random times, chunked into small steps or not at all. The paper's capacity is the largest
# rate at which a limit on the p99 gap is kept; these are the gaps at two rates, from which a reader with a limit of
# their own can tell. Each visit drew its own arrivals, so the two settings did not see the same traffic, and three
# rounds make no interval: the lowest and the highest are given.

# %%
@book.claim(
    id="sarathi-gap",
    title="Under random arrivals a budget of 512 halves the p99 gap in every round",
    sentence="At 3 requests a second of 4,096-token prompts vLLM's p99 gap is {on3} with a budget of 512, in the "
    "lowest and highest round {on3_low} and {on3_high}, and {off3} with chunked prefill off and a budget of 16,384, "
    "{off3_low} and {off3_high}: {ratio3} times. At 6 a second it is {on6}, {on6_low} and {on6_high}, against {off6}, "
    "{off6_low} and {off6_high}: {ratio6} times.",
    records=["capacity-vllm-512", "capacity-vllm-off"], tier="gpu",
    holds=all_of(*(below(0.5 * the(f"off{rate}_low"), f"on{rate}_high") for rate in (3, 6))),
    labels={
        name: words for rate in (3, 6) for name, words in (
            (f"on{rate}_high", f"the highest with 512 at {rate} a second"), (f"off{rate}_low", "the lowest with off"))
    },
    # As in the sweep: steps of 512 tokens.
    set_by={"on*": "processor", "*": "gpu"},
)
def sarathi_gap(small, off):
    values = {}
    for rate in (3, 6):
        gaps = {name: run.values("itl_p99", rate=rate) for name, run in (("on", small), ("off", off))}
        for name, rounds in gaps.items():
            for end, statistic in (("", np.median), ("_low", min), ("_high", max)):
                values[f"{name}{rate}{end}"] = intervals.value(statistic(rounds), "ms")
        values[f"ratio{rate}"] = intervals.value(quotient(gaps["on"], gaps["off"]), "1")
    return values


@book.claim(
    id="sarathi-limit",
    title="A budget of 512 keeps a limit of 100 ms, chosen after the data, in every round, and off in fewer than half",
    sentence="Of {rounds} rounds on the first host at 6 requests a second the p99 gap stayed under 100 ms in {on} with "
    "a budget of 512 and in {off} with chunked prefill off, where it lay between {least} and {most}.",
    records=["capacity-vllm-512", "capacity-vllm-off"], tier="gpu",
    holds=all_of(as_many("on", "rounds_on"), below(0.5 * the("rounds"), "off")),
    labels={"on": "rounds in which 512 keeps it", "rounds_on": "rounds with 512",
            "off": "the number in which off keeps it", "rounds": "its rounds"},
    set_by="gpu",
)
def sarathi_limit(small, off):
    gaps = {name: run.values("itl_p99", rate=6) for name, run in (("on", small), ("off", off))}
    values = {name: exact(sum(gap < 100 for gap in rounds), digits=1) for name, rounds in gaps.items()}
    values |= {"rounds": exact(len(gaps["off"]), digits=1), "least": intervals.value(min(gaps["off"]), "ms"),
               "most": intervals.value(max(gaps["off"]), "ms")}
    return values, {"rounds_on": exact(len(gaps["on"]))}


# %% [markdown]
# ## Whether the fleets may be joined

# %%
@book.claim(
    id="fleets-agree",
    title="A default measures the same in every fleet",
    sentence="Both defaults stood in every fleet. In the second fleet the p99 gap is {vllm_gap} times that in the "
    "first in vLLM and {sglang_gap} times in SGLang, the first token {vllm_ttft} and {sglang_ttft} times. Over all "
    "later fleets these ratios lie between {low} and {high}.",
    records=[mixed(reference, fleet=fleet) for fleet in FLEETS for reference in REFERENCES], tier="gpu",
    holds=all_of(
        holds_value(1, every("ratio of the second fleet", "*_gap", "*_ttft")),
        between(0.9, 1.1, every("ratio of a later fleet", "later_*")),
    ),
    set_by="gpu",
)
def fleets_agree(*records):
    runs, values, seen = by_measurement(records), {}, []
    for reference in REFERENCES:
        for key, name in (("gap", "itl_p99"), ("ttft", "ttft")):
            first, *others = (each_visit(runs[mixed(reference, fleet=fleet)], name) for fleet in FLEETS)
            later = [intervals.ratio(other, first) for other in others]
            values[f"{engine_of(reference)}_{key}"] = later[0]
            seen += later
    values |= {"low": lowest(seen), "high": highest(seen)}
    return values, {f"later_{number}": ratio for number, ratio in enumerate(seen)}


@book.claim(
    id="same-again",
    title="A default measured against itself shows no difference",
    sentence="Visited twice in each round, as if they were two servers, the defaults' p99 gaps come to {vllm_gap} "
    "(vLLM) and {sglang_gap} (SGLang) times their own, and the first tokens to {vllm_ttft} and {sglang_ttft} times.",
    records=[name for server in REFERENCES for name in (mixed(server, fleet="f4"), f"again-{server}")], tier="gpu",
    holds=holds_value(1, every("ratio")), set_by="gpu",
)
def same_again(vllm, vllm_again, sglang, sglang_again):
    values = {}
    for engine, one, two in (("vllm", vllm, vllm_again), ("sglang", sglang, sglang_again)):
        for key, name in (("gap", "itl_p99"), ("ttft", "ttft")):
            values[f"{engine}_{key}"] = ratio_of(each_visit(two, name), each_visit(one, name))
    return values


@book.claim(
    id="gaps-seen",
    title="Fewer than one gap in a hundred is hidden from the client",
    sentence="A token that comes in one piece with the next has no gap of its own. Of the {tokens} gaps of a visit "
    "vLLM hid {median} in the median visit and {most} at most, which is {share}; SGLang hid {sglang}.",
    records=with_references(*SWEEP), tier="gpu",
    holds=below(1, "share"), labels={"share": "the largest share that was hidden in a visit of vLLM"},
    set_by="processor",
)
def gaps_seen(*records):
    what = records[0].data["workload"]
    tokens = what["decoders"] * (what["decoder_output"] - 1) + what["prompts"] * (what["prompt_output"] - 1)
    hidden = {
        engine: [count for run in records if run.data["engine"]["name"] == engine for count in run.values("merged")]
        for engine in ENGINES
    }
    most = int(max(hidden["vllm"]))
    return {
        "tokens": exact(tokens, digits=5), "median": exact(int(np.median(hidden["vllm"])), digits=5),
        "most": exact(most, digits=5), "share": intervals.value(100 * most / tokens, "%", 2),
        "sglang": exact(int(max(hidden["sglang"])), digits=1),
    }


# %% [markdown]
# ## What the recordings say
#
# One long prompt arrived beside a few decoding requests, with a tracer in every process. Times of the chunks and of the
# decode batches between the first and the last of them.

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
    """Of a recorded prompt: its chunks, and the decode batches and mixed ones between the first and the last."""
    first = turns(recording, f"{POLICY}._commit_prefill_admission")[:1]
    later = turns(recording, f"{POLICY}.add_chunked_req")
    times = first + later
    between = [t for t in turns(recording, f"{BATCHES}.update_running_batch") if times[0] < t < times[-1]]
    return SimpleNamespace(chunks=len(times), decodes=len(between), mixed=len(turns(recording, MIX)))


@book.claim(
    id="chunks-in-a-row",
    title="SGLang's chunks follow each other without a decode between",
    sentence="As recorded, SGLang cut the prompt into {chunks} chunks and ran {decodes} decode batches between the "
    "first and the last; with mixing, of {mixed_chunks} chunks {mixed} carried the decodes with them; with chunking "
    "off there was {off} chunk.",
    records=["path-sglang-gpu", "path-sglang-gpu-mixed", "path-sglang-gpu-off"], tier="gpu",
    holds=all_of(above(1, "chunks"), none("decodes"), as_many("mixed", "mixed_chunks"), equals(1, "off")),
    labels={"chunks": "the number of chunks", "decodes": "decode batches between the first and the last",
            "mixed": "chunks that carry decodes", "mixed_chunks": "chunks where it mixes",
            "off": "the number of chunks with chunking off"},
)
def chunks_in_a_row(*recordings):
    alone, mixing, off = map(prefill_of, recordings)
    counts = {"chunks": alone.chunks, "decodes": alone.decodes, "mixed_chunks": mixing.chunks, "mixed": mixing.mixed,
              "off": off.chunks}
    return {name: exact(count, digits=2) for name, count in counts.items()}


# %% [markdown]
# ## Without a GPU: what a step's budget buys
#
# vLLM's scheduler itself, driven on any machine, no model behind it. Thirty-two requests decode; one prompt arrives, or
# five at once. These values are exact, and the asynchronous scheduler that a GPU gets gives out the same tokens.

# %%
def steps_of(record, budget, prompts=1):
    """(prefill tokens, decode tokens, steps to the first tokens) of a run."""
    return tuple(record.values(name, budget=budget, prompts=prompts)
                 for name in ("prefill_tokens", "decode_tokens", "steps_to_first_token"))


@book.claim(
    id="budget-counts-both",
    title="One budget pays for decodes and prompts",
    sentence="With a budget of 512 tokens and {decoders} requests decoding, vLLM's scheduler gives a prompt {chunk} "
    "tokens a step, and the prompt of 8,192 its first token after {small} steps; with 2,048 after {middle}, with 8,192 "
    "after {default}, with 16,384 after {large}.",
    records=["budget-vllm"], tier="cpu",
    holds=all_of(
        fact("filled", "prompt and decodes fill each step's budget up to the last chunk"),
        fact("same", "the asynchronous scheduler gives out the same"),
    ),
)
def budget_counts_both(record):
    prefill, decode, first = steps_of(record, 512)
    values = {"decoders": exact(int(decode[0])), "chunk": exact(int(prefill[0])), "small": exact(int(first[0]))}
    for name, budget in (("middle", 2048), ("default", 8192), ("large", 16384)):
        values[name] = exact(int(steps_of(record, budget)[2][0]))
    return values, {
        "filled": all(a + b == 512 for a, b in zip(prefill[:-1], decode, strict=False)),
        "same": all(row["asynchronous_same"] for row in record.data["extra"]["rows"] if row["kind"] == "run"),
    }


@book.claim(
    id="last-crumb",
    title="A prompt as long as the budget takes two steps beside decodes",
    sentence="At a budget of 8,192 and beside requests that decode, the prompt of 8,192 tokens gets {first} of them in "
    "its first step, and {second} in a second one.",
    records=["budget-vllm"], tier="cpu",
    holds=all_of(equals(2, "steps"), as_many("second", "decoding")),
    labels={"steps": "the number of steps", "second": "tokens in the second", "decoding": "requests that decode"},
)
def last_crumb(record):
    prefill, decode, _ = steps_of(record, 8192)
    values = {"first": exact(int(prefill[0])), "second": exact(int(prefill[1]))}
    return values, {"steps": exact(len(prefill)), "decoding": exact(int(decode[0]))}


@book.claim(
    id="off-still-mixes",
    title="Off does not take prompts out of the decodes' steps",
    sentence="With chunked prefill off and no budget given, vLLM's budget becomes the longest sequence, here {budget}, "
    "and a prompt of 8,192 goes whole into one step with {decoders} decodes, as at a budget of 16,384 with chunking "
    "on. Of five prompts at once the last has its first token after {off} steps, there after {on}.",
    records=["budget-vllm"], tier="cpu",
    holds=all_of(
        fact("same", "off schedules the one prompt as 16,384 does"), fact("whole", "it does so in one step"),
        more("off", "on"),
    ),
    labels={"off": "steps for five prompts with off", "on": "with 16,384"},
)
def off_still_mixes(record):
    off, on = steps_of(record, "off"), steps_of(record, 16384)
    values = {
        "budget": exact(int(count_of(record, "budget_tokens", budget="off", prompts=1))),
        "decoders": exact(int(off[1][0])),
        "off": exact(int(steps_of(record, "off", 5)[2][-1])), "on": exact(int(steps_of(record, 16384, 5)[2][-1])),
    }
    return values, {"same": off == on, "whole": off[0] == [8192]}


@book.claim(
    id="off-waits",
    title="With off and a tight budget a prompt waits for decodes to end",
    sentence="With chunked prefill off and a budget of {budget}, which just holds the longest sequence, the prompt of "
    "8,192 fits beside at most {beside} decodes. It waits {waits} steps: the {decoders} decodes here end in the same "
    "step.",
    records=["budget-vllm"], tier="cpu",
    holds=all_of(
        equals(8192, "given"), at_most(the("beside"), "decoding"), above(the("beside"), "before"),
        fact("at_last", "its first token comes in that step"),
    ),
    labels={"given": "what the prompt gets in the step it waits for", "decoding": "the number of decodes in it",
            "before": "the lowest number in a step before", "beside": "what fits beside the prompt"},
)
def off_waits(record):
    prefill, decode, first = steps_of(record, "off-tight")
    waits = next(number for number, tokens in enumerate(prefill) if tokens)
    budget = int(count_of(record, "budget_tokens", budget="off-tight", prompts=1))
    values = {"budget": exact(budget), "decoders": exact(int(decode[0])), "waits": exact(waits),
              "beside": exact(budget - 8192)}
    return values, {
        "given": exact(int(prefill[waits])), "decoding": exact(int(decode[waits])),
        "before": exact(int(min(decode[:waits]))), "at_last": first == [waits + 1],
    }


@book.claim(
    id="off-asks",
    title="Off needs a budget as long as the longest sequence",
    sentence="Off with a budget of {given} and a longest sequence of {length} is refused. Off without a budget takes "
    "{length}, and without a longest sequence the model's own, {model}. A budget below the number of requests that may "
    "run lowers that number, to {seqs} here, and is refused where both are given.",
    records=["budget-vllm"], tier="cpu",
    holds=all_of(
        equals(the("length"), "off_budget"), equals(the("model"), "model_budget"),
        fact("refused", "both contradictions are refused"),
    ),
    labels={"off_budget": "off's budget", "length": "the longest sequence",
            "model_budget": "the longest sequence where none is given", "model": "the budget of off there"},
)
def off_asks(record):
    rows = {row["case"]: row for row in record.data["extra"]["rows"] if row["kind"] == "config"}
    refused, off = rows["off, budget below max_model_len"], rows["off, no budget"]
    no_length = rows["off, no budget, no max_model_len"]
    values = {
        "given": exact(int(refused["arguments"]["max_num_batched_tokens"])), "length": exact(int(off["max_model_len"])),
        "model": exact(int(no_length["max_num_batched_tokens"])),
        "seqs": exact(int(rows["budget of 64, no max_num_seqs"]["max_num_seqs"])),
    }
    return values, {
        "off_budget": exact(int(off["max_num_batched_tokens"])), "model_budget": exact(int(no_length["max_model_len"])),
        "refused": "raises" in refused and "raises" in rows["budget below max_num_seqs"],
    }


# %% [markdown]
# ## How long it took

# %%
OFFLINE_ALL = [offline(server) for server in (*REFERENCES, *OFFLINE)]
AGAIN = [f"again-{server}" for server in REFERENCES]
card_time.claim(
    book, [*with_references(*SWEEP), "capacity-vllm-512", "capacity-vllm-off", *AGAIN, *OFFLINE_ALL], fleets=True
)

# %%
print(book.finish())
