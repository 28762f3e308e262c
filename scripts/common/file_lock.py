"""One command at a time where two would make the same thing. Standard library only: it runs before any environment."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def one_at_a_time(file: Path, doing: str) -> Iterator[None]:
    """Holds a lock on `file`, whose folder exists; who comes second says that another command is `doing` and waits."""
    with open(file, "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print(f"Another command is {doing}; waiting for it.", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
