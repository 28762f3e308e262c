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
# Three tiers of one question. vLLM 0.32.0's own scheduler, cache manager and block pool count what is reserved and holds no
# token, on lengths drawn here, beside contiguous reservations of our own making. The same classes are timed on pools of four
# sizes. And servers of the Qwen3-8B shape that differ in nothing but their KV pool get the same load, in random order within each round.

# %%
import json

import numpy as np

from experiments.lab.analysis import card_time as sittings, intervals as bootstrap
from experiments.lab.analysis.claim_book import Book
from experiments.lab.analysis.draw_figures import colour
from experiments.lab.analysis.roofline import Shape, floor_ms, kv_bytes, prefill_flop, weight_bytes
from experiments.lab.host.model_folders import QWEN3_8B

book = Book("03")
SHAPE = Shape.from_config(QWEN3_8B)
BLOCKS = (1, 16, 32, 64, 128)
RULES = ("max", "pow2", "exact")
POOLS = ("6k", "12k", "24k", "48k")
REFERENCE = "kv-48k"
FLEETS = ("f1", "f2", "f3", "f4", "f5")


def exact(number, unit="count", digits=6):
    """A value that was counted, not sampled."""
    return bootstrap.value(number, unit, digits)


def median_of(series, unit, digits=3):
    return bootstrap.by_round(np.median, [series], unit, digits)


def quotient(a, b):
    return np.median(a) / np.median(b)


# %% [markdown]
# ## Slots without a token
#
# Lengths are log-normal, drawn with a seed, and stand in the record. All requests wait at the start; means are over the steps
# in which somebody waited. *Paged* is the release's own code. *Contiguous* is an allocator of this repository (`workers/contiguous.py`): first fit, first
# come first served, a reservation kept whole until the request ends.


# %%
def waste(run, name, size):
    scheme = "contiguous" if size in RULES else "watermark" if "." in size else "paged"
    return run.values(name, scheme=scheme, size=size)[0]


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
    sentence="While requests wait, {tokens} of the slots of vLLM's pool hold a token; of the slots that are reserved, {empty} hold none, with "
    "blocks of 16.",
    records=["waste-vllm"], tier="cpu",
    holds_if="less than 4% of the reserved slots are empty",
)
def paged_waste(run):
    values = {"tokens": exact(waste(run, "tokens", "16"), "%", 3), "empty": exact(waste(run, "empty", "16"), "%", 3)}
    return values, values["empty"]["value"] < 4


@book.claim(
    id="waste-by-block",
    title="Half a block a request",
    sentence="Empty slots a running request: {b1} with blocks of one token, {b16} with blocks of 16, {b32} of 32, {b64} of 64 and {b128} of 128. That is "
    "{e32}, {e64} and {e128} of the reserved slots with the last three.",
    records=["waste-vllm"], tier="cpu",
    holds_if="each lies within 5% of half of one token less than a block",
)
def waste_by_block(run):
    pool, values, near = run.data["workload"]["kv_tokens"], {}, []
    for block in BLOCKS:
        share = waste(run, "later", str(block)) + waste(run, "never", str(block))
        empty = share / 100 * pool / waste(run, "running", str(block))
        values[f"b{block}"] = exact(empty, "1", 3)
        near.append(abs(empty - (block - 1) / 2) <= 0.05 * (block - 1) / 2)
        if block > 16:
            values[f"e{block}"] = exact(waste(run, "empty", str(block)), "%", 3)
    return values, all(near)


@book.claim(
    id="contiguous-holds",
    title="What a contiguous reservation holds",
    sentence="While requests wait and the longest sequence is reserved at admission, {max} of the pool hold a token on average; for the prompt and the power of two at or above the "
    "answer's length, {pow2}; for the exact length, known beforehand, {exact}. With blocks of 16 it is {paged}.",
    records=["waste-vllm"], tier="cpu", figure="waste.svg",
    holds_if="the three lie within one point of the published 20.4% to 38.2%",
)
def contiguous_holds(run):
    values = {rule: exact(waste(run, "tokens", rule), "%", 3) for rule in RULES}
    low, high = (pick(values[rule]["value"] for rule in RULES) for pick in (min, max))
    values["paged"] = exact(waste(run, "tokens", "16"), "%", 3)
    return values, low >= 19.4 and high <= 39.2


