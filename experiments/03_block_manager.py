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
# # Experiment 03: what a block wastes, what it costs, and what more of them buy
#
# Three tiers of one question. vLLM 0.32.0's own scheduler, cache manager and block pool count what is reserved and
# holds no token, on lengths drawn here, beside contiguous reservations of our own making. The same classes are timed on
# pools of four sizes. And servers of the Qwen3-8B shape that differ in nothing but their KV pool get the same load, in
# random order within each round.

# %%
import itertools

import numpy as np

from experiments.lab.analysis import card_time
from experiments.lab.analysis.claim_book import Book
from experiments.lab.analysis.draw_figures import colour
from experiments.lab.analysis.readings import (
    by_measurement, card_rates, count_of, error_bars, exact, median_of, ratio_across, ratio_of, replay_steps,
    row_of, series_of, shape_of,
)
from experiments.lab.analysis.roofline import floor_ms, kv_bytes, prefill_flop, weight_bytes
from experiments.lab.verdicts.verdict import (
    above, all_of, as_many, at_least, at_most, below, between, equals, every, fact, falling, fewer, none, some, the,
)

book = Book("03")
BLOCKS = (1, 16, 32, 64, 128)
RULES = ("max", "pow2", "exact")
POOLS = ("6k", "12k", "24k", "48k")
REFERENCE = "kv-48k"


# %% [markdown]
# ## Slots without a token
#
# Lengths are log-normal, drawn with a seed, and stand in the record. All requests wait at the start; means are over the
# steps in which somebody waited. *Paged* is the release's own code. *Contiguous* is an allocator of this repository
# (`workers/contiguous.py`): first fit, first come first served, a reservation kept whole until the request ends.


# %%
def waste(run, name, size):
    scheme = "contiguous" if size in RULES else "watermark" if "." in size else "paged"
    return count_of(run, name, scheme=scheme, size=size)


def needed(run):
    """Tokens that the load's requests need, each computed once: all but the last of every answer."""
    return run.data["workload"]["requests"] * (row_of(run, scheme="lengths")["both"]["mean"] - 1)


@book.figure("waste.svg", size=(4.4, 3.4))
def waste_figure(figure, axes):
    run = book.record("waste-vllm")
    names = [*(str(block) for block in BLOCKS), *RULES]
    parts = {"tokens": ("holds a token", "vllm"), "later": ("written later", "3"), "never": ("never written", "accent"),
             "free": ("not reserved", "floor")}
    y, left = np.arange(len(names))[::-1], np.zeros(len(names))
    for part, (label, tone) in parts.items():
        width = np.array([waste(run, part, name) for name in names])
        axes.barh(y, width, left=left, height=0.66, color=colour(tone), label=label)
        left += width
    labels = [f"blocks of {block}" for block in BLOCKS] + ["longest sequence", "power of two", "true length"]
    axes.set_yticks(y, labels, fontsize=9)
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the pool, %")
    axes.set_ylabel("what is reserved")
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside upper center", ncols=2, fontsize=8)


@book.claim(
    id="paged-waste",
    title="What vLLM's blocks waste",
    sentence="While requests wait, {tokens} of the slots of vLLM's pool hold a token; of the slots that are reserved, "
    "{empty} hold none, with blocks of 16.",
    records=["waste-vllm"], tier="cpu",
    holds=below(4, "empty"), labels={"empty": "the share of the reserved slots that is empty"}, set_by="count",
)
def paged_waste(run):
    return {name: exact(waste(run, name, "16"), "%", 3) for name in ("tokens", "empty")}


@book.claim(
    id="waste-by-block",
    title="Half a block a request",
    sentence="Empty slots a running request: {b1} with blocks of one token, {b16} with blocks of 16, {b32} of 32, "
    "{b64} of 64 and {b128} of 128. That is {e32}, {e64} and {e128} of the reserved slots with the last three.",
    records=["waste-vllm"], tier="cpu",
    holds=all_of(
        equals(0, "b1"),
        at_most(5, every("other number's distance from half of one token less than a block, as a share of this half,",
                         "off_*")),
    ),
    labels={"b1": "the number with blocks of one token"}, set_by="count",
)
def waste_by_block(run):
    pool, values, distances = run.data["workload"]["kv_tokens"], {}, {}
    for block in BLOCKS:
        share = waste(run, "later", str(block)) + waste(run, "never", str(block))
        empty, half = share / 100 * pool / waste(run, "running", str(block)), (block - 1) / 2
        values[f"b{block}"] = exact(empty, "1", 3)
        if block > 1:
            distances[f"off_{block}"] = exact(100 * abs(empty - half) / half, "%", 3)
        if block > 16:
            values[f"e{block}"] = exact(waste(run, "empty", str(block)), "%", 3)
    return values, distances


