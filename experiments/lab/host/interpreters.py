"""The engines' interpreters: found, made on request, and asked what is installed in them.

Nothing of an engine is imported here or in the driver; a child of the engine's own interpreter reads the metadata.
"""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host import engine_table, host_info
from experiments.lab.host.config import ROOT, Settings
from experiments.lab.host.machine_words import SECRET

KEPT = ("CUDA_", "NCCL_", "FLASHINFER_")  # how variables begin that a record holds beside the engines' own

# Runs in the engine's interpreter; importing torch there would take ten seconds, its version file takes none.
_PROBE = """
import hashlib, importlib.metadata as metadata, importlib.util as util, json, os, platform, sys
package, kept, names = sys.argv[1], tuple(sys.argv[2].split()), sys.argv[3:]
out = {"python": platform.python_version()}
# A PYTHONPATH of -I's making is ignored, so this runs without -I; the script's own folder is not on the path.
spec = util.find_spec(package)
out["found"] = bool(spec and spec.origin)
for name in names:
    try:
        dist = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        continue
    record = dist.read_text("RECORD")
    if record is None:
        record = "\\n".join(sorted(str(f) for f in dist.files or ()))
    out.update(distribution=dist.metadata["Name"], distribution_version=dist.version,
               digest="sha256:" + hashlib.sha256(record.encode()).hexdigest())
    break
try:
    out["torch"] = metadata.version("torch")
except metadata.PackageNotFoundError:
    out["torch"] = None
torch = util.find_spec("torch")
if torch and torch.origin:
    values = {}
    try:
        exec(open(os.path.join(os.path.dirname(torch.origin), "version.py")).read(), values)
    except OSError:
        pass
    out["torch"], out["cuda"] = values.get("__version__", out["torch"]), values.get("cuda")
# What the interpreter's own wrapper sets differs from the default, so the record has to say so.
out["environment"] = {k: v for k, v in os.environ.items() if k.startswith(kept) and "/" not in v}
print(json.dumps(out))
"""


def outside() -> dict:
    """The environment for a child in an engine's interpreter: this one, without what it says to Python. The driver's own path
    is not the engine's, which brings all it imports; with another engine's packages first it would run those."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}


def engine(name: str, settings: Settings) -> dict:
    """What is installed: {"name", "version", "distribution", "distribution_version", "digest", "python", "torch",
    "cuda", "environment"}. LabError when there is no interpreter or it lacks the engine."""
    build = engine_table.table().build(name)
    python = settings.pythons.get(name)
    variable = build.variable
    if python is None and build.tier == "gpu" and host_info.gpu() is None:
        raise LabError(
            f"{name}: no interpreter has it; it serves on a GPU, and nvidia-smi names none here: there is nothing to "
            f"install, and what it serves is not measured here ({variable} or lab.toml names one that is elsewhere)"
        )
    if python is None:
        remedy = "make engine-cpu" if build.tier == "cpu" else f"python -m scripts.environments.environment {name}"
        raise LabError(
            f"{name}: no interpreter has it; `{remedy}` makes one, or name one with {variable} or in lab.toml"
        )
    return _probe(name, str(python), variable)


@functools.lru_cache
def _probe(name: str, python: str, variable: str) -> dict:
    engines = engine_table.table()
    kept = [start for engine in engines.engines.values() for start in engine.variables]
    try:
        done = subprocess.run(
            [python, "-c", _PROBE, engines.engine_of(name).package, " ".join([*kept, *KEPT]),
             *engines.build(name).distributions],
            capture_output=True,
            text=True,
            env=outside(),
            timeout=120,
            cwd="/",
            check=False,
        )
        found = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"{variable}: {python} does not start ({error}); name another interpreter") from None
    except (ValueError, IndexError):
        why = (done.stderr.strip().splitlines() or ["no output"])[-1][:200]
        raise LabError(
            f"{variable}: {python} could not say what is installed ({why}); name another interpreter"
        ) from None
    if not found["found"] or "distribution" not in found:
        raise LabError(f"{variable}: {python} lacks {name}; install it there, or name an interpreter that has it")
    # The server has it from the wrapper all the same; a record is read by everybody.
    found["environment"] = {key: value for key, value in found["environment"].items() if not SECRET.search(key)}
    return {"name": engines.engine_of(name).name, "version": found["distribution_version"].partition("+")[0], **found}


def find_or_make(name: str, settings: Settings, root: Path = ROOT) -> dict:
    """`engine`, after making the environment if that can be done here (one for the CPU alone is made unasked)."""
    if settings.pythons.get(name) is None and engine_table.table().build(name).tier == "cpu":
        done = subprocess.run([sys.executable, "-m", "scripts.environments.environment", name], cwd=root, check=False)
        made = root / ".cache/envs" / name / "bin/python"
        if done.returncode or not made.exists():
            raise LabError(
                f"{name}: its environment could not be made (why: above); what runs in it is not measured here"
            )
        settings.pythons[name] = made
    return engine(name, settings)


def available(settings: Settings) -> dict[str, dict | str]:
    """{engine: what `engine` says, or the LabError's line}."""
    engines: dict[str, dict | str] = {}
    for name in engine_table.table().by_engine():
        try:
            engines[name] = engine(name, settings)
        except LabError as error:
            engines[name] = str(error)
    return engines
