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
# Three tiers of one question. The schedulers of vLLM 0.32.0 and SGLang 0.5.21, driven step by step without a model, get
# the same requests, and what each request was given is counted. vLLM's is timed with 1 to 1,024 requests running. And
# servers of both engines on one card are measured with their loops overlapping the GPU and in step with it, under a
# burst of prompts, and with a pool that runs out.

# %%
import numpy as np

from experiments.lab.analysis import card_time, intervals
from experiments.lab.analysis.claim_book import Book
from experiments.lab.analysis.draw_figures import colour
from experiments.lab.analysis.readings import (
    ENGINES, count_of, difference_of, error_bars, exact, gaps_by_round, median_of, ratio_of, replay_steps, row_of,
    series_of,
)
from experiments.lab.verdicts.verdict import (
    above, all_of, as_many, at_least, at_most, below, between, equals, every, fact, falling, fewer, none, some, the,
)

book = Book("02")
CONCURRENCY = (1, 8, 32)
RUNNING = (1, 4, 16, 64, 256, 1024)


def counts(run, **names):
    """{value: the count of that name in a run of the record}; `names` are value=(run's name, count's name)."""
    return {value: exact(count_of(run, count, run=name)) for value, (name, count) in names.items()}


# %% [markdown]
# ## Eight requests, two schedulers
#
# A budget of 64 tokens, a pool of 288 tokens, six places. SGLang gets the budget as its chunk size and the pool in
# tokens. Each step's tokens are in before the next is scheduled, except in the runs that say otherwise and in SGLang's
# of three prompts that share a beginning, which take its overlapping loop. Answers are as long as `max_tokens` allows,
# and no model runs.


# %%
@book.figure("turns.svg", height=3.6, phone=4.5)
def turns_figure(figure, axes):
    replay = book.record("replay-loop").data["extra"]["replay"]
    vllm = [step["state"]["budget"]["given"] for step in replay["steps"]]
    rows = book.record("loop-sglang").data["extra"]["rows"]
    sglang = [{}] + [row["given"] for row in rows if row.get("kind") == "turn"]
    names = list(replay["requests"])
    for engine, given, offset in (("vllm", vllm, 0.2), ("sglang", sglang, -0.2)):
        for y, name in enumerate(reversed(names)):
            prompt = [(n, step[name]) for n, step in enumerate(given) if step.get(name, 0) > 1]
            decode = [n for n, step in enumerate(given) if step.get(name) == 1]
            left = [n - 0.45 for n, _ in prompt]
            axes.barh([y + offset] * len(prompt), 0.9, left=left, height=0.32, color=colour(engine))
            axes.plot(decode, [y + offset] * len(decode), "|", color=colour(engine), markersize=5)
    axes.set_yticks(range(len(names)), reversed(names))
    axes.set_xlabel("step of vLLM, batch of SGLang")
    axes.set_ylabel("request")
    axes.grid(axis="y", visible=False)
    handles = [axes.barh([0], [0], color=colour(engine), label=label) for engine, label in ENGINES.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)


@book.claim(
    id="one-step-both",
    title="vLLM mixes, SGLang takes turns",
    sentence="Of {steps} steps vLLM needs for the eight requests, {mixed} serve prompts and decodes together. Of "
    "SGLang's {batches} batches {sg_mixed} do: {sg_prefill} are prompts alone and {sg_decode} decodes alone. With "
    "--enable-mixed-chunk {on_mixed} of {on_batches} are mixed.",
    records=["loop-vllm", "loop-sglang"], tier="cpu", figure="turns.svg",
    holds=all_of(some("mixed", "on_mixed"), none("sg_mixed")),
    labels={"mixed": "mixed steps in vLLM", "on_mixed": "mixed batches in SGLang with the switch",
            "sg_mixed": "mixed batches without it"},
)
def one_step_both(vllm, sglang):
    return {
        **counts(vllm, steps=("small", "steps"), mixed=("small", "mixed")),
        **counts(sglang, batches=("small", "steps"), sg_mixed=("small", "mixed"), sg_prefill=("small", "prefill_only"),
                 sg_decode=("small", "decode_only"), on_mixed=("mixed", "mixed"), on_batches=("mixed", "steps")),
    }


