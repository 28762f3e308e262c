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
from experiments.lab.analysis.roofline import Shape, floor_ms, kv_bytes, prefill_flop, weight_bytes
from experiments.lab.host import model_folders
from experiments.lab.verdicts.verdict import (
    above, all_of, as_many, at_least, at_most, below, between, equals, every, fact, falling, fewer, none, rising,
    some, the,
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
# steps in which a request waited. *Paged* is the release's own code. *Contiguous* is an allocator of this repository
# (`workers/contiguous.py`): first fit, first come first served, a reservation kept whole until the request ends.


# %%
def waste(run, name, size):
    scheme = "contiguous" if size in RULES else "watermark" if "." in size else "paged"
    return count_of(run, name, scheme=scheme, size=size)


def needed(run):
    """Tokens that the load's requests need, each computed once: all but the last of every answer."""
    return run.data["workload"]["requests"] * (row_of(run, scheme="lengths")["both"]["mean"] - 1)


@book.figure("waste.svg", height=4.1, phone=4.2)
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
    axes.set_yticks(y, labels)
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the pool, %")
    axes.set_ylabel("what is reserved")
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside upper center", ncols=2)


@book.claim(
    id="paged-waste",
    title="Blocks of 16 leave less than 4% of the reserved slots empty",
    sentence="While requests wait, {tokens} of the slots of vLLM's pool hold a token; of the slots that are reserved, "
    "{empty} hold none, with blocks of 16.",
    records=["waste-vllm"], tier="cpu",
    holds=below(4, "empty"), labels={"empty": "the share of the reserved slots that is empty"}, set_by="count",
)
def paged_waste(run):
    return {name: exact(waste(run, name, "16"), "%", 3) for name in ("tokens", "empty")}


@book.claim(
    id="waste-by-block",
    title="A running request wastes half a block",
    sentence="A running request has {b1} empty slots with blocks of one token, {b16} with blocks of 16, {b32} with 32, "
    "{b64} with 64 and {b128} with 128. Of the reserved slots that is {e32}, {e64} and "
    "{e128} with the last three.",
    records=["waste-vllm"], tier="cpu",
    holds=all_of(
        equals(0, "b1"),
        at_most(5, every("other number's distance from (block size - 1) / 2, as a share of it,", "off_*")),
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
    title="Contiguous reservations hold tokens in as much of the pool as published",
    sentence="While requests wait and the longest sequence is reserved at admission, {max} of the pool hold a token on "
    "average. Two rules know each answer's length beforehand: with the prompt and the power of two at or above that "
    "length it is {pow2}, with the exact length {exact}. With blocks of 16 it is {paged}.",
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
    title="Blocks run 1.5 times as many requests as reservations of the true length",
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
    title="Reserving nothing for answers costs less than 5% more tokens",
    sentence="To serve {requests} requests that all wait at the start vLLM preempts {preemptions} times, and "
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
    title="A watermark of 2% halves what is computed again, in nearly the same steps",
    sentence="With 2% of the pool kept from waiting requests the same load is preempted {few} times in place of "
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
    sentence="{evicted} blocks lost their hash to another request, {inverted} of them while a later block of the "
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
    "{chances} times a request took a block before the next one ended, and {next} times it took this block.",
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
    title="Several requests use one block, under one number",
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


@book.claim(
    id="cached-counts-as-free",
    title="A cached block that no request uses counts as free",
    sentence="When the first two requests of the replay have ended, all {free} of {pool} blocks lie in the free queue, "
    "and {hashed} of them still have a hash. From the length of this queue the engine computes its usage: {usage}.",
    records=["replay-life"], tier="cpu",
    holds=all_of(as_many("free", "pool"), some("hashed")),
    labels={"free": "the blocks in the free queue", "pool": "all blocks", "hashed": "free blocks with a hash"},
    set_by="count",
)
def cached_counts_as_free(run):
    state = next(step["state"] for _, step in replay_steps(run) if step["n"] > 1 and not step["state"]["tables"])
    pool = len(state["blocks"])
    return {
        "free": exact(len(state["free"])), "pool": exact(pool),
        "hashed": exact(sum(state["blocks"][str(block)]["hash"] is not None for block in state["free"])),
        "usage": exact(100 * (1 - len(state["free"]) / pool), "%", 3),  # BlockPool.get_usage, block 0 left out
    }


@book.claim(
    id="hit-uses-free",
    title="A hit on a block that no request uses takes a free block",
    sentence="A request whose prompt needs {needed} blocks waited {waited} steps beside {free} free blocks, and {own} "
    "of these were the beginning of its own prompt.",
    records=["replay-life"], tier="cpu",
    holds=all_of(as_many("own", "free"), some("waited"), fewer("free", "needed")),
    labels={"own": "free blocks of its own beginning", "free": "free blocks", "waited": "steps in which it waited",
            "needed": "the blocks that its prompt needs"},
)
def hit_uses_free(run):
    waits = [
        (event, step["state"]["free"]) for _, step in replay_steps(run) for event in step["events"]
        if event["event"] == "wait"
    ]
    who = waits[0][0]["who"]
    admitted = next(
        step["state"]["tables"][who] for _, step in replay_steps(run)
        if any(event["event"] == "allocate" and event["who"] == who for event in step["events"])
    )
    free = waits[0][1]
    return {
        "needed": exact(len(admitted)), "waited": exact(sum(event["who"] == who for event, _ in waits)),
        "free": exact(len(free)), "own": exact(len(set(free) & set(admitted))),
    }


@book.claim(
    id="shared-unwritten",
    title="No request writes into a block that has several users",
    sentence="{shared} times a block was used by several requests at once after a step, and {written} times the step "
    "after it put a token into such a block.",
    records=["replay-life"], tier="cpu",
    holds=all_of(none("written"), some("shared")),
    labels={"written": "shared blocks that got a token", "shared": "shared blocks"},
)
def shared_unwritten(run):
    shared = written = 0
    for before, step in replay_steps(run):
        for block, value in before["state"]["blocks"].items():
            if value["ref"] > 1:
                shared, written = shared + 1, written + (step["state"]["blocks"][block]["filled"] != value["filled"])
    return {"shared": exact(shared), "written": exact(written)}


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


@book.figure("cost.svg", height=4.3, phone=4.9)
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
    axes.set_xticks(sizes(run), [f"{size:,}" for size in sizes(run)])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("blocks in the pool")
    axes.set_ylabel("ns a block")
    figure.legend(loc="outside upper center", ncols=3)


def growth(run, op):
    """The cost in the largest pool over that in the smallest."""
    return ratio_of(cost(run, op, sizes(run)[-1]), cost(run, op, sizes(run)[0]))


@book.claim(
    id="list-cost-flat",
    title="Taking an unhashed block and freeing blocks cost hardly more in a larger pool",
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
    title="Evicting, looking up and touching cost more in a larger pool, far less than in proportion",
    sentence="From {small} to {large} blocks evicting a block costs {evict} times as much, "
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
    return {**values, "small": exact(sizes(run)[0]), "large": exact(sizes(run)[-1])}


@book.claim(
    id="hash-dearest",
    title="Hashing a block costs more than taking an unhashed one and freeing one",
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


@book.figure("memory.svg", height=6.5, phone=6.8)
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
               color=colour("accent"), label="preemptions")
    for axes in (upper, lower):
        axes.set_xscale("log", base=2)
        axes.set_xticks(x, [f"{int(size):,}" for size in x])
        axes.minorticks_off()
        axes.legend()
    lower.set_xlabel("KV pool, tokens")


@book.claim(
    id="memory-throughput",
    title="Each doubling of the pool buys less, from at least 1.5 times to less than 1.3 times",
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
    title="More requests run than fit at full length",
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
    id="itl-by-pool",
    title="On average a larger pool makes answers slower to write",
    sentence="The mean time between two tokens of an answer is {i6k} in the pool of 6,144 tokens, {i12k} and {i24k} in "
    "the next two, and {i48k} in the largest: {ratio} times as long there as in the smallest, at {gain} times the "
    "throughput.",
    records=with_reference(*SWEEP), tier="gpu",
    holds=rising("i6k", "i12k", "i24k", "i48k"),
    labels={"i6k": "the mean time between tokens with 6,144 tokens of pool", "i12k": "that with 12,288",
            "i24k": "that with 24,576", "i48k": "that with 49,152"},
    set_by="gpu",
)
def itl_by_pool(*served):
    runs = by_measurement(served)
    usual = load(REFERENCE, beside="kv-6k")
    return {
        **{f"i{pool}": median_of(runs[load(f"kv-{pool}")].values("itl"), "ms") for pool in POOLS},
        "ratio": ratio_of(*(series_of(runs[name], "itl") for name in (usual, load("kv-6k")))),
        "gain": ratio_of(*(series_of(runs[name], "throughput") for name in (usual, load("kv-6k")))),
    }


@book.claim(
    id="kv-a-token",
    title="The cache of a token has the size that the model's configuration says",
    sentence="With {given} for its cache the server of the Qwen3-8B shape made {blocks} blocks of 16 tokens, as many "
    "as {each} a token allow. A token of Qwen3-0.6B takes {other}, by its published configuration.",
    records=[load("kv-6k")], tier="gpu",
    holds=as_many("blocks", "allowed"),
    labels={"blocks": "blocks that the server made", "allowed": "blocks that the configuration allows"},
)
def kv_a_token(run):
    command = run.data["command"]
    given, each = int(command[command.index("--kv-cache-memory-bytes") + 1]), kv_bytes(shape_of(run), 1)
    values = {
        "given": exact(given / 2**20, "MiB", 3), "blocks": exact(int(count_of(run, "pool") // 16 + 1)),  # with block 0
        "each": exact(each / 2**10, "KiB", 3),
        "other": exact(kv_bytes(Shape.from_config(model_folders.QWEN3_0_6B), 1) / 2**10, "KiB", 3),
    }
    return values, {"allowed": exact(int(given // (16 * each)))}


@book.claim(
    id="preemptions-by-pool",
    title="Preemptions end where all requests fit",
    sentence="One run of the load preempts {p6k} times in the smallest pool, {p12k} and {p24k} times in the next two, "
    "and {p48k} in the largest. The load has {requests} requests.",
    records=[load(server) for server in SWEEP], tier="gpu",
    holds=all_of(above(0, "p6k", "p12k", "p24k"), none("most")),
    labels={"p6k": "the number of preemptions in the smallest pool", "p12k": "that in the second",
            "p24k": "that in the third", "most": "preemptions in any run with the largest"},
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
    title="In the largest pool computing the prompts is at least a quarter of the time",
    sentence="In the largest pool computing the prompts takes at least {prompts_large} of the time, and reading "
    "weights and cache at least {reading_large}; in the smallest pool {prompts_small} and {reading_small}. The "
    "load takes {steps_large} steps of {step_large} in the one pool and {steps_small} of {step_small} in the other.",
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


@book.claim(
    id="places-itl",
    title="A limit on running requests shortens the time between tokens",
    sentence="With the largest pool and at most 32 running requests the mean time between two tokens is {limited}, in "
    "place of {usual}: {ratio} times as long.",
    records=with_reference("kv-48k-seqs"), tier="gpu",
    holds=below(1, "ratio"), labels={"ratio": "the time with the limit over that without"}, set_by="gpu",
)
def places_itl(*served):
    runs = by_measurement(served)
    limited, usual = (
        series_of(runs[name], "itl") for name in (load("kv-48k-seqs"), load(REFERENCE, beside="kv-48k-seqs"))
    )
    return {"limited": median_of(limited, "ms"), "usual": median_of(usual, "ms"), "ratio": ratio_of(limited, usual)}


def held(run):
    """The share of reserved slots without a token, %, a value a run: the mean over its readings."""
    empty = 1 - series_of(run, "written") / series_of(run, "reserved")
    ends = np.cumsum([int(count) for count in run.values("readings")])
    return np.array([100 * np.mean(readings) for readings in np.split(empty, ends)[:-1]])


@book.claim(
    id="waste-on-the-server",
    title="On a server few reserved slots are empty with blocks of 16, many with blocks of 128",
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
    title="Blocks of 128 lower the throughput",
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
    title="A server measured twice in a round repeats its throughput within 3%",
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
