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
# # Experiment 07: output held to a schema
#
# The grammar backends that vLLM 0.32.0 and SGLang 0.5.21 ship are given the same five schemas and a document for each:
# what their masks leave, what a jump could skip, and what a request and a step pay. Who calls jump-forward decoding is
# read from every syntax tree of both packages, and from a recorded request. A small model's answers to two hundred
# questions, with and without the schema, are checked for both engines.
#
# On a GPU: the time per output token with and without a schema, for 1 to 128 requests, and, for the page of famous numbers, what CUDA
# graphs and compilation are worth.

# %%
import json

import jsonschema
import numpy as np

from experiments.lab.analysis import card_time as sittings, intervals as bootstrap
from experiments.lab.analysis.claim_book import Book
from experiments.lab.analysis.draw_figures import colour

book = Book("07")
SCHEMAS = {"flat": "twelve fields", "nested": "three deep", "enums": "24 choices", "recursive": "a tree", "openapi": "OpenAI's answer"}
BACKENDS = {("vllm", "xgrammar"): "xgrammar, vLLM", ("sglang", "xgrammar"): "xgrammar, SGLang",
            ("vllm", "guidance"): "llguidance, vLLM", ("sglang", "llguidance"): "llguidance, SGLang",
            ("vllm", "outlines"): "outlines, vLLM", ("sglang", "outlines"): "outlines, SGLang"}
TONES = {"xgrammar": "accent", "guidance": "6", "llguidance": "6", "outlines": "7"}
COSTS = ["cost-cpu-vllm", "cost-cpu-sglang"]


# %% [markdown]
# ## What a jump could skip
#
# Jump-forward decoding writes text that must come without asking the model. SGLang still has the function that says which
# text that is; here it is asked at every position of a document. A token counts that lies whole within such a text.


# %%
def jumpable(run, schema, backend):
    """% of a document's tokens that lie in text that must come."""
    total = run.values("tokens", schema=schema, backend=backend)[0]
    return 100 * run.values("jumpable", schema=schema, backend=backend)[0] / total


@book.figure("jumps.svg", size=(4.4, 2.9))
def jumps_figure(_, axes):
    run, y = book.record("walk-sglang"), np.arange(len(SCHEMAS))[::-1]
    for shift, backend, tone, label in ((0.2, "xgrammar", "sglang", "blanks allowed, the default"),
                                        (-0.2, "xgrammar-compact", "floor", "blanks fixed")):
        axes.barh(y + shift, [jumpable(run, schema, backend) for schema in SCHEMAS], 0.38, color=colour(tone), label=label)
    axes.set_yticks(y, SCHEMAS.values(), fontsize=8)
    axes.set_xlim(0, 100)
    axes.set_xlabel("tokens that must come, % of the document")
    axes.set_ylabel("schema")
    axes.legend(fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.4, 1.0))
    axes.grid(axis="y", visible=False)


@book.claim(
    id="jump-coverage",
    title="What a jump could still skip",
    sentence="Of the document of 24 choices {enums} of the tokens lie in text that must come, of the flat object's {flat}, of "
    "OpenAI's answer {openapi}. With blanks fixed it is {enums_fixed}, {flat_fixed} and {openapi_fixed}.",
    records=["walk-sglang"], tier="cpu", figure="jumps.svg",
    holds_if="fixing the blanks at least doubles it in every schema but that of choices, and raises it there",
)
def jump_coverage(run):
    values = {}
    for schema in ("enums", "flat", "openapi"):
        values[schema] = bootstrap.value(jumpable(run, schema, "xgrammar"), "%")
        values[f"{schema}_fixed"] = bootstrap.value(jumpable(run, schema, "xgrammar-compact"), "%")
    times = {schema: jumpable(run, schema, "xgrammar-compact") / jumpable(run, schema, "xgrammar") for schema in SCHEMAS}
    return values, min(times[schema] for schema in SCHEMAS if schema != "enums") >= 2 and times["enums"] > 1


@book.claim(
    id="mask-forces",
    title="One text, several ways to write it",
    sentence="In the document of 24 choices the mask of xgrammar leaves a single token at {xgrammar} of {tokens} positions, that "
    "of llguidance at {llguidance}: as many as the tokens that must come, {jumpable}.",
    records=["walk-sglang"], tier="cpu",
    holds_if="llguidance's mask leaves one token at as many positions as there are tokens that must come, and xgrammar's at fewer",
)
def mask_forces(run):
    values = {
        "tokens": bootstrap.value(run.values("tokens", schema="enums", backend="xgrammar")[0], "1"),
        "xgrammar": bootstrap.value(run.values("forced", schema="enums", backend="xgrammar")[0], "1"),
        "llguidance": bootstrap.value(run.values("forced", schema="enums", backend="llguidance")[0], "1"),
        "jumpable": bootstrap.value(run.values("jumpable", schema="enums", backend="xgrammar")[0], "1"),
    }
    return values, values["xgrammar"]["value"] < values["llguidance"]["value"] == values["jumpable"]["value"]


# %% [markdown]
# ## Who jumps
#
# Every Python file of both packages, parsed; calls by name, and strings equal to a name, since one could be called by such.

# %%
JUMPS = ("try_jump_forward", "jump_forward_str_state", "jump_and_retokenize")


