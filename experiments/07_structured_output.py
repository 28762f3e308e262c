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
# On a GPU: the time per output token with and without a schema, for 1 to 128 requests, and, for the page of famous
# numbers, what CUDA graphs and compilation are worth.

# %%
import json

import jsonschema
import numpy as np

from experiments.lab.analysis import card_time, intervals
from experiments.lab.analysis.claim_book import Book
from experiments.lab.analysis.draw_figures import colour
from experiments.lab.analysis.readings import (
    ENGINES, count_of, difference_of, error_bars, highest, median_of, ratio_of, series_of,
)
from experiments.lab.verdicts.verdict import (
    above, all_of, as_many, at_least, below, between, equals, every, fact, fewer, holds_value, none, some, the,
)

book = Book("07")
SCHEMAS = {"flat": "twelve fields", "nested": "three deep", "enums": "24 enum fields", "recursive": "a tree",
           "openapi": "OpenAI's answer"}
BACKENDS = {("vllm", "xgrammar"): "xgrammar, vLLM", ("sglang", "xgrammar"): "xgrammar, SGLang",
            ("vllm", "guidance"): "llguidance, vLLM", ("sglang", "llguidance"): "llguidance, SGLang",
            ("vllm", "outlines"): "outlines, vLLM", ("sglang", "outlines"): "outlines, SGLang"}
TONES = {"xgrammar": "accent", "guidance": "6", "llguidance": "6", "outlines": "7"}
COSTS = ["cost-cpu-vllm", "cost-cpu-sglang"]


def number(count, digits=3):
    """What was counted, without a unit."""
    return intervals.value(count, "1", digits)


# %% [markdown]
# ## What a jump could skip
#
# Jump-forward decoding writes text that must come without asking the model. SGLang still has the function that says
# which text that is; here it is asked at every position of a document. A token counts that lies whole within such a
# text.


# %%
def jumpable(run, schema, backend):
    """% of a document's tokens that lie in text that must come."""
    total = count_of(run, "tokens", schema=schema, backend=backend)
    return 100 * count_of(run, "jumpable", schema=schema, backend=backend) / total


@book.figure("jumps.svg", height=3.5, phone=3.6)
def jumps_figure(_, axes):
    run, y = book.record("walk-sglang"), np.arange(len(SCHEMAS))[::-1]
    for shift, backend, tone, label in ((0.2, "xgrammar", "sglang", "blanks allowed, the default"),
                                        (-0.2, "xgrammar-compact", "floor", "blanks fixed")):
        width = [jumpable(run, schema, backend) for schema in SCHEMAS]
        axes.barh(y + shift, width, 0.38, color=colour(tone), label=label)
    axes.set_yticks(y, SCHEMAS.values())
    axes.set_xlim(0, 100)
    axes.set_xlabel("tokens that must come, % of the document")
    axes.set_ylabel("schema")
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.4, 1.0))
    axes.grid(axis="y", visible=False)


@book.claim(
    id="jump-coverage",
    title="With whitespace fixed at least twice as many tokens must come, enum fields aside",
    sentence="Of the document of 24 enum fields {enums} of the tokens lie in text that must come, of the flat object's "
    "{flat}, of OpenAI's answer {openapi}. With blanks fixed it is {enums_fixed}, {flat_fixed} and {openapi_fixed}.",
    records=["walk-sglang"], tier="cpu", figure="jumps.svg",
    holds=all_of(
        at_least(2, every(
            "schema's share with blanks fixed over that without, enum fields aside,",
            *(f"times_{schema}" for schema in SCHEMAS if schema != "enums"),
        )),
        above(1, "times_enums"),
    ),
    labels={"times_enums": "that of enum fields"}, set_by="count",
)
def jump_coverage(run):
    values = {}
    for schema in ("enums", "flat", "openapi"):
        values[schema] = intervals.value(jumpable(run, schema, "xgrammar"), "%")
        values[f"{schema}_fixed"] = intervals.value(jumpable(run, schema, "xgrammar-compact"), "%")
    return values, {
        f"times_{schema}": number(jumpable(run, schema, "xgrammar-compact") / jumpable(run, schema, "xgrammar"))
        for schema in SCHEMAS
    }


@book.claim(
    id="mask-forces",
    title="llguidance's mask leaves one token wherever text must come, xgrammar's at fewer positions",
    sentence="In the document of 24 enum fields the mask of xgrammar leaves a single token at {xgrammar} of {tokens} "
    "positions, that of llguidance at {llguidance}: as many as the tokens that must come, {jumpable}.",
    records=["walk-sglang"], tier="cpu",
    holds=all_of(as_many("llguidance", "jumpable"), fewer("xgrammar", "jumpable")),
    labels={"llguidance": "positions at which llguidance's mask leaves a single token",
            "xgrammar": "positions at which xgrammar's does", "jumpable": "tokens that must come"},
    set_by="count",
)
def mask_forces(run):
    counts = {"tokens": ("tokens", "xgrammar"), "xgrammar": ("forced", "xgrammar"),
              "llguidance": ("forced", "llguidance"), "jumpable": ("jumpable", "xgrammar")}
    return {
        name: number(count_of(run, what, schema="enums", backend=backend)) for name, (what, backend) in counts.items()
    }


# %% [markdown]
# ## Who jumps
#
# Every Python file of both packages, parsed; calls by name, and strings equal to a name, since one could be called by
# such.

# %%
JUMPS = ("try_jump_forward", "jump_forward_str_state", "jump_and_retokenize")


