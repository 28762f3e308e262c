"""What the workers of both engines do with a grammar: walk a document, and time what a request and a step pay.

An engine's worker gives `Engine`s: one backend of one engine, as the engine makes it.

Counted, a row a schema and backend, kind "walk": the tokens of the document as the model's tokenizer cuts it; at how many
positions the mask leaves one token, so that there is nothing to sample (`forced`); the median of the tokens allowed. Where
the backend can say which text must follow, also the tokens of the document that lie whole in such a text (`jumpable`), and
in how many such texts (`jumps`), none of which anybody tokenized again. A schema that the engine refuses is a row of kind
"refused" with its reason.

Timed, kind "cost", in us, `op`:
  make      a backend, which takes the vocabulary in; once a server
  compile   from a schema not seen before to a grammar, the first of a backend made for it, so that no cache helps
  again     the same schema once more
  respaced  the same schema with blanks between its tokens
  check     what the front end does with a schema before the request goes on, where it does anything
  fill      the mask of one request for one position: for each round the mean over the positions of a backend's second document
  accept    to advance by one token, likewise
"""

import gc
import hashlib
import importlib.metadata
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Engine:
    """A backend. `make()` a new one; `compile(backend, schema text)` a grammar, ValueError with the engine's reason when
    it refuses; `mask(rows)` of the mask, one if not said, on the CPU, of bits that allow a token or of truth values that forbid it;
    `fill(grammar, mask)`, `accept(grammar, token)`; `jump(grammar)` the text that must follow, None where nobody can say;
    `check(schema text)` the front end's part; `fill_rows(grammars, mask)` a row each, as a step of the engine does."""

    backend: str
    make: Callable
    compile: Callable
    mask: Callable
    fill: Callable
    accept: Callable
    jump: Callable = lambda grammar: None
    check: Callable | None = None
    fill_rows: Callable | None = None


def given(path: str) -> dict:
    """The schemas and documents that schemas.py printed into a file. ValueError names the file and the case that is wrong."""
    try:
        cases = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"cases: {path or 'no file'}: {error}; give the file that schemas.py printed") from None
    for name, case in cases.items():
        if not isinstance(case, dict) or not {"schema", "document"} <= set(case):
            raise ValueError(f"cases: {path}: {name}: has no schema and document; give the file that schemas.py printed")
    return cases


def kept(engines: list[Engine], what: dict) -> list[Engine]:
    """Without the backends that the workload says to `leave`, a key that it has only where there are some. ValueError for
    one that is not there."""
    leave = what.pop("leave", [])
    if unknown := [name for name in leave if name not in {engine.backend for engine in engines}]:
        there = ", ".join(engine.backend for engine in engines)
        raise ValueError(f"leave: there is no backend {unknown[0]!r}; there are: {there}")
    if leave:
        what["leave"] = leave
    return [engine for engine in engines if engine.backend not in leave]


def named(cases: dict) -> dict:
    """What identifies the schemas: {name: {"characters", "sha256"}} of each as it is given to a backend."""
    texts = {name: json.dumps(case["schema"]) for name, case in sorted(cases.items())}
    return {name: {"characters": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()} for name, text in texts.items()}


def versions(*names: str) -> dict:
    """{distribution: its version here}."""
    return {name: importlib.metadata.version(name) for name in names}


def ids_of(tokenizer, document) -> list[int]:
    return tokenizer.encode(json.dumps(document), add_special_tokens=False)


def allowed(mask) -> int:
    """How many tokens a row of the mask leaves."""
    if mask.dtype.is_floating_point or str(mask.dtype) == "torch.bool":
        return int((mask[0] == 0).sum())
    return sum((word & 0xFFFFFFFF).bit_count() for word in mask[0].tolist())


