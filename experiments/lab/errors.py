"""The lab's one exception: its text is the one line a user sees (what, where, what to do)."""

import errno

# What a machine refuses, and what whoever runs it can do.
_REFUSED = {
    errno.ENOSPC: ("the disk is full", "make room"),
    errno.EDQUOT: ("the disk is full as far as you may fill it", "make room"),
    errno.EROFS: ("the file system may only be read", "mount it for writing"),
    errno.EACCES: ("permission denied", "let yourself write there"),
    errno.EMFILE: ("too many files are open", "raise the limit (ulimit -n 65536)"),
    errno.ENFILE: ("too many files are open on this machine", "end what holds them"),
}


class LabError(Exception):
    """Stops a command with exit status 1 and its text as the only output."""


class NotMeasured(LabError):
    """A record that this machine has not made: the claims that rest on it are left out here, not failed."""


class NoNumber(LabError):
    """A value that is no finite number, such as a ratio to something that never happened."""


class NothingToSay(LabError):
    """The records of a plan for smaller cards have none of what a claim is about: it is left out there."""


def refused(error: OSError) -> str | None:
    """What to say of an error that is the machine's: a full disk, a missing right, a limit. None for another."""
    what, remedy = _REFUSED.get(error.errno or 0, ("", ""))
    if not what:
        return None
    where = f" ({error.filename})" if isinstance(error.filename, str) else ""
    return f"{what}{where}: what was finished before is kept; {remedy}, and the same command measures the rest"