@book.claim(
    id="nobody-jumps",
    title="Jump-forward has no caller",
    sentence="SGLang defines {functions} functions of jump-forward decoding on {classes} classes each; outside of "
    "functions of that name they are called {calls} times in {files} files, and {strings} strings name them. vLLM "
    "defines {vllm}.",
    records=["calls-sglang", "calls-vllm"], tier="cpu",
    holds=all_of(some("classes"), none("calls", "strings", "vllm_calls", "vllm_strings")),
    labels={"classes": "classes of SGLang that define them",
            "calls": "calls of them in SGLang outside of functions of such a name",
            "strings": "strings there that name them", "vllm_calls": "such calls in vLLM",
            "vllm_strings": "strings there that name them"},
    set_by="count",
)
def nobody_jumps(sglang, vllm):
    def total(run, where):
        return number(sum(count_of(run, where, function=name) for name in JUMPS))

    values = {
        "functions": number(len(JUMPS)),
        "classes": number(count_of(sglang, "defined", function=JUMPS[0])),
        "calls": total(sglang, "outside"),
        "files": number(sglang.data["workload"]["files"], 4),
        "strings": total(sglang, "strings"),
        "vllm": total(vllm, "defined"),
    }
    return values, {"vllm_calls": total(vllm, "outside"), "vllm_strings": total(vllm, "strings")}


@book.claim(
    id="no-jump-recorded",
    title="A recorded request enters no jump",
    sentence="While one request held to a schema was served, {sglang} functions of SGLang's constrained decoding were "
    "entered and {vllm} of vLLM's. {jumps} functions with a jump in their name were entered in either engine.",
    records=["path-sglang-gpu", "path-vllm-gpu"], tier="gpu",
    holds=all_of(some("sglang", "vllm"), none("jumps")),
    labels={"sglang": "functions of SGLang's constrained decoding that were entered", "vllm": "such functions of vLLM",
            "jumps": "entered functions of either engine with a jump in their names"},
    set_by="count",
)
def no_jump_recorded(sglang, vllm):
    def entered(run, package=""):
        rows = zip(run.columns["symbol"], run.columns["phase"], strict=True)
        return {symbol for symbol, phase in rows if phase == "request" and symbol.startswith(package)}

    jumps = [symbol for run in (sglang, vllm) for symbol in entered(run) if "jump" in symbol.lower()]
    return {"sglang": number(len(entered(sglang, "python/sglang/srt/constrained/"))),
            "vllm": number(len(entered(vllm, "vllm/v1/structured_output/"))), "jumps": number(len(jumps))}


# %% [markdown]
# ## What a schema costs before the first token, and at each token
#
# The engines' own backend classes, on one machine of two cores, for a vocabulary of 151,936. A grammar is compiled in a
# backend made for it; a document is walked token by token.


# %%
def us(run, op, schema, backend):
    """A value a round, in microseconds."""
    return series_of(run, "cost", op=op, schema=schema, backend=backend)


def in_us(run, op, schema, backend):
    return median_of(us(run, op, schema, backend), "us")


def in_ms(run, op, schema, backend):
    return median_of(us(run, op, schema, backend) / 1000, "ms")


def batch_masks(run, backend, requests, schema="flat"):
    """What the masks of so many requests take, a value a round, in milliseconds."""
    return series_of(run, "rows", schema=schema, backend=backend, requests=requests) / 1000


def drawn(op):
    """[(label, tone, mark, medians by schema or None)] of each backend of each engine."""
    rows = []
    for (engine, backend), label in BACKENDS.items():
        run = book.record(f"cost-cpu-{engine}")
        medians = [
            float(np.median(us(run, op, schema, backend)))
            if run.series("cost", op=op, schema=schema, backend=backend) else None
            for schema in SCHEMAS
        ]
        rows.append((label, TONES[backend], "o" if engine == "vllm" else "s", medians))
    return rows


def dots(axes, op, scale, unit):
    y = np.arange(len(SCHEMAS))[::-1]
    for index, (label, tone, mark, medians) in enumerate(drawn(op)):
        at = [(value / scale, row) for value, row in zip(medians, y, strict=True) if value is not None]
        axes.plot([value for value, _ in at], [row + 0.25 - 0.1 * index for _, row in at], mark, color=colour(tone),
                  markersize=5, markerfacecolor=colour(tone) if mark == "o" else "none", label=label)
    axes.set_xscale("log")
    axes.set_yticks(y, SCHEMAS.values())
    axes.set_xlabel(unit)
    axes.set_ylabel("schema")
    axes.grid(axis="y", visible=False)


@book.figure("compile.svg", height=4.3, phone=4.9)
def compile_figure(_, axes):
    dots(axes, "compile", 1000, "ms to compile, logarithmic")
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.4, 1.0))


@book.figure("fill.svg", height=4.3, phone=4.9)
def fill_figure(_, axes):
    dots(axes, "fill", 1, "µs to fill one request's mask, logarithmic")
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.4, 1.0))


@book.claim(
    id="compile-cost",
    title="xgrammar compiles OpenAI's answer more than fifty times as slowly as llguidance",
    sentence="To compile OpenAI's answer xgrammar takes {xgrammar} in vLLM and {xgrammar_sglang} in SGLang, llguidance "
    "{guidance} and {llguidance}. For the flat object xgrammar takes {flat} and {flat_sglang}, llguidance "
    "{flat_guidance} and {flat_llguidance}, Outlines {outlines_vllm} and {outlines_flat}.",
    records=COSTS, tier="cpu", figure="compile.svg",
    holds=all_of(
        above(50 * the("guidance"), "xgrammar", by="value"),
        above(50 * the("llguidance"), "xgrammar_sglang", by="value"),
    ),
    labels={"xgrammar": "xgrammar's time for OpenAI's answer in vLLM", "guidance": "llguidance's",
            "xgrammar_sglang": "xgrammar's in SGLang", "llguidance": "llguidance's there"},
    set_by="processor",
)
def compile_cost(vllm, sglang):
    return {
        name: in_ms(run, "compile", schema, backend) for name, run, schema, backend in (
            ("xgrammar", vllm, "openapi", "xgrammar"), ("xgrammar_sglang", sglang, "openapi", "xgrammar"),
            ("guidance", vllm, "openapi", "guidance"), ("llguidance", sglang, "openapi", "llguidance"),
            ("flat", vllm, "flat", "xgrammar"), ("flat_sglang", sglang, "flat", "xgrammar"),
            ("flat_guidance", vllm, "flat", "guidance"), ("flat_llguidance", sglang, "flat", "llguidance"),
            ("outlines_flat", sglang, "flat", "outlines"), ("outlines_vllm", vllm, "flat", "outlines"),
        )
    }


