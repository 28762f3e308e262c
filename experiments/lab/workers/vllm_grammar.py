"""The grammar backends that vLLM ships, driven without a server: `python vllm_grammar.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows"}; the rows are grammar_walk.py's. JSON overrides keys of WORKLOAD: `cases` is
the file that schemas.py printed, `rounds` 0 to count or more to time, `leave` the backends to leave out. The backends are vLLM's classes, made with a
configuration as `vllm serve` makes it; what they are told beyond the schema is what a request without further options
tells them. A schema passes vLLM's own check of the backend first, as it does at the front end.
"""

import functools
import json
import os
import sys

# vLLM gives a regular expression five seconds to compile; on a slow machine that would refuse what is only slow.
os.environ.setdefault("VLLM_REGEX_COMPILATION_TIMEOUT_S", "60")

from headless.vllm_scheduler import make_config
from vllm.exceptions import VLLMValidationError
from vllm.sampling_params import SamplingParams, StructuredOutputsParams
from vllm.tokenizers import cached_tokenizer_from_config
from vllm.v1.structured_output import backend_guidance, backend_outlines, backend_xgrammar
from vllm.v1.structured_output.backend_types import StructuredOutputOptions
from worker_kit import grammar_batch
from worker_kit.grammar_walk import Engine, cost, count, given, ids_of, kept, named, versions
from worker_kit.worker_io import answer_with

WORKLOAD = {"cases": "", "rounds": 0, "leave": []}
CLASSES = {"xgrammar": backend_xgrammar.XgrammarBackend, "guidance": backend_guidance.GuidanceBackend,
           "outlines": backend_outlines.OutlinesBackend}


def check(name: str, schema: str) -> None:
    """vLLM's check of a schema for one backend, as SamplingParams runs it. ValueError when it does not pass."""
    params = SamplingParams(structured_outputs=StructuredOutputsParams(json=schema))
    try:
        if name == "xgrammar":
            backend_xgrammar.validate_xgrammar_grammar(params)
        elif name == "guidance":
            backend_guidance.validate_guidance_grammar(params, tokenizer=None)
        else:
            backend_outlines.validate_structured_output_request_outlines(params)
    except VLLMValidationError as error:  # which is no ValueError
        raise ValueError(str(error)) from None


def engines(config, tokenizer) -> list[Engine]:
    vocabulary = config.model_config.get_vocab_size()

    def one(name: str, kind) -> Engine:
        mask = kind(config, tokenizer=tokenizer, vocab_size=vocabulary).allocate_token_bitmask

        def compile_(backend, schema: str):
            return backend.compile_grammar(StructuredOutputOptions.JSON, schema)

        def ask(grammar, mask) -> None:
            grammar.fill_bitmask(mask, 0)

        def accept(grammar, token: int) -> None:
            if not grammar.accept_tokens("request", [token]):
                raise ValueError(f"{name} does not accept a token that its mask allows")

        def fill_rows(grammars, mask) -> None:  # as StructuredOutputManager._fill_bitmasks
            for row, grammar in enumerate(grammars):
                if not grammar.is_terminated():
                    grammar.fill_bitmask(mask, row)

        return Engine(name, lambda: kind(config, tokenizer=tokenizer, vocab_size=vocabulary), compile_,
                      lambda rows=1: mask(rows), ask, accept, check=lambda schema: check(name, schema),
                      fill_rows=None if name == "outlines" else fill_rows)

    return [one(name, kind) for name, kind in CLASSES.items()]


def measure(model: str, what: dict) -> list[dict]:
    config = make_config(model, max_num_seqs=8, max_num_batched_tokens=64, max_model_len=1024)
    tokenizer, cases, rows = cached_tokenizer_from_config(config.model_config), given(what["cases"]), []
    what |= {"cases": named(cases), "libraries": versions("xgrammar", "llguidance", "outlines_core", "openai")}
    some = kept(engines(config, tokenizer), what)
    for engine in some:
        passed = {}
        for name, case in cases.items():
            try:
                check(engine.backend, json.dumps(case["schema"]))
                passed[name] = case
            except ValueError as error:
                if not what["rounds"]:
                    rows.append({"kind": "refused", "schema": name, "backend": engine.backend, "why": " ".join(str(error).split())[:160]})
        rows += cost([engine], tokenizer, passed, what["rounds"]) if what["rounds"] else count([engine], tokenizer, passed)
    if what["rounds"]:
        rows += grammar_batch.rows(some, cases, functools.partial(ids_of, tokenizer), what["rounds"])
    return rows


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
