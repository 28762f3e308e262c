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
# # Experiment 01: where a first token's time goes
#
# One streaming chat completion at a time, then many, through vLLM 0.32.0 and SGLang 0.5.21 as a user starts them.
# Probes inside every engine process note when a request passes a function; one clock covers all processes of a host,
# so the segments add up to the time to first token. This notebook reads the records, draws, and states each claim as
# code. It measures nothing itself.

# %%
import numpy as np

from experiments.lab.analysis import intervals
from experiments.lab.analysis.claim_book import Book
from experiments.lab.analysis.draw_figures import colour
from experiments.lab.analysis.readings import (
    ENGINES, entered, error_bars, exact, highest, lowest, median_of, row_of, shape_of,
)
from experiments.lab.analysis.roofline import floor_ms, prefill_floor_ms, prefill_flop
from experiments.lab.verdicts.verdict import above, all_of, below, equals, every, fact, holds_value, none, some, the

book = Book("01")
LENGTHS = (128, 1024, 4096)
SERVERS = {
    "vllm-small": "vLLM, SmolLM2-135M",
    "sglang-small": "SGLang, SmolLM2-135M",
    "vllm-8b": "vLLM, Qwen3-8B shape",
    "sglang-8b": "SGLang, Qwen3-8B shape",
}
SHORT = {"vllm-small": "vLLM 135M", "sglang-small": "SGLang 135M", "vllm-8b": "vLLM 8B", "sglang-8b": "SGLang 8B"}
GPU_TTFT = [f"ttft-{name}" for name in SERVERS]
GPU_LOAD = [f"load-{name}" for name in SERVERS]


def by_visit(run, values):
    """The median of each visit. Requests of one visit follow each other and resemble each other: what is resampled for
    an interval is the visit, not the request."""
    return np.median(np.reshape(values, (-1, run.data["workload"]["requests_a_visit"])), axis=1)


def ttft(run, tokens, probes="on"):
    """TTFT in ms, a value a visit. It ends at the first event, which names the role and comes with the first token."""
    return by_visit(run, run.values("ttft", prompt_tokens=tokens, probes=probes))


def segment(run, tokens, name):
    """The named segment in ms, a value a visit."""
    return by_visit(run, run.values("segment", segment=name, prompt_tokens=tokens))


def share_of_ttft(run, tokens, values, probes):
    """Values of requests, in the order sent, in % of the same requests' TTFT; a value a visit."""
    return by_visit(run, 100 * np.array(values) / np.array(run.values("ttft", prompt_tokens=tokens, probes=probes)))


def segment_share(run, tokens, name):
    """The named segment in % of the same requests' TTFT, a value a visit."""
    return share_of_ttft(run, tokens, run.values("segment", segment=name, prompt_tokens=tokens), "on")


def percent_of(part, whole):
    """100 * median(part) / median(whole), each resampled on its own: the two come from different requests."""
    return intervals.ratio(part, whole, "%", digits=2)


def kernel_time(run, tokens):
    """GPU time of the kernels and copies behind a first token in ms, a value a request."""
    return run.values("kernel_union", prompt_tokens=tokens)


# %% [markdown]
# ## The segments
#
# Every bar is one first token, cut where the request passes from one part of the engine to the next. The black tick is
# GPU time proper: kernels and copies of the forward and the sampling, from torch's profiler in runs of their own.

# %%
GROUPS = {  # what is drawn together, in the order in which a request passes it
    "front end": ("parse", "template + tokens", "to the engine"),
    "hand-over": ("hand-over",),
    "scheduling": ("scheduling",),
    "launch": ("launch",),
    "next step's launch": ("next step",),
    "wait for GPU": ("wait for GPU",),
    "return": ("update", "back", "to text", "return"),
}


@book.figure("segments.svg", height=6.7, phone=8.8)
def segments_figure(figure, axes):
    colours = [colour(n) for n in ("1", "6", "7", "gpu", "5", "floor", "2")]
    rows, labels = [], []
    for name in SERVERS:
        run, kernels = book.record(f"ttft-{name}"), book.record(f"kernels-{name}")
        for tokens in LENGTHS:
            whole = np.median(ttft(run, tokens))
            known = {series["labels"]["segment"] for series in run.series("segment", prompt_tokens=tokens)}
            parts = [
                sum(np.median(segment(run, tokens, part)) for part in group if part in known)
                for group in GROUPS.values()
            ]
            busy = np.median(kernel_time(kernels, tokens))
            rows.append((np.array(parts) / sum(parts) * 100, busy / whole * 100))
            labels.append(f"{SHORT[name]}, {tokens:,}\n{whole:.0f} ms")
    y = np.arange(len(rows))[::-1]
    left = np.zeros(len(rows))
    for index, (group, tone) in enumerate(zip(GROUPS, colours, strict=True)):
        width = np.array([row[0][index] for row in rows])
        axes.barh(y, width, left=left, color=tone, label=group, height=0.72)
        left += width
    for at, (_, busy) in zip(y, rows, strict=True):
        axes.plot([busy, busy], [at - 0.46, at + 0.46], color="#010203", linewidth=2.2,
                  label="GPU time proper" if at == y[0] else None)
    axes.set_yticks(y, labels)
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the time to first token, %")
    axes.set_ylabel("server, prompt tokens, time to first token")
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside upper center", ncols=3, columnspacing=1.0, handlelength=1.2)


# %% [markdown]
# ## Small model: the GPU is not what one waits for

# %%
@book.claim(
    id="small-gpu-share",
    title="GPU work is less than a quarter of a small model's short first token",
    sentence="At 128 prompt tokens of SmolLM2-135M the kernels behind the first token take {vllm_ms} in vLLM and "
    "{sglang_ms} in SGLang: {vllm} and {sglang} of the time to first token.",
    records=["ttft-vllm-small", "ttft-sglang-small", "kernels-vllm-small", "kernels-sglang-small"],
    tier="gpu", figure="segments.svg",
    holds=below(25, "vllm", "sglang"), labels={"vllm": "vLLM's share", "sglang": "SGLang's"},
    set_by={"*_ms": "gpu", "*": "processor"},
)
def small_gpu_share(vllm, sglang, vllm_kernels, sglang_kernels):
    values = {}
    for name, run, kernels in (("vllm", vllm, vllm_kernels), ("sglang", sglang, sglang_kernels)):
        values[name] = percent_of(kernel_time(kernels, 128), ttft(run, 128, "off"))
        values[f"{name}_ms"] = median_of(kernel_time(kernels, 128), "ms", 4)
    return values


