"""A command that makes much, keeps it to its end, and ends.

Python would look for what can be let go while such a process works, and let go of all of it, piece by piece, when it
ends: a sixth of a build, for memory that the system takes back anyway.
"""

import gc
import os
import sys
from collections.abc import Callable
from typing import NoReturn


def run(work: Callable[[], int | None]) -> NoReturn:
    """Ends the process with what `work` returns as its status, None for 0. What `work` raises is raised."""
    gc.disable()
    try:
        status = work() or 0
    except BaseException:
        gc.enable()
        raise
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