@book.claim(
    id="nobody-jumps",
    title="Jump-forward has no caller",
    sentence="SGLang defines {functions} functions of jump-forward decoding on {classes} classes each; outside of functions of "
    "that name they are called {calls} times in {files} files, and {strings} strings name them. vLLM defines {vllm}.",
    records=["calls-sglang", "calls-vllm"], tier="cpu",
    holds_if="SGLang defines them, and nothing in either package calls them",
)
def nobody_jumps(sglang, vllm):
    def total(run, where):
        return sum(run.values(where, function=name)[0] for name in JUMPS)

    values = {
        "functions": bootstrap.value(len(JUMPS), "1"),
        "classes": bootstrap.value(sglang.values("defined", function=JUMPS[0])[0], "1"),
        "calls": bootstrap.value(total(sglang, "outside"), "1"),
        "files": bootstrap.value(sglang.data["workload"]["files"], "1", 4),
        "strings": bootstrap.value(total(sglang, "strings"), "1"),
        "vllm": bootstrap.value(total(vllm, "defined"), "1"),
    }
    none = total(sglang, "outside") == total(sglang, "strings") == total(vllm, "outside") == total(vllm, "strings") == 0
    return values, none and values["classes"]["value"] > 0


@book.claim(
    id="no-jump-recorded",
    title="A recorded request enters no jump",
    sentence="While one request held to a schema was served, {sglang} functions of SGLang's constrained decoding were entered and "
    "{vllm} of vLLM's. {jumps} functions with a jump in their name were entered in either engine.",
    records=["path-sglang-gpu", "path-vllm-gpu"], tier="gpu",
    holds_if="both entered some, and no function of the whole engine with a jump in its name",
)
def no_jump_recorded(sglang, vllm):
    def entered(run, package):
        rows = zip(run.columns["symbol"], run.columns["phase"], strict=True)
        return {symbol for symbol, phase in rows if phase == "request" and symbol.startswith(package)}

    ours = entered(sglang, "python/sglang/srt/constrained/"), entered(vllm, "vllm/v1/structured_output/")
    jumps = [symbol for some in (entered(sglang, ""), entered(vllm, "")) for symbol in some if "jump" in symbol.lower()]
    values = {"sglang": bootstrap.value(len(ours[0]), "1"), "vllm": bootstrap.value(len(ours[1]), "1"),
              "jumps": bootstrap.value(len(jumps), "1")}
    return values, bool(ours[0]) and bool(ours[1]) and not jumps


# %% [markdown]
# ## What a schema costs before the first token, and at each token
#
# The engines' own backend classes, on one machine of two cores, for a vocabulary of 151,936. A grammar is compiled in a
# backend made for it; a document is walked token by token.


# %%
def us(run, op, schema, backend):
    """A value a round, in microseconds."""
    return np.array(run.values("cost", op=op, schema=schema, backend=backend))


def drawn(op):
    """[(label, tone, mark, medians by schema or None)] of each backend of each engine."""
    found = []
    for (engine, backend), label in BACKENDS.items():
        run = book.record(f"cost-cpu-{engine}")
        medians = [float(np.median(us(run, op, s, backend))) if run.series("cost", op=op, schema=s, backend=backend) else None
                   for s in SCHEMAS]
        found.append((label, TONES[backend], "o" if engine == "vllm" else "s", medians))
    return found


def dots(axes, op, scale, unit):
    y = np.arange(len(SCHEMAS))[::-1]
    for index, (label, tone, mark, medians) in enumerate(drawn(op)):
        at = [(value / scale, row) for value, row in zip(medians, y, strict=True) if value is not None]
        axes.plot([value for value, _ in at], [row + 0.25 - 0.1 * index for _, row in at], mark, color=colour(tone),
                  markersize=5, markerfacecolor=colour(tone) if mark == "o" else "none", label=label)
    axes.set_xscale("log")
    axes.set_yticks(y, SCHEMAS.values(), fontsize=8)
    axes.set_xlabel(unit)
    axes.set_ylabel("schema")
    axes.grid(axis="y", visible=False)


@book.figure("compile.svg", size=(4.4, 3.6))
def compile_figure(_, axes):
    dots(axes, "compile", 1000, "ms to compile, logarithmic")
    axes.legend(fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.4, 1.0))


@book.figure("fill.svg", size=(4.4, 3.6))
def fill_figure(_, axes):
    dots(axes, "fill", 1, "µs to fill one request's mask, logarithmic")
    axes.legend(fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.4, 1.0))


@book.claim(
    id="compile-cost",
    title="What a new schema costs",
    sentence="To compile OpenAI's answer xgrammar takes {xgrammar} in vLLM and {xgrammar_sglang} in SGLang, llguidance {guidance} and "
    "{llguidance}. For the flat object xgrammar takes {flat} and {flat_sglang}, llguidance {flat_guidance} and {flat_llguidance}, Outlines "
    "{outlines_vllm} and {outlines_flat}.",
    records=COSTS, tier="cpu", figure="compile.svg",
    holds_if="in both engines xgrammar takes more than 50 times llguidance's time for OpenAI's answer",
)
def compile_cost(vllm, sglang):
    def ms(run, schema, backend):
        return bootstrap.median(us(run, "compile", schema, backend) / 1000, "ms")

    values = {
        "xgrammar": ms(vllm, "openapi", "xgrammar"), "xgrammar_sglang": ms(sglang, "openapi", "xgrammar"),
        "guidance": ms(vllm, "openapi", "guidance"), "llguidance": ms(sglang, "openapi", "llguidance"),
        "flat": ms(vllm, "flat", "xgrammar"), "flat_sglang": ms(sglang, "flat", "xgrammar"),
        "flat_guidance": ms(vllm, "flat", "guidance"), "flat_llguidance": ms(sglang, "flat", "llguidance"),
        "outlines_flat": ms(sglang, "flat", "outlines"), "outlines_vllm": ms(vllm, "flat", "outlines"),
    }
    times = (values["xgrammar"]["value"] / values["guidance"]["value"],
             values["xgrammar_sglang"]["value"] / values["llguidance"]["value"])
    return values, min(times) > 50