@book.claim(
    id="small-never-waits",
    title="The CPU does not wait for a small model's forward",
    sentence="With SmolLM2-135M and 4,096 prompt tokens the thread that needs the first token waits {vllm} for the GPU "
    "in vLLM and {sglang} in SGLang, out of {vllm_ttft} and {sglang_ttft}, probes on: when it asks, the GPU has "
    "finished.",
    records=["ttft-vllm-small", "ttft-sglang-small"], tier="gpu",
    holds=all_of(below(0.01 * the("vllm_ttft"), "vllm"), below(0.01 * the("sglang_ttft"), "sglang")),
    labels={"vllm": "the wait in vLLM", "vllm_ttft": "the time to first token there",
            "sglang": "the wait in SGLang", "sglang_ttft": "the time to first token there"},
    set_by="processor",
)
def small_never_waits(*runs):
    both = dict(zip(ENGINES, runs, strict=True))
    values = {name: median_of(segment(run, 4096, "wait for GPU"), "ms", 2) for name, run in both.items()}
    return values | {f"{name}_ttft": median_of(ttft(run, 4096), "ms") for name, run in both.items()}


@book.claim(
    id="second-launch",
    title="Both engines launch the second step before they read the first token",
    sentence="Both engines schedule and launch a decode step before they read the first token. With SmolLM2-135M at "
    "128 tokens that takes {vllm} of the time to first token in vLLM and {sglang} in SGLang, {vllm_share} and "
    "{sglang_share} of it, and no GPU work hides it.",
    records=["ttft-vllm-small", "ttft-sglang-small"], tier="gpu",
    holds=all_of(above(0.5, "vllm", "sglang"), below(0.1, "vllm_wait", "sglang_wait", by="value")),
    labels={"vllm": "the step's time in vLLM", "sglang": "that in SGLang",
            "vllm_wait": "the wait for the GPU in vLLM", "sglang_wait": "that in SGLang"},
    set_by="processor",
)
def second_launch(*runs):
    values, facts = {}, {}
    for name, run in zip(ENGINES, runs, strict=True):
        values[name] = median_of(segment(run, 128, "next step"), "ms")
        values[f"{name}_share"] = median_of(segment_share(run, 128, "next step"), "%")
        facts[f"{name}_wait"] = median_of(segment(run, 128, "wait for GPU"), "ms")
    return values, facts


# %% [markdown]
# ## The largest part: launching the prefill
#
# In a step without a CUDA graph every kernel is launched from Python. On this card vLLM's largest graph holds 512
# tokens, and SGLang's prefill graphs reach 8,192: of the lengths here the two longer ones run without a graph in vLLM
# and with graphs in SGLang. These records show the difference; what follows below moves the limit, to show the cause.

# %%
PARTS = {  # what the table of the post has as a row, of GROUPS
    "front": ("parse", "template + tokens", "to the engine"),
    "scheduling": ("hand-over", "scheduling"),
    "launch": ("launch",),
    "next": ("next step",),
    "wait": ("wait for GPU",),
    "back": ("update", "back", "to text", "return"),
}


def part(run, tokens, names):
    """The named segments together in ms, a value a visit."""
    known = {series["labels"]["segment"] for series in run.series("segment", prompt_tokens=tokens)}
    values = [run.values("segment", segment=name, prompt_tokens=tokens) for name in names if name in known]
    return by_visit(run, np.sum(values, axis=0))


@book.claim(
    id="first-token-parts",
    title="Launching the prefill is the largest part of a small model's first token",
    sentence="At 1,024 prompt tokens of SmolLM2-135M, probes on, a first token takes {vllm} in vLLM and {sglang} in "
    "SGLang. The front end up to the sending takes {vllm_front} and {sglang_front}, hand-over and scheduling "
    "{vllm_scheduling} and {sglang_scheduling}, the launch of the prefill {vllm_launch} and {sglang_launch}, the next "
    "step {vllm_next} and {sglang_next}, the wait for the GPU {vllm_wait} and {sglang_wait}, the way back {vllm_back} "
    "and {sglang_back}. Medians of parts do not add up to the median of the whole.",
    records=["ttft-vllm-small", "ttft-sglang-small"], tier="gpu",
    holds=all_of(*(above(the(f"{name}_{other}"), f"{name}_launch")
                   for name in ENGINES for other in PARTS if other != "launch")),
    labels={f"{name}_{key}": f"{ENGINES[name]}'s {word}" for name in ENGINES for key, word in {
        "front": "front end", "scheduling": "hand-over and scheduling", "launch": "launch", "next": "next step",
        "wait": "wait for the GPU", "back": "way back"}.items()},
    set_by="processor",
)
def first_token_parts(*runs):
    values = {}
    for name, run in zip(ENGINES, runs, strict=True):
        values[name] = median_of(ttft(run, 1024), "ms")
        values |= {f"{name}_{key}": median_of(part(run, 1024, names), "ms", 2) for key, names in PARTS.items()}
    return values


