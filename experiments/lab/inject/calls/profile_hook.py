"""The tracer's probe on Python 3.11: a C profile function on every thread, only while armed.

`_PyEval_SetProfile(tstate, func, arg)` is what 3.12's `threading.setprofile_all_threads` calls; 3.11
exports it without a Python name. Lines need a trace function beside it, by `_PyEval_SetTrace`: only where the plan
names functions, and only their frames go on to send line events.
"""

import collections
import ctypes
import sys
import threading
import time
from collections.abc import Callable
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from itertools import repeat
from types import CodeType, FrameType

from .observer import Observer

RESUMABLE = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
CALL, LINE = 0, 2  # PyTrace_CALL, PyTrace_LINE
_FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.py_object, ctypes.c_int, ctypes.c_void_p)


class Profiling:
    def __init__(self, tracer: Observer):
        self.tracer = tracer
        self._on = _FUNCTION(self._event)
        self._on_line = _FUNCTION(self._line)
        self._off = _FUNCTION()  # a null pointer

    def begin(self) -> None:
        for name in ("_PyEval_SetProfile", "_PyEval_SetTrace"):
            if not hasattr(ctypes.pythonapi, name):
                raise RuntimeError(f"this Python 3.11 does not export {name}: trace on 3.12 or later")

    def armed(self) -> None:
        threading.setprofile(self._adopt)
        self._set(self._on, self._on_line if self.tracer.plan and self.tracer.plan.lines else self._off)

    def disarmed(self) -> None:
        threading.setprofile(None)
        self._set(self._off, self._off)

    def forked(self) -> None:
        self.disarmed()

    def _adopt(self, frame: FrameType, event: str, arg: object) -> None:
        """First event in a thread that started while armed: give it the C function too."""
        sys.setprofile(None)
        plan = self.tracer.plan
        armed = self.tracer.phase == "request" and plan is not None
        lines = armed and plan is not None and plan.lines
        self._set(self._on if armed else self._off, self._on_line if lines else self._off)
        self._event(None, frame, CALL, None)

    def _event(self, _: object, frame: FrameType, what: int, __: object) -> int:
        if what == CALL:
            code = frame.f_code
            # The RESUME instruction's argument says why the frame runs: 0 is a call, else a resumption.
            self.tracer.entered(code, self._kind(frame, code))
        return 0

    def _line(self, _: object, frame: FrameType, what: int, __: object) -> int:
        if what in (CALL, LINE):
            plan = self.tracer.plan
            if plan is None or id(frame.f_code) not in plan.lines:
                frame.f_trace_lines = False
            elif what == LINE:
                self.tracer.ran(frame.f_code, frame.f_lineno)
        return 0

    def _kind(self, frame: FrameType, code: CodeType) -> str:
        tracer = self.tracer
        if (threading.get_ident(), id(code)) in tracer.seen or tracer.files(code.co_filename) is None:
            return "start"  # not recorded again: spare the copy of the bytecode
        if not code.co_flags & RESUMABLE:
            return "start"
        at = frame.f_lasti
        return "resume" if at >= 0 and code.co_code[at + 1] & 3 else "start"

    def _set(self, profile: Callable[..., int], trace: Callable[..., int]) -> None:
        """Set both functions of every thread but the poll thread, with no thread ending meanwhile."""
        api = ctypes.pythonapi
        api.PyInterpreterState_Get.restype = ctypes.c_void_p
        head, follow = api.PyInterpreterState_ThreadHead, api.PyThreadState_Next
        head.restype = follow.restype = ctypes.c_void_p
        head.argtypes = follow.argtypes = [ctypes.c_void_p]
        for assign in (api._PyEval_SetProfile, api._PyEval_SetTrace):
            assign.argtypes, assign.restype = [ctypes.c_void_p, _FUNCTION, ctypes.c_void_p], ctypes.c_int
        api.PyThreadState_Get.restype = ctypes.c_void_p
        poller = threading.current_thread().name == "lab-inject"
        interval = sys.getswitchinterval()
        # A thread state is freed when its thread ends, which takes the GIL: hold it through the walk.
        sys.setswitchinterval(0.5)
        try:
            time.sleep(0.01)  # requests to give up the GIL made under the old interval pass now
            states, state = [], head(api.PyInterpreterState_Get())
            while state:
                states.append(state)
                state = follow(state)
            me = api.PyThreadState_Get() if poller else None
            others = [s for s in states if s != me]
            for assign, function in ((api._PyEval_SetTrace, trace), (api._PyEval_SetProfile, profile)):
                collections.deque(map(assign, others, repeat(function), repeat(None)), maxlen=0)
        finally:
            sys.setswitchinterval(interval)
