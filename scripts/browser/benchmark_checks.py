"""What `make bench` times of the checks: `make verify` as it is run while writing, and the tests where asked; and what
becomes of runs that something goes wrong with."""

import os
import re
import subprocess
import time
from pathlib import Path
from typing import Protocol

from scripts.common.errors import SiteError
from scripts.common.paths import ROOT

POST = "02"
SURVIVED = re.compile(r"faults survived: (\d+) of (\d+), measurements lost: (\d+)")


class Table(Protocol):
    """Where figures are written down."""

    def add(self, name: str, unit: str, limit: float | None, value: float | None, detail: str = "") -> None: ...


def verify(figures: Table, root: Path = ROOT) -> None:
    """Seconds that `make verify` takes: of everything, then of what is unchanged, then of one post that is."""
    figures.add("make verify ALL=1", "s", None, *_seconds("verify", "ALL=1", root=root, last="experiments unchanged"))
    figures.add("make verify, nothing changed", "s", 10, *_seconds("verify", root=root, last="experiments unchanged"))
    figures.add(f"make verify POST={POST}, nothing changed", "s", 3, *_seconds("verify", f"POST={POST}", root=root))


def tests(figures: Table, root: Path = ROOT) -> None:
    """Seconds that `make test` takes."""
    figures.add("make test", "s", 600, *_seconds("test", root=root, last="left to"))


def faults(figures: Table, root: Path = ROOT) -> None:
    """How many faults of a run `make faults` finds not survived, and how many measurements lost; none of either is to
    be. Raises SiteError when it does not say."""
    done = _make("faults", root=root)
    if (said := SURVIVED.search(done.stdout)) is None:
        raise SiteError("bench: make faults fails; run it and mend what it says")
    survived, count, lost = map(int, said.groups())
    figures.add("faults not survived, measurements lost", "", 0, count - survived + lost, said[0])


def _seconds(*words: str, root: Path, last: str = "") -> tuple[float, str]:
    """(seconds, the last line that holds `last`). Raises SiteError when the command fails."""
    started = time.perf_counter()
    done = _make(*words, root=root)
    taken = time.perf_counter() - started
    if done.returncode:
        raise SiteError(f"bench: make {' '.join(words)} fails; run it and mend what it says")
    lines = [line for line in done.stdout.splitlines() if last and last in line]
    return taken, lines[-1].partition("; ")[2] or lines[-1] if lines else ""


def _make(*words: str, root: Path) -> subprocess.CompletedProcess:
    # Names that this make was given are no business of that one.
    outer = ("MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS")
    environment = {key: value for key, value in os.environ.items() if key not in outer}
    return subprocess.run(["make", *words], cwd=root, capture_output=True, text=True, check=False, env=environment)