@book.claim(
    id="launch-above-graph",
    title="From 128 to 1,024 tokens vLLM's launch grows; growth of SGLang's is not told apart from none",
    sentence="From 128 to 1,024 prompt tokens the launch of a prefill goes from {vllm_short} to {vllm_long} in vLLM "
    "with SmolLM2-135M and from {vllm_8b_short} to {vllm_8b_long} with the 8B shape, {vllm} and {vllm_8b} times; in "
    "SGLang from {sglang_short} to {sglang_long} and from {sglang_8b_short} to {sglang_8b_long}, {sglang} and "
    "{sglang_8b} times.",
    records=[f"ttft-{name}" for name in SERVERS], tier="gpu",
    holds=all_of(above(1, "vllm", "vllm_8b"), holds_value(1, "sglang", "sglang_8b")),
    labels={"vllm": "vLLM's ratio with SmolLM2-135M", "vllm_8b": "vLLM's with the 8B shape",
            "sglang": "SGLang's with SmolLM2-135M", "sglang_8b": "SGLang's with the 8B shape"},
    set_by="processor",
)
def launch_above_graph(*runs):
    values = {}
    for server, run in zip(SERVERS, runs, strict=True):
        name = server.removesuffix("-small").replace("-", "_")
        short, long = (segment(run, tokens, "launch") for tokens in (128, 1024))
        values[f"{name}_short"], values[f"{name}_long"] = median_of(short, "ms"), median_of(long, "ms")
        values[name] = intervals.ratio(long, short)
    return values


@book.claim(
    id="launch-hides-gpu",
    title="At 1,024 tokens of the 8B shape vLLM's launch lasts longer than the GPU's work, SGLang's does not",
    sentence="With 1,024 prompt tokens of the 8B shape the kernels take {vllm_gpu} in vLLM and {sglang_gpu} in SGLang, "
    "and the launch {vllm} and {sglang}. So the thread that needs the token waits {vllm_wait} for the GPU in vLLM and "
    "{sglang_wait} in SGLang.",
    records=["ttft-vllm-8b", "ttft-sglang-8b", "kernels-vllm-8b", "kernels-sglang-8b"], tier="gpu",
    holds=all_of(above(the("vllm_gpu"), "vllm"), below(the("sglang_gpu"), "sglang")),
    labels={"vllm": "vLLM's launch", "vllm_gpu": "its kernels' time", "sglang": "SGLang's launch",
            "sglang_gpu": "its kernels' time"},
    set_by={"*_gpu": "gpu", "sglang_wait": "gpu", "*": "processor"},
)
def launch_hides_gpu(vllm, sglang, vllm_kernels, sglang_kernels):
    values = {}
    for name, run, kernels in (("vllm", vllm, vllm_kernels), ("sglang", sglang, sglang_kernels)):
        values[name] = median_of(segment(run, 1024, "launch"), "ms")
        values[f"{name}_gpu"] = median_of(kernel_time(kernels, 1024), "ms")
        values[f"{name}_wait"] = median_of(segment(run, 1024, "wait for GPU"), "ms", 2)
    return values


# %% [markdown]
# ## The largest graph, moved
#
# Two servers of vLLM differ in one flag: the largest size that is captured, 512 tokens by default and 1,024 here. Of
# the three lengths 128 has a graph on both, 1,024 on the second alone, 4,096 on neither. Two servers of SGLang differ
# in whether prefills are captured at all. If the graph is what shortens a launch, the first change acts at 1,024
# tokens alone, and the second at each length.

# %%
CHANGED = {"vllm-small": "vllm-small-1024", "vllm-8b": "vllm-8b-1024", "sglang-small": "sglang-small-prefill-eager"}
MOVED = {"small": "vllm-small", "8b": "vllm-8b"}  # what the claims call vLLM's two pairs
MOVED_RECORDS = [f"graphs-{name}" for pair in MOVED.values() for name in (pair, CHANGED[pair])]


@book.figure("graphs.svg", height=6.9, phone=8.0)
def graphs_figure(figure, axes):
    axes.remove()
    words = {"vllm-small": ("captured up to 512", "up to 1,024"), "vllm-8b": ("captured up to 512", "up to 1,024"),
             "sglang-small": ("captured up to 8,192", "none captured")}
    places = figure.subplots(3, 1, sharex=True)
    for place, (default, changed) in zip(places, CHANGED.items(), strict=True):
        for name, word, marker, tone in zip((default, changed), words[default], "os", ("1", "6"), strict=True):
            run = book.record(f"graphs-{name}")
            values = [median_of(segment(run, tokens, "launch"), "ms") for tokens in LENGTHS]
            place.errorbar(range(len(LENGTHS)), *error_bars(values), fmt=f"{marker}-", markersize=5, linewidth=1,
                           color=colour(tone), label=word)
        place.set_xticks(range(len(LENGTHS)), [f"{tokens:,}" for tokens in LENGTHS])
        place.set_ylabel(f"launch in ms, {SHORT[default]}")
        place.set_ylim(bottom=0)
        place.legend(loc="lower right")
    places[-1].set_xlabel("prompt, tokens")


def pairs(runs):
    """{what the claims call a pair: (the default's run, the raised one's)} of the runs of MOVED_RECORDS."""
    return dict(zip(MOVED, zip(runs[::2], runs[1::2], strict=True), strict=True))


def raised_over_default(runs, read):
    """Of what `read` gives of each pair's runs in ms, a value a visit: both medians, and raised over default."""
    values = {}
    for name, (default, raised) in pairs(runs).items():
        before, after = read(default), read(raised)
        values |= {f"{name}_default": median_of(before, "ms"), f"{name}_raised": median_of(after, "ms"),
                   name: intervals.ratio(after, before)}
    return values


@book.claim(
    id="graph-raised",
    title="Raising vLLM's largest graph to 1,024 tokens takes over a quarter of that launch away",
    sentence="With --max-cudagraph-capture-size 1024 the launch of a prefill of 1,024 tokens takes {small_raised} "
    "in place of {small_default} in vLLM with SmolLM2-135M, and {8b_raised} in place of {8b_default} with the 8B "
    "shape: {small} and {8b} times.",
    records=MOVED_RECORDS, tier="gpu", figure="graphs.svg",
    holds=below(0.75, "small", "8b"),
    labels={"small": "the ratio with SmolLM2-135M", "8b": "that with the 8B shape"},
    set_by="processor",
)
def graph_raised(*runs):
    return raised_over_default(runs, lambda run: segment(run, 1024, "launch"))


