"""Which commit of the repository measured: a record holds it beside the digest of the sources."""

import functools
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SOURCES = "experiments/lab"


@functools.lru_cache  # of the start, as the sources that run are
def commit(root: Path = ROOT) -> dict | None:
    """{"id": the full hash of HEAD, "clean": whether the lab's sources are those of it}, a record's `commit`. None
    where git or the repository is not there: a GPU host may have the files alone."""
    try:
        top, head = git(root, "rev-parse", "--show-toplevel", "HEAD").decode().splitlines()
        if Path(top).resolve() != root.resolve():
            return None  # a copy of the files inside another repository
        changed = git(root, "status", "--porcelain", "--untracked-files=all", "--", SOURCES)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return {"id": head, "clean": not changed.strip()}


def git(root: Path, *arguments: str) -> bytes:
    """What git prints of the repository at `root`, whatever repository a hook that runs this is in. OSError without
    git, subprocess.SubprocessError where it fails."""
    outside = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, check=True, timeout=60, env=outside).stdout