@book.claim(
    id="cache-of-grammars",
    title="A schema that comes back is copied in SGLang, and compiled again by llguidance in vLLM",
    sentence="Asked for OpenAI's answer again, SGLang copies its grammar in {sglang} with xgrammar and {llguidance} "
    "with llguidance; vLLM asks xgrammar's own cache, {vllm}, and compiles again with llguidance, {guidance}, and "
    "{flat_again} for the flat object. A text that differs in its blanks misses in both: {respaced} with xgrammar in "
    "SGLang and {respaced_vllm} in vLLM, {respaced_llguidance} with llguidance in SGLang.",
    records=COSTS, tier="cpu",
    holds=all_of(
        below(0.05 * the("respaced_us"), "sglang", by="value"),
        below(0.05 * the("respaced_llguidance_us"), "llguidance", by="value"),
        above(0.25 * the("first"), "guidance", by="value"),
    ),
    labels={"sglang": "the time of xgrammar's copy in SGLang", "respaced_us": "xgrammar's for the respaced schema",
            "llguidance": "that of llguidance's copy there",
            "respaced_llguidance_us": "llguidance's for the respaced schema",
            "guidance": "llguidance's time in vLLM for the same schema again", "first": "its first"},
    set_by="processor",
)
def cache_of_grammars(vllm, sglang):
    values = {
        "sglang": in_us(sglang, "again", "openapi", "xgrammar"),
        "llguidance": in_us(sglang, "again", "openapi", "llguidance"),
        "vllm": in_us(vllm, "again", "openapi", "xgrammar"), "guidance": in_ms(vllm, "again", "openapi", "guidance"),
        "flat_again": in_ms(vllm, "again", "flat", "guidance"),
        "respaced": in_ms(sglang, "respaced", "openapi", "xgrammar"),
        "respaced_vllm": in_ms(vllm, "respaced", "openapi", "xgrammar"),
        "respaced_llguidance": in_ms(sglang, "respaced", "openapi", "llguidance"),
    }
    return values, {  # in the units of what is compared with them
        "respaced_us": in_us(sglang, "respaced", "openapi", "xgrammar"),
        "respaced_llguidance_us": in_us(sglang, "respaced", "openapi", "llguidance"),
        "first": in_ms(vllm, "compile", "openapi", "guidance"),
    }


@book.claim(
    id="backend-made",
    title="To make xgrammar's backend takes longer than to compile a small schema",
    sentence="To make xgrammar's backend for a vocabulary of 151,936 takes {xgrammar} in vLLM and {sglang} in SGLang, "
    "llguidance's {guidance} and {llguidance}.",
    records=COSTS, tier="cpu",
    holds=above(5 * the("flat"), "xgrammar", by="value"),
    labels={"xgrammar": "the time to make xgrammar's backend in vLLM", "flat": "its time to compile the flat object"},
    set_by="processor",
)
def backend_made(vllm, sglang):
    values = {"xgrammar": in_ms(vllm, "make", "flat", "xgrammar"), "sglang": in_ms(sglang, "make", "flat", "xgrammar"),
              "guidance": in_ms(vllm, "make", "flat", "guidance"),
              "llguidance": in_ms(sglang, "make", "flat", "llguidance")}
    return values, {"flat": in_ms(vllm, "compile", "flat", "xgrammar")}


@book.claim(
    id="front-end-check",
    title="vLLM's front end translates a schema for every request",
    sentence="Before a request leaves vLLM's front end its schema is checked for the backend, each time: {xgrammar} "
    "for OpenAI's answer with xgrammar, {guidance} with llguidance, {outlines} with Outlines; {flat} for the flat "
    "object with xgrammar.",
    records=["cost-cpu-vllm"], tier="cpu",
    holds=above(5 * the("again"), "xgrammar", by="value"),
    labels={"xgrammar": "the check of OpenAI's answer with xgrammar", "again": "the look-up in xgrammar's cache"},
    set_by="processor",
)
def front_end_check(vllm):
    values = {
        **{backend: in_ms(vllm, "check", "openapi", backend) for backend in ("xgrammar", "guidance", "outlines")},
        "flat": in_ms(vllm, "check", "flat", "xgrammar"),
    }
    return values, {"again": in_ms(vllm, "again", "openapi", "xgrammar")}