@book.claim(
    id="nobody-stands",
    title="In these runs an answer that keeps its place is passed over in SGLang, never in vLLM",
    sentence="A request that has its first token, has more to come and keeps its place is passed over {vllm} times in "
    "vLLM and {sglang} times in SGLang.",
    records=["loop-vllm", "loop-sglang"], tier="cpu",
    holds=all_of(none("most"), some("sglang")),
    labels={"most": "such requests in any of vLLM's runs", "sglang": "such requests in SGLang"},
)
def nobody_stands(vllm, sglang):
    values = {**counts(vllm, vllm=("small", "stood")), **counts(sglang, sglang=("small", "stood"))}
    return values, {"most": exact(max(row["stood"] for row in vllm.data["extra"]["rows"]))}


@book.claim(
    id="admit-or-wait",
    title="vLLM admits and preempts, a freshly started SGLang lets requests wait",
    sentence="vLLM admits all that fits now, preempts {preempted} times and computes {again} tokens again; it needs "
    "{steps} steps. SGLang keeps room for answers that are to come, retracts {retracted} and computes {sg_again} "
    "again, in {sg_steps} batches. The fifth request has its first token in step {fifth} and in batch {sg_fifth}, the "
    "eighth in {eighth} and {sg_eighth}.",
    records=["loop-vllm", "loop-sglang"], tier="cpu",
    holds=all_of(some("preempted"), none("retracted"), fewer("steps", "sg_steps")),
    labels={"preempted": "preemptions in vLLM", "retracted": "retractions in SGLang", "steps": "steps in vLLM",
            "sg_steps": "batches in SGLang"},
)
def admit_or_wait(vllm, sglang):
    first, theirs = row_of(vllm, run="small")["first"], row_of(sglang, run="small")["first"]
    return {
        **counts(vllm, preempted=("small", "preemptions"), again=("small", "again"), steps=("small", "steps")),
        **counts(sglang, retracted=("small", "preemptions"), sg_again=("small", "again"), sg_steps=("small", "steps")),
        "fifth": exact(first["r5"]), "sg_fifth": exact(theirs["r5"]),
        "eighth": exact(first["r8"]), "sg_eighth": exact(theirs["r8"]),
    }


@book.claim(
    id="shared-at-once",
    title="In vLLM requests of one step hit each other's blocks, in SGLang they do not",
    sentence="Three prompts of 160 tokens that share 144 arrive at once. vLLM computes {vllm} tokens for them and "
    "their answers and finds {hits} in blocks of the same step. SGLang finds {sg_hits}, needs "
    "{sg_needed} and computes {sglang}: the rest lies behind the answers' ends. Sorted by the longest prefix it finds "
    "{lpm}.",
    records=["loop-vllm", "loop-sglang"], tier="cpu",
    holds=all_of(equals(2 * 144, "hits"), equals(0, "sg_hits", "lpm")),
    labels={"hits": "what vLLM finds in blocks of the same step, twice what the prompts share,",
            "sg_hits": "what SGLang finds as they came", "lpm": "what it finds sorted"},
)
def shared_at_once(vllm, sglang):
    return {
        **counts(vllm, vllm=("twins", "given"), hits=("twins", "same_step")),
        **counts(sglang, sglang=("twins", "given"), sg_needed=("twins", "needed"), sg_hits=("twins", "hits"),
                 lpm=("twins-lpm", "hits")),
    }


@book.claim(
    id="one-step-ahead",
    title="Scheduling ahead computes no token behind an end by max_tokens in vLLM, and some in SGLang",
    sentence="With a step scheduled ahead vLLM serves the eight requests in {ahead} steps in place of {steps}, they "
    "end in the same order, and {wasted} tokens are computed behind an answer's end; {ahead_again} in place of {again} "
    "are computed again after a preemption. SGLang's overlapping loop needs {sg_ahead} batches in place of "
    "{sg_steps}, and computes {sg_wasted} such tokens.",
    records=["loop-vllm", "loop-sglang"], tier="cpu",
    holds=all_of(
        fact("order", "vLLM's answers end in the same order"), between(the("steps"), the("steps") + 2, "ahead"),
        none("wasted"), some("sg_wasted"),
    ),
    labels={"ahead": "the number of steps with one scheduled ahead", "steps": "that without",
            "wasted": "tokens that vLLM computes behind an end", "sg_wasted": "such tokens in SGLang"},
)
def one_step_ahead(vllm, sglang):
    ahead = row_of(vllm, run="async")
    wasted = ahead["given"] - ahead["needed"] + ahead["hits"] - ahead["again"]
    values = {
        **counts(vllm, steps=("small", "steps")), "ahead": exact(ahead["steps"]), "wasted": exact(wasted),
        "ahead_again": exact(ahead["again"]), **counts(vllm, again=("small", "again")),
        **counts(sglang, sg_steps=("small", "steps"), sg_ahead=("overlap", "steps"), sg_wasted=("overlap", "beyond")),
    }
    return values, {"order": ahead["finished"] == row_of(vllm, run="small")["finished"]}


