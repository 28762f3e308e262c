"""Says on stderr what runs, how far it is and how long is left: one line that rewrites itself, or, where output is
no terminal, a line now and then."""

import sys
import time
from collections.abc import Callable
from typing import TextIO


def clock(seconds: float) -> str:
    seconds = max(0, round(seconds))
    return f"{seconds} s" if seconds < 90 else f"{seconds / 60:.0f} min"


class Progress:
    """`parts` maps each part to its estimate in seconds; what the finished ones really took corrects the others."""

    EVERY_S = 15.0

    def __init__(
        self, parts: dict[str, float], stream: TextIO | None = None, now: Callable[[], float] = time.monotonic
    ):
        self.estimates, self.stream, self.now = dict(parts), stream or sys.stderr, now
        self.order = list(parts)
        self.done_estimate = self.done_real = 0.0
        self.part = ""  # none has begun
        self._last = float("-inf")
        self.tty = self.stream.isatty()

    def start(self, part: str) -> None:
        """The part begins; the line says what comes after it."""
        self.part, self.begun = part, self.now()
        later = [name for name in self.order[self.order.index(part) + 1 :] if name in self.estimates]
        self.show(0, 0, f"starting, then {', '.join(later)}" if later else "starting", force=True)

    def left_s(self, done: float, total: float) -> float:
        """Seconds left: of this part by its own progress where it reports any, of the others by estimate, scaled by
        how the finished parts compared with theirs. A short one says little about the long ones that are left, so what
        is left enters that scale as if it took what was estimated."""
        left = sum(self.estimates.values())
        scale = (self.done_real + left) / (self.done_estimate + left) if left else 1.0
        spent = self.now() - self.begun
        here = self.estimates[self.part] * scale - spent
        if total and done > 0.1 * total:
            here = max(here, 0) * 0.5 + spent * (total - done) / done * 0.5
        others = left - self.estimates[self.part]
        return max(0.0, here) + others * scale

    def show(self, done: float, total: float, text: str = "", force: bool = False) -> None:
        if not force and self.now() - self._last < (0.2 if self.tty else self.EVERY_S):
            return
        self._last = self.now()
        share = f" {100 * done / total:.0f}%" if total else ""
        line = f"{self._named()}:{share} {text} · {clock(self.left_s(done, total))} left".replace(":  ", ": ")
        self.stream.write(f"\r\x1b[K{line[:150]}" if self.tty else f"{line}\n")
        self.stream.flush()

    def finish(self, note: str = "done") -> None:
        """The part is over: its line stays. What a failed one took says nothing about the others."""
        estimate, spent = self.estimates.pop(self.part), self.now() - self.begun
        if note == "done":
            self.done_estimate += estimate
            self.done_real += spent
        begin = f"{chr(13)}{chr(27)}[K" if self.tty else ""
        self.stream.write(f"{begin}{self._named()}: {note} {'in' if note == 'done' else 'after'} {clock(spent)}\n")
        self.stream.flush()

    def drop(self, part: str) -> None:
        """A part that will not begin."""
        self.estimates.pop(part, None)

    def _named(self) -> str:
        if len(self.order) == 1:
            return self.part
        return f"{self.part} ({self.order.index(self.part) + 1} of {len(self.order)})"
