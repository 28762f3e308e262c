"""The tracer's probe on Python 3.11: a C profile function on every thread, only while armed.

Lines need a trace function beside it: only where the plan names functions, and only their frames go on to send line
events.

The program may have a profiler or a debugger of its own. Its function is left where it is, and what it sets or takes away
is looked at when an audit event says so: while one of the two places is another's, entries come by way of the other. What
is lost where both are is said.
"""

import _thread
import opcode
import sys
import threading
from collections.abc import Callable
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import CodeType, FrameType
from typing import Any

from .code_names import begins, unbegun
from .observer import Observer
from .thread_states import FUNCTION, NOTHING, ThreadState, ThreadStates, address

RESUMABLE = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
CALL, LINE, RETURN, C_RETURN = 0, 2, 3, 6  # PyTrace_CALL and so on
START, RESUME, THROWN = "start", "resume", "thrown"
RESUMES, YIELDS = opcode.opmap["RESUME"], opcode.opmap["YIELD_VALUE"]


class Watched(str):
    """The name of an audit event, as a dictionary's key. An audit hook is asked at every event, and there are many, such
    as each look at `f_code`; the dictionary's `get` answers at once for all but those that it finds equal."""

    __slots__ = ("tell",)
    tell: Callable[[str], None]
    __hash__ = str.__hash__

    def __new__(cls, name: str, tell: Callable[[str], None]) -> "Watched":
        new = super().__new__(cls, name)
        new.tell = tell
        return new

    def __eq__(self, other: object) -> bool:
        found = str.__eq__(self, other)
        if found is True:
            self.tell(str(self))
        return found


