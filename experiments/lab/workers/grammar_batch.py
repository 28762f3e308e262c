"""What a step pays for the masks of a whole batch, by the call that each engine's step makes.

Rows of kind "rows": `us` a round, for `requests` held to one schema, each at another position of the document, all in one
mask. Without the allocation of the mask, its copy to a card, and the kernel that applies it.
"""

import gc
import json
import time

REQUESTS = (1, 8, 32, 128)
SCHEMAS = ("flat", "enums")  # one mostly of strings, one without any


def batch(engine, text: str, ids: list[int], size: int) -> list:
    """`size` grammars of one backend, the nth advanced by n tokens of the document, over and over."""
    backend, grammars = engine.make(), []
    for number in range(size):
        grammar = engine.compile(backend, text)
        for token in ids[: number % len(ids)]:
            engine.accept(grammar, token)
        grammars.append(grammar)
    return grammars


def times(engine, schema: dict, ids: list[int], rounds: int) -> dict:
    """{requests: us a round}; a round is one call for each size, after one that does not count."""
    grammars, masks = batch(engine, json.dumps(schema), ids, max(REQUESTS)), {size: engine.mask(size) for size in REQUESTS}
    found = {size: [] for size in REQUESTS}
    for counts in (False, *[True] * rounds):
        gc.collect()
        for size in REQUESTS:
            begin = time.perf_counter_ns()
            engine.fill_rows(grammars[:size], masks[size])
            if counts:
                found[size].append(round((time.perf_counter_ns() - begin) / 1e3, 3))
    return found


def rows(engines: list, cases: dict, ids_of, rounds: int) -> list[dict]:
    """`ids_of(document)` cuts a document into tokens; backends that fill no row of a batch are left out."""
    found = []
    for name in (name for name in SCHEMAS if name in cases):
        for engine in (each for each in engines if each.fill_rows):
            us = times(engine, cases[name]["schema"], ids_of(cases[name]["document"]), rounds)
            found += [{"kind": "rows", "schema": name, "backend": engine.backend, "requests": size, "us": us[size]} for size in us]
    return found