@book.claim(
    id="paged-runs-more",
    title="Requests at once in the same memory",
    sentence="While requests wait, {paged} of them on average run at once with blocks of 16, {exact} with reservations of the true length, {pow2} with powers of two and "
    "{max} with the longest sequence. The load takes {steps}, {steps_exact}, {steps_pow2} and {steps_max} steps.",
    records=["waste-vllm"], tier="cpu",
    holds_if="paged runs at least half again as many as the true length allows, in fewer steps",
)
def paged_runs_more(run):
    values = {"paged": exact(waste(run, "running", "16"), "1", 3), "steps": exact(waste(run, "steps", "16"))}
    values |= {rule: exact(waste(run, "running", rule), "1", 3) for rule in RULES}
    values |= {f"steps_{rule}": exact(waste(run, "steps", rule)) for rule in RULES}
    more = values["paged"]["value"] >= 1.5 * values["exact"]["value"]
    return values, more and values["steps"]["value"] < values["steps_exact"]["value"]


@book.claim(
    id="preemption-price",
    title="What it costs to reserve nothing for the answer",
    sentence="To serve {requests} requests that all wait at the start vLLM pre-empts {preemptions} times, and schedules {recomputed} tokens more than the "
    "requests need: {share} of what they need.",
    records=["waste-vllm"], tier="cpu",
    holds_if="the tokens scheduled beyond what the requests need are less than 5% of that",
)
def preemption_price(run):
    lengths = next(row for row in run.data["extra"]["rows"] if row["scheme"] == "lengths")
    requests = run.data["workload"]["requests"]
    once = requests * (lengths["both"]["mean"] - 1)
    again = waste(run, "recomputed", "16")
    values = {"requests": exact(requests), "preemptions": exact(waste(run, "preemptions", "16")),
              "recomputed": exact(again), "share": exact(100 * again / once, "%", 3)}
    return values, values["share"]["value"] < 5


@book.claim(
    id="watermark-spares",
    title="A little room kept back spares most of it",
    sentence="With 2% of the pool kept from requests that wait the same load is pre-empted {few} times in place of {usual} and schedules {again} more tokens than it needs, in "
    "{steps} of the steps; with 10%, {fewest} times and {least} more, in {more} of the steps.",
    records=["waste-vllm"], tier="cpu",
    holds_if="with 2% less than half as many tokens are scheduled beyond what is needed, in at most 2% more steps",
)
def watermark_spares(run):
    lengths = next(row for row in run.data["extra"]["rows"] if row["scheme"] == "lengths")
    once = run.data["workload"]["requests"] * (lengths["both"]["mean"] - 1)

    def again(size):
        return 100 * waste(run, "recomputed", size) / once

    def steps(size):
        return 100 * waste(run, "steps", size) / waste(run, "steps", "16")

    values = {"usual": exact(waste(run, "preemptions", "16")), "few": exact(waste(run, "preemptions", "0.02")),
              "fewest": exact(waste(run, "preemptions", "0.1")), "again": exact(again("0.02"), "%", 3),
              "least": exact(again("0.1"), "%", 3), "steps": exact(steps("0.02"), "%", 4), "more": exact(steps("0.1"), "%", 4)}
    return values, again("0.02") < again("16") / 2 and steps("0.02") <= 102


# %% [markdown]
# ## The life of a block
#
# Counted in the replay's record: a pool of a few blocks, seven requests, the release's own classes.


# %%
def steps_of(run):
    """(the step before, the step) of the replay."""
    steps = run.data["extra"]["replay"]["steps"]
    return list(zip(steps, steps[1:], strict=False))


def events(step, *names):
    """(event's name, block numbers) of those events of a step that name blocks."""
    return [(each["event"], [int(n) for n in each["args"]["blocks"].split(", ")]) for each in step["events"] if each["event"] in names]


@book.claim(
    id="eviction-order",
    title="A chain loses its last block first",
    sentence="Of {evicted} blocks that lost their hash to somebody else, {inverted} went while a later block of the same prompt lay in the queue.",
    records=["replay-life"], tier="cpu",
    holds_if="none did, and at least ten were evicted",
)
def eviction_order(run):
    evicted = inverted = 0
    for before, step in steps_of(run):
        hashes = {block: value["hash"] for block, value in before["state"]["blocks"].items()}
        free = [hashes[str(block)] for block in before["state"]["free"] if hashes[str(block)]]
        for _, blocks in events(step, "evict"):
            for block in blocks:
                who, _, place = hashes[str(block)].partition(".")
                free.remove(hashes[str(block)])
                later = [each for each in free if each.partition(".")[0] == who and int(each.partition(".")[2]) > int(place)]
                evicted, inverted = evicted + 1, inverted + bool(later)
    return {"evicted": exact(evicted), "inverted": exact(inverted)}, inverted == 0 and evicted >= 10