# %% [markdown]
# ## When blocks run out
#
# The load of the GPU's servers, on the same pool: 24 prompts of 256 tokens at once, answers of 192, and room for 6,144
# tokens. SGLang takes it with its overlapping loop.


# %%
def preempting(run):
    """(the step before, the step) of the replay's steps in which a request was preempted."""
    return [(before, step) for before, step in replay_steps(run) if victims(step)]


def victims(step):
    """The requests that were preempted in a step."""
    return [event["who"] for event in step["events"] if event["event"] == "preempt"]


SCHEDULE = "vllm/v1/core/sched/scheduler.py::Scheduler.schedule"
# The first line behind `if not preempted_reqs and ...`; tests/repository/test_post_02_numbers.py holds it to the pin.
QUEUE_LINE = 901


def looks_at_queue(step):
    """Whether the part of schedule() that serves waiting requests was entered in a step."""
    return QUEUE_LINE in step["ran"][SCHEDULE]


@book.claim(
    id="victim",
    title="vLLM preempts the request admitted last, with priorities one of the lowest",
    sentence="In the replay {last} of {all} victims were the last of the running requests. With priorities {low} of "
    "{low_all} are of the two requests of the lowest.",
    records=["replay-loop", "loop-vllm"], tier="cpu",
    holds=all_of(some("all"), as_many("last", "all"), as_many("low", "low_all")),
    labels={"all": "victims in the replay", "last": "victims that were the last",
            "low_all": "victims where requests have priorities", "low": "victims of the lowest priority"},
)
def victim(replay, vllm):
    taken = [(before["state"]["running"][-1]["id"], who)
             for before, step in preempting(replay) for who in victims(step)]
    low = set(vllm.data["workload"]["low_priority"])
    lowest = [name in low for name in row_of(vllm, run="priority")["preempted"]]
    return {"last": exact(sum(last == who for last, who in taken)), "all": exact(len(taken)),
            "low": exact(sum(lowest)), "low_all": exact(len(lowest))}


@book.claim(
    id="door-shut",
    title="After a preemption the scheduler does not look at its waiting queue in that step",
    sentence="In {steps} steps of the replay a request was preempted. The part of schedule() that looks at the waiting "
    "queue was entered in {entered} of them, and in {others_entered} of the other {others}. Requests other than the "
    "victim waited {waiting} times at the ends of the {steps} steps, and {admitted} of them were admitted.",
    records=["replay-loop"], tier="cpu",
    holds=all_of(some("steps"), none("admitted", "entered"), as_many("others_entered", "others")),
    labels={"steps": "such steps", "admitted": "requests admitted in them",
            "entered": "such steps in which the queue was looked at",
            "others": "other steps", "others_entered": "other steps in which it was looked at"},
)
def door_shut(replay):
    steps = [step for _, step in preempting(replay)]
    others = [step for _, step in replay_steps(replay) if not victims(step)]
    admitted = sum(event["event"] in ("admit", "hit", "resume") for step in steps for event in step["events"])
    waiting = sum(name not in victims(step) for step in steps for name in step["state"]["waiting"])
    return {"steps": exact(len(steps)), "admitted": exact(admitted), "waiting": exact(waiting),
            "entered": exact(sum(map(looks_at_queue, steps))), "others": exact(len(others)),
            "others_entered": exact(sum(map(looks_at_queue, others)))}