def allows(mask, token: int) -> bool:
    if str(mask.dtype) == "torch.bool":
        return not mask[0][token].item()
    return bool((mask[0][token // 32].item() >> (token % 32)) & 1)


class Jumps:
    """Follows a document through the texts that must come: `tokens` that lie whole in one, and how many texts `jumps`."""

    def __init__(self):
        self.tokens = self.jumps = 0
        self._rest = b""

    def meet(self, must: str, token: bytes) -> None:
        """`must` is what has to follow here, `token` what the document has here."""
        if not self._rest and must:
            self._rest = must.encode()
            self.jumps += self._rest.startswith(token)
        inside = bool(token) and self._rest.startswith(token)
        self.tokens += inside
        self._rest = self._rest[len(token):] if inside else b""


def walk(engine: Engine, schema: str, ids: list[int], text) -> dict:
    """The counts of one document; `text(token)` is a token's bytes. ValueError when the engine refuses the schema, or a
    token of the document."""
    grammar, mask, left, jumps, can_say = engine.compile(engine.make(), schema), engine.mask(), [], Jumps(), False
    for position, token in enumerate(ids):
        mask.fill_(-1)
        engine.fill(grammar, mask)
        left.append(allowed(mask))
        if not allows(mask, token):
            raise ValueError(f"token {position} of the document is not allowed")
        if (must := engine.jump(grammar)) is not None:
            can_say = True
            jumps.meet(must, text(token))
        engine.accept(grammar, token)
    found = {"tokens": len(ids), "forced": left.count(1), "allowed": statistics.median_low(left)}
    return found | ({"jumpable": jumps.tokens, "jumps": jumps.jumps} if can_say else {})


def count(engines: list[Engine], tokenizer, cases: dict) -> list[dict]:
    rows = []
    for name, case in cases.items():
        for engine in engines:
            labels = {"schema": name, "backend": engine.backend}
            try:
                found = walk(engine, json.dumps(case["schema"]), ids_of(tokenizer, case["document"]),
                             lambda token: tokenizer.decode([token]).encode())
                rows.append({"kind": "walk", **labels, **found})
            except ValueError as error:
                rows.append({"kind": "refused", **labels, "why": " ".join(str(error).split())[:160]})
    return rows


def us_of(call) -> float:
    """How long a call takes, us."""
    begin = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - begin) / 1e3


def times(engine: Engine, schema: dict, ids: list[int], rounds: int) -> dict:
    """{op: a value a round}."""
    text, spaced = json.dumps(schema), json.dumps(schema, indent=2)
    found = {op: [] for op in ("make", "compile", "again", "respaced", "fill", "accept", *(["check"] if engine.check else []))}
    for _ in range(rounds):
        begin = time.perf_counter_ns()
        backend = engine.make()
        found["make"].append((time.perf_counter_ns() - begin) / 1e3)
        found["compile"].append(us_of(lambda backend=backend: engine.compile(backend, text)))
        found["again"].append(us_of(lambda backend=backend: engine.compile(backend, text)))
        found["respaced"].append(us_of(lambda backend=backend: engine.compile(backend, spaced)))
        if engine.check:
            found["check"].append(us_of(lambda: engine.check(text)))
        for _ in range(2):  # a backend's first document takes llguidance several times as long as a later one
            grammar, mask, spent = engine.compile(backend, text), engine.mask(), {"fill": 0.0, "accept": 0.0}
            gc.collect()
            for token in ids:
                spent["fill"] += us_of(lambda grammar=grammar: engine.fill(grammar, mask))  # noqa: B023  (called at once)
                spent["accept"] += us_of(lambda grammar=grammar, token=token: engine.accept(grammar, token))
        for op, us in spent.items():  # of the second document
            found[op].append(us / len(ids))
    return {op: [round(us, 3) for us in values] for op, values in found.items()}


def cost(engines: list[Engine], tokenizer, cases: dict, rounds: int) -> list[dict]:
    rows = []
    for name, case in cases.items():
        for engine in engines:
            try:
                found = times(engine, case["schema"], ids_of(tokenizer, case["document"]), rounds)
            except ValueError:
                continue  # refused, which is counted
            rows += [{"kind": "cost", "schema": name, "backend": engine.backend, "op": op, "us": us} for op, us in found.items()]
    return rows
