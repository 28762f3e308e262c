"""One piece of work for each of several things, in as many processes as there are cores, told in the things' order.

The processes are forks: they know what this one has read, and what they read themselves is theirs alone. So what all
of them need is read before.
"""

import functools
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from scripts.common.errors import SiteError

Thing = TypeVar("Thing")
Made = TypeVar("Made")
MOST = 8  # processes: each costs its start, and pages are made by then


def cores() -> int:
    """How many processes can run at once: a container or `taskset` may leave fewer than the machine has."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST)


def outcomes(work: Callable[[Thing], Made], things: Sequence[Thing], processes: int) -> list[Made | SiteError]:
    """What `work` makes of each thing, or the SiteError it raises. Any other exception is raised here.

    With one process, or where there are no forks, it runs in this one. What it makes has to be picklable, and what it
    changes beside that is lost.
    """
    several = min(processes, len(things))
    if several < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return [_outcome(work, thing) for thing in things]
    fork = multiprocessing.get_context("fork")
    try:
        with ProcessPoolExecutor(several, fork, _begin, (functools.partial(_outcome, work),)) as pool:
            # An interrupt at the terminal reaches every process. The forks, from their first moment on, leave it to
            # this one, which ends them: they begin with what is blocked here.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                made = pool.map(_in_fork, things)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            return list(made)
    except BrokenProcessPool:
        raise SiteError(
            "a process that made some of the pages was ended from outside; see if there is memory left, and try again"
        ) from None


def _outcome(work: Callable[[Thing], Made], thing: Thing) -> Made | SiteError:
    try:
        return work(thing)
    except SiteError as error:
        return error


_work: Callable[[Any], Any]  # of a fork alone: it is handed over as it is, for a function need not be picklable


def _begin(work: Callable[[Any], Any]) -> None:
    global _work
    _work = work
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the development server has one of its own


def _in_fork(thing: Any) -> Any:
    return _work(thing)
