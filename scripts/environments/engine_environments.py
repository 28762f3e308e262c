"""`python -m scripts.environments.engine_environments [NAME ...]`: makes the engine environments this machine can have.

One that the user named by hand (a LAB_ variable or lab.toml) is not made. The GPU's, which take 9 GB, are made only
where there is an NVIDIA GPU. What cannot be had here is said in one line and is no failure: its measurements are
left out.
"""

import argparse
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from scripts.common.errors import SiteError, run_cli
from scripts.environments import environment


def named_by_hand(name: str, root: Path = environment.ROOT, environ: Mapping[str, str] | None = None) -> bool:
    """Whether the user has set an interpreter for the engine environment `name`."""
    environ = os.environ if environ is None else environ
    key = name.replace("-", "_") + "_python"
    if environ.get(f"LAB_{key.upper()}"):
        return True
    try:
        return key in tomllib.loads((root / "lab.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return False  # an unreadable lab.toml is reported by the lab, which knows its keys


def has_nvidia_gpu(
    driver: Path = Path("/proc/driver/nvidia/version"), devices: Path = Path("/dev")
) -> bool:
    """Whether the NVIDIA kernel driver is loaded and a GPU is given to this machine: a container that was started
    without one shows its host's driver all the same."""
    return driver.exists() and any(devices.glob("nvidia[0-9]*"))


def make(names: list[str], root: Path = environment.ROOT) -> None:
    """Makes each of `names` that this machine can have and the user has not named by hand. Raises SiteError."""
    for name in names:
        env = environment.ENVIRONMENTS[name]
        if named_by_hand(name, root) or (name in ("vllm", "sglang") and not has_nvidia_gpu()):
            continue
        if not environment.is_current(env, root):
            try:
                environment.find_python(env)
            except SiteError as reason:
                print(f"Not measured here: {reason}", flush=True)
                continue
        environment.ensure(env, root)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.environments.engine_environments", description="make engine environments"
    )
    known = ["vllm-cpu", "sglang-cpu", "vllm", "sglang"]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; all when left out")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in known:
            raise SiteError(f"{name}: no such engine environment; there are {', '.join(known)}")
    make(arguments.names or known)


if __name__ == "__main__":
    run_cli(main)