@book.claim(
    id="contiguous-holds",
    title="What a contiguous reservation holds",
    sentence="While requests wait and the longest sequence is reserved at admission, {max} of the pool hold a token on "
    "average; for the prompt and the power of two at or above the answer's length, {pow2}; for the exact length, known "
    "beforehand, {exact}. With blocks of 16 it is {paged}.",
    records=["waste-vllm"], tier="cpu", figure="waste.svg",
    holds=between(
        the("lowest") - 1, the("highest") + 1,
        every("share of the pool that holds a token with contiguous reservations", *RULES),
    ),
    labels={"lowest": "the published 20.4%", "highest": "the published 38.2%"}, set_by="count",
)
def contiguous_holds(run):
    values = {rule: exact(waste(run, "tokens", rule), "%", 3) for rule in RULES}
    values["paged"] = exact(waste(run, "tokens", "16"), "%", 3)
    return values, {"lowest": exact(20.4, "%", 3), "highest": exact(38.2, "%", 3)}


@book.claim(
    id="paged-runs-more",
    title="Requests at once in the same memory",
    sentence="While requests wait, {paged} of them on average run at once with blocks of 16, {exact} with reservations "
    "of the true length, {pow2} with powers of two and {max} with the longest sequence. The load takes {steps}, "
    "{steps_exact}, {steps_pow2} and {steps_max} steps.",
    records=["waste-vllm"], tier="cpu",
    holds=all_of(at_least(1.5 * the("exact"), "paged"), fewer("steps", "steps_exact")),
    labels={"paged": "the number at once with blocks of 16", "exact": "that with reservations of the true length",
            "steps": "steps with blocks of 16", "steps_exact": "with reservations of the true length"},
    set_by="count",
)
def paged_runs_more(run):
    return {
        "paged": exact(waste(run, "running", "16"), "1", 3), "steps": exact(waste(run, "steps", "16")),
        **{rule: exact(waste(run, "running", rule), "1", 3) for rule in RULES},
        **{f"steps_{rule}": exact(waste(run, "steps", rule)) for rule in RULES},
    }


@book.claim(
    id="preemption-price",
    title="What it costs to reserve nothing for the answer",
    sentence="To serve {requests} requests that all wait at the start vLLM pre-empts {preemptions} times, and "
    "schedules {recomputed} tokens more than the requests need: {share} of what they need.",
    records=["waste-vllm"], tier="cpu",
    holds=below(5, "share"),
    labels={"share": "what is scheduled beyond the tokens that the requests need, as a share of these,"},
    set_by="count",
)
def preemption_price(run):
    again = waste(run, "recomputed", "16")
    return {
        "requests": exact(run.data["workload"]["requests"]), "preemptions": exact(waste(run, "preemptions", "16")),
        "recomputed": exact(again), "share": exact(100 * again / needed(run), "%", 3),
    }


@book.claim(
    id="watermark-spares",
    title="A little room kept back spares most of it",
    sentence="With 2% of the pool kept from requests that wait the same load is pre-empted {few} times in place of "
    "{usual} and schedules {again} more tokens than it needs, in {steps} of the steps; with 10%, {fewest} times and "
    "{least} more, in {more} of the steps.",
    records=["waste-vllm"], tier="cpu",
    holds=all_of(below(0.5 * the("again_usual"), "again"), at_most(102, "steps")),
    labels={
        "again": "what is scheduled beyond the need with 2% kept back", "again_usual": "that with nothing kept back",
        "steps": "the number of steps with 2%, as a share of that with nothing kept back,",
    },
    set_by="count",
)
def watermark_spares(run):
    def again(size):
        return exact(100 * waste(run, "recomputed", size) / needed(run), "%", 3)

    def steps(size):
        return exact(100 * waste(run, "steps", size) / waste(run, "steps", "16"), "%", 4)

    values = {
        "usual": exact(waste(run, "preemptions", "16")), "few": exact(waste(run, "preemptions", "0.02")),
        "fewest": exact(waste(run, "preemptions", "0.1")), "again": again("0.02"), "least": again("0.1"),
        "steps": steps("0.02"), "more": steps("0.1"),
    }
    return values, {"again_usual": again("16")}