@book.claim(
    id="cache-of-grammars",
    title="The same schema once more",
    sentence="Asked for OpenAI's answer again, SGLang copies its grammar in {sglang} with xgrammar and {llguidance} with llguidance; vLLM "
    "asks xgrammar's own cache, {vllm}, and compiles again with llguidance, {guidance}, and {flat_again} for the flat object. A text that differs in its blanks misses in both: "
    "{respaced} with xgrammar in SGLang and {respaced_vllm} in vLLM, {respaced_llguidance} with llguidance in SGLang.",
    records=COSTS, tier="cpu",
    holds_if="in SGLang both backends take less than a twentieth of the respaced schema's time, and vLLM's llguidance over a quarter of "
    "its first",
)
def cache_of_grammars(vllm, sglang):
    def one(run, op, backend):
        long = op == "respaced" or backend == "guidance"
        return bootstrap.median(us(run, op, "openapi", backend) / (1000 if long else 1), "ms" if long else "us")

    values = {
        "sglang": one(sglang, "again", "xgrammar"), "llguidance": one(sglang, "again", "llguidance"),
        "vllm": one(vllm, "again", "xgrammar"), "guidance": one(vllm, "again", "guidance"),
        "flat_again": bootstrap.median(us(vllm, "again", "flat", "guidance") / 1000, "ms"),
        "respaced": one(sglang, "respaced", "xgrammar"), "respaced_vllm": one(vllm, "respaced", "xgrammar"),
        "respaced_llguidance": one(sglang, "respaced", "llguidance"),
    }
    first = one(vllm, "compile", "guidance")["value"]
    copies = values["sglang"]["value"] < 50 * values["respaced"]["value"]  # us against ms: a twentieth
    return values, bool(copies and values["llguidance"]["value"] < 50 * values["respaced_llguidance"]["value"]
                        and values["guidance"]["value"] > first / 4)


@book.claim(
    id="backend-made",
    title="What a library's backend costs once",
    sentence="To make xgrammar's backend for a vocabulary of 151,936 takes {xgrammar} in vLLM and {sglang} in SGLang, llguidance's {guidance} and {llguidance}.",
    records=COSTS, tier="cpu",
    holds_if="in vLLM it takes xgrammar over five times as long as to compile the flat object",
)
def backend_made(vllm, sglang):
    def ms(run, backend):
        return bootstrap.median(us(run, "make", "flat", backend) / 1000, "ms")

    values = {"xgrammar": ms(vllm, "xgrammar"), "sglang": ms(sglang, "xgrammar"),
              "guidance": ms(vllm, "guidance"), "llguidance": ms(sglang, "llguidance")}
    return values, bool(values["xgrammar"]["value"] > 5 * np.median(us(vllm, "compile", "flat", "xgrammar")) / 1000)


@book.claim(
    id="front-end-check",
    title="vLLM's front end translates a schema for every request",
    sentence="Before a request leaves vLLM's front end its schema is checked for the backend, each time: {xgrammar} for OpenAI's "
    "answer with xgrammar, {guidance} with llguidance, {outlines} with Outlines; {flat} for the flat object with xgrammar.",
    records=["cost-cpu-vllm"], tier="cpu",
    holds_if="with xgrammar the check of OpenAI's answer takes over five times the look-up in xgrammar's cache",
)
def front_end_check(vllm):
    values = {
        backend: bootstrap.median(us(vllm, "check", "openapi", backend) / 1000, "ms")
        for backend in ("xgrammar", "guidance", "outlines")
    }
    values["flat"] = bootstrap.median(us(vllm, "check", "flat", "xgrammar") / 1000, "ms")
    return values, bool(values["xgrammar"]["value"] * 1000 > 5 * np.median(us(vllm, "again", "openapi", "xgrammar")))


@book.claim(
    id="mask-cost",
    title="What a mask costs",
    sentence="A mask takes xgrammar {enums} in the object of choices and {flat} in the flat object, mostly strings, in vLLM, {enums_sglang} and "
    "{flat_sglang} in SGLang. llguidance takes {guidance_enums} and {guidance} in vLLM, {llguidance_enums} and {llguidance} in SGLang. "
    "Outlines takes {outlines_vllm} for the flat object in vLLM and {outlines} in SGLang.",
    records=COSTS, tier="cpu", figure="fill.svg",
    holds_if="xgrammar and llguidance stay below half a millisecond in every schema and engine, and for the flat object SGLang's Outlines is over ten times vLLM's",
)
def mask_cost(vllm, sglang):
    values = {
        "enums": bootstrap.median(us(vllm, "fill", "enums", "xgrammar"), "us"),
        "flat": bootstrap.median(us(vllm, "fill", "flat", "xgrammar"), "us"),
        "guidance_enums": bootstrap.median(us(vllm, "fill", "enums", "guidance"), "us"),
        "guidance": bootstrap.median(us(vllm, "fill", "flat", "guidance"), "us"),
        "enums_sglang": bootstrap.median(us(sglang, "fill", "enums", "xgrammar"), "us"),
        "flat_sglang": bootstrap.median(us(sglang, "fill", "flat", "xgrammar"), "us"),
        "llguidance_enums": bootstrap.median(us(sglang, "fill", "enums", "llguidance"), "us"),
        "llguidance": bootstrap.median(us(sglang, "fill", "flat", "llguidance"), "us"),
        "outlines": bootstrap.median(us(sglang, "fill", "flat", "outlines"), "us"),
        "outlines_vllm": bootstrap.median(us(vllm, "fill", "flat", "outlines"), "us"),
    }
    most = max(float(np.median(us(run, "fill", schema, backend)))
               for run, backends in ((vllm, ("xgrammar", "guidance")), (sglang, ("xgrammar", "llguidance")))
               for backend in backends for schema in SCHEMAS)
    return values, most < 500 and values["outlines"]["value"] > 10 * values["outlines_vllm"]["value"]