class Profiling:
    def __init__(self, tracer: Observer):
        self.tracer = tracer
        self.states = ThreadStates()
        self._on, self._on_line = FUNCTION(self._event), FUNCTION(self._line)
        self._here, self._here_line = address(self._on), address(self._on_line)
        self._starts_thread = id(_thread.start_new_thread)
        self._armed = self._audits = self._lines = False
        self._own = threading.local()
        # (id of the code, offset) -> kind, "" for none, and the code, so that the id stays its own
        self._kinds: dict[tuple[int, int], tuple[str, CodeType]] = {}
        self._passed_by: dict[int, FrameType] = {}  # see _unannounced
        self._threads: set[int] = set()  # idents of those that were looked at
        self._lost: set[int] = set()  # numbers of threads on which both places were another's,
        self._shut: set[int] = set()  # and of those on which they are now
        self._unread: set[str] = set()  # functions whose lines could not be watched, since a trace function was there

    def begin(self) -> None:
        self.states.check()

    def armed(self) -> None:
        self._threads, self._unread = set(), set()
        self._lost, self._shut = set(), set()
        if not self._audits:  # there is no way to take it off again
            self._audits = True
            hook: Any = {Watched(name, self._audited): None for name in ("sys.setprofile", "sys.settrace")}.get
            sys.addaudithook(hook)
        self._armed, self._lines = True, self.tracer.plan is not None and self.tracer.plan.has_lines
        if threading.getprofile() is None:
            threading.setprofile(self._adopt)
        self._everywhere()

    def disarmed(self) -> None:
        self._armed = False
        if threading.getprofile() == self._adopt:
            threading.setprofile(None)
        self._everywhere()
        self._kinds.clear()
        self._passed_by.clear()
        for number in sorted(self._lost):
            name = self.tracer.threads.name(number)
            self.tracer.agent.note_lost(f"entries of thread {name} while others had its profile and its trace function")
        for function in sorted(self._unread):
            self.tracer.agent.note_lost(f"lines of {function} while another's trace function was there")

    def forked(self) -> None:
        self._lost, self._unread = set(), set()
        self.disarmed()

    def watch(self) -> None:
        """Look again at threads that were lost, and at those that Python did not start."""
        idents = set(sys._current_frames())
        if self._shut or idents - self._threads:
            self._threads |= idents
            self._everywhere()

    def watch_lines(self, code: CodeType) -> None:
        """The trace function asks the plan itself."""

    def _everywhere(self) -> None:
        poller = threading.current_thread().name == "lab-inject"
        self.states.each(self._place, self.states.own() if poller else None)

    def _place(self, place: int) -> None:
        """Put into one thread what belongs there now, or take it away; what is another's stays."""
        state, states = self.states.at(place), self.states
        if not self._armed:
            if state.profile == self._here:
                states.set_profile(place, NOTHING)
            if state.trace == self._here_line:
                states.set_trace(place, NOTHING)
            return
        if not state.profile:
            states.set_profile(place, self._on)
        wanted = self._lines or state.profile != self._here
        if wanted and not state.trace:
            states.set_trace(place, self._on_line)
        elif not wanted and state.trace == self._here_line:
            states.set_trace(place, NOTHING)
        self._threads.add(state.ident)
        if state.profile != self._here and state.trace != self._here_line:
            self._shut_out(state)
        else:
            self._shut.discard(state.number)

    def _shut_out(self, state: ThreadState) -> None:
        self._lost.add(state.number)
        self._shut.add(state.number)

    def _audited(self, event: str) -> None:
        """Somebody is about to set or take away a function of this thread: the other one stays to see what comes of it."""
        if not self._armed or self.states.setting():
            return
        try:
            if event == "sys.setprofile" and self._will_adopt(sys._getframe(2)):
                return
            place = self.states.own()
            state = self.states.at(place)
            if event == "sys.setprofile" and not state.trace:
                self.states.set_trace(place, self._on_line)
            elif event == "sys.settrace" and not state.profile:
                self.states.set_profile(place, self._on)
            if (state.trace if event == "sys.setprofile" else state.profile) not in (self._here, self._here_line):
                self._shut_out(state)
        except Exception as error:  # one that went on would keep the program from what it does
            self.tracer.agent.note_failure("audit", repr(error))

    def _adopt(self, frame: FrameType, event: str, arg: object) -> None:
        """First event in a thread that started while armed: give it the C function too."""
        self.states.set_profile(self.states.own(), NOTHING)
        if self._armed:
            self._place(self.states.own())
            self._event(None, frame, CALL, None)

    def _event(self, _: object, frame: FrameType, what: int, arg: int | None) -> int:
        # Of every call in every thread: little may be done here. Each look at f_code is an audit event.
        if what == CALL:
            code = frame.f_code
            if self._lines and self._state().trace != self._here_line:
                self._look_for_lines(code)
            if self._passed_by:
                self._unannounced(frame.f_back)
                self._passed_by.pop(id(frame), None)
            kind = START if not code.co_flags & RESUMABLE else self._kind(frame, code)
            if kind:
                self.tracer.entered(code, kind)
        elif what == RETURN:
            if self._passed_by:
                self._unannounced(frame)
        elif what == C_RETURN and arg == self._starts_thread and self._armed and not self._will_adopt(frame):
            self._place(self.states.newest())  # it waits for the GIL
        return 0

    def _look_for_lines(self, code: CodeType) -> None:
        """Another's trace function was in this thread, and may have gone."""
        self._place(self.states.own())
        plan = self.tracer.plan
        if self._state().trace != self._here_line and plan is not None and id(code) in plan.lines:
            self._unread.add(code.co_qualname)

    def _will_adopt(self, frame: FrameType) -> bool:
        """Whether a new thread gets its function by `threading`: it is started there, or is there itself."""
        return frame.f_code.co_filename == threading.__file__ and threading.getprofile() == self._adopt

    def _line(self, _: object, frame: FrameType, what: int, __: object) -> int:
        if what in (CALL, RETURN) and self._armed and self._state().profile != self._here:
            self._place(self.states.own())
            self._event(None, frame, what, None)
        if what in (CALL, LINE):
            plan, code = self.tracer.plan, frame.f_code
            if plan is None or (id(code) not in plan.lines and not plan.look(code)):
                frame.f_trace_lines = False
            elif what == LINE:
                self.tracer.ran(code, frame.f_lineno)
        return 0

    def _state(self) -> ThreadState:
        """That of this thread."""
        try:
            return self._own.state
        except AttributeError:
            state = self._own.state = self.states.at(self.states.own())
            return state

    def _unannounced(self, frame: FrameType | None) -> None:
        """An exception passes by a generator that waits for another. Where the other ends by it, the one goes on, and
        no event says so: then this is the first that is heard of it."""
        if self._passed_by.pop(id(frame), None) is not None and frame is not None:
            self.tracer.entered(frame.f_code, RESUME)

    def _kind(self, frame: FrameType, code: CodeType) -> str:
        """How a generator or coroutine is entered; "" where nothing of it will run."""
        at = frame.f_lasti
        kind, _ = self._kinds.get((id(code), at), (None, None))
        if kind is None:  # to look at the bytecode is to copy it
            thrown = code.co_code[at] != RESUMES
            kind = "" if unbegun(code, at) else THROWN if thrown else START if begins(code, at) else RESUME
            self._kinds[id(code), at] = kind, code
        if kind is THROWN:
            back = frame.f_back
            while back is not None and _waits(back):
                self._passed_by[id(back)] = back
                back = back.f_back
            return RESUME
        return kind


def _waits(frame: FrameType) -> bool:
    """Whether it is a generator's or coroutine's that stands where it was left, and does not run."""
    code, at = frame.f_code, frame.f_lasti
    return bool(code.co_flags & RESUMABLE) and at >= 0 and code.co_code[at] == YIELDS