@book.claim(
    id="graph-raised-elsewhere",
    title="At lengths that the larger graph does not concern, vLLM's launch stays as it was",
    sentence="With that flag the launch of a prefill takes {small_128} and {small_4096} times as long at 128 and 4,096 "
    "prompt tokens as by default with SmolLM2-135M, and {8b_128} and {8b_4096} times with the 8B shape: 128 fit the "
    "largest graph of both servers, 4,096 of neither.",
    records=MOVED_RECORDS, tier="gpu",
    holds=holds_value(1, "small_128", "small_4096", "8b_128", "8b_4096"),
    labels={f"{name}_{tokens}": f"the ratio at {tokens:,} tokens with {words}" for tokens in (128, 4096)
            for name, words in {"small": "SmolLM2-135M", "8b": "the 8B shape"}.items()},
    set_by="processor",
)
def graph_raised_elsewhere(*runs):
    return {f"{name}_{tokens}": intervals.ratio(*(segment(run, tokens, "launch") for run in (raised, default)))
            for name, (default, raised) in pairs(runs).items() for tokens in (128, 4096)}


@book.claim(
    id="graph-raised-ttft",
    title="Raising vLLM's largest graph to 1,024 brings that first token at least a tenth sooner",
    sentence="With that flag, probes off, the first token of 1,024 prompt tokens comes after {small_raised} in place "
    "of {small_default} in vLLM with SmolLM2-135M, and after {8b_raised} in place of {8b_default} with the 8B shape: "
    "{small} and {8b} times.",
    records=MOVED_RECORDS, tier="gpu",
    holds=below(0.9, "small", "8b"),
    labels={"small": "the ratio with SmolLM2-135M", "8b": "that with the 8B shape"},
    set_by="processor",
)
def graph_raised_ttft(*runs):
    return raised_over_default(runs, lambda run: ttft(run, 1024, "off"))


@book.claim(
    id="prefill-graphs-off",
    title="Without graphs of prefills SGLang's launch is longer at each length",
    sentence="With --cuda-graph-backend-prefill disabled the launch of a prefill takes {off_128}, {off_1024} and "
    "{off_4096} in SGLang with SmolLM2-135M, at 128, 1,024 and 4,096 prompt tokens, in place of {on_128}, {on_1024} "
    "and {on_4096}: {ratio_128}, {ratio_1024} and {ratio_4096} times.",
    records=["graphs-sglang-small", "graphs-sglang-small-prefill-eager"], tier="gpu",
    holds=above(1, "ratio_128", "ratio_1024", "ratio_4096"),
    labels={f"ratio_{tokens}": f"the ratio at {tokens:,} tokens" for tokens in LENGTHS},
    set_by="processor",
)
def prefill_graphs_off(default, off):
    values = {}
    for tokens in LENGTHS:
        before, after = (segment(run, tokens, "launch") for run in (default, off))
        values |= {f"on_{tokens}": median_of(before, "ms"), f"off_{tokens}": median_of(after, "ms"),
                   f"ratio_{tokens}": intervals.ratio(after, before)}
    return values


# %%
@book.claim(
    id="tokenizing-4k",
    title="Template and tokenizer take over a fifth of a small model's long first token",
    sentence="For 4,096 prompt tokens, from the handler's start to the tokenizer's return takes {vllm} in vLLM and "
    "{sglang} in SGLang on the first host's CPU: {vllm_share} and {sglang_share} of SmolLM2-135M's time to first "
    "token.",
    records=["ttft-vllm-small", "ttft-sglang-small"], tier="gpu",
    holds=above(20, "vllm_share", "sglang_share"), labels={"vllm_share": "vLLM's share", "sglang_share": "SGLang's"},
    set_by="processor",
)
def tokenizing_4k(*runs):
    values = {}
    for name, run in zip(ENGINES, runs, strict=True):
        values[name] = median_of(segment(run, 4096, "template + tokens"), "ms")
        values[f"{name}_share"] = median_of(segment_share(run, 4096, "template + tokens"), "%")
    return values


# %% [markdown]
# ## The 8B shape: a long prompt is the GPU's, a short one is not
#
# The floor is the prefill's FLOP at the best rate that a large bf16 product reached on this card, in this run.

# %%
def best_rate(card):
    """TFLOP/s of the fastest of the card's samples: under lasting load its clock falls, and a floor must not be beaten
    because the card was warm when it was measured."""
    return max(card.values("matmul"))


@book.figure("floor.svg", height=4.1, phone=4.6)
def floor_figure(_, axes):
    card = book.record("card")
    x = np.linspace(64, 4300, 60)
    copy, shape = max(card.values("copy")), shape_of(book.record("kernels-vllm-8b"))
    axes.plot(x, [prefill_floor_ms(shape, n, best_rate(card), copy) for n in x], color=colour("floor"),
              linestyle="--", label="floor: FLOP, or weights read once")
    for (engine, title), mark in zip(ENGINES.items(), "os", strict=True):
        run, kernels = book.record(f"ttft-{engine}-8b"), book.record(f"kernels-{engine}-8b")
        axes.plot(LENGTHS, [np.median(ttft(run, n, "off")) for n in LENGTHS], mark + "-", color=colour(engine),
                  label=f"{title}: time to first token")
        axes.plot(LENGTHS, [np.median(kernel_time(kernels, n)) for n in LENGTHS], mark + ":",
                  color=colour(engine), markerfacecolor="none", label=f"{title}: kernels of it")
    axes.set_xlabel("prompt, tokens")
    axes.set_ylabel("ms")
    axes.set_ylim(bottom=0)
    axes.legend()


# %%
@book.claim(
    id="large-gpu-share",
    title="An 8B model's first token is mostly GPU work with a long prompt, not with a short one",
    sentence="With the Qwen3-8B shape and 4,096 prompt tokens the kernels' time equals {vllm} of vLLM's time to first "
    "token and {sglang} of SGLang's; at 128 tokens {vllm_short} and {sglang_short}.",
    records=["ttft-vllm-8b", "ttft-sglang-8b", "kernels-vllm-8b", "kernels-sglang-8b"], tier="gpu", figure="floor.svg",
    holds=all_of(above(70, "vllm", "sglang"), below(50, "vllm_short", "sglang_short")),
    labels={"vllm": "vLLM's share at 4,096 tokens", "sglang": "SGLang's", "vllm_short": "vLLM's at 128",
            "sglang_short": "SGLang's at 128"},
    set_by={"*_short": "processor", "*": "gpu"},
)
def large_gpu_share(vllm, sglang, vllm_kernels, sglang_kernels):
    values = {}
    for name, run, kernels in (("vllm", vllm, vllm_kernels), ("sglang", sglang, sglang_kernels)):
        for suffix, tokens in (("", 4096), ("_short", 128)):
            values[name + suffix] = percent_of(kernel_time(kernels, tokens), ttft(run, tokens, "off"))
    return values


