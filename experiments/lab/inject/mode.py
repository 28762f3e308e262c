"""What the agent asks of a mode (tracer or stage probes), and what a mode sees of the process that it is in.

Plain classes: this runs in every process of an engine, before anything of it is imported.
"""

from mmap import mmap

from .import_hooks import Watcher


class Process:
    """One process of the engine; the agent is one. `arm` is the driver's file, mapped; `pid` is 0 until the engine's
    own import; `poller` is the ident of the poll thread: what it calls itself is not the engine's doing."""

    folder: str
    arm: mmap
    watcher: Watcher
    pid: int
    poller: int | None

    def note(self, line: dict) -> None:
        """Keep a line for the next write."""
        raise NotImplementedError

    def note_failure(self, where: str, error: object) -> None:
        """Keep a failure for the driver, which reports it; the engine goes on."""
        raise NotImplementedError

    def note_lost(self, what: str) -> None:
        """Keep what could not be recorded for the driver, which says so."""
        raise NotImplementedError


class Mode:
    """What is recorded in a process. Lines are dicts that JSON can hold."""

    def __init__(self, agent: Process):
        self.agent = agent

    def prepare(self) -> None:
        """At the interpreter's start."""
        raise NotImplementedError

    def begin(self) -> None:
        """When the engine begins to be imported."""
        raise NotImplementedError

    def forked(self) -> None:
        """In a forked child: what the parent holds is the parent's."""
        raise NotImplementedError

    def armed(self, generation: int) -> None:
        """The driver wants it to record from now on."""
        raise NotImplementedError

    def watch(self) -> None:
        """Again and again while armed."""

    def pending(self) -> bool:
        """Whether it holds lines although it is not armed."""
        raise NotImplementedError

    def disarmed(self) -> list:
        """The lines that it holds, which it gives up."""
        raise NotImplementedError


class Idle(Mode):
    """Records nothing: in a process where a mode could not begin."""

    def begin(self) -> None:
        pass

    def forked(self) -> None:
        pass

    def armed(self, generation: int) -> None:
        pass

    def pending(self) -> bool:
        return False

    def disarmed(self) -> list:
        return []