@book.claim(
    id="tail-to-the-front",
    title="A block without a hash is handed out next",
    sentence="All {ended} requests ended with a block that was not full, and it went to the front of the free queue. {chances} times a block was taken before "
    "the next request ended, and {next} times it was this one.",
    records=["replay-life"], tier="cpu",
    holds_if="each of them lay in front when it was freed, and was taken next if any block was",
)
def tail_to_the_front(run):
    ended = front = taken = chances = 0
    waiting = None
    for _, step in steps_of(run):
        for _, blocks in events(step, "allocate", "grow"):
            if waiting is not None:
                chances, taken, waiting = chances + 1, taken + (blocks[0] == waiting), None
        for _, blocks in events(step, "drop"):
            ended, front, waiting = ended + 1, front + (step["state"]["free"][: len(blocks)] == blocks), blocks[0]
    return {"ended": exact(ended), "chances": exact(chances), "next": exact(taken)}, front == ended and taken == chances


@book.claim(
    id="out-of-the-middle",
    title="A free block that is wanted again leaves the queue where it lies",
    sentence="{revived} times a block was found in the free queue and used again: in place {first} of the queue at the foremost, {last} at the last. No table "
    "entry of a running request ever changed.",
    records=["replay-life"], tier="cpu",
    holds_if="at least one lay neither first nor last, and every table only grew at its end",
)
def out_of_the_middle(run):
    places, middle, grew = [], 0, True
    for before, step in steps_of(run):
        free = before["state"]["free"]
        for _, blocks in events(step, "revive"):
            places += [free.index(block) + 1 for block in blocks]
            middle += sum(0 < free.index(block) < len(free) - 1 for block in blocks)
        for who, table in before["state"]["tables"].items():
            now = step["state"]["tables"].get(who, table)
            grew = grew and now[: len(table)] == table
    values = {"revived": exact(len(places)), "first": exact(min(places)), "last": exact(max(places))}
    return values, middle > 0 and grew


@book.claim(
    id="one-block-many-users",
    title="One block, several requests",
    sentence="The block of the first prompt's first tokens had {users} requests in the replay, at most {most} at once, and stayed block {block} throughout, until "
    "one more took it for its own.",
    records=["replay-life"], tier="cpu",
    holds_if="it had at least three, two of them at once, and one number",
)
def one_block_many_users(run):
    users, numbers, most = set(), set(), 0
    for _, step in steps_of(run):
        state = step["state"]
        here = [block for block, value in state["blocks"].items() if value["hash"] == "a.0"]
        numbers |= set(here)
        using = {who for who, table in state["tables"].items() if here and int(here[0]) in table}
        users, most = users | using, max(most, len(using))
    values = {"users": exact(len(users)), "most": exact(most), "block": exact(int(min(numbers, key=int)), "1")}
    return values, len(users) >= 3 and most >= 2 and len(numbers) == 1


# %% [markdown]
# ## What a block costs the scheduler
#
# Each operation on 256 blocks at once, in pools whose every block is free and hashed when they are visited; taking and giving back
# run on blocks that were taken just before. A value a round, the median of its repeats, divided by the blocks.

# %%
LISTED = {"allocate": "take, no hash", "drop": "free, no hash", "keep": "free, hashed", "touch": "touch", "lookup": "look up",
          "enter": "enter a hash", "evict": "take, hashed"}


def sizes(run):
    return run.data["workload"]["pools"]


def cost(run, op, size):
    return run.values("cost", op=op, blocks=size)


