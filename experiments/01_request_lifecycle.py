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
import json

import numpy as np

from experiments.lab.analysis import intervals as bootstrap
from experiments.lab.analysis.claim_book import Book
from experiments.lab.analysis.draw_figures import colour
from experiments.lab.analysis.roofline import Shape, floor_ms, prefill_floor_ms, prefill_flop
from experiments.lab.host.model_folders import QWEN3_8B

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
    return bootstrap.ratio(part, whole, "%", digits=2)


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


@book.figure("segments.svg", size=(4.4, 5.6))
def segments_figure(figure, axes):
    colours = [colour(n) for n in ("1", "6", "7", "gpu", "5", "floor", "2")]
    rows, labels = [], []
    for name in SERVERS:
        run, kernels = book.record(f"ttft-{name}"), book.record(f"kernels-{name}")
        for tokens in LENGTHS:
            whole = np.median(ttft(run, tokens))
            known = {s["labels"]["segment"] for s in run.series("segment", prompt_tokens=tokens)}
            parts = [
                sum(np.median(segment(run, tokens, s)) for s in segments if s in known) for segments in GROUPS.values()
            ]
            busy = np.median(kernels.values("kernel_union", prompt_tokens=tokens))
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
    axes.set_yticks(y, labels, fontsize=8)
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the time to first token, %")
    axes.set_ylabel("server, prompt tokens, time to first token")
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside upper center", ncols=3, fontsize=8, columnspacing=1.0, handlelength=1.2)


# %% [markdown]
# ## Small model: the GPU is not what one waits for

# %%
@book.claim(
    id="small-gpu-share",
    title="How much of a small model's first token is GPU work",
    sentence="At 128 prompt tokens of SmolLM2-135M the kernels behind the first token take {vllm_ms} in vLLM and "
    "{sglang_ms} in SGLang: {vllm} and {sglang} of the time to first token.",
    records=["ttft-vllm-small", "ttft-sglang-small", "kernels-vllm-small", "kernels-sglang-small"],
    tier="gpu", figure="segments.svg",
    holds_if="both intervals of the share lie below 25%",
)
def small_gpu_share(vllm, sglang, vllm_kernels, sglang_kernels):
    busy = [r.values("kernel_union", prompt_tokens=128) for r in (vllm_kernels, sglang_kernels)]
    values = {
        "vllm": percent_of(busy[0], ttft(vllm, 128, "off")), "vllm_ms": bootstrap.median(busy[0], "ms", 4),
        "sglang": percent_of(busy[1], ttft(sglang, 128, "off")), "sglang_ms": bootstrap.median(busy[1], "ms", 4),
    }
    return values, max(values["vllm"]["ci"][1], values["sglang"]["ci"][1]) < 25


@book.claim(
    id="small-never-waits",
    title="The CPU does not wait for a small model's forward",
    sentence="With SmolLM2-135M and 4,096 prompt tokens the thread that needs the first token waits {vllm} for the GPU "
    "in vLLM and {sglang} in SGLang, out of {vllm_ttft} and {sglang_ttft}, probes on: when it asks, the GPU has finished.",
    records=["ttft-vllm-small", "ttft-sglang-small"], tier="gpu",
    holds_if="in both engines the upper end of the wait is below 1% of the lower end of the time to first token",
)
def small_never_waits(vllm, sglang):
    values = {
        "vllm": bootstrap.median(segment(vllm, 4096, "wait for GPU"), "ms", 2),
        "sglang": bootstrap.median(segment(sglang, 4096, "wait for GPU"), "ms", 2),
        "vllm_ttft": bootstrap.median(ttft(vllm, 4096), "ms"),
        "sglang_ttft": bootstrap.median(ttft(sglang, 4096), "ms"),
    }
    return values, max(values[k]["ci"][1] / values[f"{k}_ttft"]["ci"][0] for k in ("vllm", "sglang")) < 0.01


