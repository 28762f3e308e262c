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
# # Experiment 02: who is served in a step, and what the loop costs
#
# Three tiers of one question. The schedulers of vLLM 0.32.0 and SGLang 0.5.21, driven step by step without a model, get the same
# requests, and what each request was given is counted. vLLM's is timed with 1 to 1,024 requests running. And servers of both engines on one card are
# measured with their loops overlapping the GPU and in step with it, under a burst of prompts, and with a pool that runs out.

# %%
import json

import numpy as np

from experiments.lab.analysis import card_time as sittings, intervals as bootstrap
from experiments.lab.analysis.claim_book import Book
from experiments.lab.analysis.draw_figures import colour

book = Book("02")
ENGINES = {"vllm": "vLLM", "sglang": "SGLang"}
CONCURRENCY = (1, 8, 32)
RUNNING = (1, 4, 16, 64, 256, 1024)


def exact(number, unit="count", digits=6):
    """A value that was counted, not sampled."""
    return bootstrap.value(number, unit, digits)


def counted(run, name, key):
    """A count of the run called `name` in a record of counts."""
    return run.values(key, run=name)[0]


def row(run, name):
    """What that run says beside its counts."""
    return next(each for each in run.data["extra"]["rows"] if each.get("run") == name)


# %% [markdown]
# ## Eight requests, two schedulers
#
# A budget of 64 tokens, a pool of 288 tokens, six places. SGLang gets the budget as its chunk size and the pool in tokens. Each step's
# tokens are in before the next is scheduled, except in the runs that say otherwise and in SGLang's of three prompts that share a
# beginning, which take its overlapping loop. Answers are as long as `max_tokens` allows, and no model runs.


# %%
@book.figure("turns.svg", size=(7.0, 3.6))
def turns_figure(figure, axes):
    replay = book.record("replay-loop").data["extra"]["replay"]
    vllm = [step["state"]["budget"]["given"] for step in replay["steps"]]
    turns = [each for each in book.record("loop-sglang").data["extra"]["rows"] if each.get("kind") == "turn"]
    sglang = [{}] + [turn["given"] for turn in turns]
    names = list(replay["requests"])
    for engine, given, offset in (("vllm", vllm, 0.2), ("sglang", sglang, -0.2)):
        for y, name in enumerate(reversed(names)):
            prompt = [(n, step[name]) for n, step in enumerate(given) if step.get(name, 0) > 1]
            decode = [n for n, step in enumerate(given) if step.get(name) == 1]
            axes.barh([y + offset] * len(prompt), 0.9, left=[n - 0.45 for n, _ in prompt], height=0.32, color=colour(engine))
            axes.plot(decode, [y + offset] * len(decode), "|", color=colour(engine), markersize=5)
    axes.set_yticks(range(len(names)), reversed(names))
    axes.set_xlabel("step of vLLM, batch of SGLang")
    axes.set_ylabel("request")
    axes.grid(axis="y", visible=False)
    handles = [axes.barh([0], [0], color=colour(engine), label=label) for engine, label in ENGINES.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, fontsize=8)


@book.claim(
    id="one-step-both",
    title="vLLM mixes, SGLang takes turns",
    sentence="Of {steps} steps vLLM needs for the eight requests, {mixed} serve prompts and decodes together. Of SGLang's {batches} batches {sg_mixed} do: "
    "{sg_prefill} are prompts alone and {sg_decode} decodes alone. With --enable-mixed-chunk {on_mixed} of {on_batches} are mixed.",
    records=["loop-vllm", "loop-sglang"], tier="cpu", figure="turns.svg",
    holds_if="vLLM mixes in at least one step, SGLang in none, and with the switch in at least one",
)
def one_step_both(vllm, sglang):
    values = {"steps": exact(counted(vllm, "small", "steps")), "mixed": exact(counted(vllm, "small", "mixed")),
              "batches": exact(counted(sglang, "small", "steps")), "sg_mixed": exact(counted(sglang, "small", "mixed")),
              "sg_prefill": exact(counted(sglang, "small", "prefill_only")),
              "sg_decode": exact(counted(sglang, "small", "decode_only")),
              "on_mixed": exact(counted(sglang, "mixed", "mixed")), "on_batches": exact(counted(sglang, "mixed", "steps"))}
    return values, values["mixed"]["value"] > 0 and values["sg_mixed"]["value"] == 0 and values["on_mixed"]["value"] > 0