@book.claim(
    id="rows-of-a-batch",
    title="The masks of a batch",
    sentence="The masks of 128 requests held to the flat object take xgrammar {vllm} in vLLM and {sglang} in SGLang, {vllm_times} and {sglang_times} times "
    "those of 32; llguidance {guidance} and {llguidance}. Held to the choices it is {vllm_enums} and {sglang_enums}, llguidance {guidance_enums} "
    "and {llguidance_enums}.",
    records=COSTS, tier="cpu",
    holds_if="with xgrammar they take at least three times those of 32 in both engines, and llguidance takes less in SGLang than in vLLM",
)
def rows_of_a_batch(vllm, sglang):
    def rows(run, backend, requests, schema="flat"):
        return np.array(run.values("rows", schema=schema, backend=backend, requests=requests)) / 1000

    values = {}
    for name, run in (("vllm", vllm), ("sglang", sglang)):
        values[name] = bootstrap.median(rows(run, "xgrammar", 128), "ms")
        # Against one row the first measurement came to anything from 14 to 60 times: a row alone is mostly cold memory.
        values[f"{name}_times"] = bootstrap.ratio(rows(run, "xgrammar", 128), rows(run, "xgrammar", 32))
    values["guidance"] = bootstrap.median(rows(vllm, "guidance", 128), "ms")
    values["llguidance"] = bootstrap.median(rows(sglang, "llguidance", 128), "ms")
    for name, run, backend in (("vllm", vllm, "xgrammar"), ("sglang", sglang, "xgrammar"), ("guidance", vllm, "guidance"),
                               ("llguidance", sglang, "llguidance")):
        values[f"{name}_enums"] = bootstrap.median(rows(run, backend, 128, "enums"), "ms")
    slow = min(values["vllm_times"]["value"], values["sglang_times"]["value"]) >= 3
    less = all(values[f"llguidance{which}"]["value"] < values[f"guidance{which}"]["value"] for which in ("", "_enums"))
    return values, slow and less


@book.claim(
    id="accept-cost",
    title="What it costs to advance",
    sentence="For the document of 24 choices xgrammar takes {fill} a mask and {accept} to advance by a token, in vLLM; in SGLang {fill_sglang} and "
    "{accept_sglang}. llguidance takes {accept_guidance} to advance in vLLM, and Outlines {accept_outlines} in the flat object.",
    records=COSTS, tier="cpu",
    holds_if="in both engines xgrammar takes over a fifth of this mask's time to advance, and vLLM's Outlines over twice its mask's time in the flat object",
)
def accept_cost(vllm, sglang):
    values = {
        "fill": bootstrap.median(us(vllm, "fill", "enums", "xgrammar"), "us"),
        "accept": bootstrap.median(us(vllm, "accept", "enums", "xgrammar"), "us"),
        "fill_sglang": bootstrap.median(us(sglang, "fill", "enums", "xgrammar"), "us"),
        "accept_sglang": bootstrap.median(us(sglang, "accept", "enums", "xgrammar"), "us"),
        "accept_guidance": bootstrap.median(us(vllm, "accept", "enums", "guidance"), "us"),
        "accept_outlines": bootstrap.median(us(vllm, "accept", "flat", "outlines"), "us"),
    }
    part = all(5 * values[f"accept{where}"]["value"] > values[f"fill{where}"]["value"] for where in ("", "_sglang"))
    return values, part and bool(values["accept_outlines"]["value"] > 2 * np.median(us(vllm, "fill", "flat", "outlines")))


@book.claim(
    id="schema-refused",
    title="Who refuses OpenAI's answer",
    sentence="Of {backends} backends that were tried, three an engine, {refused} refuses one of the five schemas: SGLang's Outlines, OpenAI's answer.",
    records=["walk-vllm", "walk-sglang"], tier="cpu",
    holds_if="that one is the only refusal",
)
def schema_refused(vllm, sglang):
    refused = [(run.data["engine"]["name"], each["labels"]["backend"], each["labels"]["schema"])
               for run in (vllm, sglang) for each in run.series("refused")]
    values = {"backends": bootstrap.value(len(BACKENDS), "1"), "refused": bootstrap.value(len(refused), "1")}
    return values, refused == [("sglang", "outlines", "openapi")]