@book.claim(
    id="prefill-floor",
    title="Prefill's kernels take less than one and a half times their floor",
    sentence="The kernels of a 4,096-token prefill of the Qwen3-8B shape take {vllm} times the floor in vLLM and "
    "{sglang} times in SGLang. The floor, {floor}, is its FLOP at {rate}, the fastest of twelve intervals of a large "
    "bf16 product on this card; their median, with the card warm, was {warm}.",
    records=["card", "kernels-vllm-8b", "kernels-sglang-8b"], tier="gpu",
    holds=below(1.5, "vllm", "sglang"),
    labels={"vllm": "the kernels' time over the floor in vLLM", "sglang": "that in SGLang"}, set_by="gpu",
)
def prefill_floor(card, vllm, sglang):
    floor = floor_ms(prefill_flop(shape_of(vllm), 4096), best_rate(card))
    values = {
        "floor": intervals.value(floor, "ms"), "rate": intervals.value(best_rate(card), "TFLOP/s"),
        "warm": intervals.value(float(np.median(card.values("matmul"))), "TFLOP/s"),
    }
    for name, run in zip(ENGINES, (vllm, sglang), strict=True):
        values[name] = intervals.of(lambda ms: np.median(ms) / floor, [kernel_time(run, 4096)], "1")
    return values


@book.claim(
    id="status-line",
    title="vLLM's status line leaves early, SGLang's with the first token",
    sentence="For the same 4,096-token prompt to the 8B shape vLLM's HTTP 200 arrives after {vllm} of the time to "
    "first token and SGLang's after {sglang}: a proxy that times headers measures the front end of one and the prefill "
    "of the other.",
    records=["ttft-vllm-8b", "ttft-sglang-8b"], tier="gpu",
    holds=all_of(below(25, "vllm"), above(95, "sglang")), labels={"vllm": "vLLM's share", "sglang": "SGLang's"},
    set_by={"vllm": "processor", "sglang": "gpu"},
)
def status_line(*runs):
    def share(run):
        return share_of_ttft(run, 4096, run.values("head", prompt_tokens=4096, probes="off"), "off")

    return {name: median_of(share(run), "%") for name, run in zip(ENGINES, runs, strict=True)}


# %% [markdown]
# ## Under load: the famous third
#
# 128 clients, two requests each, the second when the first has ended: 224 tokens in, 128 out. The published figures
# (API server 33%, scheduling 29%, GPU 38%, of vLLM 0.5.3) were parts of one total. Here the parts can run at the same
# time: each is a share of the wall time on its own. On the first host CPU time was counted from about a second before
# the first request, so that a front end's share is an upper bound there; on the others from that request. A GPU step is
# a span between two events and holds gaps, an upper bound too.

# %%
def front_end(run):
    """CPU use of the process that speaks HTTP, % of one core."""
    role = "api-server" if run.data["engine"]["name"] == "vllm" else "tokenizer-manager"
    return run.values("cpu", role=role)


def with_detokenizer(run):
    """The same, with the process that makes text of tokens: in vLLM that is the HTTP process."""
    if run.data["engine"]["name"] == "vllm":
        return front_end(run)
    return np.add(front_end(run), run.values("cpu", role="detokenizer"))


@book.figure("load.svg", height=4.3, phone=4.9)
def load_figure(_, axes):
    kinds = {
        "front end with detokenizer: CPU": (with_detokenizer, colour("1")),
        "scheduling": (lambda run: run.values("scheduling"), colour("7")),
        "launch": (lambda run: run.values("launch"), colour("5")),
        "GPU in a step": (lambda run: run.values("gpu_busy"), colour("gpu")),
    }
    runs = [book.record(name) for name in GPU_LOAD]
    x = np.arange(len(runs))
    for index, (kind, (read, tone)) in enumerate(kinds.items()):
        height, error = error_bars(median_of(read(run), "%") for run in runs)
        axes.bar(x + (index - 1.5) * 0.2, height, 0.19, color=tone, label=kind, yerr=error,
                 error_kw={"ecolor": "#010203", "elinewidth": 1})
    # The part of the first bar that is SGLang's detokenizer, on top.
    apart = [np.median(with_detokenizer(run)) - np.median(front_end(run)) for run in runs]
    axes.bar(x - 0.3, apart, 0.19, bottom=[np.median(front_end(run)) for run in runs], color="none",
             edgecolor="#010203", linewidth=0.8, hatch="///", label="of it SGLang's detokenizer")
    axes.set_xticks(x, [SHORT[name].replace(" ", "\n") for name in SERVERS])
    axes.set_xlabel("server and model")
    axes.set_ylabel("% of wall time (of one core)")
    axes.grid(axis="x", visible=False)
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0), columnspacing=1.0)


# %%
@book.claim(
    id="famous-gpu-share",
    title="The GPU is inside a step most of the time, where the published share was 38%",
    sentence="With the Qwen3-8B shape under load the GPU is inside a step for {vllm} of the wall time in vLLM and "
    "{sglang} in SGLang, an upper bound on its busy time. The published 38% were of vLLM 0.5.3.",
    records=["load-vllm-8b", "load-sglang-8b"], tier="gpu", figure="load.svg",
    holds=above(60, "vllm", "sglang"), labels={"vllm": "vLLM's share", "sglang": "SGLang's"}, set_by="processor",
)
def famous_gpu_share(*runs):
    return {name: median_of(run.values("gpu_busy"), "%") for name, run in zip(ENGINES, runs, strict=True)}