@book.claim(
    id="tokens-not-steps",
    title="Under this load preemption costs tokens and no steps",
    sentence="On a pool that does not hold the load vLLM preempts {preempted} times and computes {again} tokens "
    "again, {share} of what is needed once; it takes {steps} steps. With only as many running as fit to their end it "
    "preempts {cap_preempted} times and takes {cap_steps}. SGLang retracts {retracted} and computes {sg_again} again. "
    "In vLLM the last request has its first token in step {last}, and in {cap_last} with the cap.",
    records=["loop-vllm", "loop-sglang"], tier="cpu",
    holds=all_of(as_many("steps", "cap_steps"), some("preempted"), none("cap_preempted")),
    labels={"steps": "steps without the cap", "cap_steps": "with it", "preempted": "preemptions without it",
            "cap_preempted": "preemptions with it"},
    set_by="count",
)
def tokens_not_steps(vllm, sglang):
    again, needed = (count_of(vllm, name, run="tight") for name in ("again", "needed"))
    last, cap_last = (max(row_of(vllm, run=name)["first"].values()) for name in ("tight", "capped"))
    return {
        **counts(vllm, preempted=("tight", "preemptions"), again=("tight", "again")),
        "share": exact(100 * again / needed, "%", 3),
        **counts(vllm, steps=("tight", "steps"), cap_steps=("capped", "steps"),
                 cap_preempted=("capped", "preemptions")),
        **counts(sglang, retracted=("tight", "preemptions"), sg_again=("tight", "again")),
        "last": exact(last), "cap_last": exact(cap_last),
    }


