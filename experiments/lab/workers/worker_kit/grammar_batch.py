"""What a step pays for the masks of a whole batch, by the call that each engine's step makes.

Rows of kind "rows": `us` a round, for `requests` held to one schema, spread over the positions of the document, all in one
mask. Every request goes one token on after each call, so that no mask is asked for twice in a row. Without the allocation
of the mask, its copy to a card, and the kernel that applies it.
"""

import gc
import json

from worker_kit.grammar_walk import us_of

REQUESTS = (1, 8, 32, 128)
SCHEMAS = ("flat", "enums")  # one mostly of strings, one without any


class Batch:
    """`size` requests held to one schema by one backend; the nth begins at position n, over and over, and none so late
    that `calls` steps lead it behind the document's end."""

    def __init__(self, engine, text: str, ids: list[int], size: int, calls: int):
        self.engine, self.ids, backend = engine, ids, engine.make()
        self.at = [number % max(1, len(ids) - calls) for number in range(size)]
        self.grammars = [engine.compile(backend, text) for _ in range(size)]
        for grammar, at in zip(self.grammars, self.at, strict=True):
            for token in ids[:at]:
                engine.accept(grammar, token)

    def advance(self) -> None:
        for number, at in enumerate(self.at):
            if at < len(self.ids) - 1:
                self.engine.accept(self.grammars[number], self.ids[at])
                self.at[number] += 1


def times(engine, schema: dict, ids: list[int], rounds: int) -> dict:
    """{requests: us a round}; a round is one call for each size, after one that does not count."""
    held = Batch(engine, json.dumps(schema), ids, max(REQUESTS), len(REQUESTS) * (rounds + 1))
    masks, found = {size: engine.mask(size) for size in REQUESTS}, {size: [] for size in REQUESTS}
    for counts in (False, *[True] * rounds):
        gc.collect()
        for size in REQUESTS:
            grammars, mask = held.grammars[:size], masks[size]
            us = us_of(lambda: engine.fill_rows(grammars, mask))  # noqa: B023  (called at once)
            if counts:
                found[size].append(round(us, 3))
            held.advance()
    return found


def rows(engines: list, cases: dict, ids_of, rounds: int) -> list[dict]:
    """`ids_of(document)` cuts a document into tokens; backends that fill no row of a batch are left out."""
    found = []
    for name in (name for name in SCHEMAS if name in cases):
        for engine in (each for each in engines if each.fill_rows):
            us = times(engine, cases[name]["schema"], ids_of(cases[name]["document"]), rounds)
            found += [{"kind": "rows", "schema": name, "backend": engine.backend, "requests": size, "us": us[size]} for size in us]
    return found
