"""Which thread runs: a number and a name of its own for each.

An ident is no such number: once a thread has ended, the next one gets its ident. The kernel's number of a thread comes
again only after all others had their turn. It is the same each time that a thread of C calls into Python, too, for
which Python makes a new thread state with each call.
"""

import threading


class ThreadNames:
    """The threads of one process, by number. Two threads of one name are told apart: the second is `worker (2)`."""

    def __init__(self) -> None:
        self._own = threading.local()  # its number, kept by each thread: asking the kernel costs a call
        self._names: dict[int, str] = {}
        self._taken: dict[str, int] = {}  # name -> how many threads have it
        # ident -> the last thread that had it: what `threading` has of it, if anything, and its number
        self._last: dict[int, tuple[threading.Thread | None, int]] = {}

    def number(self) -> int:
        """That of the thread that asks, which is named now, if it was not before."""
        try:
            return self._own.number
        except AttributeError:
            number = self._own.number = threading.get_native_id()
        if number not in self._names:
            ident = threading.get_ident()
            thread = _known(ident, number)
            if self._last.get(ident) == (thread, ident):  # found standing, by its ident alone
                self._names[number] = self._names[ident]
            else:
                self._names[number] = self._new(thread, ident)
            self._last[ident] = thread, number
        return number

    def standing(self, ident: int) -> int:
        """The number of a thread that lives now, by its ident, which stands in for the kernel's number until it asks."""
        thread = _known(ident, None)
        last, number = self._last.get(ident, (None, None))
        if number is None or last is not thread:
            number = ident
            self._names[number] = self._new(thread, ident)
            self._last[ident] = thread, number
        return number

    def name(self, number: int) -> str:
        """The name of the thread that has the number, also of one that was not asked for its own."""
        if number in self._names:
            return self._names[number]
        living = (each.name for each in list(vars(threading)["_active"].values()) if each.native_id == number)
        return next(living, f"native-{number & 0xFFFF:x}")

    def _new(self, thread: threading.Thread | None, ident: int) -> str:
        name = f"native-{ident & 0xFFFF:x}" if thread is None else thread.name
        count = self._taken[name] = self._taken.get(name, 0) + 1
        return name if count == 1 else f"{name} ({count})"


def _known(ident: int, number: int | None) -> threading.Thread | None:
    """What `threading` has of the thread; None for one that it does not know."""
    # The module's own table: current_thread() would register a dummy thread.
    thread = vars(threading)["_active"].get(ident)
    dummy = isinstance(thread, vars(threading)["_DummyThread"])
    # A dummy stays in the table when its thread has ended: the ident may be another's by now.
    return None if dummy and number is not None and thread.native_id != number else thread