@book.claim(
    id="nobody-stands",
    title="Who decodes is passed over in SGLang, never in vLLM",
    sentence="A request that has its first token, has more to come and keeps its place is passed over {vllm} times in vLLM and {sglang} times in SGLang.",
    records=["loop-vllm", "loop-sglang"], tier="cpu",
    holds_if="never in vLLM, in none of its runs, and at least once in SGLang",
)
def nobody_stands(vllm, sglang):
    values = {"vllm": exact(counted(vllm, "small", "stood")), "sglang": exact(counted(sglang, "small", "stood"))}
    others = [each["stood"] for each in vllm.data["extra"]["rows"]]
    return values, not any(others) and values["sglang"]["value"] > 0


@book.claim(
    id="admit-or-wait",
    title="vLLM admits and pre-empts, SGLang lets wait",
    sentence="vLLM admits all that fits now, pre-empts {preempted} times and computes {again} tokens again; it needs {steps} steps. SGLang keeps room for answers "
    "that are to come, retracts {retracted} and computes {sg_again} again, in {sg_steps} batches. The fifth request has its first token in step {fifth} and in "
    "batch {sg_fifth}, the eighth in {eighth} and {sg_eighth}.",
    records=["loop-vllm", "loop-sglang"], tier="cpu",
    holds_if="vLLM pre-empts and SGLang retracts nobody, and vLLM needs fewer steps",
)
def admit_or_wait(vllm, sglang):
    first, theirs = row(vllm, "small")["first"], row(sglang, "small")["first"]
    values = {"preempted": exact(counted(vllm, "small", "preemptions")), "again": exact(counted(vllm, "small", "again")),
              "steps": exact(counted(vllm, "small", "steps")), "retracted": exact(counted(sglang, "small", "preemptions")),
              "sg_again": exact(counted(sglang, "small", "again")), "sg_steps": exact(counted(sglang, "small", "steps")),
              "fifth": exact(first["r5"]), "sg_fifth": exact(theirs["r5"]),
              "eighth": exact(first["r8"]), "sg_eighth": exact(theirs["r8"])}
    fewer = values["steps"]["value"] < values["sg_steps"]["value"]
    return values, values["preempted"]["value"] > 0 and values["retracted"]["value"] == 0 and fewer


@book.claim(
    id="shared-at-once",
    title="Requests of one step hit each other's blocks",
    sentence="Three prompts of 160 tokens that share 144 arrive at once. vLLM computes {vllm} tokens for them and their answers and finds {hits} in blocks of the same step. SGLang "
    "computes {sglang} and finds {sg_hits}; sorted by the longest prefix it finds {lpm}.",
    records=["loop-vllm", "loop-sglang"], tier="cpu",
    holds_if="vLLM finds both shared prefixes in the step that admits all three, and SGLang finds nothing either way",
)
def shared_at_once(vllm, sglang):
    values = {"vllm": exact(counted(vllm, "twins", "given")), "hits": exact(counted(vllm, "twins", "same_step")),
              "sglang": exact(counted(sglang, "twins", "given")), "sg_hits": exact(counted(sglang, "twins", "hits")),
              "lpm": exact(counted(sglang, "twins-lpm", "hits"))}
    return values, values["hits"]["value"] == 2 * 144 and values["sg_hits"]["value"] == values["lpm"]["value"] == 0


@book.claim(
    id="one-step-ahead",
    title="What scheduling ahead changes, and what it does not",
    sentence="With a step scheduled ahead vLLM serves the eight requests in {ahead} steps in place of {steps}, they end in the same order, and {wasted} tokens are computed "
    "behind an answer's end; {ahead_again} in place of {again} are computed again after a pre-emption. SGLang's overlapping loop needs {sg_ahead} batches in place of {sg_steps}, and computes {sg_wasted} such tokens.",
    records=["loop-vllm", "loop-sglang"], tier="cpu",
    holds_if="vLLM needs at most two steps more in the same order and computes none behind the end, and SGLang some",
)
def one_step_ahead(vllm, sglang):
    ahead = row(vllm, "async")
    wasted = ahead["given"] - ahead["needed"] + ahead["hits"] - ahead["again"]
    values = {"steps": exact(counted(vllm, "small", "steps")), "ahead": exact(ahead["steps"]), "wasted": exact(wasted),
              "ahead_again": exact(ahead["again"]), "again": exact(counted(vllm, "small", "again")),
              "sg_steps": exact(counted(sglang, "small", "steps")), "sg_ahead": exact(counted(sglang, "overlap", "steps")),
              "sg_wasted": exact(counted(sglang, "overlap", "beyond"))}
    order = ahead["finished"] == row(vllm, "small")["finished"]
    return values, order and 0 <= ahead["steps"] - values["steps"]["value"] <= 2 and wasted == 0 and values["sg_wasted"]["value"] > 0


