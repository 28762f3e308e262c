"""The tracer's probe on Python 3.12 and later. LAB_INJECT_WARMUP=0 listens only once armed."""

import os
import sys
from types import CodeType

from .observer import Observer

if sys.version_info < (3, 12):
    raise ImportError("sys.monitoring came with Python 3.12; before it the profile hook is the tracer's probe")

START, RESUME = "start", "resume"


class Monitoring:
    def __init__(self, tracer: Observer):
        self.tracer = tracer
        self.tool = 0
        self.lines: list[CodeType] = []  # code objects whose lines are watched while armed

    def begin(self) -> None:
        monitoring = sys.monitoring
        for tool in (4, 3):  # the two ids that no kind of tool is expected to use
            if monitoring.get_tool(tool) is None:
                break
        else:
            raise RuntimeError("both free sys.monitoring tool ids are taken")
        monitoring.use_tool_id(tool, "lab-inject")
        self.tool = tool
        entered, ran, disable = self.tracer.entered, self.tracer.ran, monitoring.DISABLE

        def start(code: CodeType, _offset: int) -> object:
            return disable if entered(code, START) else None

        def resume(code: CodeType, _offset: int) -> object:
            return disable if entered(code, RESUME) else None

        def line(code: CodeType, number: int) -> None:
            ran(code, number)

        events = monitoring.events
        monitoring.register_callback(tool, events.LINE, line)
        monitoring.register_callback(tool, events.PY_START, start)
        monitoring.register_callback(tool, events.PY_RESUME, resume)
        if os.environ.get("LAB_INJECT_WARMUP", "1") != "0":
            self._listen()

    def _listen(self) -> None:
        events = sys.monitoring.events
        sys.monitoring.set_events(self.tool, events.PY_START | events.PY_RESUME)

    def armed(self) -> None:
        self._listen()
        self.lines = list(self.tracer.plan.lines.values()) if self.tracer.plan else []
        for code in self.lines:
            sys.monitoring.set_local_events(self.tool, code, sys.monitoring.events.LINE)
        sys.monitoring.restart_events()

    def disarmed(self) -> None:
        """Lines are watched no more; each entry disables itself at its next event."""
        lines, self.lines = self.lines, []
        for code in lines:
            sys.monitoring.set_local_events(self.tool, code, sys.monitoring.events.NO_EVENTS)

    def forked(self) -> None:
        sys.monitoring.restart_events()