@book.claim(
    id="famous-front-end",
    title="Front end, scheduling and GPU overlap: together they are more than the whole",
    sentence="Under the same load the HTTP process uses at most {vllm} of a core in vLLM and {sglang} in SGLang, whose "
    "detokenizer, a part of vLLM's HTTP process, is a process of its own: with it SGLang's front end uses "
    "{sglang_both}. Scheduling with result processing takes {vllm_scheduling} and {sglang_scheduling} of the wall "
    "time. With the GPU's share that is more than the whole: the parts overlap. The published 29% also counted the "
    "preparation of inputs, which is counted under launch here.",
    records=["load-vllm-8b", "load-sglang-8b"], tier="gpu",
    holds=above(
        100, *(the(name) + the(f"{name}_scheduling") + the(f"{name}_gpu") for name in ENGINES), by="value",
    ),
    labels={"vllm": "vLLM's front end", "vllm_scheduling": "its scheduling", "vllm_gpu": "its GPU's share",
            "sglang": "SGLang's front end", "sglang_scheduling": "its scheduling", "sglang_gpu": "its GPU's share"},
    set_by="processor",
)
def famous_front_end(*runs):
    values, facts = {}, {}
    for name, run in zip(ENGINES, runs, strict=True):
        values[name] = median_of(front_end(run), "%")
        values[f"{name}_scheduling"] = median_of(run.values("scheduling"), "%")
        facts[f"{name}_gpu"] = median_of(run.values("gpu_busy"), "%")
    values["sglang_both"] = median_of(with_detokenizer(runs[1]), "%")
    return values, facts


@book.claim(
    id="small-load-front-end",
    title="A small model keeps the HTTP process at a core and leaves the GPU idle",
    sentence="With SmolLM2-135M under the same load the HTTP process uses about a core ({vllm} in vLLM, {sglang} in "
    "SGLang, and with SGLang's detokenizer {sglang_both}), the scheduling thread schedules and launches for "
    "{vllm_thread} and {sglang_thread} of the time, and the GPU is inside a step for {vllm_gpu} and {sglang_gpu}.",
    records=["load-vllm-small", "load-sglang-small"], tier="gpu",
    holds=all_of(above(95, "vllm", "sglang"), below(75, "vllm_gpu", "sglang_gpu")),
    labels={"vllm": "the HTTP process's share of a core in vLLM", "sglang": "that in SGLang",
            "vllm_gpu": "the GPU's share of the time in vLLM", "sglang_gpu": "that in SGLang"},
    set_by="processor",
)
def small_load_front_end(*runs):
    values = {}
    for name, run in zip(ENGINES, runs, strict=True):
        values[name] = median_of(front_end(run), "%")
        values[f"{name}_gpu"] = median_of(run.values("gpu_busy"), "%")
        values[f"{name}_thread"] = median_of(np.add(run.values("scheduling"), run.values("launch")), "%")
    values["sglang_both"] = median_of(with_detokenizer(runs[1]), "%")
    return values


@book.claim(
    id="load-throughput",
    title="SGLang is faster under this load with the 8B shape; with the small model it is open",
    sentence="This load, two requests a client, runs at {vllm} in vLLM and {sglang} in SGLang with the Qwen3-8B shape "
    "on the first host, {ratio} times as fast; with SmolLM2-135M the ratio is {small}, not told apart from one. Probes "
    "were on in both.",
    records=GPU_LOAD, tier="gpu",
    holds=all_of(above(1, "ratio"), holds_value(1, "small")),
    labels={"ratio": "the ratio with the 8B shape", "small": "that with SmolLM2-135M"},
    set_by={"sglang": "gpu", "*": "processor"},
)
def load_throughput(vllm_small, sglang_small, vllm, sglang):
    rate = [run.values("throughput") for run in (vllm, sglang, vllm_small, sglang_small)]
    return {
        "vllm": median_of(rate[0], "tok/s", 4), "sglang": median_of(rate[1], "tok/s", 4),
        "ratio": intervals.ratio(rate[1], rate[0]), "small": intervals.ratio(rate[3], rate[2]),
    }


# %% [markdown]
# ## What the probes cost
#
# Each server was visited with the probes armed and disarmed in every round.

# %%
@book.claim(
    id="probe-cost",
    title="What the probes cost is less than the noise",
    sentence="In twelve comparisons, over both engines, both models and three lengths, the median time to first token "
    "with probes differs from that without by {low} to {high}, and every interval contains zero: what the probes cost "
    "is less than the noise.",
    records=GPU_TTFT, tier="gpu",
    holds=holds_value(0, every("difference", "with_*")), set_by="processor",
)
def probe_cost(*runs):
    def difference(run, tokens):
        both = [ttft(run, tokens, "on"), ttft(run, tokens, "off")]
        return intervals.of(lambda on, off: 100 * (np.median(on) / np.median(off) - 1), both, "%", 2)

    differences = {
        f"with_{server}_{tokens}": difference(run, tokens)
        for server, run in zip(SERVERS, runs, strict=True) for tokens in LENGTHS
    }
    return {"low": lowest(differences.values()), "high": highest(differences.values())}, differences


# %% [markdown]
# ## Role first, text later
#
# The time to first token above ends at the first event, which names the role. It is made when the first token arrives;
# the event that holds the text is another one.

# %%
@book.claim(
    id="role-then-text",
    title="A long prompt's first text comes over a millisecond after the role, in the median",
    sentence="With SmolLM2-135M the first event with text follows the first event by {vllm_short} in vLLM and "
    "{sglang_short} in SGLang at 128 prompt tokens, and by {vllm_long} and {sglang_long} at 4,096.",
    records=["ttft-vllm-small", "ttft-sglang-small"], tier="gpu",
    holds=above(1, "vllm_long", "sglang_long"),
    labels={"vllm_long": "the text's delay in vLLM at 4,096 tokens", "sglang_long": "that in SGLang"},
    set_by="processor",
)
def role_then_text(*runs):
    values = {}
    for name, run in zip(ENGINES, runs, strict=True):
        for suffix, tokens in (("short", 128), ("long", 4096)):
            first, text = (run.values(event, prompt_tokens=tokens, probes="off") for event in ("ttft", "first_text"))
            values[f"{name}_{suffix}"] = median_of(by_visit(run, np.subtract(text, first)), "ms", 2)
    return values


