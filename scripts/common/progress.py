"""A count of seconds while something runs that says nothing itself. Standard library only: an installer uses it."""

import sys
import threading
import time
from collections.abc import Callable


class Ticking:
    """Counts seconds on a terminal while a block runs, from the second one on. In a log it says nothing, or, with
    `log_every` (seconds), a line as often. `more` adds what else there is to tell, such as ", 640 MB installed"."""

    def __init__(self, what: str, more: Callable[[], str] = str, log_every: float = 0):
        self.what, self.more, self.log_every = what, more, log_every
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._tick if sys.stdout.isatty() else self._log, daemon=True)

    def __enter__(self) -> "Ticking":
        if self.log_every or sys.stdout.isatty():
            self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        if self.thread.is_alive():
            self.thread.join()

    def _tick(self) -> None:
        started = time.monotonic()
        while not self.done.wait(1):
            # The cursor goes back to the line's start, so that what is printed next covers the count.
            print(f"{self.what}: {time.monotonic() - started:.0f} s{self.more()}\x1b[K\r", end="", flush=True)
        print("\x1b[K", end="", flush=True)

    def _log(self) -> None:
        started = time.monotonic()
        while not self.done.wait(self.log_every):
            print(f"  {self.what}: {time.monotonic() - started:.0f} s{self.more()}", flush=True)
