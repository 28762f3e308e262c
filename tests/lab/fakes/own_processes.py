"""The processes that a test started: not a browser that another test left open, nor what that starts."""

import os
from collections.abc import Callable

from experiments.lab.servers.supervisor import descendants


def started_from_here_on() -> Callable[[], set[int]]:
    """Call it before; what it returns names, each time it is called, the live processes started since."""
    before = set(descendants(os.getpid()))
    return lambda: set(descendants(os.getpid())) - before - {pid for each in before for pid in descendants(each)}