@book.claim(
    id="text-two-heaps",
    title="A first text comes with the role or at least a millisecond later, never between",
    sentence="Of {requests} requests to SmolLM2-135M at each length the first text came at most {near} after the role "
    "in {vllm_short}, {vllm_middle} and {vllm_long} requests of vLLM's, at 128, 1,024 and 4,096 prompt tokens, and in "
    "{sglang_short}, {sglang_middle} and {sglang_long} of SGLang's. In all others it came {far} after it or later: the "
    "median hides two groups.",
    records=["ttft-vllm-small", "ttft-sglang-small"], tier="gpu",
    holds=all_of(below(0.2, "near", by="value"), above(1, "far", by="value")),
    labels={"near": "the longest delay of the early group", "far": "the shortest of the late group"},
    set_by={"near": "processor", "far": "processor"},
)
def text_two_heaps(*runs):
    values, near, far = {}, [], []
    for name, run in zip(ENGINES, runs, strict=True):
        for suffix, tokens in (("short", 128), ("middle", 1024), ("long", 4096)):
            first, text = (run.values(event, prompt_tokens=tokens, probes="off") for event in ("ttft", "first_text"))
            delays = np.subtract(text, first)
            near, far = [*near, *delays[delays < 0.5]], [*far, *delays[delays >= 0.5]]
            values[f"{name}_{suffix}"] = exact(int((delays < 0.5).sum()), "count", 2)
            values["requests"] = exact(len(delays), "count", 2)
    return values | {"near": intervals.value(max(near), "ms", 2), "far": intervals.value(min(far), "ms", 2)}


# %% [markdown]
# ## Without a GPU: messages, loops, and the CPU build
#
# The rest repeats on any x86 Linux machine. The engine core is vLLM's own, with an executor that answers at once in
# place of a model. Calls do not depend on a token's value, and bytes only by its size: ids are drawn from 256 to
# 49,151, which msgpack writes in three bytes, so these values are exact.

# %%
GPU_LOOP, CPU_LOOP = "step_with_batch_queue", "step"


def rows_of(core, loop):
    """What the record says of each prompt, the shortest first, in that loop."""
    return [row for row in core.data["extra"]["rows"] if row["loop"] == loop]


@book.figure("messages.svg", height=3.4, phone=3.5)
def messages_figure(_, axes):
    rows = rows_of(book.record("core"), GPU_LOOP)
    x = [row["prompt_tokens"] for row in rows]
    axes.plot(x, [row["request_bytes"] / 1024 for row in rows], "o-", color=colour("vllm"),
              label="EngineCoreRequest, there")
    axes.plot(x, [row["outputs_bytes"] / 1024 for row in rows], "s-", color=colour("accent"),
              label="first EngineCoreOutputs, back")
    axes.set_xlabel("prompt, tokens")
    axes.set_ylabel("message, KiB")
    axes.set_ylim(bottom=0)
    axes.legend()


@book.claim(
    id="handover-bytes",
    title="The message to vLLM's engine core grows by the same bytes for each prompt token",
    sentence="vLLM's EngineCoreRequest is {constant} and {slope} for each prompt token whose id lies between 256 and "
    "65,535; the EngineCoreOutputs that brings the first token back is {outputs} for a 128-token prompt and {longest} "
    "for the longest.",
    records=["core"], tier="cpu", figure="messages.svg",
    holds=fact("to_the_byte", "constant and bytes per token give the size of every EngineCoreRequest in the record to "
               "the byte"),
)
def handover_bytes(core):
    rows = rows_of(core, GPU_LOOP)
    tokens, sizes = ([row[key] for row in rows] for key in ("prompt_tokens", "request_bytes"))
    slope, constant = (round(number) for number in np.polyfit(tokens, sizes, 1))
    values = {
        "constant": exact(constant, "B", 3), "slope": exact(slope, "B", 3),
        "outputs": exact(next(row["outputs_bytes"] for row in rows if row["prompt_tokens"] == 128), "B", 3),
        "longest": exact(rows[-1]["outputs_bytes"], "B", 3),
    }
    return values, {"to_the_byte": [constant + slope * count for count in tokens] == sizes}


@book.claim(
    id="loop-launches-two",
    title="vLLM's GPU loop launches two forwards before it reads the first token, its CPU loop one",
    sentence="For a prompt within the budget, vLLM's default GPU loop calls schedule() and launches a forward {gpu} "
    "times before it reads the first token; the loop of its CPU build {cpu} time. Driven on the CPU build, with a "
    "stand-in for the model and a budget of 2,048 tokens.",
    records=["core"], tier="cpu",
    holds=all_of(
        equals(2, every("number of schedule() calls and of forwards for a prompt within the budget in the GPU's loop",
                        "gpu_*")),
        equals(1, every("such number in the CPU build's loop", "cpu_*")),
    ),
    set_by="count",
)
def loop_launches_two(core):
    values, facts = {}, {}
    for name, loop in (("gpu", GPU_LOOP), ("cpu", CPU_LOOP)):
        rows = [row for row in rows_of(core, loop) if row["prompt_tokens"] <= row["budget"]]
        values[name] = exact(max(row["forwards"] for row in rows), "1", 1)
        for row in rows:
            facts |= {f"{name}_{kind}_{row['prompt_tokens']}": exact(row[kind]) for kind in ("schedules", "forwards")}
    return values, facts


# %%
@book.claim(
    id="cpu-forward-share",
    title="On this CPU the forward is nearly everything",
    sentence="Run eagerly on this CPU, vLLM's CPU build spends {long} of a 512-token prompt's time to first token "
    "between scheduling and the forward's end in the worker, and {short} of a 128-token prompt's.",
    records=["ttft-vllm-cpu"], tier="cpu-server",
    holds=above(80, "long", "short", by="value"),
    labels={"long": "the share at 512 tokens", "short": "that at 128"}, set_by="processor",
)
def cpu_forward_share(run):
    return {name: median_of(segment_share(run, tokens, "forward"), "%")
            for name, tokens in (("long", 512), ("short", 128))}


