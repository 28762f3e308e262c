"""Runs an installer with progress, and turns its failure into a cause and a remedy.

Standard library only: it runs before anything is installed.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from scripts.common.errors import SiteError

CHECK_PIP = "check the network and pip's settings (`pip config list`), then run it again"
UNREACHABLE = "the package index cannot be reached"
LACKING = "the package index lacks a package that {lock} names"

# What installers print when they fail, most telling first: (pattern, cause, remedy).
CAUSES = [
    (
        r"No space left on device|ENOSPC|os error 28",
        "the disk is full",
        "free some (`make clean` removes what these commands made) and run the command again",
    ),
    (
        r"DO NOT MATCH THE HASHES|[Hh]ash mismatch|HashMismatch",
        "a downloaded package differs from the hash in {lock}",
        "a mirror or cache served another file: try another index, or `pip cache purge` and `uv cache clean`",
    ),
    (
        r"Temporary failure in name resolution|Name or service not known|Failed to establish a new connection|"
        r"Network is unreachable|Connection refused|dns error|[Ff]ailed to connect|error sending request|"
        r"ConnectTimeout|Read timed out|NewConnectionError|NameResolutionError|client error \(Connect\)|"
        r"No route to host",
        UNREACHABLE,
        CHECK_PIP,
    ),
    (
        r"No module named ensurepip|ensurepip is not available",
        "this Python comes without venv and pip",
        "install them (Debian: `apt-get install python3-venv`) and run it again",
    ),
    (
        r"No matching distribution found for|no versions? of|is not available in|was not found in the package registry|"
        r"Could not find a version that satisfies",
        LACKING,
        CHECK_PIP,
    ),
    (r"[Pp]ermission denied", "a folder is not writable", "run it where you may write"),
]


def explain(output: str, lock: str) -> str:
    """The cause and remedy, in one line, that an installer's output stands for.

    `output` is everything it printed, `lock` the requirements file it installed from.
    """
    for pattern, cause, remedy in CAUSES:
        if re.search(pattern, output):
            return f"{cause}; {remedy}".format(lock=lock)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    wrong = [line for line in lines if re.search(r"error|failed", line, re.I)] or lines or ["it printed nothing"]
    return f"the installer failed ({wrong[-1][:200]}); its whole output is in .cache/install.log"


def folder_bytes(folder: Path) -> int:
    """Bytes the files below `folder` take; links are not followed."""
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:
                pass  # an installer moves files while we look
    return total


def human(count: float) -> str:
    """`count` bytes for a reader: "640 MB", "1.9 GB"."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def require_disk(folder: Path, need: int, what: str) -> None:
    """Raises SiteError unless the disk below `folder` has `need` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < need:
        raise SiteError(
            f"{what}: needs {human(need)} of disk and {folder} has {human(free)} free; "
            "free some (`make clean` removes what these commands made) and run it again"
        )


def remove(path: Path) -> None:
    """Removes a folder with all it holds, or a file; of a link the link alone, for what it points to is not ours.

    What is not there is removed already. Raises OSError.
    """
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def run_quietly(
    command: list[str], *, what: str, lock: str, growing: Path, log: Path, env: dict[str, str] | None = None
) -> None:
    """Runs `command`, showing elapsed time and the size of `growing`; its output goes to `log`.

    Raises SiteError with cause and remedy when it fails. An interrupt ends the command too.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    done = threading.Event()
    shown = threading.Thread(target=_show_progress, args=(what, growing, done), daemon=True)
    with open(log, "wb") as out:
        try:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env)
        except OSError as error:
            raise SiteError(
                f"{what}: {command[0]} does not start ({error.strerror}); check that it is installed"
            ) from None
        shown.start()
        try:
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            done.set()
            shown.join()
    if status:
        raise SiteError(f"{what}: {explain(log.read_text(errors='replace'), lock)}")


def _show_progress(what: str, growing: Path, done: threading.Event) -> None:
    """On a terminal one line that counts; in a log a line every 15 s."""
    terminal = sys.stdout.isatty()
    started = time.monotonic()
    while not done.wait(1 if terminal else 15):
        elapsed = time.monotonic() - started
        line = f"  {what}: {elapsed:.0f} s, {human(folder_bytes(growing))} installed"
        print(f"\r{line}" if terminal else line, end="" if terminal else "\n", flush=True)
    if terminal and time.monotonic() - started > 1:
        print()