@book.figure("cost.svg", size=(4.4, 3.6))
def cost_figure(figure, axes):
    run = book.record("cost-vllm")
    for number, (op, label) in enumerate(LISTED.items(), 1):
        found = [median_of(cost(run, op, size), "ns") for size in sizes(run)]
        y = np.array([each["value"] for each in found])
        error = np.abs(np.array([each["ci"] for each in found]).T - y)
        axes.errorbar(sizes(run), y, error, fmt="o-", markersize=4, linewidth=1, color=colour(str(number)), label=label)
    hashing = median_of(cost(run, "hash", 0), "ns")
    axes.axhline(hashing["value"], color=colour("floor"), linestyle="--", label="compute a hash")
    axes.axhspan(*hashing["ci"], color=colour("floor"), alpha=0.15, linewidth=0)  # its interval
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes(run), [f"{size:,}" for size in sizes(run)], fontsize=8)
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("blocks in the pool")
    axes.set_ylabel("ns a block")
    figure.legend(loc="outside upper center", ncols=3, fontsize=8)


def growth(run, op):
    """The cost in the largest pool over that in the smallest."""
    return bootstrap.by_round(quotient, [cost(run, op, sizes(run)[-1]), cost(run, op, sizes(run)[0])], "1")


@book.claim(
    id="list-cost-flat",
    title="Taking and freeing cost hardly more in a larger pool",
    sentence="From {small} to {large} blocks, taking a block from the front of the queue costs {allocate} times as much, putting one back in front {drop} and at the "
    "end {keep} times.",
    records=["cost-vllm"], tier="cpu", figure="cost.svg",
    holds_if="each of the three costs less than twice as much",
)
def list_cost_flat(run):
    values = {op: growth(run, op) for op in ("allocate", "drop", "keep")}
    cheap = max(value["value"] for value in values.values()) < 2
    return {**values, "small": exact(sizes(run)[0]), "large": exact(sizes(run)[-1])}, cheap


@book.claim(
    id="map-cost-grows",
    title="What the memory of a large pool costs",
    sentence="In the same pools evicting a block costs {evict} times as much in the largest as in the smallest, looking a hash up {lookup}, entering one {enter}, and "
    "touching a block at random {touch} times.",
    records=["cost-vllm"], tier="cpu",
    holds_if="none costs more than 16 times as much, in pools a thousand times as large",
)
def map_cost_grows(run):
    values = {op: growth(run, op) for op in ("evict", "lookup", "enter", "touch")}
    return values, max(value["value"] for value in values.values()) < 16 and sizes(run)[-1] >= 1000 * sizes(run)[0]


@book.claim(
    id="hash-dearest",
    title="Hashing a block costs more than handing out one without a hash",
    sentence="Computing the hash of a full block takes {hash}, taking a block without a hash from the queue {take}, and giving one with a hash back {keep}, in a pool of "
    "{pool} blocks. In one of {largest} taking a block that loses its hash takes {evict}. For a prompt of {prompt} tokens the hashes take {whole}.",
    records=["cost-vllm"], tier="cpu",
    holds_if="the hash's interval lies above those of taking and giving back, added up",
)
def hash_dearest(run):
    *_, pool, largest = sizes(run)
    places = {"hash": ("hash", 0), "take": ("allocate", pool), "keep": ("keep", pool), "evict": ("evict", largest)}
    series = {name: np.array(cost(run, *place)) / 1e3 for name, place in places.items()}
    values = {name: median_of(each, "us") for name, each in series.items()}
    prompt = run.data["workload"]["prompt"]
    values["whole"] = median_of(series["hash"] * prompt / 16 / 1e3, "ms")
    values |= {"pool": exact(pool), "largest": exact(largest), "prompt": exact(prompt)}
    return values, values["hash"]["ci"][0] > values["take"]["ci"][1] + values["keep"]["ci"][1]


# %% [markdown]
# ## Memory against throughput
#
# Servers that differ in their KV pool, one with the largest pool and at most 32 running requests, one with blocks of 128. The load is the same for
# all and is sent at once. On a card that does not hold them together they stand in fleets, each with the largest pool in it; a
# ratio is always one of its own fleet.


# %%
def fleet_of(server):
    """The fleet in which a server stood; of the reference, which stood in all, the first."""
    found = sorted((book.base / "records" / "03").glob(f"pool-f*-{server}.json"))
    return found[0].name.split("-")[1] if found else FLEETS[0]


def last_fleet():
    """The fleet in which the reference got the load twice a round."""
    found = sorted((book.base / "records" / "03").glob(f"pool-f*-{REFERENCE}.json"))
    return found[-1].name.split("-")[1] if found else FLEETS[0]