# %% [markdown]
# ## The life of a block
#
# Counted in the replay's record: a pool of a few blocks, seven requests, the release's own classes.


# %%
def events(step, *names):
    """(event's name, block numbers) of those events of a step that name blocks."""
    return [
        (event["event"], [int(number) for number in event["args"]["blocks"].split(", ")])
        for event in step["events"] if event["event"] in names
    ]


@book.claim(
    id="eviction-order",
    title="A chain loses its last block first",
    sentence="Of {evicted} blocks that lost their hash to somebody else, {inverted} went while a later block of the "
    "same prompt lay in the queue.",
    records=["replay-life"], tier="cpu",
    holds=all_of(none("inverted"), at_least(10, "evicted")),
    labels={"inverted": "evictions while a later block of the same prompt lay in the queue",
            "evicted": "the number of blocks evicted"},
)
def eviction_order(run):
    evicted = inverted = 0
    for before, step in replay_steps(run):
        hashes = {block: value["hash"] for block, value in before["state"]["blocks"].items()}
        free = [hashes[str(block)] for block in before["state"]["free"] if hashes[str(block)]]
        for _, blocks in events(step, "evict"):
            for block in blocks:
                own = hashes[str(block)]
                who, _, place = own.partition(".")
                free.remove(own)
                places = [int(there) for other, _, there in (name.partition(".") for name in free) if other == who]
                evicted, inverted = evicted + 1, inverted + any(there > int(place) for there in places)
    return {"evicted": exact(evicted), "inverted": exact(inverted)}


@book.claim(
    id="tail-to-the-front",
    title="A block without a hash is handed out next",
    sentence="All {ended} requests ended with a block that was not full, and it went to the front of the free queue. "
    "{chances} times a block was taken before the next request ended, and {next} times it was this one.",
    records=["replay-life"], tier="cpu",
    holds=all_of(as_many("front", "ended"), as_many("next", "chances")),
    labels={"front": "last blocks that lay in front when they were freed", "ended": "requests that ended",
            "next": "times that such a block was taken next",
            "chances": "times that any was taken before the next request ended"},
)
def tail_to_the_front(run):
    ended = front = taken = chances = 0
    waiting = None
    for _, step in replay_steps(run):
        for _, blocks in events(step, "allocate", "grow"):
            if waiting is not None:
                chances, taken, waiting = chances + 1, taken + (blocks[0] == waiting), None
        for _, blocks in events(step, "drop"):
            ended, front, waiting = ended + 1, front + (step["state"]["free"][: len(blocks)] == blocks), blocks[0]
    return {"ended": exact(ended), "chances": exact(chances), "next": exact(taken)}, {"front": exact(front)}


@book.claim(
    id="out-of-the-middle",
    title="A free block that is wanted again leaves the queue where it lies",
    sentence="{revived} times a block was found in the free queue and used again: in place {first} of the queue at the "
    "foremost, {last} at the last. No table entry of a running request ever changed.",
    records=["replay-life"], tier="cpu",
    holds=all_of(some("middle"), fact("grew", "every table only grew at its end")),
    labels={"middle": "such blocks that lay neither first nor last"},
)
def out_of_the_middle(run):
    places, middle, grew = [], 0, True
    for before, step in replay_steps(run):
        free = before["state"]["free"]
        for _, blocks in events(step, "revive"):
            places += [free.index(block) + 1 for block in blocks]
            middle += sum(0 < free.index(block) < len(free) - 1 for block in blocks)
        for who, table in before["state"]["tables"].items():
            now = step["state"]["tables"].get(who, table)
            grew = grew and now[: len(table)] == table
    values = {"revived": exact(len(places)), "first": exact(min(places)), "last": exact(max(places))}
    return values, {"middle": exact(middle), "grew": grew}