# %% [markdown]
# ## When blocks run out
#
# The load of the GPU's servers, on the same pool: 24 prompts of 256 tokens at once, answers of 192, and room for 6,144 tokens.
# SGLang takes it with its overlapping loop.


# %%
def preempting(run):
    """(the step before, the step) of the replay's steps in which somebody was pre-empted."""
    steps = run.data["extra"]["replay"]["steps"]
    return [(a, b) for a, b in zip(steps, steps[1:], strict=False) if any(e["event"] == "preempt" for e in b["events"])]


@book.claim(
    id="victim",
    title="Who is pre-empted",
    sentence="In the replay {last} of {all} victims were the last of the running requests. With priorities {low} of {low_all} are of the two requests of the lowest.",
    records=["replay-loop", "loop-vllm"], tier="cpu",
    holds_if="all of vLLM's were the last, or of the lowest priority",
)
def victim(replay, vllm):
    taken = [(before["state"]["running"][-1]["id"], event["who"]) for before, step in preempting(replay)
             for event in step["events"] if event["event"] == "preempt"]
    low = set(vllm.data["workload"]["low_priority"])
    lowest = [name in low for name in row(vllm, "priority")["preempted"]]
    values = {"last": exact(sum(a == b for a, b in taken)), "all": exact(len(taken)), "low": exact(sum(lowest)),
              "low_all": exact(len(lowest))}
    return values, all(a == b for a, b in taken) and all(lowest) and len(taken) > 0


def waiting_besides(step):
    """Who waits at the end of a step, its own victims aside."""
    victims = {event["who"] for event in step["events"] if event["event"] == "preempt"}
    return [name for name in step["state"]["waiting"] if name not in victims]


@book.claim(
    id="door-shut",
    title="A step that pre-empts admits nobody",
    sentence="In {steps} steps of the replay somebody was pre-empted. Requests other than the victim waited {waiting} times at the ends of these steps, and {admitted} of them were admitted.",
    records=["replay-loop"], tier="cpu",
    holds_if="there is such a step, and nobody was",
)
def door_shut(replay):
    found = [step for _, step in preempting(replay)]
    admitted = sum(event["event"] in ("admit", "hit", "resume") for step in found for event in step["events"])
    values = {"steps": exact(len(found)), "admitted": exact(admitted),
              "waiting": exact(sum(len(waiting_besides(step)) for step in found))}
    return values, admitted == 0 and len(found) > 0


@book.claim(
    id="tokens-not-steps",
    title="Pre-emption costs tokens, not steps",
    sentence="On a pool that does not hold the load vLLM pre-empts {preempted} times and computes {again} tokens again, {share} of what is needed once; it takes {steps} "
    "steps. With only as many running as fit to their end it pre-empts {cap_preempted} times and takes {cap_steps}. SGLang retracts {retracted} and computes "
    "{sg_again} again. In vLLM the last request has its first token in step {last}, and in {cap_last} with the cap.",
    records=["loop-vllm", "loop-sglang"], tier="cpu",
    holds_if="the two need the same number of steps, and only the first pre-empts",
)
def tokens_not_steps(vllm, sglang):
    values = {"preempted": exact(counted(vllm, "tight", "preemptions")), "again": exact(counted(vllm, "tight", "again")),
              "share": exact(100 * counted(vllm, "tight", "again") / counted(vllm, "tight", "needed"), "%", 3),
              "steps": exact(counted(vllm, "tight", "steps")), "cap_steps": exact(counted(vllm, "capped", "steps")),
              "cap_preempted": exact(counted(vllm, "capped", "preemptions")),
              "retracted": exact(counted(sglang, "tight", "preemptions")), "sg_again": exact(counted(sglang, "tight", "again")),
              "last": exact(max(row(vllm, "tight")["first"].values())), "cap_last": exact(max(row(vllm, "capped")["first"].values()))}
    alike = values["steps"]["value"] == values["cap_steps"]["value"]
    return values, alike and values["preempted"]["value"] > 0 and values["cap_preempted"]["value"] == 0