@book.claim(
    id="mask-cost",
    title="Inside strings xgrammar's mask costs less than llguidance's, and SGLang's Outlines more than vLLM's",
    sentence="A mask, in a second pass over the document, takes xgrammar {enums} in the object of enum fields and "
    "{flat} in the flat object, mostly strings, in vLLM, {enums_sglang} and {flat_sglang} in SGLang. llguidance takes "
    "{guidance_enums} and {guidance} in vLLM, {llguidance_enums} and {llguidance} in SGLang. Outlines takes "
    "{outlines_vllm} for the flat object in vLLM and {outlines} in SGLang.",
    records=COSTS, tier="cpu", figure="fill.svg",
    holds=all_of(
        below(500, "most", by="value"), below(the("guidance"), "flat"), below(the("llguidance"), "flat_sglang"),
        above(10 * the("outlines_vllm"), "outlines", by="value"),
    ),
    labels={"most": "the longest time of xgrammar's and llguidance's masks over all schemas in both engines",
            "flat": "xgrammar's time for the flat object in vLLM", "guidance": "llguidance's there",
            "flat_sglang": "xgrammar's in SGLang", "llguidance": "llguidance's there",
            "outlines": "the time of SGLang's Outlines for the flat object", "outlines_vllm": "that of vLLM's"},
    set_by="processor",
)
def mask_cost(vllm, sglang):
    values = {
        name: in_us(run, "fill", schema, backend) for name, run, schema, backend in (
            ("enums", vllm, "enums", "xgrammar"), ("flat", vllm, "flat", "xgrammar"),
            ("guidance_enums", vllm, "enums", "guidance"), ("guidance", vllm, "flat", "guidance"),
            ("enums_sglang", sglang, "enums", "xgrammar"), ("flat_sglang", sglang, "flat", "xgrammar"),
            ("llguidance_enums", sglang, "enums", "llguidance"), ("llguidance", sglang, "flat", "llguidance"),
            ("outlines", sglang, "flat", "outlines"), ("outlines_vllm", vllm, "flat", "outlines"),
        )
    }
    return values, {"most": highest(
        in_us(run, "fill", schema, backend)
        for run, backends in ((vllm, ("xgrammar", "guidance")), (sglang, ("xgrammar", "llguidance")))
        for backend in backends for schema in SCHEMAS
    )}


@book.claim(
    id="rows-of-a-batch",
    title="Four times the requests take four times the masks, to a quarter, and llguidance's less in SGLang",
    sentence="The masks of 128 requests held to the flat object take xgrammar {vllm} in vLLM and {sglang} in SGLang, "
    "{vllm_times} and {sglang_times} times those of 32; llguidance {guidance} and {llguidance}. Held to enum fields it "
    "is {vllm_enums} and {sglang_enums}, llguidance {guidance_enums} and {llguidance_enums}.",
    records=COSTS, tier="cpu",
    holds=all_of(
        between(3, 5, "vllm_times", "sglang_times", by="value"), below(the("guidance"), "llguidance", by="value"),
        below(the("guidance_enums"), "llguidance_enums", by="value"),
    ),
    labels={"vllm_times": "xgrammar's time for 128 over that for 32 in vLLM", "sglang_times": "that ratio in SGLang",
            "llguidance": "llguidance's time for the flat object in SGLang", "guidance": "that in vLLM",
            "llguidance_enums": "llguidance's time for enum fields in SGLang", "guidance_enums": "that in vLLM"},
    set_by="processor",
)
def rows_of_a_batch(vllm, sglang):
    values = {}
    for name, run in zip(ENGINES, (vllm, sglang), strict=True):
        values[name] = median_of(batch_masks(run, "xgrammar", 128), "ms")
        # Against one row the first measurement came to anything from 14 to 60 times: a row alone is mostly cold memory.
        values[f"{name}_times"] = intervals.ratio(batch_masks(run, "xgrammar", 128), batch_masks(run, "xgrammar", 32))
    values["guidance"] = median_of(batch_masks(vllm, "guidance", 128), "ms")
    values["llguidance"] = median_of(batch_masks(sglang, "llguidance", 128), "ms")
    for name, run, backend in (("vllm", vllm, "xgrammar"), ("sglang", sglang, "xgrammar"),
                               ("guidance", vllm, "guidance"), ("llguidance", sglang, "llguidance")):
        values[f"{name}_enums"] = median_of(batch_masks(run, backend, 128, "enums"), "ms")
    return values


@book.claim(
    id="accept-cost",
    title="To advance costs xgrammar more than a fifth of a cheap mask, and vLLM's Outlines most of its work",
    sentence="For the document of 24 enum fields xgrammar takes {fill} a mask and {accept} to advance by a token, in "
    "vLLM; in SGLang {fill_sglang} and {accept_sglang}. llguidance takes {accept_guidance} to advance in vLLM, and "
    "Outlines {accept_outlines} in the flat object.",
    records=COSTS, tier="cpu",
    holds=all_of(
        above(0.2 * the("fill"), "accept", by="value"), above(0.2 * the("fill_sglang"), "accept_sglang", by="value"),
        above(2 * the("outlines_fill"), "accept_outlines", by="value"),
    ),
    labels={"accept": "xgrammar's time to advance in vLLM", "fill": "that of a mask",
            "accept_sglang": "its time to advance in SGLang", "fill_sglang": "that of a mask there",
            "accept_outlines": "the time of vLLM's Outlines to advance in the flat object",
            "outlines_fill": "that of its mask there"},
    set_by="processor",
)
def accept_cost(vllm, sglang):
    values = {
        "fill": in_us(vllm, "fill", "enums", "xgrammar"), "accept": in_us(vllm, "accept", "enums", "xgrammar"),
        "fill_sglang": in_us(sglang, "fill", "enums", "xgrammar"),
        "accept_sglang": in_us(sglang, "accept", "enums", "xgrammar"),
        "accept_guidance": in_us(vllm, "accept", "enums", "guidance"),
        "accept_outlines": in_us(vllm, "accept", "flat", "outlines"),
    }
    return values, {"outlines_fill": in_us(vllm, "fill", "flat", "outlines")}