# %% [markdown]
# ## What it does to the time per output token
#
# The shape of Qwen3-8B with Qwen's vocabulary, on a GPU. So many requests at once, of 32 tokens in and 32 out, with and without
# the flat object's schema; TPOT is the median over the requests of a visit. *Again* is the load without a schema once more.
# Two fleets on one host have both engines' defaults in them; the second has both with llguidance besides, and the figure shows that one.

# %%
SIZES = (1, 8, 32, 128)
PACE = {"vLLM, xgrammar": ("pace-f2-vllm-default", "vllm", "o", "-"), "SGLang, xgrammar": ("pace-f2-sglang-default", "sglang", "s", "-"),
        "vLLM, llguidance": ("pace-f2-vllm-guidance", "vllm", "o", ":"), "SGLang, llguidance": ("pace-f2-sglang-llguidance", "sglang", "s", ":")}


def paced(run, what, size, schema="none"):
    """ms, a value a round."""
    return run.values(what, concurrency=size, schema=schema)


def over(above, below, unit="1"):
    """median(above) / median(below) of the same rounds."""
    scale = 100 if unit == "%" else 1
    return bootstrap.by_round(lambda a, b: scale * np.median(a) / np.median(b), [above, below], unit)


def bars(found):
    """Values and how far their intervals reach, as matplotlib's errorbar and barh want them."""
    middle = np.array([each["value"] for each in found])
    return middle, np.abs(np.array([each["ci"] for each in found]).T - middle)


def times(run, what, size, above="flat", below="none"):
    return over(paced(run, what, size, above), paced(run, what, size, below))


def later(run, size, below="none"):
    """By how much the first token comes later with a schema, ms."""
    return bootstrap.by_round(lambda a, b: np.median(a) - np.median(b), [paced(run, "ttft", size, each) for each in ("flat", below)], "ms")


@book.figure("tpot-schema.svg", size=(4.4, 3.2))
def tpot_figure(_, axes):
    x = np.arange(len(SIZES))
    for index, (label, (name, tone, mark, line)) in enumerate(PACE.items()):
        middle, spread = bars([times(book.record(name), "tpot", size) for size in SIZES])
        axes.errorbar(x + 0.06 * (index - 1.5), middle, spread, fmt=mark + line, color=colour(tone), markersize=4, capsize=2,
                      markerfacecolor=colour(tone) if line == "-" else "none", label=label)
    axes.axhline(1, color=colour("floor"), linewidth=0.8)
    axes.set_xticks(x, SIZES)
    axes.set_xlabel("requests at once")
    axes.set_ylabel("TPOT with a schema / without")
    axes.legend(fontsize=8, loc="upper left")


@book.claim(
    id="tpot-schema",
    title="Up to 32 requests a schema hardly shows in TPOT",
    sentence="With the flat object's schema vLLM's TPOT is {vllm_1} times that without at 1 request, {vllm_8} at 8, {vllm_32} at 32 and {vllm_128} at 128; "
    "SGLang's {sglang_1}, {sglang_8}, {sglang_32} and {sglang_128}. Without a schema once more it is {vllm_again} times itself at 128 in vLLM and {sglang_again} in SGLang. "
    "In the second fleet vLLM's is {vllm_second} times at 128, SGLang's {sglang_second}. Of the twelve ratios up to 32 requests the largest is {largest}.",
    records=["pace-f1-vllm-default", "pace-f1-sglang-default", "pace-f2-vllm-default", "pace-f2-sglang-default"],
    tier="gpu", figure="tpot-schema.svg",
    holds_if="up to 32 requests every ratio is below 1.05 in both fleets, and at 128 vLLM's is above 1.05 in both",
)
def tpot_schema(vllm, sglang, vllm2, sglang2):
    values = {f"{name}_{size}": times(run, "tpot", size) for name, run in (("vllm", vllm), ("sglang", sglang)) for size in SIZES}
    values |= {f"{name}_again": times(run, "tpot", 128, "again") for name, run in (("vllm", vllm), ("sglang", sglang))}
    values |= {"vllm_second": times(vllm2, "tpot", 128), "sglang_second": times(sglang2, "tpot", 128)}
    low = [times(run, "tpot", size) for run in (vllm, sglang, vllm2, sglang2) for size in SIZES[:3]]
    values["largest"] = max(low, key=lambda each: each["value"])
    return values, values["largest"]["value"] < 1.05 and min(values["vllm_128"]["value"], values["vllm_second"]["value"]) > 1.05


@book.claim(
    id="tpot-library",
    title="The other library at 128 requests",
    sentence="With llguidance the TPOT of 128 requests is {vllm} times that without a schema in vLLM and {sglang} times in SGLang; at 32 it is "
    "{vllm_32} and {sglang_32}. Held, those of 128 take {vllm_ms} and {sglang_ms}; SGLang's without a schema {sglang_free}.",
    records=["pace-f2-vllm-guidance", "pace-f2-sglang-llguidance"], tier="gpu",
    holds_if="at 128 vLLM's interval lies above 1, and SGLang's does not",
)
def tpot_library(vllm, sglang):
    values = {"vllm": times(vllm, "tpot", 128), "sglang": times(sglang, "tpot", 128),
              "vllm_32": times(vllm, "tpot", 32), "sglang_32": times(sglang, "tpot", 32)}
    values |= {"vllm_ms": bootstrap.median(paced(vllm, "tpot", 128, "flat"), "ms"),
               "sglang_ms": bootstrap.median(paced(sglang, "tpot", 128, "flat"), "ms"),
               "sglang_free": bootstrap.median(paced(sglang, "tpot", 128), "ms")}
    return values, values["vllm"]["ci"][0] > 1 >= values["sglang"]["ci"][0]


