"""For the tests of workers: runs one in the interpreter that has its engine, at sizes small enough to check by hand."""

import json
import os
import subprocess

from experiments.lab.host import config, model_folders

WORKERS = config.ROOT / "experiments/lab/workers"
# Calls one worker's main again and again, for the import of an engine takes longer than what it then does.
_AGAIN = """
import importlib, json, sys
folder, worker, model, workloads, shared, answer = sys.argv[1:]
sys.path.insert(0, folder)
worker, answer = importlib.import_module(worker), getattr(importlib.import_module(shared), answer)
ends = []
for workload in json.loads(workloads):
    sys.argv[1:] = [model, json.dumps(workload)]
    try:
        ends.append(answer(worker.measure, worker.WORKLOAD))
    except SystemExit as end:
        ends.append(end.code)
print(json.dumps(ends))
"""


def _run(python: str, *arguments: str, seed: str = "0") -> str:
    done = subprocess.run(
        [python, *arguments], capture_output=True, text=True, timeout=240, cwd="/",
        env={**os.environ, "PYTHONHASHSEED": seed},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]


def printed(python: str, script: str, workload: dict, seed: str = "0") -> str:
    """The line of JSON that the worker prints; `seed` is Python's hash seed, which block hashes start from."""
    model = model_folders.folder("qwen3-8b-shape", config.load())
    return _run(python, str(WORKERS / script), str(model), json.dumps(workload), seed=seed)


def ends(python: str, script: str, workloads: list, answer: tuple = ("worker_kit.worker_io", "answer_with")) -> list:
    """What the worker's main ends with for each workload: 0, or the line that it says. `answer` is the module and the
    name of what its main calls."""
    model, path = model_folders.folder("qwen3-8b-shape", config.load()), WORKERS / script
    return json.loads(
        _run(python, "-c", _AGAIN, str(path.parent), path.stem, str(model), json.dumps(workloads), *answer)
    )
