"""Runs a worker: a script of workers/ in an engine's own interpreter, which says what it found in one line of JSON."""

import json
import subprocess
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host import interpreters
from experiments.lab.host.config import Settings

WORKERS = Path(__file__).parents[1] / "workers"


def worker(settings: Settings, engine: str, script: str, *arguments: str, limit_s: float = 300) -> dict:
    """What a worker script printed, run in the engine's interpreter. LabError with its last line if it failed."""
    command = [str(settings.pythons[engine]), str(WORKERS / script), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, env=interpreters.outside())
    except subprocess.TimeoutExpired:
        raise LabError(f"{script}: took over {limit_s:g} s in the {engine} environment and was ended") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise LabError(f"{script}: failed in the {engine} environment: {last[:300]}")
    return json.loads(done.stdout.strip().splitlines()[-1])