def place(server, fleet=None):
    return f"pool-{fleet or fleet_of(server)}-{server}"


def with_reference(*servers):
    """Measurements of these servers and of the reference beside each, every one once."""
    return list(dict.fromkeys(name for server in servers for fleet in [fleet_of(server)]
                              for name in (place(server, fleet), place(REFERENCE, fleet))))


def by_name(runs):
    return {run.data["measurement"]: run for run in runs}


def beside(runs, server, name="throughput"):
    """A server's median over the reference's in the same fleet."""
    fleet = fleet_of(server)
    return bootstrap.by_round(quotient, [runs[place(each, fleet)].values(name) for each in (server, REFERENCE)], "1")


def across(runs, above, below, name="throughput"):
    """A ratio of two servers: within a fleet where they share one, else of their ratios to the reference, each of its own."""
    if fleet_of(above) == fleet_of(below) or REFERENCE in (above, below):
        fleet = fleet_of(below if above == REFERENCE else above)
        return bootstrap.by_round(quotient, [runs[place(each, fleet)].values(name) for each in (above, below)], "1")
    tables = [np.array([runs[place(each, fleet_of(server))].values(name) for each in (server, REFERENCE)])
              for server in (above, below)]

    def statistic(*chosen):
        ratios = [quotient(*table[:, rounds.astype(int)]) for table, rounds in zip(tables, chosen, strict=True)]
        return ratios[0] / ratios[1]

    return bootstrap.of(statistic, [np.arange(table.shape[1]) for table in tables], "1")


SWEEP = [f"kv-{pool}" for pool in POOLS]


def largest(run):
    """Requests that the pool holds at their full length."""
    what = run.data["workload"]
    return run.values("pool")[0] // 16 // -(-(what["prompt_tokens"] + what["output_tokens"]) // 16)


@book.figure("memory.svg", size=(4.4, 5.4))
def memory_figure(figure, axes):
    axes.remove()
    upper, lower = figure.subplots(2, 1, sharex=True)
    runs = by_name(book.record(name) for name in with_reference(*SWEEP))
    found = [runs[place(server)] for server in SWEEP]
    x = [run.values("pool")[0] + 16 for run in found]  # as the servers were started: with the block that is no request's
    for axes, name, unit, label in ((upper, "throughput", "tok/s", "prompt and answer tokens a second"), (lower, "running", "count", "count")):
        each = [median_of(run.values(name), unit) for run in found]
        y = np.array([value["value"] for value in each])
        error = np.abs(np.array([value["ci"] for value in each]).T - y)
        axes.errorbar(x, y, error, fmt="o-", markersize=5, linewidth=1, color=colour("vllm"),
                      label="measured" if name == "throughput" else "most requests at once")
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
    one = runs[place(SWEEP[0])]
    pace = np.median(one.values("throughput"))
    upper.plot(x, [pace * size / x[0] for size in x], color=colour("floor"), linestyle="--", label="in proportion to the pool")
    upper.set_ylim(top=1.25 * max(np.median(run.values("throughput")) for run in found))
    lower.plot(x, [min(largest(run), run.data["workload"]["requests"]) for run in found], color=colour("floor"), linestyle="--",
               label="as many of the load as fit at full length")
    lower.plot(x, [np.median(run.values("preemptions")) for run in found], "s-", markersize=4, linewidth=1, color=colour("accent"),
               label="pre-emptions")
    for axes in (upper, lower):
        axes.set_xscale("log", base=2)
        axes.set_xticks(x, [f"{int(size):,}" for size in x], fontsize=8)
        axes.minorticks_off()
        axes.legend(fontsize=8)
    lower.set_xlabel("KV pool, tokens")


@book.claim(
    id="memory-throughput",
    title="What each doubling of the pool buys",
    sentence="From {t6k}, prompts counted, with a pool of 6,144 tokens, twice the pool gives {x12k} times the throughput, twice that {x24k} times, and the last doubling, to 49,152, {x48k} times.",
    records=with_reference(*SWEEP), tier="gpu", figure="memory.svg",
    holds_if="the first gives at least 1.5 times, each next one less than the one before, and the last less than 1.3 times",
)
def memory_throughput(*found):
    runs = by_name(found)
    values = {f"x{pool}": across(runs, f"kv-{pool}", f"kv-{less}") for less, pool in zip(POOLS, POOLS[1:], strict=False)}
    gains = [values[f"x{pool}"]["value"] for pool in POOLS[1:]]
    values["t6k"] = median_of(runs[place("kv-6k")].values("throughput"), "tok/s")
    return values, gains[0] >= 1.5 and gains[0] > gains[1] > gains[2] and gains[2] < 1.3