@book.claim(
    id="second-launch",
    title="The second step goes ahead of the first token",
    sentence="Both engines schedule and launch a decode step before they read the first token. With SmolLM2-135M at 128 "
    "tokens that takes {vllm} of the time to first token in vLLM and {sglang} in SGLang, {vllm_share} and {sglang_share} of it, "
    "and no GPU work hides it.",
    records=["ttft-vllm-small", "ttft-sglang-small"], tier="gpu",
    holds_if="both intervals of the step's time lie above 0.5 ms, and both median waits for the GPU are below 0.1 ms",
)
def second_launch(vllm, sglang):
    values = {}
    for name, run in (("vllm", vllm), ("sglang", sglang)):
        step = segment(run, 128, "next step")
        values[name] = bootstrap.median(step, "ms")
        values[f"{name}_share"] = bootstrap.median(segment_share(run, 128, "next step"), "%")
    unhidden = max(np.median(segment(run, 128, "wait for GPU")) for run in (vllm, sglang)) < 0.1
    return values, min(values["vllm"]["ci"][0], values["sglang"]["ci"][0]) > 0.5 and unhidden


@book.claim(
    id="tokenizing-4k",
    title="What the chat template and the tokenizer cost",
    sentence="For 4,096 prompt tokens, from the handler's start to the tokenizer's return takes {vllm} in vLLM and {sglang} in "
    "SGLang on this host's CPU: {vllm_share} and {sglang_share} of SmolLM2-135M's time to first token.",
    records=["ttft-vllm-small", "ttft-sglang-small"], tier="gpu",
    holds_if="both intervals of the share lie above 20%",
)
def tokenizing_4k(vllm, sglang):
    values = {}
    for name, run in (("vllm", vllm), ("sglang", sglang)):
        part = segment(run, 4096, "template + tokens")
        values[name] = bootstrap.median(part, "ms")
        values[f"{name}_share"] = bootstrap.median(segment_share(run, 4096, "template + tokens"), "%")
    return values, min(values["vllm_share"]["ci"][0], values["sglang_share"]["ci"][0]) > 20


# %% [markdown]
# ## The 8B shape: a long prompt is the GPU's, a short one is not
#
# The floor is the prefill's FLOP at the best rate that a large bf16 product reached on this card, in this run.

# %%
SHAPE = Shape.from_config(QWEN3_8B)


def best_rate(card):
    """TFLOP/s of the fastest of the card's samples: under lasting load its clock falls, and a floor must not be beaten
    because the card was warm when it was measured."""
    return max(card.values("matmul"))


@book.figure("floor.svg", size=(4.4, 3.4))
def floor_figure(_, axes):
    card = book.record("card")
    x = np.linspace(64, 4300, 60)
    copy = max(card.values("copy"))
    axes.plot(x, [prefill_floor_ms(SHAPE, n, best_rate(card), copy) for n in x], color=colour("floor"),
              linestyle="--", label="floor: FLOP, or weights read once")
    for engine, mark in (("vllm", "o"), ("sglang", "s")):
        run, kernels = book.record(f"ttft-{engine}-8b"), book.record(f"kernels-{engine}-8b")
        title = {"vllm": "vLLM", "sglang": "SGLang"}[engine]
        axes.plot(LENGTHS, [np.median(ttft(run, n, "off")) for n in LENGTHS], mark + "-", color=colour(engine),
                  label=f"{title}: time to first token")
        axes.plot(LENGTHS, [np.median(kernels.values("kernel_union", prompt_tokens=n)) for n in LENGTHS], mark + ":",
                  color=colour(engine), markerfacecolor="none", label=f"{title}: kernels of it")
    axes.set_xlabel("prompt, tokens")
    axes.set_ylabel("ms")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7)