@book.claim(
    id="one-block-many-users",
    title="One block, several requests",
    sentence="The block of the first prompt's first tokens had {users} requests in the replay, at most {most} at once, "
    "and stayed block {block} throughout, until one more took it for its own.",
    records=["replay-life"], tier="cpu",
    holds=all_of(at_least(3, "users"), at_least(2, "most"), equals(1, "numbers")),
    labels={"users": "the number of its requests", "most": "the highest number at once",
            "numbers": "the count of block numbers that it had"},
    set_by="count",
)
def one_block_many_users(run):
    users, numbers, most = set(), set(), 0
    for _, step in replay_steps(run):
        state = step["state"]
        here = [block for block, value in state["blocks"].items() if value["hash"] == "a.0"]
        numbers |= set(here)
        using = {who for who, table in state["tables"].items() if here and int(here[0]) in table}
        users, most = users | using, max(most, len(using))
    values = {"users": exact(len(users)), "most": exact(most), "block": exact(int(min(numbers, key=int)), "1")}
    return values, {"numbers": exact(len(numbers))}


# %% [markdown]
# ## What a block costs the scheduler
#
# Each operation on 256 blocks at once, in pools whose every block is free and hashed when they are visited; taking and
# giving back run on blocks that were taken just before. A value a round, the median of its repeats, divided by the
# blocks.

# %%
LISTED = {
    "allocate": "take, no hash", "drop": "free, no hash", "keep": "free, hashed", "touch": "touch", "lookup": "look up",
    "enter": "enter a hash", "evict": "take, hashed",
}
FLAT = ("allocate", "drop", "keep")
GROWING = ("evict", "lookup", "enter", "touch")


def sizes(run):
    return run.data["workload"]["pools"]


def cost(run, op, size):
    return series_of(run, "cost", op=op, blocks=size)


@book.figure("cost.svg", size=(4.4, 3.6))
def cost_figure(figure, axes):
    run = book.record("cost-vllm")
    for number, (op, label) in enumerate(LISTED.items(), 1):
        values = [median_of(cost(run, op, size), "ns") for size in sizes(run)]
        axes.errorbar(sizes(run), *error_bars(values), fmt="o-", markersize=4, linewidth=1, color=colour(str(number)),
                      label=label)
    hashing = median_of(cost(run, "hash", 0), "ns")
    axes.axhline(hashing.value, color=colour("floor"), linestyle="--", label="compute a hash")
    axes.axhspan(*hashing.ci, color=colour("floor"), alpha=0.15, linewidth=0)  # its interval
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes(run), [f"{size:,}" for size in sizes(run)], fontsize=8)
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("blocks in the pool")
    axes.set_ylabel("ns a block")
    figure.legend(loc="outside upper center", ncols=3, fontsize=8)


def growth(run, op):
    """The cost in the largest pool over that in the smallest."""
    return ratio_of(cost(run, op, sizes(run)[-1]), cost(run, op, sizes(run)[0]))


@book.claim(
    id="list-cost-flat",
    title="Taking and freeing cost hardly more in a larger pool",
    sentence="From {small} to {large} blocks, taking a block from the front of the queue costs {allocate} times as "
    "much, putting one back in front {drop} and at the end {keep} times.",
    records=["cost-vllm"], tier="cpu", figure="cost.svg",
    holds=below(2, every("cost in the largest pool over that in the smallest", *FLAT), by="value"), set_by="processor",
)
def list_cost_flat(run):
    values = {op: growth(run, op) for op in FLAT}
    return {**values, "small": exact(sizes(run)[0]), "large": exact(sizes(run)[-1])}


@book.claim(
    id="map-cost-grows",
    title="What the memory of a large pool costs",
    sentence="In the same pools evicting a block costs {evict} times as much in the largest as in the smallest, "
    "looking a hash up {lookup}, entering one {enter}, and touching a block at random {touch} times.",
    records=["cost-vllm"], tier="cpu",
    holds=all_of(
        below(16, every("cost in the largest pool over that in the smallest", *GROWING), by="value"),
        at_least(1000 * the("small"), "large"),
    ),
    labels={"small": "that of the smallest", "large": "the number of blocks of the largest pool"}, set_by="processor",
)
def map_cost_grows(run):
    values = {op: growth(run, op) for op in GROWING}
    return values, {"small": exact(sizes(run)[0]), "large": exact(sizes(run)[-1])}