def kept_tokens(replay):
    """Tokens that victims found again in the blocks that they had held when they were preempted."""
    size, held, kept = replay.data["extra"]["replay"]["setup"]["block_size"], {}, 0
    for before, step in replay_steps(replay):
        held.update({who: before["state"]["tables"][who] for who in victims(step)})
        for event in step["events"]:
            if event["event"] == "resume":
                found = step["state"]["tables"][event["who"]][: event["args"]["hit"] // size]
                kept += size * sum(now == then for now, then in zip(found, held[event["who"]], strict=False))
    return kept


@book.claim(
    id="found-again",
    title="With prefix caching a victim finds some of its tokens in blocks when it comes back",
    sentence="Of the tokens that victims had computed, {small} were found in blocks when they came back in the small "
    "pool, {tight} under the GPU's load, and {none} without prefix caching. In the small pool {kept} were in the very "
    "blocks they had held; the rest another request had computed meanwhile.",
    records=["loop-vllm", "replay-loop"], tier="cpu",
    holds=all_of(above(0, "small", "tight"), equals(0, "none")),
    labels={"small": "the share in the small pool", "tight": "that under the GPU's load",
            "none": "that without prefix caching"},
    set_by="count",
)
def found_again(vllm, replay):
    def share(name):
        return 100 * (1 - count_of(vllm, "again", run=name) / count_of(vllm, "lost", run=name))

    names = {"small": "small", "tight": "tight", "none": "no-cache"}
    values = {key: exact(share(name), "%", 3) for key, name in names.items()}
    kept = 100 * kept_tokens(replay) / count_of(vllm, "lost", run="small")
    return {**values, "kept": exact(kept, "%", 3)}


@book.claim(
    id="conservative",
    title="With a higher conservativeness SGLang retracts less under this load",
    sentence="Under the same load SGLang retracts {low} with a conservativeness of 0.3, {default} at the default of 1, "
    "and {high} with 3.",
    records=["loop-sglang"], tier="cpu",
    holds=all_of(falling("low", "default", "high"), equals(0, "high")),
    labels={"low": "the number of retractions with 0.3", "default": "that with 1", "high": "that with 3"},
)
def conservative(sglang):
    return counts(sglang, low=("conservative-0.3", "preemptions"), default=("tight", "preemptions"),
                  high=("conservative-3.0", "preemptions"))


# %% [markdown]
# ## What a call costs
#
# `AsyncScheduler`, a GPU's default, with that many requests that all decode. A value is the median of one round's
# steps; rounds visit the sizes in random order.


# %%
def costs(run, op):
    """{running: rounds, us}"""
    return {n: series_of(run, "cost", op=op, running=n) for n in RUNNING}


def growth(series, low=16):
    """The exponent by which the cost grows with the number running, from `low` on."""
    sizes = [n for n in RUNNING if n >= low]

    def exponent(*rounds):
        return np.polyfit(np.log(sizes), [np.log(np.median(size)) for size in rounds], 1)[0]

    return intervals.by_round(exponent, [series[n] for n in sizes], "1", 3)


def cost_values(run):
    schedule, update = costs(run, "schedule"), costs(run, "update")

    def per_request(many, few):
        return (np.median(many) - np.median(few)) / (1024 - 16)

    return {
        "one": median_of(schedule[1], "us"),
        "sixty": median_of(schedule[64] / 1e3, "ms"),
        "thousand": median_of(schedule[1024] / 1e3, "ms"),
        "update": median_of(update[1024] / 1e3, "ms"),
        "each": intervals.by_round(per_request, [schedule[1024], schedule[16]], "us", 3),
        "exponent": growth(schedule),
    }


@book.figure("cost.svg", height=4.1, phone=4.2)
def cost_figure(_, axes):
    run = book.record("cost-vllm")
    for op, tone, label in (("schedule", "vllm", "schedule"), ("update", "cpu", "update_from_output")):
        rounds = costs(run, op)
        y = [np.median(rounds[n]) / 1e3 for n in RUNNING]
        axes.plot(RUNNING, y, "o-", color=colour(tone), markersize=4, label=label)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(RUNNING, [f"{n:,}" for n in RUNNING])
    axes.minorticks_off()
    axes.set_xlabel("running requests")
    axes.set_ylabel("one call, ms")
    axes.legend()


SENTENCE = (
    "A call of schedule takes {one} with one request running, {sixty} with 64 and {thousand} with 1,024: {each} for "
    "each request more. From 16 on it grows with the power {exponent} of their number. One of update_from_output takes "
    "{update} with 1,024."
)
LINEAR = between(0.8, 1.2, "exponent", by="value")


@book.claim(
    id="schedule-cost", title="The time of a call of schedule grows in proportion to the running requests",
    sentence=SENTENCE,
    records=["cost-vllm"], tier="cpu", figure="cost.svg", holds=LINEAR, set_by="processor",
)
def schedule_cost(run):
    return cost_values(run)


# %% [markdown]
# ## In step, or overlapping
#
# On the card. *Pace* is the median time per output token of the requests of a stage: 1, 8 or 32 of them at once,
# prompts of 128 tokens. Each value is the ratio of the server whose loop is in step to the engine's default beside it.


# %%
def pace(run, count):
    return series_of(run, "tpot", concurrency=count)


def pair(engine, small=False):
    """Measurements of an engine's loop in step with the GPU, and of its default beside it."""
    sync, default = (f"{'small-' * small}{engine}-{loop}" for loop in ("sync", "default"))
    return [book.measured("pace", sync), book.measured("pace", default, beside=sync)]


def slower(sync, default):
    """{c1, c8, c32: how many times as long a token takes in step; ms1, ms32: of the default}."""
    values = {f"c{n}": ratio_of(pace(sync, n), pace(default, n)) for n in CONCURRENCY}
    return values | {f"ms{n}": median_of(pace(default, n), "ms") for n in (1, 32)}


@book.figure("overlap.svg", height=4.6, phone=5.3)
def overlap_figure(figure, axes):
    aside = iter((0.91, 0.97, 1.03, 1.10))  # four intervals at one place would hide each other
    for engine, mark in zip(ENGINES, "os", strict=True):
        for small in (False, True):
            values = slower(*(book.record(name) for name in pair(engine, small)))
            axes.errorbar(
                np.array(CONCURRENCY) * next(aside), *error_bars(values[f"c{n}"] for n in CONCURRENCY),
                fmt=mark + ("--" if small else "-"), color=colour(engine), markersize=5, linewidth=1,
                markerfacecolor="none" if small else colour(engine),
                label=f"{ENGINES[engine]}, {'SmolLM2-135M' if small else '8B shape'}",
            )
    axes.axhline(1, color=colour("floor"), linestyle=":", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks(CONCURRENCY, [str(n) for n in CONCURRENCY])
    axes.minorticks_off()
    axes.set_xlabel("requests at once")
    axes.set_ylabel("time per token in step, over overlapping")
    figure.legend(loc="outside upper center", ncols=2)


OVERLAP = (
    "In step with the GPU, {engine} takes {{c1}} times as long for a token with one request, {{c8}} with 8 and {{c32}} "
    "with 32, for {model}. The default's time is {{ms1}} with one and {{ms32}} with 32."
)
MODELS = {False: "the 8B shape", True: "SmolLM2-135M"}
WITH_32 = {"c32": "the ratio with 32 requests"}


@book.claim(
    id="async-8b", title="In step with the GPU vLLM takes at least 5% longer for a token of the 8B shape",
    sentence=OVERLAP.format(engine="vLLM", model=MODELS[False]),
    records=pair("vllm"), tier="gpu", figure="overlap.svg",
    holds=at_least(1.05, every("ratio", "c*")), set_by={"c*": "processor", "ms*": "gpu"},
)
def async_8b(sync, default):
    return slower(sync, default)


@book.claim(
    id="overlap-8b",
    title="In step with the GPU SGLang takes at least 10% longer for a token of the 8B shape with 32 requests",
    sentence=OVERLAP.format(engine="SGLang", model=f"{MODELS[False]} on the first host"),
    records=pair("sglang"), tier="gpu", holds=at_least(1.1, "c32"), labels=WITH_32,
    # With 32 requests at once the default's own time varies from round to round: not all of the loop is hidden.
    set_by={"ms1": "gpu", "*": "processor"},
)
def overlap_8b(sync, default):
    return slower(sync, default)


@book.claim(
    id="async-small",
    title="In step with the GPU vLLM takes at least 20% longer for a token of the small model with 32 requests",
    sentence=OVERLAP.format(engine="vLLM", model=MODELS[True]),
    records=pair("vllm", True), tier="gpu", holds=at_least(1.2, "c32"), labels=WITH_32, set_by="processor",
)
def async_small(sync, default):
    return slower(sync, default)


@book.claim(
    id="overlap-small",
    title="In step with the GPU SGLang takes at least 20% longer for a token of the small model with 32 requests",
    sentence=OVERLAP.format(engine="SGLang", model=MODELS[True]),
    records=pair("sglang", True), tier="gpu", holds=at_least(1.2, "c32"), labels=WITH_32, set_by="processor",
)
def overlap_small(sync, default):
    return slower(sync, default)


@book.claim(
    id="schedule-cost-host", title="Beside the card, too, a call of schedule takes time in proportion to the running",
    sentence=SENTENCE,
    records=["cost-host"], tier="gpu", holds=LINEAR, set_by="processor",
)
def schedule_cost_host(run):
    return cost_values(run)


@book.claim(
    id="hidden", title="Overlap saves vLLM more time a token than scheduling and updating take",
    sentence="In step a token of the 8B shape takes {saved} longer in vLLM with 32 requests at once. Scheduling and "
    "updating alone take about {calls} with that many on the first host, between the values for 16 and 64.",
    records=[*pair("vllm"), "cost-host"], tier="gpu",
    holds=above(the("calls"), "saved"),
    labels={"saved": "what is saved", "calls": "what the two calls take"}, set_by="processor",
)
def hidden(sync, default, host):
    both = {n: costs(host, "schedule")[n] + costs(host, "update")[n] for n in (16, 64)}

    def with_32(sixteen, sixty):
        return (np.median(sixteen) + (np.median(sixty) - np.median(sixteen)) / 3) / 1e3

    return {"saved": difference_of(pace(sync, 32), pace(default, 32), "ms"),
            "calls": intervals.by_round(with_32, [both[16], both[64]], "ms", 3)}


# %% [markdown]
# ## A burst among decoders
#
# Sixteen requests decode when sixteen prompts of 1,024 tokens arrive at once. Gaps are the decoders', from the burst's
# sending to its last first token.


# %%
BURST = [book.measured("burst", f"{engine}-default") for engine in ENGINES]


@book.figure("burst.svg", height=3.8, phone=4.0)
def burst_figure(_, axes):
    for engine, name in zip(ENGINES, BURST, strict=True):
        shares = np.linspace(0, 1, 101)  # more of them are more bytes and no other line
        gaps = np.quantile(np.array(book.record(name).columns["itl_us"]) / 1e3, shares)
        axes.plot(gaps, shares, color=colour(engine), label=ENGINES[engine])
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("gap between two tokens during the burst, ms")
    axes.set_ylabel("share of the gaps up to it")
    axes.legend()


@book.claim(
    id="burst-gap", title="During a burst SGLang's longest gap is at least 1.5 times vLLM's",
    sentence="While the burst is in the server the decoders' longest gap is {vllm} in vLLM and {sglang} in SGLang, "
    "{ratio} times as long. Their p99 is {vllm_p99} and {sglang_p99}, their median {vllm_p50} and {sglang_p50}; before "
    "the burst the median was {vllm_before} and {sglang_before}.",
    records=BURST, tier="gpu", figure="burst.svg",
    holds=at_least(1.5, "ratio"), labels={"ratio": "SGLang's longest gap over vLLM's"},
    set_by={"*_p50": "processor", "*": "gpu"},
)
def burst_gap(vllm, sglang):
    values = {}
    for name, run in (("vllm", vllm), ("sglang", sglang)):
        values[name] = median_of(run.values("itl_max"), "ms")
        values[f"{name}_p99"] = median_of(gaps_by_round(run, 99), "ms")
        values[f"{name}_p50"] = median_of(gaps_by_round(run, 50), "ms")
        values[f"{name}_before"] = median_of(run.values("itl_before"), "ms")
    values["ratio"] = ratio_of(sglang.values("itl_max"), vllm.values("itl_max"))
    return values


LONG = 100  # ms, twenty times a gap before the burst
SLOW = 15  # ms, three times such a gap


def standing(run, longer_than):
    """ms, a round: what a decoder's gaps longer than that add up to, the mean over the decoders."""
    rounds, gaps = np.array(run.columns["round"]), np.array(run.columns["itl_us"]) / 1e3
    return np.array([gaps[(rounds == number) & (gaps > longer_than)].sum() for number in np.unique(rounds)]) / (
        run.data["workload"]["decoders"]
    )


def long_gaps(run):
    """How many gaps longer than LONG a decoder has in a round, the mean over the decoders; one a round."""
    rounds, gaps = np.array(run.columns["round"]), np.array(run.columns["itl_us"]) / 1e3
    return np.array([np.sum(gaps[rounds == number] > LONG) for number in np.unique(rounds)]) / (
        run.data["workload"]["decoders"]
    )


@book.claim(
    id="burst-stall", title="Mixing cuts a burst's standstill in two and hardly shortens it",
    sentence="An answer stands still in {vllm_gaps} gaps of more than 100 ms in vLLM, {vllm} together, and in "
    "{sglang_gaps} in SGLang, {sglang}: {ratio} times as long. All gaps of more than 15 ms add up to {vllm_slow} and "
    "{sglang_slow}.",
    records=BURST, tier="gpu",
    # Set when the gaps had been seen: what the claim before says of the longest gap alone, it says of their sum.
    holds=all_of(equals(2, "vllm_gaps"), equals(1, "sglang_gaps"), at_most(1.25, "ratio")),
    labels={"vllm_gaps": "vLLM's long gaps a decoder in the median round", "sglang_gaps": "SGLang's",
            "ratio": "SGLang's long gaps together over vLLM's"},
    set_by="gpu",
)
def burst_stall(vllm, sglang):
    return {
        "vllm": median_of(standing(vllm, LONG), "ms"), "sglang": median_of(standing(sglang, LONG), "ms"),
        "vllm_gaps": exact(np.median(long_gaps(vllm)), digits=2),
        "sglang_gaps": exact(np.median(long_gaps(sglang)), digits=2),
        "ratio": ratio_of(standing(sglang, LONG), standing(vllm, LONG)),
        "vllm_slow": median_of(standing(vllm, SLOW), "ms"), "sglang_slow": median_of(standing(sglang, SLOW), "ms"),
    }


@book.claim(
    id="burst-ttft", title="Half of a burst has its first token sooner in SGLang",
    sentence="Half of the burst's prompts have their first token after {vllm} in vLLM and {sglang} in SGLang, {ratio} "
    "times; the last one after {vllm_max} and {sglang_max}.",
    records=BURST, tier="gpu",
    holds=below(1, "ratio"), labels={"ratio": "SGLang's median over vLLM's"}, set_by="gpu",
)
def burst_ttft(vllm, sglang):
    return {
        "vllm": median_of(vllm.values("ttft_p50"), "ms"), "sglang": median_of(sglang.values("ttft_p50"), "ms"),
        "vllm_max": median_of(vllm.values("ttft_max"), "ms"), "sglang_max": median_of(sglang.values("ttft_max"), "ms"),
        "ratio": ratio_of(sglang.values("ttft_p50"), vllm.values("ttft_p50")),
    }


# %% [markdown]
# ## A pool that runs out, on the card

# %%
PREEMPT = ["preempt-tight", "preempt-capped", "preempt-roomy"]


@book.claim(
    id="preempt-throughput", title="Preemption keeps at least 95% of the throughput of the same pool without it",
    sentence="On the pool of 6,144 tokens vLLM preempts {preemptions} times in a run of the load and has {ratio} of "
    "the throughput of the same pool with a client that keeps to as many requests as fit, which preempts {cap} times. "
    "It has {room} of the throughput of a pool that holds the load.",
    records=PREEMPT, tier="gpu",
    holds=all_of(some("fewest"), at_least(0.95, "ratio")),
    labels={"fewest": "preemptions in every run", "ratio": "the throughput over the capped one's"}, set_by="gpu",
)
def preempt_throughput(tight, capped, roomy):
    served = {name: run.values("throughput") for name, run in (("tight", tight), ("cap", capped), ("room", roomy))}
    values = {
        "preemptions": median_of(tight.values("preemptions"), "count"),
        "cap": exact(int(max(capped.values("preemptions")))),
        "ratio": ratio_of(served["tight"], served["cap"]), "room": ratio_of(served["tight"], served["room"]),
    }
    return values, {"fewest": exact(min(tight.values("preemptions")))}


@book.claim(
    id="preempt-pause",
    title="Preemption pauses an answer ten times as long, and the last first token comes sooner",
    sentence="The longest pause inside an answer is {tight} with preemption and {capped} without; the last first "
    "token comes {tight_first} and {capped_first} after its prompt was sent.",
    records=PREEMPT[:2], tier="gpu",
    holds=all_of(at_least(10 * the("capped"), "tight"), below(the("capped_first"), "tight_first")),
    labels={"tight": "the longest pause with preemption", "capped": "that without",
            "tight_first": "the wait for the last first token with preemption", "capped_first": "that without"},
    # With the cap a prompt arrives when a client has seen an answer end.
    set_by={"capped*": "processor", "*": "gpu"},
)
def preempt_pause(tight, capped):
    return {
        "tight": median_of(tight.values("itl_max"), "ms"), "capped": median_of(capped.values("itl_max"), "ms"),
        "tight_first": median_of(tight.values("ttft_max"), "ms"),
        "capped_first": median_of(capped.values("ttft_max"), "ms"),
    }


# %% [markdown]
# ## The same configuration against itself, and how long it took

# %%
AGAIN = [
    name for engine in ENGINES
    for name in (f"again-{engine}-default", book.measured("pace", f"{engine}-default"))
]


@book.claim(
    id="same-again-02", title="Measured twice in a round, a server's time per token agrees with itself within 2%",
    sentence="Measured twice in each round on the first host, the same server's time per token differs from itself by "
    "a factor of {vllm1} with one request and {vllm32} with 32 in vLLM, {sglang1} and {sglang32} in SGLang.",
    records=AGAIN, tier="gpu", holds=between(0.98, 1.02, every("factor"), by="value"),
    set_by={"sglang32": "processor", "*": "gpu"},
)
def same_again_02(*runs):
    return {
        f"{engine}{n}": ratio_of(pace(again, n), pace(first, n))
        for engine, again, first in zip(ENGINES, runs[::2], runs[1::2], strict=True) for n in (1, 32)
    }


SERVERS = [f"{small}{engine}-{kind}" for small in ("", "small-") for engine in ENGINES for kind in ("default", "sync")]
card_time.claim(
    book, [*(book.measured("pace", server) for server in SERVERS), *AGAIN[::2], *BURST, *PREEMPT], fleets=True
)

# %%
print(book.finish())