@book.claim(
    id="tpot-small",
    title="A schema and a small model",
    sentence="With SmolLM2-135M, whose TPOT is {vllm_ms} in vLLM and {sglang_ms} in SGLang at 8 requests, the TPOT with the schema is {vllm_8} and "
    "{sglang_8} times that without at 8, {vllm_32} and {sglang_32} at 32, {vllm_128} and {sglang_128} at 128.",
    records=["pace-f1-small-vllm", "pace-f1-small-sglang"], tier="gpu",
    holds_if="at 8 requests both intervals lie above 1",
)
def tpot_small(vllm, sglang):
    values = {f"{name}_{size}": times(run, "tpot", size) for name, run in (("vllm", vllm), ("sglang", sglang)) for size in SIZES[1:]}
    values |= {f"{name}_ms": bootstrap.median(paced(run, "tpot", 8), "ms") for name, run in (("vllm", vllm), ("sglang", sglang))}
    return values, values["vllm_8"]["ci"][0] > 1 and values["sglang_8"]["ci"][0] > 1


@book.claim(
    id="ttft-schema",
    title="The first token of a schema that came before",
    sentence="Of 32 requests at once, all with a schema compiled before, the median TTFT is {vllm} later than without in vLLM and {sglang} in SGLang; in the "
    "second fleet {vllm_second} and {sglang_second}. At 128 it is {vllm_128} and {sglang_128}, and {vllm_128_second} and {sglang_128_second}. Against the load without a schema once more it is {again} in vLLM's first fleet at 32. vLLM's check of 32 such schemas, one after another, takes {checks} on that host.",
    records=["pace-f1-vllm-default", "pace-f1-sglang-default", "pace-f2-vllm-default", "pace-f2-sglang-default", "cost-host-vllm"], tier="gpu",
    holds_if="at 32 vLLM's interval lies above 0 in both fleets, and SGLang's holds 0 in both",
)
def ttft_schema(vllm, sglang, vllm2, sglang2, cost):
    values = {"vllm": later(vllm, 32), "sglang": later(sglang, 32), "vllm_second": later(vllm2, 32), "sglang_second": later(sglang2, 32),
              "vllm_128": later(vllm, 128), "sglang_128": later(sglang, 128), "vllm_128_second": later(vllm2, 128),
              "sglang_128_second": later(sglang2, 128), "again": later(vllm, 32, "again"),
              "checks": bootstrap.median(32 * us(cost, "check", "flat", "xgrammar") / 1000, "ms")}
    above = all(values[name]["ci"][0] > 0 for name in ("vllm", "vllm_second"))
    return values, above and all(values[name]["ci"][0] <= 0 <= values[name]["ci"][1] for name in ("sglang", "sglang_second"))


@book.claim(
    id="rows-on-host",
    title="The masks of a batch on the card's host",
    sentence="On the card's host the masks of 128 requests held to the flat object take xgrammar {xgrammar} and llguidance {guidance} in vLLM; held to the "
    "choices {xgrammar_enums} and {guidance_enums}. The TPOT of 128 requests without a schema is {step}.",
    records=["cost-host-vllm", "pace-f1-vllm-default"], tier="gpu",
    holds_if="xgrammar takes less than half of that step for the flat object, and llguidance more than half",
)
def rows_on_host(cost, pace):
    def rows(backend, schema):
        return bootstrap.median(np.array(cost.values("rows", schema=schema, backend=backend, requests=128)) / 1000, "ms")

    values = {"xgrammar": rows("xgrammar", "flat"), "guidance": rows("guidance", "flat"), "xgrammar_enums": rows("xgrammar", "enums"),
              "guidance_enums": rows("guidance", "enums"), "step": bootstrap.median(paced(pace, "tpot", 128), "ms")}
    half = values["step"]["value"] / 2
    return values, values["xgrammar"]["value"] < half < values["guidance"]["value"]


@book.claim(
    id="compile-on-host",
    title="A new schema on the card's host",
    sentence="On the card's host, of {cores} cores, vLLM compiles OpenAI's answer in {xgrammar} with xgrammar and in {guidance} with llguidance.",
    records=["cost-host-vllm"], tier="gpu",
    holds_if="xgrammar takes more than 50 times llguidance's time there too",
)
def compile_on_host(cost):
    values = {backend: bootstrap.median(us(cost, "compile", "openapi", backend) / 1000, "ms") for backend in ("xgrammar", "guidance")}
    values["cores"] = bootstrap.value(cost.data["host"]["cores"], "1")
    return values, values["xgrammar"]["value"] > 50 * values["guidance"]["value"]


# %% [markdown]
# ## CUDA graphs and compilation, on against off
#
# For the page of famous numbers: the same load without a schema, at 1 and 32 requests, on servers without graphs, without graphs
# and compilation, with graphs of pieces, and with SGLang's torch.compile, each beside its engine's default in its own fleet.

# %%
GRAPHS = {"vLLM, eager, no graphs": ("f1", "vllm", "vllm-eager"), "vLLM, compiled, no graphs": ("f1", "vllm", "vllm-nograph"),
          "vLLM, graphs of pieces": ("f2", "vllm", "vllm-piecewise"), "SGLang, no graphs": ("f1", "sglang", "sglang-nograph"),
          "SGLang, torch.compile": ("f3", "sglang", "sglang-compile")}