@book.claim(
    id="schema-refused",
    title="With vLLM's time limit raised, one of six backends refuses one of the five schemas",
    sentence="{refused} of {backends} backends that were tried, three an engine, refuses one of the five schemas: "
    "SGLang's Outlines, OpenAI's answer. vLLM's limit on the time to compile a regular expression was raised for it.",
    records=["walk-vllm", "walk-sglang"], tier="cpu",
    holds=all_of(equals(1, "refused"), fact("outlines", "SGLang's Outlines refuses OpenAI's answer")),
    labels={"refused": "the number of refusals"}, set_by="count",
)
def schema_refused(vllm, sglang):
    refused = [(run.data["engine"]["name"], series["labels"]["backend"], series["labels"]["schema"])
               for run in (vllm, sglang) for series in run.series("refused")]
    values = {"backends": number(len(BACKENDS)), "refused": number(len(refused))}
    return values, {"outlines": ("sglang", "outlines", "openapi") in refused}


# %% [markdown]
# ## What it does to the time per output token
#
# The shape of Qwen3-8B with Qwen's vocabulary, on a GPU. So many requests at once, of 32 tokens in and 32 out, with and
# without the flat object's schema; TPOT is the median over the requests of a visit. *Again* is the load without a
# schema once more. Two fleets of each host have both engines' defaults in them; the second has both with llguidance
# besides, and the figure shows that one, of the first host.

# %%
SIZES = (1, 8, 32, 128)
PACE = {"vLLM, xgrammar": ("pace-f2-vllm-default", "vllm", "o", "-"),
        "SGLang, xgrammar": ("pace-f2-sglang-default", "sglang", "s", "-"),
        "vLLM, llguidance": ("pace-f2-vllm-guidance", "vllm", "o", ":"),
        "SGLang, llguidance": ("pace-f2-sglang-llguidance", "sglang", "s", ":")}
DEFAULTS = [f"pace-{fleet}-{engine}-default" for fleet in ("f1", "f2") for engine in ENGINES]


def paced(run, what, size, schema="none"):
    """ms, a value a round."""
    return run.values(what, concurrency=size, schema=schema)


def times(run, size):
    """The TPOT with the flat object's schema over that without."""
    return ratio_of(paced(run, "tpot", size, "flat"), paced(run, "tpot", size))


def later(run, size, less="none"):
    """By how much the first token comes later with a schema, ms."""
    return difference_of(paced(run, "ttft", size, "flat"), paced(run, "ttft", size, less), "ms")


@book.figure("tpot-schema.svg", height=3.8, phone=4.0)
def tpot_figure(_, axes):
    x = np.arange(len(SIZES))
    for index, (label, (name, tone, mark, line)) in enumerate(PACE.items()):
        middle, spread = error_bars(times(book.record(name), size) for size in SIZES)
        axes.errorbar(x + 0.06 * (index - 1.5), middle, spread, fmt=mark + line, color=colour(tone), markersize=4,
                      capsize=2, markerfacecolor=colour(tone) if line == "-" else "none", label=label)
    axes.axhline(1, color=colour("floor"), linewidth=0.8)
    axes.set_xticks(x, SIZES)
    axes.set_xlabel("requests at once, second fleet of the first host")
    axes.set_ylabel("TPOT with a schema / without")
    axes.legend(loc="upper left")


@book.claim(
    id="tpot-schema",
    title="In the 8B shape a schema hardly shows in TPOT up to 32 requests, and shows in vLLM's at 128",
    sentence="With the flat object's schema vLLM's TPOT is {vllm_1} times that without at 1 request, {vllm_8} at 8, "
    "{vllm_32} at 32 and {vllm_128} at 128; SGLang's {sglang_1}, {sglang_8}, {sglang_32} and {sglang_128}. Without a "
    "schema once more it is {vllm_again} times itself at 128 in vLLM and {sglang_again} in SGLang. In the second fleet "
    "vLLM's is {vllm_second} times at 128, SGLang's {sglang_second}. Of the twelve ratios up to 32 requests the "
    "largest is {largest}.",
    records=[*DEFAULTS, "pace-f2-vllm-guidance", "pace-f2-sglang-llguidance"], tier="gpu", figure="tpot-schema.svg",
    holds=all_of(
        below(1.05, "largest", by="value"), above(1.05, "vllm_128", "vllm_second", by="value"),
        above(1, "vllm_128", "vllm_second"),
    ),
    labels={"largest": "the largest ratio up to 32 requests in either fleet",
            "vllm_128": "vLLM's at 128 in the first fleet", "vllm_second": "that in the second"},
    # At 128 requests, and in SGLang from 32 on, the front end and the masks are not hidden.
    set_by={"*_1": "gpu", "*_8": "gpu", "vllm_32": "gpu", "*": "processor"},
)
def tpot_schema(vllm, sglang, vllm2, sglang2, *_of_the_figure):
    first = dict(zip(ENGINES, (vllm, sglang), strict=True))
    values = {f"{name}_{size}": times(run, size) for name, run in first.items() for size in SIZES}
    values |= {
        f"{name}_again": ratio_of(paced(run, "tpot", 128, "again"), paced(run, "tpot", 128))
        for name, run in first.items()
    }
    values |= {"vllm_second": times(vllm2, 128), "sglang_second": times(sglang2, 128)}
    low = (times(run, size) for run in (vllm, sglang, vllm2, sglang2) for size in SIZES[:3])
    return values | {"largest": highest(low)}


@book.claim(
    id="second-control",
    title="Against a second equal control no ratio at 128 requests is settled either",
    sentence="Against the load without a schema once more, in the same rounds, the TPOT of 128 requests with the "
    "schema is {vllm} times as long in vLLM's first fleet and {sglang} times in SGLang's.",
    records=DEFAULTS[:2], tier="gpu",
    holds=holds_value(1, "vllm", "sglang"),
    labels={"vllm": "vLLM's ratio in the first fleet", "sglang": "SGLang's ratio in the first fleet"},
    set_by="processor",
)
def second_control(*runs):
    return {
        name: ratio_of(paced(run, "tpot", 128, "flat"), paced(run, "tpot", 128, "again"))
        for name, run in zip(ENGINES, runs, strict=True)
    }


