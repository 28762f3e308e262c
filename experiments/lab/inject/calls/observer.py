"""What the tracer is to its parts: the probe of this Python says what is entered and run, the wire tap what arrives."""

from types import CodeType

from ..mode import Mode
from ..thread_names import ThreadNames
from .code_names import Files
from .plan import Plan


class Observer(Mode):
    """`phase` is None between a request and the next, `plan` that of the present arming. `seen` holds what is not to be
    recorded again: (thread's number, id of the code object, what else tells entries apart)."""

    files: Files
    phase: str | None
    generation: int
    plan: Plan | None
    seen: set[tuple]
    threads: ThreadNames

    def entered(self, code: CodeType, kind: str) -> bool:
        """Record a start or resume. True when this location may be disabled from now on."""
        raise NotImplementedError

    def ran(self, code: CodeType, line: int) -> None:
        """Record that a line of a function in the plan runs."""
        raise NotImplementedError

    def received(self) -> None:
        """A message arrived in this process."""
        raise NotImplementedError
