"""The grammar backends that SGLang ships, driven without a server: `python sglang_grammar.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows"}; the rows are grammar_walk.py's. JSON overrides keys of WORKLOAD, as in
vllm_grammar.py. The backends are SGLang's classes, made with its defaults, and are asked as its GrammarManager asks them:
the cache first, a future otherwise, whose result goes into the cache as a copy.
"""

import functools
import os
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")  # what torch.compile wraps runs as written

from headless import sglang_stand_ins  # noqa: E402

STAND_INS = sglang_stand_ins.install()

import logging  # noqa: E402

logging.disable(logging.ERROR)  # a schema that is refused is logged whole

from sglang.srt.constrained.base_grammar_backend import GrammarRow, InvalidGrammarObject  # noqa: E402
from sglang.srt.constrained.llguidance_backend import GuidanceBackend  # noqa: E402
from sglang.srt.constrained.outlines_backend import OutlinesGrammarBackend  # noqa: E402
from sglang.srt.constrained.xgrammar_backend import XGrammarGrammarBackend  # noqa: E402
from transformers import AutoConfig, AutoTokenizer  # noqa: E402
from worker_kit import grammar_batch  # noqa: E402
from worker_kit.grammar_walk import Engine, cost, count, given, ids_of, kept, named, versions  # noqa: E402
from worker_kit.worker_io import answer_with  # noqa: E402

WORKLOAD = {"cases": "", "rounds": 0, "leave": []}


def compile_(backend, schema: str):
    key = ("json", schema)
    found, hit = backend.get_cached_or_future_value(key, False)
    if not hit:
        found = found.result()
        backend.set_cache(key, found.copy())
    if isinstance(found, InvalidGrammarObject):
        raise ValueError(found.error_message)
    return found


def accept(grammar, token: int) -> None:
    grammar.accept_token(token)


def engines(model: str, tokenizer) -> list[Engine]:
    config = AutoConfig.from_pretrained(model)
    size, end = config.vocab_size, config.eos_token_id
    makers = {
        "xgrammar": lambda: XGrammarGrammarBackend(tokenizer, vocab_size=size, model_eos_token_ids=[end]),
        # --constrained-json-disable-any-whitespace
        "xgrammar-compact": lambda: XGrammarGrammarBackend(tokenizer, vocab_size=size, model_eos_token_ids=[end],
                                                           any_whitespace=False),
        "llguidance": lambda: GuidanceBackend(tokenizer=tokenizer, any_whitespace=True, whitespace_pattern=None,
                                              n_vocab=size, eos_token_ids={end}),
        "outlines": lambda: OutlinesGrammarBackend(tokenizer, whitespace_pattern=None),
    }

    def one(name: str, make) -> Engine:
        grammar = compile_(make(), '{"type": "boolean"}')

        def fill(grammar, mask) -> None:
            grammar.fill_vocab_mask(mask, 0)

        def jump(grammar) -> str:
            """By the function that jump-forward decoding would ask: xgrammar says a text, llguidance tokens."""
            ids, text = grammar.try_jump_forward(tokenizer) or ([], "")
            return text or tokenizer.decode(ids)

        def fill_rows(grammars, mask) -> None:  # as SamplingBatchInfo.update_regex_vocab_mask
            entries = [GrammarRow(row, each) for row, each in enumerate(grammars) if not each.finished and not each.is_terminated()]
            grammars[0].fill_vocab_mask_batched(entries, mask)

        return Engine(name, make, compile_, lambda rows=1: grammar.allocate_vocab_mask(size, rows, "cpu"), fill, accept,
                      jump if name != "outlines" else lambda grammar: None,
                      fill_rows=fill_rows if name in ("xgrammar", "llguidance") else None)

    return [one(name, make) for name, make in makers.items()]


def measure(model: str, what: dict) -> list[dict]:
    tokenizer, cases = AutoTokenizer.from_pretrained(model), given(what["cases"])
    what |= {"cases": named(cases), "libraries": versions("xgrammar", "llguidance", "outlines", "outlines_core")}
    some = kept(engines(model, tokenizer), what)
    if what["rounds"]:  # what follows which blank costs the same
        rows = cost([each for each in some if each.backend != "xgrammar-compact"], tokenizer, cases, what["rounds"])
        rows += grammar_batch.rows(some, cases, functools.partial(ids_of, tokenizer), what["rounds"])
    else:
        rows = count(some, tokenizer, cases)
    if sglang_stand_ins.called:
        raise ValueError(f"stand-ins were called: {', '.join(sorted(set(sglang_stand_ins.called)))}")
    return rows


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD, stand_ins=STAND_INS))