@book.claim(
    id="tpot-library",
    title="With llguidance a schema slows 128 requests in vLLM, and in SGLang by less than a tenth",
    sentence="With llguidance the TPOT of 128 requests is {vllm} times that without a schema in vLLM and {sglang} "
    "times in SGLang; at 32 it is {vllm_32} and {sglang_32}. Held, those of 128 take {vllm_ms} and {sglang_ms}; "
    "SGLang's without a schema {sglang_free}.",
    records=["pace-f2-vllm-guidance", "pace-f2-sglang-llguidance"], tier="gpu",
    holds=all_of(above(1, "vllm"), below(1.1, "sglang")),
    labels={"vllm": "vLLM's ratio at 128", "sglang": "SGLang's"}, set_by="processor",
)
def tpot_library(vllm, sglang):
    return {
        "vllm": times(vllm, 128), "sglang": times(sglang, 128),
        "vllm_32": times(vllm, 32), "sglang_32": times(sglang, 32),
        "vllm_ms": median_of(paced(vllm, "tpot", 128, "flat"), "ms"),
        "sglang_ms": median_of(paced(sglang, "tpot", 128, "flat"), "ms"),
        "sglang_free": median_of(paced(sglang, "tpot", 128), "ms"),
    }


@book.claim(
    id="tpot-small",
    title="At 8 requests of a small model a schema slows both engines",
    sentence="With SmolLM2-135M, whose TPOT is {vllm_ms} in vLLM and {sglang_ms} in SGLang at 8 requests, the TPOT "
    "with the schema is {vllm_8} and {sglang_8} times that without at 8, {vllm_32} and {sglang_32} at 32, {vllm_128} "
    "and {sglang_128} at 128.",
    records=["pace-f1-small-vllm", "pace-f1-small-sglang"], tier="gpu",
    holds=above(1, "vllm_8", "sglang_8"),
    labels={"vllm_8": "vLLM's ratio at 8 requests", "sglang_8": "SGLang's"}, set_by="processor",
)
def tpot_small(*runs):
    both = dict(zip(ENGINES, runs, strict=True))
    values = {f"{name}_{size}": times(run, size) for name, run in both.items() for size in SIZES[1:]}
    return values | {f"{name}_ms": median_of(paced(run, "tpot", 8), "ms") for name, run in both.items()}


@book.claim(
    id="ttft-schema",
    title="A schema that came before delays vLLM's first token in a burst, and not SGLang's",
    sentence="Of 32 requests at once, all with a schema compiled before, the median TTFT is {vllm} later than without "
    "in vLLM and {sglang} in SGLang; in the second fleet {vllm_second} and {sglang_second}. At 128 it is {vllm_128} "
    "and {sglang_128}, and {vllm_128_second} and {sglang_128_second}. Against the load without a schema once more it "
    "is {again} in vLLM's first fleet at 32. vLLM's check of 32 such schemas, one after another, takes {checks} on "
    "that host.",
    records=[*DEFAULTS, "cost-host-vllm"], tier="gpu",
    holds=all_of(above(0, "vllm", "vllm_second"), holds_value(0, "sglang", "sglang_second")),
    labels={"vllm": "vLLM's delay at 32 in the first fleet", "vllm_second": "that in the second",
            "sglang": "SGLang's delay at 32 in the first fleet", "sglang_second": "that in the second"},
    set_by="processor",
)
def ttft_schema(vllm, sglang, vllm2, sglang2, cost):
    return {
        "vllm": later(vllm, 32), "sglang": later(sglang, 32),
        "vllm_second": later(vllm2, 32), "sglang_second": later(sglang2, 32),
        "vllm_128": later(vllm, 128), "sglang_128": later(sglang, 128),
        "vllm_128_second": later(vllm2, 128), "sglang_128_second": later(sglang2, 128),
        "again": later(vllm, 32, "again"),
        "checks": median_of(32 * us(cost, "check", "flat", "xgrammar") / 1000, "ms"),
    }


@book.claim(
    id="rows-on-host",
    title="On the card's host xgrammar's masks for 128 requests take less than half of a step, llguidance's more",
    sentence="On the card's host the masks of 128 requests held to the flat object take xgrammar {xgrammar} and "
    "llguidance {guidance} in vLLM; held to enum fields {xgrammar_enums} and {guidance_enums}. The TPOT of 128 "
    "requests without a schema is {step}.",
    records=["cost-host-vllm", "pace-f1-vllm-default"], tier="gpu",
    holds=all_of(
        below(0.5 * the("step"), "xgrammar", by="value"), above(0.5 * the("step"), "guidance", by="value"),
    ),
    labels={"xgrammar": "xgrammar's time for the flat object", "guidance": "llguidance's", "step": "that TPOT"},
    set_by="processor",
)
def rows_on_host(cost, pace):
    return {
        "xgrammar": median_of(batch_masks(cost, "xgrammar", 128), "ms"),
        "guidance": median_of(batch_masks(cost, "guidance", 128), "ms"),
        "xgrammar_enums": median_of(batch_masks(cost, "xgrammar", 128, "enums"), "ms"),
        "guidance_enums": median_of(batch_masks(cost, "guidance", 128, "enums"), "ms"),
        "step": median_of(paced(pace, "tpot", 128), "ms"),
    }