# %%
@book.claim(
    id="large-gpu-share",
    title="How much of an 8B model's first token is GPU work",
    sentence="With the Qwen3-8B shape and 4,096 prompt tokens the kernels' time equals {vllm} of vLLM's time to first token and "
    "{sglang} of SGLang's; at 128 tokens {vllm_short} and {sglang_short}.",
    records=["ttft-vllm-8b", "ttft-sglang-8b", "kernels-vllm-8b", "kernels-sglang-8b"], tier="gpu", figure="floor.svg",
    holds_if="both intervals at 4,096 tokens lie above 70% and both at 128 below 50%",
)
def large_gpu_share(vllm, sglang, vllm_kernels, sglang_kernels):
    values = {}
    for name, run, kernels in (("vllm", vllm, vllm_kernels), ("sglang", sglang, sglang_kernels)):
        for suffix, tokens in (("", 4096), ("_short", 128)):
            busy = kernels.values("kernel_union", prompt_tokens=tokens)
            values[name + suffix] = percent_of(busy, ttft(run, tokens, "off"))
    long_is_gpu = min(values["vllm"]["ci"][0], values["sglang"]["ci"][0]) > 70
    short_is_not = max(values["vllm_short"]["ci"][1], values["sglang_short"]["ci"][1]) < 50
    return values, long_is_gpu and short_is_not


@book.claim(
    id="prefill-floor",
    title="How far prefill is from the floor",
    sentence="The kernels of a 4,096-token prefill of the Qwen3-8B shape take {vllm} times the floor in vLLM and {sglang} "
    "times in SGLang. The floor, {floor}, is its FLOP at {rate}, the fastest of twelve intervals of a large bf16 product on "
    "this card; their median, with the card warm, was {warm}.",
    records=["card", "kernels-vllm-8b", "kernels-sglang-8b"], tier="gpu",
    holds_if="both intervals lie below 1.5 times the floor",
)
def prefill_floor(card, vllm, sglang):
    floor = floor_ms(prefill_flop(SHAPE, 4096), best_rate(card))
    values = {
        "floor": bootstrap.value(floor, "ms"), "rate": bootstrap.value(best_rate(card), "TFLOP/s"),
        "warm": bootstrap.value(float(np.median(card.values("matmul"))), "TFLOP/s"),
        "vllm": bootstrap.of(lambda ms: np.median(ms) / floor, [vllm.values("kernel_union", prompt_tokens=4096)], "1"),
        "sglang": bootstrap.of(
            lambda ms: np.median(ms) / floor, [sglang.values("kernel_union", prompt_tokens=4096)], "1"
        ),
    }
    return values, max(values["vllm"]["ci"][1], values["sglang"]["ci"][1]) < 1.5


@book.claim(
    id="status-line",
    title="When the HTTP status line arrives",
    sentence="For the same 4,096-token prompt vLLM's HTTP 200 arrives after {vllm} of the time to first token and "
    "SGLang's after {sglang}: a proxy that times headers measures the front end of one and the prefill of the other.",
    records=["ttft-vllm-8b", "ttft-sglang-8b"], tier="gpu",
    holds_if="vLLM's interval lies below 25% and SGLang's above 95%",
)
def status_line(vllm, sglang):
    values = {
        name: bootstrap.median(
            share_of_ttft(run, 4096, run.values("head", prompt_tokens=4096, probes="off"), "off"), "%")
        for name, run in (("vllm", vllm), ("sglang", sglang))
    }
    return values, values["vllm"]["ci"][1] < 25 and values["sglang"]["ci"][0] > 95


# %% [markdown]
# ## Under load: the famous third
#
# 128 clients, two requests each, the second when the first has ended: 224 tokens in, 128 out. The published figures
# (API server 33%, scheduling 29%, GPU 38%, of vLLM 0.5.3) were parts of one total. Here the parts can run at the same time:
# each is a share of the wall time on its own. CPU time was counted from about a second before the first request, so that
# a front end's share is an upper bound; a GPU step is a span between two events and holds gaps, an upper bound too.

# %%
def front_end(run):
    """CPU use of the process that speaks HTTP, % of one core."""
    role = "api-server" if run.data["engine"]["name"] == "vllm" else "tokenizer-manager"
    return run.values("cpu", role=role)


