"""`mkdocs`, for one build: the same command in a fork of this process, which has loaded most of what it needs."""

import gc
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.build import theme_files


def run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Runs `mkdocs` with these arguments in a folder; returns its status and all that it says."""
    with tempfile.TemporaryFile() as said:
        fork = multiprocessing.get_context("fork").Process(
            target=_mkdocs, args=(arguments, folder, environment, said.fileno())
        )
        fork.start()
        try:
            fork.join()
        finally:
            fork.kill()  # if this process is interrupted while it waits
            fork.join()
        said.seek(0)
        return fork.exitcode or 0, said.read().decode("utf-8", "replace")


def _mkdocs(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], said: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # at the terminal it reaches the process that waits, too
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for stream in (1, 2):
        os.dup2(said, stream)
    sys.stdout = sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - to the process's end
    os.environ.update(environment)
    os.chdir(folder)
    gc.disable()  # it ends soon
    theme_files.skip_hidden()
    from mkdocs.__main__ import cli  # what this process has not loaded is loaded here, and not before it is needed

    cli(arguments)