def against_default(varied, default, size, what="tpot"):
    return over(paced(varied, what, size), paced(default, what, size))


@book.figure("graphs.svg", size=(4.4, 3.2))
def graphs_figure(_, axes):
    y = np.arange(len(GRAPHS))[::-1]
    for shift, size, face in ((0.12, 1, True), (-0.12, 32, False)):
        for row, (fleet, engine, name) in zip(y, GRAPHS.values(), strict=True):
            runs = [book.record(f"graphs-{fleet}-{each}") for each in (name, f"{engine}-default")]
            middle, spread = bars([against_default(*runs, size)])
            axes.errorbar(middle, row + shift, xerr=spread, fmt="o", color=colour(engine), markersize=5, capsize=2,
                          markerfacecolor=colour(engine) if face else "none",
                          label=f"{size} request{'s' if size > 1 else ''} at once" if name == "vllm-eager" else None)
    axes.axvline(1, color=colour("floor"), linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xticks([1, 2, 3, 4, 5], ["1", "2", "3", "4", "5"])
    axes.set_xticks([], minor=True)
    axes.set_yticks(y, GRAPHS, fontsize=8)
    axes.set_xlabel("TPOT / the default's, logarithmic", loc="left")
    axes.set_ylabel("server")
    axes.legend(fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.3, 1.0))
    axes.grid(axis="y", visible=False)


@book.claim(
    id="graphs-off",
    title="CUDA graphs and compilation off",
    sentence="Decoding one request of the 8B shape takes vLLM {vllm_none} times the default's TPOT without CUDA graphs and compilation, and {vllm_nograph} times compiled without "
    "graphs; SGLang without graphs {sglang}. At 32 requests it is {vllm_none_32}, {vllm_nograph_32} and {sglang_32}.",
    records=["graphs-f1-vllm-eager", "graphs-f1-vllm-nograph", "graphs-f1-vllm-default", "graphs-f1-sglang-nograph", "graphs-f1-sglang-default"],
    tier="gpu", figure="graphs.svg",
    holds_if="each takes at least twice the default's time, at 1 request and at 32",
)
def graphs_off(eager, nograph, vllm, sgl_nograph, sglang):
    values = {}
    for end, size in (("", 1), ("_32", 32)):
        values[f"vllm_none{end}"] = against_default(eager, vllm, size)
        values[f"vllm_nograph{end}"] = against_default(nograph, vllm, size)
        values[f"sglang{end}"] = against_default(sgl_nograph, sglang, size)
    return values, min(each["value"] for each in values.values()) >= 2


@book.claim(
    id="compile-alone",
    title="Compilation without graphs",
    sentence="Without CUDA graphs, compiled code takes vLLM {one} of the eager TPOT at 1 request and {many} at 32: {eager_ms} and {compiled_ms} at 1.",
    records=["graphs-f1-vllm-eager", "graphs-f1-vllm-nograph"], tier="gpu",
    holds_if="both intervals lie below 100%",
)
def compile_alone(eager, nograph):
    def share(size):
        return over(paced(nograph, "tpot", size), paced(eager, "tpot", size), "%")

    values = {"one": share(1), "many": share(32), "eager_ms": bootstrap.median(paced(eager, "tpot", 1), "ms"),
              "compiled_ms": bootstrap.median(paced(nograph, "tpot", 1), "ms")}
    return values, values["one"]["ci"][1] < 100 and values["many"]["ci"][1] < 100


@book.claim(
    id="graphs-whole",
    title="Whole graphs against pieces",
    sentence="With CUDA graphs of pieces in place of whole ones vLLM's TPOT is {one} times the default's at 1 request and {many} times at 32.",
    records=["graphs-f2-vllm-piecewise", "graphs-f2-vllm-default"], tier="gpu",
    holds_if="both intervals lie above 1",
)
def graphs_whole(pieces, default):
    values = {"one": against_default(pieces, default, 1), "many": against_default(pieces, default, 32)}
    return values, values["one"]["ci"][0] > 1 and values["many"]["ci"][0] > 1


@book.claim(
    id="sglang-compiled",
    title="SGLang with torch.compile",
    sentence="Compiled for one request SGLang's TPOT is {one} times the default's at 1 request; at 32, which is not compiled there, {many} times.",
    records=["graphs-f3-sglang-compile", "graphs-f3-sglang-default"], tier="gpu",
    holds_if="at 1 request the interval lies below 1, and at 32 it holds 1",
)
def sglang_compiled(compiled, default):
    values = {"one": against_default(compiled, default, 1), "many": against_default(compiled, default, 32)}
    return values, values["one"]["ci"][1] < 1 and values["many"]["ci"][0] <= 1 <= values["many"]["ci"][1]


# %% [markdown]
# ## Is it valid?
#
# SmolLM2-135M is asked for an object of twelve fields two hundred times: every second question tells it the keys and types,
# the others show it an object to follow. At temperature 0, at most 256 tokens. Valid is what parses and meets the schema.

# %%
ANSWERS = [f"answers-{held}-small-{engine}" for engine in ("vllm", "sglang") for held in ("free", "held")]
EXAMPLE = {str: "string", bool: "boolean", int: "integer", float: "number"}


def flat_schema(shown):
    """The schema `flat` of the workers, by the document that the record holds."""
    return {"type": "object", "properties": {key: {"type": EXAMPLE[type(value)]} for key, value in shown.items()},
            "required": list(shown), "additionalProperties": False}