@book.claim(
    id="hash-dearest",
    title="Hashing a block costs more than handing out one without a hash",
    sentence="Computing the hash of a full block takes {hash}, taking a block without a hash from the queue {take}, "
    "and giving one with a hash back {keep}, in a pool of {pool} blocks. In one of {largest} taking a block that loses "
    "its hash takes {evict}. For a prompt of {prompt} tokens the hashes take {whole}.",
    records=["cost-vllm"], tier="cpu",
    holds=above(the("take") + the("keep"), "hash"),
    labels={"hash": "the time for a hash", "take": "that for taking a block without one",
            "keep": "that for giving one with a hash back"},
    set_by="processor",
)
def hash_dearest(run):
    *_, pool, largest = sizes(run)
    places = {"hash": ("hash", 0), "take": ("allocate", pool), "keep": ("keep", pool), "evict": ("evict", largest)}
    series = {name: cost(run, *place) / 1e3 for name, place in places.items()}
    prompt = run.data["workload"]["prompt"]
    return {
        **{name: median_of(times, "us") for name, times in series.items()},
        "whole": median_of(series["hash"] * prompt / 16 / 1e3, "ms"),
        "pool": exact(pool), "largest": exact(largest), "prompt": exact(prompt),
    }


# %% [markdown]
# ## Memory against throughput
#
# Servers that differ in their KV pool, one with the largest pool and at most 32 running requests, one with blocks of
# 128. The load is the same for all and is sent at once. On a card that does not hold them together they stand in
# fleets, each with the largest pool in it; a ratio is always one of its own fleet.


# %%
def load(server, fleet=None, beside=None):
    """The measurement of a server under the load: in that fleet, or in the first in which `beside` stood."""
    return book.measured("pool", server, fleet, beside)


def with_reference(*servers):
    """Measurements of these servers and of the reference beside each, every one once."""
    return book.measured_beside("pool", servers, [REFERENCE])


def over_reference(runs, server):
    """The throughputs of a server and of the reference that stood beside it."""
    return [series_of(runs[name], "throughput") for name in (load(server), load(REFERENCE, beside=server))]


def across(runs, server, other):
    """A ratio of two servers' throughputs: within a fleet where they share one, else of their ratios to the reference,
    each in its own."""
    for fleet in book.fleets("pool", server):
        if fleet in book.fleets("pool", other):
            return ratio_of(*(series_of(runs[load(name, fleet)], "throughput") for name in (server, other)))
    return ratio_across(over_reference(runs, server), over_reference(runs, other))


SWEEP = [f"kv-{pool}" for pool in POOLS]


def largest(run):
    """Requests that the pool holds at their full length."""
    workload = run.data["workload"]
    return count_of(run, "pool") // 16 // -(-(workload["prompt_tokens"] + workload["output_tokens"]) // 16)


@book.figure("memory.svg", size=(4.4, 5.4))
def memory_figure(figure, axes):
    axes.remove()
    upper, lower = figure.subplots(2, 1, sharex=True)
    runs = [book.record(load(server)) for server in SWEEP]
    x = [count_of(run, "pool") + 16 for run in runs]  # as the servers were started: with the block that is no request's
    for axes, name, unit, label in (
        (upper, "throughput", "tok/s", "prompt and answer tokens a second"), (lower, "running", "count", "count"),
    ):
        values = [median_of(run.values(name), unit) for run in runs]
        axes.errorbar(x, *error_bars(values), fmt="o-", markersize=5, linewidth=1, color=colour("vllm"),
                      label="measured" if name == "throughput" else "most requests at once")
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
    pace = np.median(runs[0].values("throughput"))
    upper.plot(x, [pace * size / x[0] for size in x], color=colour("floor"), linestyle="--",
               label="in proportion to the pool")
    upper.set_ylim(top=1.25 * max(np.median(run.values("throughput")) for run in runs))
    lower.plot(x, [min(largest(run), run.data["workload"]["requests"]) for run in runs], color=colour("floor"),
               linestyle="--", label="as many of the load as fit at full length")
    lower.plot(x, [np.median(run.values("preemptions")) for run in runs], "s-", markersize=4, linewidth=1,
               color=colour("accent"), label="pre-emptions")
    for axes in (upper, lower):
        axes.set_xscale("log", base=2)
        axes.set_xticks(x, [f"{int(size):,}" for size in x], fontsize=8)
        axes.minorticks_off()
        axes.legend(fontsize=8)
    lower.set_xlabel("KV pool, tokens")