@book.claim(
    id="found-again",
    title="What a victim finds again",
    sentence="Of the tokens that victims had computed, {small} were still in blocks when they came back in the small pool, {tight} under the GPU's load, and {none} without prefix "
    "caching.",
    records=["loop-vllm"], tier="cpu",
    holds_if="some are found in both, and none without prefix caching",
)
def found_again(vllm):
    def share(name):
        return 100 * (1 - counted(vllm, name, "again") / counted(vllm, name, "lost"))

    values = {key: exact(share(name), "%", 3) for key, name in (("small", "small"), ("tight", "tight"), ("none", "no-cache"))}
    return values, values["small"]["value"] > 0 and values["tight"]["value"] > 0 and values["none"]["value"] == 0


@book.claim(
    id="conservative",
    title="SGLang's setting against retraction",
    sentence="Under the same load SGLang retracts {low} with a conservativeness of 0.3, {default} at the default of 1, and {high} with 3.",
    records=["loop-sglang"], tier="cpu",
    holds_if="a higher value retracts fewer, and 3 nobody",
)
def conservative(sglang):
    names = {"low": "conservative-0.3", "default": "tight", "high": "conservative-3.0"}
    values = {key: exact(counted(sglang, name, "preemptions")) for key, name in names.items()}
    return values, values["low"]["value"] > values["default"]["value"] > values["high"]["value"] == 0


# %% [markdown]
# ## What a call costs
#
# `AsyncScheduler`, a GPU's default, with that many requests that all decode. A value is the median of one round's steps; rounds visit the sizes in random order.


# %%
def costs(run, op):
    """{running: rounds, us}"""
    return {n: np.array(run.values("cost", op=op, running=n), dtype=float) for n in RUNNING}


def growth(found, low=16, high=1024):
    """The exponent by which the cost grows with the number running, from `low` on."""
    sizes = [n for n in RUNNING if low <= n <= high]

    def exponent(*series):
        return np.polyfit(np.log(sizes), [np.log(np.median(each)) for each in series], 1)[0]

    return bootstrap.by_round(exponent, [found[n] for n in sizes], "1", 3)


def cost_values(run):
    schedule, update = costs(run, "schedule"), costs(run, "update")
    return {
        "one": bootstrap.by_round(np.median, [schedule[1]], "us", 3),
        "sixty": bootstrap.by_round(np.median, [schedule[64] / 1e3], "ms", 3),
        "thousand": bootstrap.by_round(np.median, [schedule[1024] / 1e3], "ms", 3),
        "update": bootstrap.by_round(np.median, [update[1024] / 1e3], "ms", 3),
        "each": bootstrap.by_round(lambda a, b: (np.median(a) - np.median(b)) / (1024 - 16), [schedule[1024], schedule[16]], "us", 3),
        "exponent": growth(schedule),
    }


@book.figure("cost.svg", size=(4.4, 3.4))
def cost_figure(_, axes):
    run = book.record("cost-vllm")
    for op, tone, label in (("schedule", "vllm", "schedule"), ("update", "cpu", "update_from_output")):
        found = costs(run, op)
        axes.plot(RUNNING, [np.median(found[n]) / 1e3 for n in RUNNING], "o-", color=colour(tone), markersize=4, label=label)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(RUNNING, [f"{n:,}" for n in RUNNING])
    axes.minorticks_off()
    axes.set_xlabel("running requests")
    axes.set_ylabel("one call, ms")
    axes.legend(fontsize=8)


SENTENCE = (
    "A call of schedule takes {one} with one request running, {sixty} with 64 and {thousand} with 1,024: {each} for each request more. From 16 on it grows with "
    "the power {exponent} of their number. One of update_from_output takes {update} with 1,024."
)


@book.claim(
    id="schedule-cost", title="A call of schedule costs by the request", sentence=SENTENCE,
    records=["cost-vllm"], tier="cpu", figure="cost.svg",
    holds_if="the exponent lies between 0.8 and 1.2",
)
def schedule_cost(run):
    values = cost_values(run)
    return values, 0.8 <= values["exponent"]["value"] <= 1.2