@book.claim(
    id="running-over-room",
    title="More run than fit",
    sentence="At most {r6k} requests run at once in the pool of 6,144 tokens, {r12k} and {r24k} in the next two, where {f6k}, {f12k} and {f24k} fit at their full length; in "
    "the largest {r48k}, all there are.",
    records=[place(server) for server in SWEEP], tier="gpu", figure="memory.svg",
    holds_if="in each of the three smaller pools more run at once than fit at full length, and in the largest all",
)
def running_over_room(*found):
    values, over = {}, []
    for pool, run in zip(POOLS, found, strict=True):
        values[f"r{pool}"] = median_of(run.values("running"), "count")
        if pool != POOLS[-1]:
            values[f"f{pool}"] = exact(int(largest(run)))
            over.append(values[f"r{pool}"]["ci"][0] > largest(run))
    return values, all(over) and values[f"r{POOLS[-1]}"]["value"] == found[-1].data["workload"]["requests"]


@book.claim(
    id="preemptions-by-pool",
    title="Pre-emptions end where all fits",
    sentence="One run of the load pre-empts {p6k} times in the smallest pool, {p12k} and {p24k} times in the next two, and {p48k} in the largest. The load has {requests} requests.",
    records=[place(server) for server in SWEEP], tier="gpu",
    holds_if="there are some in each of the three smaller pools and none in the largest",
)
def preemptions_by_pool(*found):
    values = {f"p{pool}": median_of(run.values("preemptions"), "count") for pool, run in zip(POOLS, found, strict=True)}
    some = min(values[f"p{pool}"]["ci"][0] for pool in POOLS[:-1]) > 0
    values["requests"] = exact(found[0].data["workload"]["requests"])
    return values, some and max(found[-1].values("preemptions")) == 0


def best(runs, probe):
    return max(max(run.probes[probe]) for run in runs)


def prefill_s(run, runs):
    """Seconds that the load's prompts take at the card's best matrix rate, each computed once."""
    what = run.data["workload"]
    return what["requests"] * floor_ms(prefill_flop(SHAPE, what["prompt_tokens"]), best(runs, "matmul")) / 1e3


def reading_s(run, runs):
    """Seconds, a value a run of the load: weights once a step, and for each decoded token all keys and values behind it,
    at the best copy rate."""
    what = run.data["workload"]
    behind = sum(what["prompt_tokens"] + k for k in range(1, what["output_tokens"]))
    cache = what["requests"] * kv_bytes(SHAPE, behind)
    return (np.array(run.values("steps")) * weight_bytes(SHAPE) + cache) / (best(runs, "copy") * 1e9)


@book.claim(
    id="what-binds",
    title="What binds when memory does not",
    sentence="The least that computing the prompts could take is {prompts_large} of the time in the largest pool, and the least for reading weights and cache {reading_large}; in the smallest "
    "{prompts_small} and {reading_small}. The load takes {steps_large} steps in the one and {steps_small} in the other, of {step_large} and {step_small} each.",
    records=[place("kv-6k"), place(REFERENCE)], tier="gpu",
    holds_if="the prompts' share is at least a quarter in the largest pool, and at least twice that in the smallest",
)
def what_binds(*runs):
    values = {}
    for name, run in zip(("small", "large"), runs, strict=True):
        wall, steps = np.array(run.values("wall")), np.array(run.values("steps"))
        values[f"prompts_{name}"] = median_of(100 * prefill_s(run, runs) / wall, "%")
        values[f"reading_{name}"] = median_of(100 * reading_s(run, runs) / wall, "%")
        values[f"rest_{name}"] = median_of(100 - 100 * (prefill_s(run, runs) + reading_s(run, runs)) / wall, "%")
        values[f"steps_{name}"] = median_of(steps, "count")
        values[f"step_{name}"] = median_of(1e3 * wall / steps, "ms")
    large = values["prompts_large"]["ci"][0]
    return values, large >= 25 and large >= 2 * values["prompts_small"]["ci"][1]