@book.claim(
    id="compile-on-host",
    title="On the card's host xgrammar compiles OpenAI's answer more than fifty times as slowly as llguidance",
    sentence="On the card's host, of {cores} cores, vLLM compiles OpenAI's answer in {xgrammar} with xgrammar and in "
    "{guidance} with llguidance.",
    records=["cost-host-vllm"], tier="gpu",
    holds=above(50 * the("guidance"), "xgrammar", by="value"),
    labels={"xgrammar": "xgrammar's time there", "guidance": "llguidance's"},
    set_by={"cores": "count", "*": "processor"},
)
def compile_on_host(cost):
    return {
        **{backend: in_ms(cost, "compile", "openapi", backend) for backend in ("xgrammar", "guidance")},
        "cores": number(cost.data["host"]["cores"]),
    }


# %% [markdown]
# ## CUDA graphs and compilation, on against off
#
# For the page of famous numbers: the same load without a schema, at 1 and 32 requests, on servers without graphs,
# without graphs and compilation, with graphs of pieces, and with SGLang's torch.compile, each beside its engine's
# default in its own fleet.

# %%
GRAPHS = {"vLLM, eager, no graphs": ("vllm", "vllm-eager"),
          "vLLM, compiled, no graphs": ("vllm", "vllm-nograph"),
          "vLLM, graphs of pieces": ("vllm", "vllm-piecewise"),
          "SGLang, no graphs": ("sglang", "sglang-nograph"),
          "SGLang, torch.compile": ("sglang", "sglang-compile")}


def beside_default(engine, server):
    """The records of a server and of its engine's default in the same fleet: torch.compile has stood in a fleet of its
    own and with others."""
    return [book.measured("graphs", server), book.measured("graphs", f"{engine}-default", beside=server)]


def against_default(varied, default, size):
    """A server's TPOT over that of its engine's default beside it."""
    return ratio_of(paced(varied, "tpot", size), paced(default, "tpot", size))


@book.figure("graphs.svg", height=3.8, phone=4.0)
def graphs_figure(_, axes):
    y = np.arange(len(GRAPHS))[::-1]
    for shift, size, face in ((0.12, 1, True), (-0.12, 32, False)):
        for row, (engine, name) in zip(y, GRAPHS.values(), strict=True):
            runs = [book.record(record) for record in beside_default(engine, name)]
            middle, spread = error_bars([against_default(*runs, size)])
            axes.errorbar(middle, row + shift, xerr=spread, fmt="o", color=colour(engine), markersize=5, capsize=2,
                          markerfacecolor=colour(engine) if face else "none",
                          label=f"{size} request{'s' if size > 1 else ''} at once" if name == "vllm-eager" else None)
    axes.axvline(1, color=colour("floor"), linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xticks([1, 2, 3, 4, 5], ["1", "2", "3", "4", "5"])
    axes.set_xticks([], minor=True)
    axes.set_yticks(y, GRAPHS)
    axes.set_xlabel("TPOT / the default's, logarithmic", loc="left")
    axes.set_ylabel("server")
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.3, 1.0))
    axes.grid(axis="y", visible=False)


@book.claim(
    id="graphs-off",
    title="Without CUDA graphs the time per output token at least doubles",
    sentence="On the first host decoding one request of the 8B shape takes vLLM {vllm_none} times the default's TPOT "
    "without CUDA graphs and compilation, and {vllm_nograph} times compiled without graphs; SGLang without graphs "
    "{sglang}. At 32 requests it is {vllm_none_32}, {vllm_nograph_32} and {sglang_32}.",
    records=["graphs-f1-vllm-eager", "graphs-f1-vllm-nograph", "graphs-f1-vllm-default", "graphs-f1-sglang-nograph",
             "graphs-f1-sglang-default"], tier="gpu", figure="graphs.svg",
    holds=at_least(2, every("ratio to the default's TPOT"), by="value"), set_by="processor",
)
def graphs_off(eager, nograph, vllm, sgl_nograph, sglang):
    values = {}
    for end, size in (("", 1), ("_32", 32)):
        values[f"vllm_none{end}"] = against_default(eager, vllm, size)
        values[f"vllm_nograph{end}"] = against_default(nograph, vllm, size)
        values[f"sglang{end}"] = against_default(sgl_nograph, sglang, size)
    return values


@book.claim(
    id="compile-alone",
    title="Compiled code without CUDA graphs is faster than eager code",
    sentence="On the first host compiled code without CUDA graphs takes vLLM {one} of the eager TPOT at 1 request and "
    "{many} at 32: {eager_ms} and {compiled_ms} at 1.",
    records=["graphs-f1-vllm-eager", "graphs-f1-vllm-nograph"], tier="gpu",
    holds=below(100, "one", "many"),
    labels={"one": "the share of the eager TPOT at 1 request", "many": "that at 32"}, set_by="processor",
)
def compile_alone(eager, nograph):
    def share(size):
        both = [paced(nograph, "tpot", size), paced(eager, "tpot", size)]
        return intervals.by_round(lambda a, b: 100 * np.median(a) / np.median(b), both, "%")

    return {"one": share(1), "many": share(32), "eager_ms": median_of(paced(eager, "tpot", 1), "ms"),
            "compiled_ms": median_of(paced(nograph, "tpot", 1), "ms")}


@book.claim(
    id="graphs-whole",
    title="Graphs of pieces are slower than whole ones",
    sentence="With CUDA graphs of pieces in place of whole ones vLLM's TPOT is {one} times the default's at 1 request "
    "and {many} times at 32.",
    records=["graphs-f2-vllm-piecewise", "graphs-f2-vllm-default"], tier="gpu",
    holds=above(1, "one", "many"), labels={"one": "the ratio at 1 request", "many": "that at 32"}, set_by="processor",
)
def graphs_whole(pieces, default):
    return {"one": against_default(pieces, default, 1), "many": against_default(pieces, default, 32)}