# %% [markdown]
# ## In step, or overlapping
#
# On the card. *Pace* is the median time per output token of the requests of a stage: 1, 8 or 32 of them at once, prompts of 128 tokens. Each value is the ratio of
# the server whose loop is in step to the engine's default beside it.


# %%
def place(what, server):
    """The measurement of a server in the first fleet in which it stood."""
    found = sorted((book.base / "records" / "02").glob(f"{what}-f[0-9]-{server}.json"))
    return found[0].stem if found else f"{what}-f1-{server}"


def beside(what, server, reference):
    """The reference's measurement in the server's fleet."""
    return place(what, server).replace(server, reference)


def pace(run, count):
    return np.array(run.values("tpot", concurrency=count), dtype=float)


def quotient(a, b):
    return np.median(a) / np.median(b)


def pair(engine, small=False):
    """Measurements of an engine's loop in step with the GPU, and of its default."""
    name = f"{'small-' * small}{engine}"
    return [place("pace", f"{name}-sync"), beside("pace", f"{name}-sync", f"{name}-default")]


def slower(sync, default):
    """{c1, c8, c32: how many times as long a token takes in step; ms1, ms32: of the default}."""
    values = {f"c{n}": bootstrap.by_round(quotient, [pace(sync, n), pace(default, n)], "1", 3) for n in CONCURRENCY}
    values |= {f"ms{n}": bootstrap.by_round(np.median, [pace(default, n)], "ms", 3) for n in (1, 32)}
    return values