@book.claim(
    id="memory-throughput",
    title="What each doubling of the pool buys",
    sentence="From {t6k}, prompts counted, with a pool of 6,144 tokens, twice the pool gives {x12k} times the "
    "throughput, twice that {x24k} times, and the last doubling, to 49,152, {x48k} times.",
    records=with_reference(*SWEEP), tier="gpu", figure="memory.svg",
    holds=all_of(
        at_least(1.5, "x12k", by="value"), falling("x12k", "x24k", "x48k", by="value"), below(1.3, "x48k", by="value"),
    ),
    labels={"x12k": "the gain of the first doubling", "x24k": "that of the second", "x48k": "that of the last"},
    set_by="gpu",
)
def memory_throughput(*served):
    runs = by_measurement(served)
    return {
        **{f"x{pool}": across(runs, f"kv-{pool}", f"kv-{less}") for less, pool in itertools.pairwise(POOLS)},
        "t6k": median_of(runs[load("kv-6k")].values("throughput"), "tok/s"),
    }


@book.claim(
    id="running-over-room",
    title="More run than fit",
    sentence="At most {r6k} requests run at once in the pool of 6,144 tokens, {r12k} and {r24k} in the next two, where "
    "{f6k}, {f12k} and {f24k} fit at their full length; in the largest {r48k}, all there are.",
    records=[load(server) for server in SWEEP], tier="gpu", figure="memory.svg",
    holds=all_of(
        above(the("f6k"), "r6k"), above(the("f12k"), "r12k"), above(the("f24k"), "r24k"),
        equals(the("requests"), "r48k"),
    ),
    labels={"r6k": "the most at once with 6,144 tokens", "r12k": "that with 12,288", "r24k": "that with 24,576",
            "r48k": "that with 49,152", **{f"f{pool}": "what fits there at full length" for pool in POOLS[:-1]},
            "requests": "the number of all requests"},
)
def running_over_room(*runs):
    values = {}
    for pool, run in zip(POOLS, runs, strict=True):
        values[f"r{pool}"] = median_of(run.values("running"), "count")
        if pool != POOLS[-1]:
            values[f"f{pool}"] = exact(int(largest(run)))
    return values, {"requests": exact(runs[-1].data["workload"]["requests"])}


@book.claim(
    id="preemptions-by-pool",
    title="Pre-emptions end where all fits",
    sentence="One run of the load pre-empts {p6k} times in the smallest pool, {p12k} and {p24k} times in the next two, "
    "and {p48k} in the largest. The load has {requests} requests.",
    records=[load(server) for server in SWEEP], tier="gpu",
    holds=all_of(above(0, "p6k", "p12k", "p24k"), none("most")),
    labels={"p6k": "the number of pre-emptions in the smallest pool", "p12k": "that in the second",
            "p24k": "that in the third", "most": "pre-emptions in any run with the largest"},
)
def preemptions_by_pool(*runs):
    values = {f"p{pool}": median_of(run.values("preemptions"), "count") for pool, run in zip(POOLS, runs, strict=True)}
    values["requests"] = exact(runs[0].data["workload"]["requests"])
    return values, {"most": exact(max(runs[-1].values("preemptions")))}


def prefill_s(run, flops):
    """Seconds that the load's prompts take at `flops` TFLOP/s, each computed once."""
    workload = run.data["workload"]
    return workload["requests"] * floor_ms(prefill_flop(shape_of(run), workload["prompt_tokens"]), flops) / 1e3


def reading_s(run, copy):
    """Seconds, a value a run of the load, at `copy` GB/s: weights once a step, and for each decoded token all keys and
    values behind it."""
    workload = run.data["workload"]
    shape = shape_of(run)
    behind = sum(workload["prompt_tokens"] + k for k in range(1, workload["output_tokens"]))
    cache = workload["requests"] * kv_bytes(shape, behind)
    return (series_of(run, "steps") * weight_bytes(shape) + cache) / (copy * 1e9)


@book.claim(
    id="what-binds",
    title="What binds when memory does not",
    sentence="The least that computing the prompts could take is {prompts_large} of the time in the largest pool, and "
    "the least for reading weights and cache {reading_large}; in the smallest {prompts_small} and {reading_small}. The "
    "load takes {steps_large} steps in the one and {steps_small} in the other, of {step_large} and {step_small} each.",
    records=[load("kv-6k"), load(REFERENCE)], tier="gpu",
    holds=all_of(at_least(25, "prompts_large"), at_least(2 * the("prompts_small"), "prompts_large")),
    labels={"prompts_large": "the prompts' share in the largest pool", "prompts_small": "that in the smallest"},
    set_by="gpu",
)
def what_binds(*runs):
    flops, copy = card_rates(*runs)
    values = {}
    for name, run in zip(("small", "large"), runs, strict=True):
        wall, steps = series_of(run, "wall"), series_of(run, "steps")
        prompts, reading = prefill_s(run, flops), reading_s(run, copy)
        values[f"prompts_{name}"] = median_of(100 * prompts / wall, "%")
        values[f"reading_{name}"] = median_of(100 * reading / wall, "%")
        values[f"rest_{name}"] = median_of(100 - 100 * (prompts + reading) / wall, "%")
        values[f"steps_{name}"] = median_of(steps, "count")
        values[f"step_{name}"] = median_of(1e3 * wall / steps, "ms")
    return values


