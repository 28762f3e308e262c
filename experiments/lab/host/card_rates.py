"""What the card can do just now: workers/card.py, run once at the start of every GPU run, in an engine's interpreter.

Floors are made of these rates, and a record carries the ones of its own run: a card's clocks differ from day to day.
"""

import json
import subprocess
import time
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host import engine_table, interpreters
from experiments.lab.host.config import Settings

SCRIPT = Path(__file__).parents[1] / "workers/card.py"
LIMIT_S = 300  # importing torch from a cold disk takes most of it; the probes themselves take under 5 s


def probe(settings: Settings) -> dict:
    """{"matmul": [TFLOP/s ...], "copy": [GB/s ...], "side", "copy_bytes", "at"}, a record's `probes`.

    LabError, with the script's last line, when no engine's interpreter is here or it cannot measure.
    """
    engines = engine_table.table()
    builds = engines.of_tier("gpu")
    engine = next((name for name in builds if settings.pythons.get(name)), None)
    if engine is None:
        raise LabError(
            f"the card cannot be probed: no interpreter has {engines.labels(builds)} for GPUs; "
            f"name one with {engines.build(builds[0]).variable}"
        )
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        done = subprocess.run(
            [str(settings.pythons[engine]), str(SCRIPT)],
            capture_output=True, text=True, env=interpreters.outside(), cwd="/", timeout=LIMIT_S, check=False,
        )  # fmt: skip
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1][:300]
            raise LabError(f"the card cannot be probed in the {engine} environment: {last}")
        rates = json.loads(done.stdout.strip().splitlines()[-1])
        return {**{key: rates[key] for key in ("matmul", "copy", "side", "copy_bytes")}, "at": at}
    except subprocess.TimeoutExpired:
        raise LabError(
            f"the card cannot be probed: card.py took over {LIMIT_S} s in the {engine} environment and was ended; "
            "is something else running on the GPU?"
        ) from None
    except (OSError, ValueError, IndexError, KeyError, TypeError) as error:
        raise LabError(
            f"the card cannot be probed: card.py did not print its rates in the {engine} environment ({error})"
        ) from None