@book.figure("overlap.svg", size=(4.4, 3.8))
def overlap_figure(figure, axes):
    aside = iter((0.91, 0.97, 1.03, 1.10))  # four intervals at one place would hide each other
    for engine, mark in zip(ENGINES, "os", strict=True):
        for small in (False, True):
            values = slower(*(book.record(name) for name in pair(engine, small)))
            y = np.array([values[f"c{n}"]["value"] for n in CONCURRENCY])
            error = np.abs(np.array([values[f"c{n}"]["ci"] for n in CONCURRENCY]).T - y)
            axes.errorbar(np.array(CONCURRENCY) * next(aside), y, error, fmt=mark + ("--" if small else "-"), color=colour(engine), markersize=5, linewidth=1,
                          markerfacecolor="none" if small else colour(engine),
                          label=f"{ENGINES[engine]}, {'SmolLM2-135M' if small else '8B shape'}")
    axes.axhline(1, color=colour("floor"), linestyle=":", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks(CONCURRENCY, [str(n) for n in CONCURRENCY])
    axes.minorticks_off()
    axes.set_xlabel("requests at once")
    axes.set_ylabel("time per token in step, over overlapping")
    figure.legend(loc="outside upper center", ncols=2, fontsize=7)


OVERLAP = (
    "In step with the GPU, {engine} takes {{c1}} times as long for a token with one request, {{c8}} with 8 and {{c32}} with 32, for {model}. The default's time is {{ms1}} with one and "
    "{{ms32}} with 32."
)
MODELS = {False: "the 8B shape", True: "SmolLM2-135M"}


@book.claim(
    id="async-8b", title="What asynchronous scheduling hides of an 8B step",
    sentence=OVERLAP.format(engine="vLLM", model=MODELS[False]),
    records=pair("vllm"), tier="gpu", figure="overlap.svg",
    holds_if="in step it is at least 5% slower at each of the three, the whole interval",
)
def async_8b(sync, default):
    values = slower(sync, default)
    return values, all(values[f"c{n}"]["ci"][0] >= 1.05 for n in CONCURRENCY)


@book.claim(
    id="overlap-8b", title="What the overlap scheduler hides of an 8B step",
    sentence=OVERLAP.format(engine="SGLang", model=MODELS[False]),
    records=pair("sglang"), tier="gpu",
    holds_if="in step it is at least 1.1 times as slow with 32, the whole interval",
)
def overlap_8b(sync, default):
    values = slower(sync, default)
    return values, values["c32"]["ci"][0] >= 1.1


@book.claim(
    id="async-small", title="What asynchronous scheduling hides of a small step",
    sentence=OVERLAP.format(engine="vLLM", model=MODELS[True]),
    records=pair("vllm", True), tier="gpu",
    holds_if="in step it is at least 1.2 times as slow with 32, the whole interval",
)
def async_small(sync, default):
    values = slower(sync, default)
    return values, values["c32"]["ci"][0] >= 1.2


@book.claim(
    id="overlap-small", title="What the overlap scheduler hides of a small step",
    sentence=OVERLAP.format(engine="SGLang", model=MODELS[True]),
    records=pair("sglang", True), tier="gpu",
    holds_if="in step it is at least 1.2 times as slow with 32, the whole interval",
)
def overlap_small(sync, default):
    values = slower(sync, default)
    return values, values["c32"]["ci"][0] >= 1.2


@book.claim(
    id="schedule-cost-host", title="The same beside the card", sentence=SENTENCE,
    records=["cost-host"], tier="gpu",
    holds_if="the exponent lies between 0.8 and 1.2",
)
def schedule_cost_host(run):
    values = cost_values(run)
    return values, 0.8 <= values["exponent"]["value"] <= 1.2


@book.claim(
    id="hidden", title="How much of the loop the overlap hides",
    sentence="In step a token of the 8B shape takes {saved} longer in vLLM with 32 requests at once. Scheduling and updating alone take about {calls} with that many on this host, "
    "between the values for 16 and 64.",
    records=[*pair("vllm"), "cost-host"], tier="gpu",
    holds_if="what is saved is more than the two calls take",
)
def hidden(sync, default, host):
    saved = bootstrap.by_round(lambda a, b: np.median(a) - np.median(b), [pace(sync, 32), pace(default, 32)], "ms", 3)
    both = {n: costs(host, "schedule")[n] + costs(host, "update")[n] for n in (16, 64)}
    calls = bootstrap.by_round(lambda a, b: (np.median(a) + (np.median(b) - np.median(a)) / 3) / 1e3, [both[16], both[64]], "ms", 3)
    return {"saved": saved, "calls": calls}, saved["ci"][0] > calls["ci"][1]


# %% [markdown]
# ## A burst among decoders
#
# Sixteen requests decode when sixteen prompts of 1,024 tokens arrive at once. Gaps are the decoders', from the burst's sending to its last first token.


# %%
BURST = [place("burst", f"{engine}-default") for engine in ENGINES]


def median_of(run, name, unit="ms"):
    return bootstrap.by_round(np.median, [run.values(name)], unit, 3)


@book.figure("burst.svg", size=(4.4, 3.2))
def burst_figure(_, axes):
    for engine, name in zip(ENGINES, BURST, strict=True):
        gaps = np.sort(np.array(book.record(name).columns["itl_us"]) / 1e3)
        axes.plot(gaps, np.arange(1, gaps.size + 1) / gaps.size, color=colour(engine), label=ENGINES[engine])
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("gap between two tokens during the burst, ms")
    axes.set_ylabel("share of the gaps up to it")
    axes.legend(fontsize=8)


@book.claim(
    id="burst-gap", title="The longest gap in a burst",
    sentence="While the burst is in the server the decoders' longest gap is {vllm} in vLLM and {sglang} in SGLang, {ratio} times as long. Their p99 is {vllm_p99} and {sglang_p99}, their median "
    "{vllm_p50} and {sglang_p50}; before the burst the median was {vllm_before} and {sglang_before}.",
    records=BURST, tier="gpu", figure="burst.svg",
    holds_if="SGLang's longest gap is at least 1.5 times vLLM's, the whole interval",
)
def burst_gap(vllm, sglang):
    values = {}
    for name, run in (("vllm", vllm), ("sglang", sglang)):
        values |= {name: median_of(run, "itl_max"), f"{name}_p99": median_of(run, "itl_p99"),
                   f"{name}_p50": median_of(run, "itl_p50"), f"{name}_before": median_of(run, "itl_before")}
    values["ratio"] = bootstrap.by_round(quotient, [sglang.values("itl_max"), vllm.values("itl_max")], "1", 3)
    return values, values["ratio"]["ci"][0] >= 1.5


@book.claim(
    id="burst-ttft", title="What the burst waits for its first token",
    sentence="Half of the burst's prompts have their first token after {vllm} in vLLM and {sglang} in SGLang, {ratio} times; the last one after {vllm_max} and {sglang_max}.",
    records=BURST, tier="gpu",
    holds_if="SGLang's median is earlier, the whole interval",
)
def burst_ttft(vllm, sglang):
    values = {"vllm": median_of(vllm, "ttft_p50"), "sglang": median_of(sglang, "ttft_p50"),
              "vllm_max": median_of(vllm, "ttft_max"), "sglang_max": median_of(sglang, "ttft_max"),
              "ratio": bootstrap.by_round(quotient, [sglang.values("ttft_p50"), vllm.values("ttft_p50")], "1", 3)}
    return values, values["ratio"]["ci"][1] < 1


# %% [markdown]
# ## A pool that runs out, on the card

# %%
PREEMPT = ["preempt-tight", "preempt-capped", "preempt-roomy"]


@book.claim(
    id="preempt-throughput", title="What pre-emption costs in throughput",
    sentence="On the pool of 6,144 tokens vLLM pre-empts {preemptions} times in a run of the load and has {ratio} of the throughput of the same pool with a client that keeps to as many requests as "
    "fit, which pre-empts {cap} times. It has {room} of the throughput of a pool that holds the load.",
    records=PREEMPT, tier="gpu",
    holds_if="it pre-empts in every run, and keeps at least 95% of the capped throughput, the whole interval",
)
def preempt_throughput(tight, capped, roomy):
    def share(other):
        return bootstrap.by_round(quotient, [tight.values("throughput"), other.values("throughput")], "1", 3)

    values = {"preemptions": median_of(tight, "preemptions", "count"), "cap": exact(int(max(capped.values("preemptions")))),
              "ratio": share(capped), "room": share(roomy)}
    return values, min(tight.values("preemptions")) > 0 and values["ratio"]["ci"][0] >= 0.95


@book.claim(
    id="preempt-pause", title="Where the wait goes",
    sentence="The longest pause inside an answer is {tight} with pre-emption and {capped} without; the last first token comes {tight_first} and {capped_first} after its prompt was sent.",
    records=PREEMPT[:2], tier="gpu",
    holds_if="the pause is at least ten times as long with pre-emption, and the last first token earlier, the whole intervals",
)
def preempt_pause(tight, capped):
    values = {"tight": median_of(tight, "itl_max"), "capped": median_of(capped, "itl_max"),
              "tight_first": median_of(tight, "ttft_max"), "capped_first": median_of(capped, "ttft_max")}
    longer = values["tight"]["ci"][0] >= 10 * values["capped"]["ci"][1]
    return values, longer and values["tight_first"]["ci"][1] < values["capped_first"]["ci"][0]


# %% [markdown]
# ## The same configuration against itself, and how long it took

# %%
AGAIN = [name for engine in ENGINES for name in (f"again-{engine}-default", place("pace", f"{engine}-default"))]


@book.claim(
    id="same-again-02", title="The same server against itself",
    sentence="Measured twice in each round, the same server's time per token differs from itself by a factor of {vllm1} with one request and {vllm32} with 32 in vLLM, {sglang1} and {sglang32} in SGLang.",
    records=AGAIN, tier="gpu",
    holds_if="no value is further than 2% from 1",
)
def same_again_02(*runs):
    values = {}
    for engine, again, first in zip(ENGINES, runs[::2], runs[1::2], strict=True):
        for n in (1, 32):
            values[f"{engine}{n}"] = bootstrap.by_round(quotient, [pace(again, n), pace(first, n)], "1", 3)
    return values, all(abs(value["value"] - 1) <= 0.02 for value in values.values())


SERVERS = [f"{small}{engine}-{kind}" for small in ("", "small-") for engine in ENGINES for kind in ("default", "sync")]


@book.claim(
    id="suite-time-02", title="How long the suite held the card",
    sentence="From the card's probes to the last measurement of each fleet, start-up included, the GPU tier of this experiment took {minutes} minutes in {fleets} fleets.",
    records=[*(place("pace", server) for server in SERVERS), *AGAIN[::2], *BURST, *PREEMPT], tier="gpu",
    holds_if="it is at most 18 minutes",
)
def suite_time_02(*runs):
    minutes = bootstrap.value(sittings.minutes(runs), "1", 3)
    fleets = {run.probes["at"] for run in runs}
    return {"minutes": minutes, "fleets": bootstrap.value(len(fleets), "1")}, minutes["value"] <= 18


# %%
book.finish()
print(json.dumps({claim["id"]: claim["holds"] for claim in book.claims}, indent=1))