@book.figure("load.svg", size=(4.4, 3.6))
def load_figure(_, axes):
    kinds = {
        "front end: CPU": (front_end, colour("1")),
        "scheduling": (lambda r: r.values("scheduling"), colour("7")),
        "launch": (lambda r: r.values("launch"), colour("5")),
        "GPU in a step": (lambda r: r.values("gpu_busy"), colour("gpu")),
    }
    runs = [book.record(name) for name in GPU_LOAD]
    x = np.arange(len(runs))
    for index, (kind, (read, tone)) in enumerate(kinds.items()):
        values = [bootstrap.median(read(run), "%") for run in runs]
        height = np.array([v["value"] for v in values])
        error = np.abs(np.array([v["ci"] for v in values]).T - height)
        axes.bar(x + (index - 1.5) * 0.2, height, 0.19, color=tone, label=kind, yerr=error,
                 error_kw={"ecolor": "#010203", "elinewidth": 1})
    axes.set_xticks(x, [SHORT[name].replace(" ", "\n") for name in SERVERS], fontsize=9)
    axes.set_xlabel("server and model")
    axes.set_ylabel("% of wall time (of one core)")
    axes.grid(axis="x", visible=False)
    axes.legend(fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))


# %%
@book.claim(
    id="famous-gpu-share",
    title="Re-tested: 38% of the time was GPU execution",
    sentence="With the Qwen3-8B shape under load the GPU is inside a step for {vllm} of the wall time in vLLM and {sglang} in "
    "SGLang, an upper bound on its busy time. The published 38% were of vLLM 0.5.3.",
    records=["load-vllm-8b", "load-sglang-8b"], tier="gpu", figure="load.svg",
    holds_if="both intervals lie above 60%",
)
def famous_gpu_share(vllm, sglang):
    values = {"vllm": bootstrap.median(vllm.values("gpu_busy"), "%"),
              "sglang": bootstrap.median(sglang.values("gpu_busy"), "%")}
    return values, min(values["vllm"]["ci"][0], values["sglang"]["ci"][0]) > 60


@book.claim(
    id="famous-front-end",
    title="Front end and scheduling beside the published 33% and 29%",
    sentence="Under the same load the HTTP process uses at most {vllm} of a core in vLLM and {sglang} in SGLang, and scheduling "
    "with result processing takes {vllm_scheduling} and {sglang_scheduling} of the wall time. With the GPU's share that is "
    "more than the whole: the parts overlap. The published 29% also held input preparation, which is a launch here.",
    records=["load-vllm-8b", "load-sglang-8b"], tier="gpu",
    holds_if="in each engine the medians of front end, scheduling and GPU add up to more than 100%, their "
    "intervals aside",
)
def famous_front_end(vllm, sglang):
    values = {}
    for name, run in (("vllm", vllm), ("sglang", sglang)):
        values[name] = bootstrap.median(front_end(run), "%")
        values[f"{name}_scheduling"] = bootstrap.median(run.values("scheduling"), "%")
    overlap = [
        values[name]["value"] + values[f"{name}_scheduling"]["value"] + np.median(run.values("gpu_busy")) > 100
        for name, run in (("vllm", vllm), ("sglang", sglang))
    ]
    return values, all(overlap)


@book.claim(
    id="small-load-front-end",
    title="Where a small model's time goes under load",
    sentence="With SmolLM2-135M under the same load the HTTP process uses about a core ({vllm} in vLLM, {sglang} in SGLang), the "
    "scheduling thread schedules and launches for {vllm_thread} and {sglang_thread} of the time, and the GPU is inside a "
    "step for {vllm_gpu} and {sglang_gpu}.",
    records=["load-vllm-small", "load-sglang-small"], tier="gpu",
    holds_if="in both engines the interval of the HTTP process lies above 95% of a core and that of the GPU below 75%",
)
def small_load_front_end(vllm, sglang):
    values = {}
    for name, run in (("vllm", vllm), ("sglang", sglang)):
        values[name] = bootstrap.median(front_end(run), "%")
        values[f"{name}_gpu"] = bootstrap.median(run.values("gpu_busy"), "%")
        thread = np.add(run.values("scheduling"), run.values("launch"))
        values[f"{name}_thread"] = bootstrap.median(thread, "%")
    return values, all(values[n]["ci"][0] > 95 and values[f"{n}_gpu"]["ci"][1] < 75 for n in ("vllm", "sglang"))