def is_valid(text, checker):
    try:
        return checker.is_valid(json.loads(text))
    except ValueError:
        return False


def judged(run):
    """[(kind, whether valid, why it ended)] of the answers."""
    checker = jsonschema.Draft202012Validator(flat_schema(run.data["workload"]["shown"]))
    rows = zip(*(run.columns[key] for key in ("kind", "text", "finish")), strict=True)
    return [(kind, is_valid(text, checker), finish) for kind, text, finish in rows]


def valid(run, kind):
    return bootstrap.proportion([ok for each, ok, _ in judged(run) if each == kind])


@book.figure("valid.svg", size=(4.4, 2.9))
def valid_figure(_, axes):
    rows = [(f"{title}, {kind}", f"answers-{{}}-small-{engine}", kind)
            for kind in ("told", "shown") for engine, title in (("vllm", "vLLM"), ("sglang", "SGLang"))]
    y = np.arange(len(rows))[::-1]
    for shift, held, tone, label in ((0.2, "held", "accent", "held to the schema"), (-0.2, "free", "floor", "free")):
        found = [valid(book.record(name.format(held)), kind) for _, name, kind in rows]
        middle, spread = bars(found)
        axes.barh(y + shift, middle, 0.38, xerr=spread, color=colour(tone), label=label, ecolor=colour("8"), capsize=2)
    axes.set_yticks(y, [row[0] for row in rows], fontsize=8)
    axes.set_xlim(0, 104)
    axes.set_xlabel("valid answers, %")
    axes.set_ylabel("engine, question")
    axes.legend(fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.4, 1.0))
    axes.grid(axis="y", visible=False)


@book.claim(
    id="valid-answers",
    title="What holding a small model to a schema does",
    sentence="Shown an object to follow, SmolLM2-135M answers with a valid one {vllm_shown_free} of the time in vLLM and {sglang_shown_free} in "
    "SGLang, held to the schema {vllm_shown_held} and {sglang_shown_held}. Told the keys and their types, {vllm_told_free} and {sglang_told_free}; held, "
    "{vllm_told_held} and {sglang_told_held}.",
    records=ANSWERS, tier="gpu", figure="valid.svg",
    holds_if="held, every answer to a question that shows an object is valid in both engines, and with told keys the share grows",
)
def valid_answers(*runs):
    values = {
        f"{run.data['engine']['name']}_{kind}_{'held' if run.data['workload']['schema'] else 'free'}": valid(run, kind)
        for run in runs for kind in ("shown", "told")
    }
    held = all(values[f"{engine}_shown_held"]["value"] == 100 for engine in ("vllm", "sglang"))
    return values, held and all(values[f"{e}_told_held"]["ci"][0] > values[f"{e}_told_free"]["ci"][1] for e in ("vllm", "sglang"))


@book.claim(
    id="held-but-endless",
    title="A schema does not stop the model",
    sentence="Held to the schema, {ended} answers came to an end and {ended_valid} of these are valid; {cut} were cut off at 256 tokens, "
    "of which {cut_valid} are.",
    records=[name for name in ANSWERS if "held" in name], tier="gpu",
    holds_if="every answer that ended is valid, some were cut off, and none of those is valid",
)
def held_but_endless(*runs):
    rows = [row for run in runs for row in judged(run)]
    ended = [ok for _, ok, finish in rows if finish == "stop"]
    cut = [ok for _, ok, finish in rows if finish == "length"]
    values = {"ended": bootstrap.value(len(ended), "1"), "ended_valid": bootstrap.value(sum(ended), "1"),
              "cut": bootstrap.value(len(cut), "1"), "cut_valid": bootstrap.value(sum(cut), "1")}
    return values, all(ended) and bool(cut) and not any(cut)


@book.claim(
    id="answers-copied",
    title="What the valid answers say",
    sentence="Of the {valid} valid answers to the questions that show an object {copies} are that object itself, letter for letter or but for "
    "its blanks. All of them are {texts} different objects.",
    records=ANSWERS, tier="gpu",
    holds_if="more than half of them are copies",
)
def answers_copied(*runs):
    found = [json.loads(text) for run in runs
             for text, (kind, ok, _) in zip(run.columns["text"], judged(run), strict=True) if kind == "shown" and ok]
    shown = runs[0].data["workload"]["shown"]
    copies = sum(each == shown for each in found)
    values = {"valid": bootstrap.value(len(found), "1"), "copies": bootstrap.value(copies, "1"),
              "texts": bootstrap.value(len({json.dumps(each, sort_keys=True) for each in found}), "1")}
    return values, copies > len(found) / 2


# %% [markdown]
# ## How long it takes

# %%
@book.claim(
    id="suite-time-07",
    title="How long the suite held the card",
    sentence="From the card's probes to the last measurement of each fleet, start-up included, the GPU tier of this experiment took {minutes} "
    "minutes in {fleets} fleets.",
    records=["graphs-f1-vllm-nograph", "graphs-f2-vllm-piecewise", "graphs-f3-sglang-compile"], tier="gpu",
    holds_if="it is at most 18 minutes",
)
def suite_time_07(*runs):
    minutes = bootstrap.value(sittings.minutes(runs), "1", 3)
    fleets = {run.probes["at"] for run in runs}
    return {"minutes": minutes, "fleets": bootstrap.value(len(fleets), "1")}, minutes["value"] <= 18


# %%
book.finish()
