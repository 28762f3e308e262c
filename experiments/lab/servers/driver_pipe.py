"""The pipe by whose end a supervisor learns that its driver is gone.

Only the driver may hold the write end: a forked helper that kept it would have the server outlive the driver by as long
as the helper lives. So every fork of this process closes what it inherited, whoever forks: a load's workers, or a
library. What is started as another program does not inherit it in the first place.
"""

import contextlib
import os

_held: set[int] = set()


def new() -> tuple[int, int]:
    """(read end, for the supervisor; write end, for this process alone)."""
    read, write = os.pipe()
    _held.add(write)
    return read, write


def close(write: int) -> None:
    """Tell the supervisor to end its server."""
    _held.discard(write)
    os.close(write)


def _forked() -> None:
    for write in _held:
        with contextlib.suppress(OSError):
            os.close(write)
    _held.clear()


os.register_at_fork(after_in_child=_forked)
