"""The tracer's probe on Python 3.12 and later. LAB_INJECT_WARMUP=0 listens only once armed."""

import os
import sys

START, RESUME = "start", "resume"


class Monitoring:
    def __init__(self, tracer):
        self.tracer = tracer
        self.tool = None
        self.lines = []  # code objects whose lines are watched while armed

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

        def start(code, offset):
            return disable if entered(code, START) else None

        def resume(code, offset):
            return disable if entered(code, RESUME) else None

        def line(code, number):
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
        self.lines = list(self.tracer.plan.lines.values())
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