@book.claim(
    id="chunk-and-decodes",
    title="vLLM computes a chunk and two decodes in one step, SGLang the chunk alone",
    sentence="r1 and r2 are decoding, r3's prompt of 100 tokens has just come, and a step may hold 64. vLLM makes one "
    "batch of {vllm_requests} requests and {vllm_rows} rows, {vllm_r3} of them r3's; {vllm_tokens} of its "
    "{vllm_logits} logits rows become tokens. SGLang makes a batch of {sglang_requests} request and {sglang_rows} "
    "rows, and with --enable-mixed-chunk one of {mixed_requests} requests and {mixed_rows} rows.",
    records=["step-vllm", "step-sglang"], tier="cpu",
    holds=all_of(equals(3, "vllm_requests", "mixed_requests"), equals(1, "sglang_requests"),
                 equals(64, "vllm_rows", "sglang_rows", "mixed_rows"), equals(2, "vllm_tokens")),
    labels={"vllm_requests": "requests in vLLM's batch", "mixed_requests": "in SGLang's mixed batch",
            "sglang_requests": "requests in SGLang's batch", "vllm_rows": "rows of vLLM's batch",
            "sglang_rows": "of SGLang's", "mixed_rows": "of the mixed one", "vllm_tokens": "tokens from vLLM's step"},
)
def chunk_and_decodes(vllm, sglang):
    batch = row_of(vllm, kind="batch")
    values = {
        "vllm_requests": exact(len(batch["order"]), "count", 2), "vllm_rows": exact(len(batch["slots"]), "count", 2),
        "vllm_r3": exact(row_of(vllm, kind="handed")["given"]["r3"], "count", 2),
        "vllm_logits": exact(len(batch["logits_rows"]), "count", 2),
        "vllm_tokens": exact(sum(batch["tokens"]), "count", 2),
    }
    for name, run in (("sglang", "default"), ("mixed", "mixed")):
        row = row_of(sglang, run=run, turn=2)
        values |= {f"{name}_requests": exact(len(row["order"]), "count", 2),
                   f"{name}_rows": exact(len(row["slots"]), "count", 2)}
    return values


# %% [markdown]
# ## What the recordings say
#
# Counts of functions that were entered while the one traced request was served.

# %%
CORE = "vllm/v1/engine/core.py::EngineCore"
V1_RUNNER = "vllm/v1/worker/gpu_model_runner.py::GPUModelRunner.execute_model"
V2_RUNNER = "vllm/v1/worker/gpu/model_runner.py::GPUModelRunner.execute_model"


def threads(recording, symbol):
    """How many threads entered a function."""
    return exact(entered(recording, symbol), "1", 1)


@book.claim(
    id="gpu-default-path",
    title="On a GPU a request runs the batch-queue loop and the V2 runner",
    sentence="On the GPU the request entered step_with_batch_queue and the V2 model runner. EngineCore.step was "
    "entered in {step} threads, the V1 runner's execute_model in {v1}.",
    records=["path-vllm-gpu"], tier="gpu",
    holds=all_of(some("queue", "v2"), none("step", "v1")),
    labels={"queue": "threads that entered step_with_batch_queue", "v2": "threads that entered the V2 execute_model",
            "step": "threads that entered EngineCore.step", "v1": "threads that entered the V1 execute_model"},
    set_by="count",
)
def gpu_default_path(recording):
    values = {"step": threads(recording, f"{CORE}.step"), "v1": threads(recording, V1_RUNNER)}
    return values, {"queue": threads(recording, f"{CORE}.step_with_batch_queue"), "v2": threads(recording, V2_RUNNER)}


@book.claim(
    id="cpu-build-path",
    title="The CPU build runs the plain loop and the V1 runner, in a process of its own",
    sentence="On the CPU the same release entered EngineCore.step and the V1 runner, the latter in a worker process of "
    "its own: {processes} engine processes, where the GPU's recording has no worker.",
    records=["path-vllm-cpu"], tier="cpu-server",
    holds=all_of(some("step", "v1"), fact("worker", "one of the engine's processes is a worker")),
    labels={"step": "threads that entered EngineCore.step", "v1": "threads that entered the V1 execute_model"},
    set_by="count",
)
def cpu_build_path(cpu):
    roles = {process["role"] for process in cpu.data["recording"]["processes"]} - {"client", "unknown", None}
    facts = {"step": threads(cpu, f"{CORE}.step"), "v1": threads(cpu, V1_RUNNER), "worker": "worker" in roles}
    return {"processes": exact(len(roles), "1", 1)}, facts


@book.claim(
    id="same-request-bytes",
    title="SGLang's message to its scheduler is larger than vLLM's for the same request",
    sentence="The same chat request crosses to the engine as {vllm} in vLLM, msgpack with a type frame, and as "
    "{sglang} in SGLang, a pickle. On its way back the first token crosses {vllm_hops} boundary between processes in "
    "vLLM, from the engine core to the API server, and {sglang_hops} in SGLang, from the scheduler to the detokenizer "
    "and on to the tokenizer manager.",
    records=["path-vllm-gpu", "path-sglang-gpu"], tier="gpu",
    holds=above(the("vllm"), "sglang"), labels={"sglang": "the size of SGLang's message", "vllm": "that of vLLM's"},
    set_by="count",
)
def same_request_bytes(vllm, sglang):
    def sent(recording, kind):
        messages = recording.data["recording"]["wire"]
        return exact(next(message["bytes"] for message in messages if message["type"] == kind), "B", 3)

    def hops_back(recording):
        outputs = {"EngineCoreOutputs", "BatchTokenIDOutput", "BatchStrOutput"}
        back = (message for message in recording.data["recording"]["wire"] if message["type"] in outputs)
        return exact(len({(message["from"], message["to"]) for message in back}), "1", 1)

    return {
        "vllm": sent(vllm, "EngineCoreRequest"), "sglang": sent(sglang, "TokenizedGenerateReqInput"),
        "vllm_hops": hops_back(vllm), "sglang_hops": hops_back(sglang),
    }


# %%
print(book.finish())