@book.claim(
    id="load-throughput",
    title="Both engines under one load",
    sentence="This load, two requests a client, runs at {vllm} in vLLM and {sglang} in SGLang with the Qwen3-8B shape, {ratio} "
    "times as fast; with SmolLM2-135M the ratio is {small}, not told apart from one. Probes were on in both.",
    records=GPU_LOAD, tier="gpu",
    holds_if="the ratio's interval lies above 1 with the 8B shape and has 1 inside with SmolLM2-135M",
)
def load_throughput(vllm_small, sglang_small, vllm, sglang):
    rate = [run.values("throughput") for run in (vllm, sglang, vllm_small, sglang_small)]
    values = {
        "vllm": bootstrap.median(rate[0], "tok/s", 4), "sglang": bootstrap.median(rate[1], "tok/s", 4),
        "ratio": bootstrap.ratio(rate[1], rate[0]), "small": bootstrap.ratio(rate[3], rate[2]),
    }
    return values, values["ratio"]["ci"][0] > 1 and values["small"]["ci"][0] < 1 < values["small"]["ci"][1]


# %% [markdown]
# ## What the probes cost
#
# Each server was visited with the probes armed and disarmed in every round.

# %%
@book.claim(
    id="probe-cost",
    title="What the probes themselves cost",
    sentence="Over both engines, both models and all three lengths the time to first token with probes on differs from that with "
    "probes off by {low} to {high}, and every interval contains zero: these records do not resolve what the probes cost.",
    records=GPU_TTFT, tier="gpu",
    holds_if="the interval of every difference contains zero",
)
def probe_cost(vllm_small, sglang_small, vllm_8b, sglang_8b):
    found = [
        bootstrap.of(lambda on, off: 100 * (np.median(on) / np.median(off) - 1),
                     [ttft(run, n, "on"), ttft(run, n, "off")], "%", 2)
        for run in (vllm_small, sglang_small, vllm_8b, sglang_8b) for n in LENGTHS
    ]
    values = {"low": min(found, key=lambda v: v["value"]), "high": max(found, key=lambda v: v["value"])}
    return values, all(v["ci"][0] <= 0 <= v["ci"][1] for v in found)


# %% [markdown]
# ## Role first, text later
#
# The time to first token above ends at the first event, which names the role. It is made when the first token arrives; the
# event that holds the text is another one.

# %%
@book.claim(
    id="role-then-text",
    title="How long the text comes after the role",
    sentence="With SmolLM2-135M the first event with text follows the first event by {vllm_short} in vLLM and {sglang_short} in SGLang "
    "at 128 prompt tokens, and by {vllm_long} and {sglang_long} at 4,096.",
    records=["ttft-vllm-small", "ttft-sglang-small"], tier="gpu",
    holds_if="both intervals at 4,096 tokens lie above 1 ms",
)
def role_then_text(vllm, sglang):
    values = {}
    for name, run in (("vllm", vllm), ("sglang", sglang)):
        for suffix, tokens in (("short", 128), ("long", 4096)):
            first, text = (run.values(n, prompt_tokens=tokens, probes="off") for n in ("ttft", "first_text"))
            values[f"{name}_{suffix}"] = bootstrap.median(by_visit(run, np.subtract(text, first)), "ms", 2)
    return values, all(values[f"{name}_long"]["ci"][0] > 1 for name in ("vllm", "sglang"))