@book.claim(
    id="places-bind",
    title="A low limit on running requests wastes a large pool",
    sentence="With the largest pool and running requests limited to 32 (--max-num-seqs) at most {running} run, and at "
    "most {used} of the pool is in use. The throughput is {ratio} times that with the default limit.",
    records=with_reference("kv-48k-seqs"), tier="gpu",
    holds=all_of(at_most(32, "running"), below(50, "used"), below(0.9, "ratio")),
    labels={"running": "the most that run", "used": "the most of the pool that is in use",
            "ratio": "the throughput over that with the default limit"},
    set_by={"ratio": "gpu", "used": "count"},
)
def places_bind(*served):
    runs = by_measurement(served)
    run = runs[load("kv-48k-seqs")]
    return {
        "running": exact(int(max(run.values("running")))), "ratio": ratio_of(*over_reference(runs, "kv-48k-seqs")),
        "used": median_of(100 * series_of(run, "kv_used") / count_of(run, "pool"), "%"),
    }


def held(run):
    """The share of reserved slots without a token, %, a value a run: the mean over its readings."""
    empty = 1 - series_of(run, "written") / series_of(run, "reserved")
    ends = np.cumsum([int(count) for count in run.values("readings")])
    return np.array([100 * np.mean(readings) for readings in np.split(empty, ends)[:-1]])


@book.claim(
    id="waste-on-the-server",
    title="What a running server holds and does not use",
    sentence="While all of {requests} requests decode, {b16} of the slots in the server's blocks in use hold no token "
    "with blocks of 16, and {b128} with blocks of 128.",
    records=["held-kv-12k", "held-kv-12k-block128"], tier="gpu",
    holds=all_of(below(4, "b16"), above(10, "b128")),
    labels={"b16": "the share without a token with blocks of 16", "b128": "that with blocks of 128"}, set_by="count",
)
def waste_on_the_server(small, large):
    return {
        "b16": median_of(held(small), "%"), "b128": median_of(held(large), "%"),
        "requests": exact(small.data["workload"]["requests"]),
    }


BLOCK_SIZES = ("kv-12k", "kv-12k-block128")


@book.claim(
    id="large-blocks",
    title="Blocks of 128 in the same memory",
    sentence="With blocks of 128 in place of 16 the server with 12,288 tokens of pool has {ratio} times the "
    "throughput, and at most {running} requests run at once in place of {usual}.",
    records=list(dict.fromkeys([load(server) for server in BLOCK_SIZES] + with_reference(*BLOCK_SIZES))), tier="gpu",
    holds=below(1, "ratio"), labels={"ratio": "the throughput over that with blocks of 16"}, set_by="gpu",
)
def large_blocks(*served):
    runs = by_measurement(served)
    return {
        "ratio": across(runs, "kv-12k-block128", "kv-12k"),
        "running": median_of(runs[load("kv-12k-block128")].values("running"), "count"),
        "usual": median_of(runs[load("kv-12k")].values("running"), "count"),
    }


# Of the reference in the last fleet, where it got the load twice a round.
TWICE = load(REFERENCE, (book.fleets("pool", REFERENCE) or [None])[-1])


@book.claim(
    id="pool-again",
    title="The same server against itself",
    sentence="Given the load twice in a round, the server with the largest pool has {ratio} times its own throughput.",
    records=["again-kv-48k", TWICE], tier="gpu",
    holds=between(0.97, 1.03, "ratio"), labels={"ratio": "the ratio to itself"}, set_by="gpu",
)
def pool_again(again, run):
    return {"ratio": ratio_of(again.values("throughput"), run.values("throughput"), 4)}


SERVED = with_reference(*SWEEP, "kv-48k-seqs", "kv-12k-block128")
card_time.claim(book, [*SERVED, "again-kv-48k", "held-kv-12k", "held-kv-12k-block128"])

# %%
print(book.finish())
