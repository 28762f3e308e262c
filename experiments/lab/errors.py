"""The lab's one exception: its text is the one line a user sees (what, where, what to do)."""

import errno

# Of a disk, of a user's share of it.
_FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk is full as far as you may fill it"}


class LabError(Exception):
    """Stops a command with exit status 1 and its text as the only output."""


class NotMeasured(LabError):
    """A record that this machine has not made: the claims that rest on it are left out here, not failed."""


class NoNumber(LabError):
    """A value that is no finite number, such as a ratio to something that never happened."""


class NothingToSay(LabError):
    """The records of a plan for smaller cards have none of what a claim is about: it is left out there."""


def disk_full(error: OSError) -> str | None:
    """What to say of an error that is a full disk; None for another."""
    if (what := _FULL.get(error.errno or 0)) is None:
        return None
    where = f" ({error.filename})" if isinstance(error.filename, str) else ""
    return f"{what}{where}: what was finished before is kept; make room, and the same command measures the rest"