# %% [markdown]
# ## Without a GPU: messages, loops, and the CPU build
#
# The rest repeats on any x86 Linux machine. The engine core is vLLM's own, with an executor that answers at once in place of
# a model. Calls do not depend on a token's value, and bytes only by its size: ids are drawn from 256 to 49,151, which
# msgpack writes in three bytes, so these values are exact.

# %%
@book.figure("messages.svg", size=(4.4, 2.8))
def messages_figure(_, axes):
    core = book.record("core")
    rows = [r for r in core.data["extra"]["rows"] if r["loop"] == "step_with_batch_queue"]
    axes.plot([r["prompt_tokens"] for r in rows], [r["request_bytes"] / 1024 for r in rows], "o-", color=colour("vllm"),
              label="EngineCoreRequest, there")
    axes.plot([r["prompt_tokens"] for r in rows], [r["outputs_bytes"] / 1024 for r in rows], "s-", color=colour("accent"),
              label="first EngineCoreOutputs, back")
    axes.set_xlabel("prompt, tokens")
    axes.set_ylabel("message, KiB")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8)


@book.claim(
    id="handover-bytes",
    title="What crosses to the engine core",
    sentence="vLLM's EngineCoreRequest is {constant} and {slope} for each prompt token whose id lies between 256 and 65,535; the "
    "EngineCoreOutputs that brings the first token back is {outputs} for a 128-token prompt and {longest} for the longest.",
    records=["core"], tier="cpu", figure="messages.svg",
    holds_if="constant and bytes per token give the size of every EngineCoreRequest in the record to the byte",
)
def handover_bytes(core):
    rows = [r for r in core.data["extra"]["rows"] if r["loop"] == "step_with_batch_queue"]
    slope, constant = np.polyfit([r["prompt_tokens"] for r in rows], [r["request_bytes"] for r in rows], 1)
    exact = all(round(constant) + round(slope) * r["prompt_tokens"] == r["request_bytes"] for r in rows)
    values = {
        "constant": bootstrap.value(round(constant), "B"), "slope": bootstrap.value(round(slope), "B"),
        "outputs": bootstrap.value(next(r["outputs_bytes"] for r in rows if r["prompt_tokens"] == 128), "B"),
        "longest": bootstrap.value(rows[-1]["outputs_bytes"], "B"),
    }
    return values, exact


@book.claim(
    id="loop-launches-two",
    title="Forwards launched before the first token is read",
    sentence="For a prompt within the budget, vLLM's default GPU loop calls schedule() and launches a forward {gpu} times before it "
    "reads the first token; the loop of its CPU build {cpu} time. Driven on the CPU build, with a stand-in for the model and a "
    "budget of 2,048 tokens.",
    records=["core"], tier="cpu",
    holds_if="every prompt within the budget takes two calls of schedule() and two forwards in the GPU's loop, "
    "and one of each in the CPU build's",
)
def loop_launches_two(core):
    def counts(loop):
        rows = [r for r in core.data["extra"]["rows"] if r["loop"] == loop and r["prompt_tokens"] <= r["budget"]]
        return {(r["schedules"], r["forwards"]) for r in rows}

    gpu, cpu = counts("step_with_batch_queue"), counts("step")
    values = {"gpu": bootstrap.value(max(gpu)[1], "1", 1), "cpu": bootstrap.value(max(cpu)[1], "1", 1)}
    return values, gpu == {(2, 2)} and cpu == {(1, 1)}


# %%
@book.claim(
    id="cpu-forward-share",
    title="On this CPU the forward is nearly everything",
    sentence="Run eagerly on this CPU, vLLM's CPU build spends {long} of a 512-token prompt's time to first token between scheduling "
    "and the forward's end in the worker, and {short} of a 128-token prompt's.",
    records=["ttft-vllm-cpu"], tier="cpu-server",
    holds_if="both medians are above 80%, their intervals aside",
)
def cpu_forward_share(run):
    values = {
        "long": bootstrap.median(segment_share(run, 512, "forward"), "%"),
        "short": bootstrap.median(segment_share(run, 128, "forward"), "%"),
    }
    return values, min(values["long"]["value"], values["short"]["value"]) > 80


