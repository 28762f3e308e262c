"""The lab's one exception: its text is the one line a user sees (what, where, what to do)."""


class LabError(Exception):
    """Stops a command with exit status 1 and its text as the only output."""


class NotMeasured(LabError):
    """A record that this machine has not made: the claims that rest on it are left out here, not failed."""


class NoNumber(LabError):
    """A value that is no finite number, such as a ratio to something that never happened."""


class NothingToSay(LabError):
    """The records of a plan for smaller cards have none of what a claim is about: it is left out there."""