@book.claim(
    id="sglang-compiled",
    title="torch.compile makes SGLang faster at one request, and changes nothing at 32",
    sentence="Compiled for one request SGLang's TPOT is {one} times the default's at 1 request on the first host; at "
    "32, which is not compiled there, {many} times.",
    records=beside_default("sglang", "sglang-compile"), tier="gpu",
    holds=all_of(below(1, "one"), holds_value(1, "many")),
    labels={"one": "the ratio at 1 request", "many": "that at 32"}, set_by="gpu",
)
def sglang_compiled(compiled, default):
    return {"one": against_default(compiled, default, 1), "many": against_default(compiled, default, 32)}


# %% [markdown]
# ## Is it valid?
#
# SmolLM2-135M is asked for an object of twelve fields two hundred times: every second question tells it the keys and
# types, the others show it an object to follow. At temperature 0, at most 256 tokens. Valid is what parses and meets
# the schema.

# %%
ANSWERS = [f"answers-{held}-small-{engine}" for engine in ENGINES for held in ("free", "held")]
TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


def flat_schema(shown):
    """The schema `flat` of the workers, by the document that the record holds."""
    return {"type": "object", "properties": {key: {"type": TYPES[type(value)]} for key, value in shown.items()},
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
    return intervals.proportion([ok for other, ok, _ in judged(run) if other == kind])


@book.figure("valid.svg", height=3.5, phone=3.6)
def valid_figure(_, axes):
    rows = [(f"{title}, {kind}", f"answers-{{}}-small-{engine}", kind)
            for kind in ("told", "shown") for engine, title in ENGINES.items()]
    y = np.arange(len(rows))[::-1]
    for shift, held, tone, label in ((0.2, "held", "accent", "held to the schema"), (-0.2, "free", "floor", "free")):
        middle, spread = error_bars(valid(book.record(name.format(held)), kind) for _, name, kind in rows)
        axes.barh(y + shift, middle, 0.38, xerr=spread, color=colour(tone), label=label, ecolor=colour("8"), capsize=2)
    axes.set_yticks(y, [row[0] for row in rows])
    axes.set_xlim(0, 104)
    axes.set_xlabel("valid answers, %")
    axes.set_ylabel("engine, question")
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.4, 1.0))
    axes.grid(axis="y", visible=False)


@book.claim(
    id="valid-answers",
    title="Held to a schema a small model gives valid answers more often, and always when shown an object",
    sentence="Shown an object to follow, SmolLM2-135M answers with a valid one {vllm_shown_free} of the time in vLLM "
    "and {sglang_shown_free} in SGLang, held to the schema {vllm_shown_held} and {sglang_shown_held}. Told the keys "
    "and their types, {vllm_told_free} and {sglang_told_free}; held, {vllm_told_held} and {sglang_told_held}.",
    records=ANSWERS, tier="gpu", figure="valid.svg",
    holds=all_of(
        equals(100, every("held share of valid answers to questions that show an object", "*_shown_held")),
        above(the("vllm_told_free"), "vllm_told_held"), above(the("sglang_told_free"), "sglang_told_held"),
    ),
    labels={"vllm_told_held": "vLLM's held share with told keys", "vllm_told_free": "its free one",
            "sglang_told_held": "SGLang's held share with told keys", "sglang_told_free": "its free one"},
    set_by="count",
)
def valid_answers(*runs):
    return {
        f"{run.data['engine']['name']}_{kind}_{'held' if run.data['workload']['schema'] else 'free'}": valid(run, kind)
        for run in runs for kind in ("shown", "told")
    }


@book.claim(
    id="held-but-endless",
    title="A schema does not stop the model",
    sentence="Held to the schema, {ended} answers came to an end and {ended_valid} of these are valid; {cut} were cut "
    "off at 256 tokens, of which {cut_valid} are.",
    records=[name for name in ANSWERS if "held" in name], tier="gpu",
    holds=all_of(as_many("ended_valid", "ended"), some("cut"), none("cut_valid")),
    labels={"ended_valid": "valid answers that ended", "ended": "answers that ended", "cut": "answers cut off",
            "cut_valid": "valid ones among these"},
    set_by="count",
)
def held_but_endless(*runs):
    rows = [row for run in runs for row in judged(run)]
    ended = [ok for _, ok, finish in rows if finish == "stop"]
    cut = [ok for _, ok, finish in rows if finish == "length"]
    return {"ended": number(len(ended)), "ended_valid": number(sum(ended)),
            "cut": number(len(cut)), "cut_valid": number(sum(cut))}


@book.claim(
    id="answers-copied",
    title="More than half of the valid answers copy the object that was shown",
    sentence="Of the {valid} valid answers to the questions that show an object {copies} are that object itself, "
    "whitespace and the order of its keys aside. All of them are {texts} different objects.",
    records=ANSWERS, tier="gpu",
    holds=above(0.5 * the("valid"), "copies"),
    labels={"copies": "the number of copies", "valid": "that of valid answers"}, set_by="count",
)
def answers_copied(*runs):
    answers = [json.loads(text) for run in runs
               for text, (kind, ok, _) in zip(run.columns["text"], judged(run), strict=True) if kind == "shown" and ok]
    shown = runs[0].data["workload"]["shown"]
    return {"valid": number(len(answers)), "copies": number(sum(answer == shown for answer in answers)),
            "texts": number(len({json.dumps(answer, sort_keys=True) for answer in answers}))}


# %% [markdown]
# ## How long it takes

# %%
card_time.claim(
    book, [book.measured("graphs", name) for name in ("vllm-nograph", "vllm-piecewise", "sglang-compile")], fleets=True
)

# %%
print(book.finish())