# %% [markdown]
# ## What the recordings say
#
# Counts of functions that were entered while the one traced request was served.

# %%
def entered(recording, symbol):
    """How many (process, thread) pairs entered a function while the request was served."""
    columns = recording.columns
    return sum(s == symbol and p == "request" for s, p in zip(columns["symbol"], columns["phase"], strict=True))


CORE = "vllm/v1/engine/core.py::EngineCore"
V1_RUNNER = "vllm/v1/worker/gpu_model_runner.py::GPUModelRunner.execute_model"
V2_RUNNER = "vllm/v1/worker/gpu/model_runner.py::GPUModelRunner.execute_model"


@book.claim(
    id="gpu-default-path",
    title="The loop and the runner that a GPU really enters",
    sentence="On the GPU the request entered step_with_batch_queue and the V2 model runner. EngineCore.step was entered in {step} "
    "threads, the V1 runner's execute_model in {v1}.",
    records=["path-vllm-gpu"], tier="gpu",
    holds_if="step_with_batch_queue and the V2 execute_model were entered, EngineCore.step and the V1 "
    "execute_model in no thread",
)
def gpu_default_path(recording):
    values = {"step": bootstrap.value(entered(recording, f"{CORE}.step"), "1", 1),
              "v1": bootstrap.value(entered(recording, V1_RUNNER), "1", 1)}
    there = entered(recording, f"{CORE}.step_with_batch_queue") and entered(recording, V2_RUNNER)
    return values, bool(there) and values["step"]["value"] == 0 and values["v1"]["value"] == 0


@book.claim(
    id="cpu-build-path",
    title="The CPU build takes the other branch of each",
    sentence="On the CPU the same release entered EngineCore.step and the V1 runner, the latter in a worker process of its own: "
    "{processes} engine processes, where the GPU's recording has no worker.",
    records=["path-vllm-cpu"], tier="cpu-server",
    holds_if="EngineCore.step and the V1 execute_model were entered, and one of the engine's processes is a worker",
)
def cpu_build_path(cpu):
    roles = {p["role"] for p in cpu.data["recording"]["processes"]} - {"client", "unknown", None}
    there = entered(cpu, f"{CORE}.step") and entered(cpu, V1_RUNNER)
    return {"processes": bootstrap.value(len(roles), "1", 1)}, bool(there) and "worker" in roles


@book.claim(
    id="same-request-bytes",
    title="One request, two encodings",
    sentence="The same chat request crosses to the engine as {vllm} in vLLM, msgpack with a type frame, and as {sglang} in SGLang, "
    "a pickle. Its first token comes back over {vllm_hops} ZMQ boundary there and {sglang_hops} here.",
    records=["path-vllm-gpu", "path-sglang-gpu"], tier="gpu",
    holds_if="SGLang's message is larger than vLLM's",
)
def same_request_bytes(vllm, sglang):
    def sent(recording, kind):
        return next(m["bytes"] for m in recording.data["recording"]["wire"] if m["type"] == kind)

    def hops_back(recording):
        outputs = {"EngineCoreOutputs", "BatchTokenIDOutput", "BatchStrOutput"}
        return len({(m["from"], m["to"]) for m in recording.data["recording"]["wire"] if m["type"] in outputs})

    values = {
        "vllm": bootstrap.value(sent(vllm, "EngineCoreRequest"), "B"),
        "sglang": bootstrap.value(sent(sglang, "TokenizedGenerateReqInput"), "B"),
        "vllm_hops": bootstrap.value(hops_back(vllm), "1", 1), "sglang_hops": bootstrap.value(hops_back(sglang), "1", 1),
    }
    return values, values["sglang"]["value"] > values["vllm"]["value"]


# %%
book.finish()
print(json.dumps({claim["id"]: claim["holds"] for claim in book.claims}, indent=1))
