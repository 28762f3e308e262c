"""The tracer's probe on Python 3.12 and later. LAB_INJECT_WARMUP=0 listens only once armed."""

import os
import sys
from types import CodeType

from .code_names import unbegun
from .observer import Observer

if sys.version_info < (3, 12):
    raise ImportError("sys.monitoring came with Python 3.12; before it the profile hook is the tracer's probe")

START, RESUME = "start", "resume"
NAME = "lab-inject"
FREE = (4, 3)  # the two ids that no kind of tool is expected to use


class Monitoring:
    def __init__(self, tracer: Observer):
        self.tracer = tracer
        self.tool = 0
        self.lines: list[CodeType] = []  # code objects whose lines are watched while armed

    def begin(self) -> None:
        monitoring = sys.monitoring
        for tool in FREE:
            if monitoring.get_tool(tool) is None:
                break
        else:
            taken = ", ".join(f"{tool} by {monitoring.get_tool(tool)!r}" for tool in FREE)
            raise RuntimeError(f"the free ids of sys.monitoring are taken, {taken}: start the engine without these tools")
        monitoring.use_tool_id(tool, NAME)
        self.tool = tool
        entered, ran, disable = self.tracer.entered, self.tracer.ran, monitoring.DISABLE

        def start(code: CodeType, _offset: int) -> object:
            return disable if entered(code, START) else None

        def resume(code: CodeType, _offset: int) -> object:
            return disable if entered(code, RESUME) else None

        def thrown(code: CodeType, offset: int, _error: BaseException) -> None:
            # This event cannot be disabled: to return what does so in the others is an error.
            if not unbegun(code, offset):
                entered(code, RESUME)

        def line(code: CodeType, number: int) -> None:
            ran(code, number)

        events = monitoring.events
        monitoring.register_callback(tool, events.LINE, line)
        monitoring.register_callback(tool, events.PY_START, start)
        monitoring.register_callback(tool, events.PY_RESUME, resume)
        monitoring.register_callback(tool, events.PY_THROW, thrown)
        if os.environ.get("LAB_INJECT_WARMUP", "1") != "0":
            self._listen()

    def _listen(self) -> None:
        events = sys.monitoring.events
        sys.monitoring.set_events(self.tool, events.PY_START | events.PY_RESUME | events.PY_THROW)

    def armed(self) -> None:
        self._listen()
        for code in list(self.tracer.plan.lines.values()) if self.tracer.plan else []:
            self.watch_lines(code)
        sys.monitoring.restart_events()

    def watch_lines(self, code: CodeType) -> None:
        """Of a function of the plan, from now on until it is disarmed."""
        self.lines.append(code)
        sys.monitoring.set_local_events(self.tool, code, sys.monitoring.events.LINE)

    def watch(self) -> None:
        """Threads need not be watched: the events are those of all."""

    def disarmed(self) -> None:
        """Lines are watched no more; each entry disables itself at its next event."""
        owner = sys.monitoring.get_tool(self.tool)
        if owner != NAME:
            self.tracer.agent.note_failure("tracer", f"its id {self.tool} of sys.monitoring was taken, now by {owner!r}")
            return
        if not sys.monitoring.get_events(self.tool) & sys.monitoring.events.PY_START:
            self.tracer.agent.note_failure("tracer", f"other code has set the events of its id {self.tool} of sys.monitoring")
        lines, self.lines = self.lines, []
        for code in lines:
            sys.monitoring.set_local_events(self.tool, code, sys.monitoring.events.NO_EVENTS)

    def forked(self) -> None:
        sys.monitoring.restart_events()