@book.claim(
    id="places-bind",
    title="A low limit on running requests wastes a large pool",
    sentence="With the largest pool and running requests limited to 32 (--max-num-seqs) at most {running} run, and at most {used} of the pool is in use. The throughput is {ratio} times that "
    "with the default limit.",
    records=with_reference("kv-48k-seqs"), tier="gpu",
    holds_if="at most 32 run, less than half of the pool is in use, and the ratio's interval lies below 0.9",
)
def places_bind(*found):
    runs = by_name(found)
    run = runs[place("kv-48k-seqs")]
    values = {
        "running": exact(int(max(run.values("running")))), "ratio": beside(runs, "kv-48k-seqs"),
        "used": median_of(100 * np.array(run.values("kv_used")) / run.values("pool")[0], "%"),
    }
    return values, values["running"]["value"] <= 32 and values["used"]["ci"][1] < 50 and values["ratio"]["ci"][1] < 0.9


def held(run):
    """The share of reserved slots without a token, %, a value a run: the mean over its readings."""
    reserved, written = (np.array(run.values(name)) for name in ("reserved", "written"))
    begin, found = 0, []
    for count in (int(n) for n in run.values("readings")):
        some = slice(begin, begin + count)
        found.append(100 * np.mean(1 - written[some] / reserved[some]))
        begin += count
    return np.array(found)


@book.claim(
    id="waste-on-the-server",
    title="What a running server holds and does not use",
    sentence="While all of {requests} requests decode, {b16} of the slots in the server's blocks in use hold no token with blocks of 16, and {b128} with blocks of 128.",
    records=["held-kv-12k", "held-kv-12k-block128"], tier="gpu",
    holds_if="the first interval lies below 4% and the second above 10%",
)
def waste_on_the_server(small, large):
    values = {name: median_of(held(run), "%") for name, run in (("b16", small), ("b128", large))}
    values["requests"] = exact(small.data["workload"]["requests"])
    return values, values["b16"]["ci"][1] < 4 and values["b128"]["ci"][0] > 10


@book.claim(
    id="large-blocks",
    title="Blocks of 128 in the same memory",
    sentence="With blocks of 128 in place of 16 the server with 12,288 tokens of pool has {ratio} times the throughput, and at most {running} requests run at once in place of {usual}.",
    records=list(dict.fromkeys([place("kv-12k"), place("kv-12k-block128"), *with_reference("kv-12k", "kv-12k-block128")])), tier="gpu",
    holds_if="the ratio's interval lies below 1",
)
def large_blocks(*found):
    runs = by_name(found)
    values = {
        "ratio": across(runs, "kv-12k-block128", "kv-12k"),
        "running": median_of(runs[place("kv-12k-block128")].values("running"), "count"),
        "usual": median_of(runs[place("kv-12k")].values("running"), "count"),
    }
    return values, values["ratio"]["ci"][1] < 1


@book.claim(
    id="pool-again",
    title="The same server against itself",
    sentence="Given the load twice in a round, the server with the largest pool has {ratio} times its own throughput.",
    records=["again-kv-48k", place(REFERENCE, last_fleet())], tier="gpu",
    holds_if="the interval lies within 3% of 1",
)
def pool_again(again, run):
    fleet_runs = [again.values("throughput"), run.values("throughput")]
    ratio = bootstrap.by_round(quotient, fleet_runs, "1", 4)
    return {"ratio": ratio}, ratio["ci"][0] > 0.97 and ratio["ci"][1] < 1.03


EVERY = list(dict.fromkeys([*with_reference(*SWEEP, "kv-48k-seqs", "kv-12k-block128"), "again-kv-48k", "held-kv-12k", "held-kv-12k-block128"]))


@book.claim(
    id="suite-time-03",
    title="How long the suite held the card",
    sentence="From the card's probes to the last measurement, start-up included, the GPU tier of this experiment took {minutes} minutes.",
    records=EVERY, tier="gpu",
    holds_if="it is at most 18 minutes",
)
def suite_time_03(*runs):
    minutes = bootstrap.value(sittings.minutes(runs), "1", 3)
    return {"minutes": minutes}, minutes["value"] <= 18


# %%
book.finish()
print(json.dumps({claim["id"]: claim["holds"] for claim in book.claims}, indent=1))
