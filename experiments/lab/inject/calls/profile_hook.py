"""The tracer's probe on Python 3.11: a C profile function on every thread, only while armed.

Lines need a trace function beside it: only where the plan names functions, and only their frames go on to send line
events.

The program may have a profiler or a debugger of its own. Its function is left where it is, and what it sets or takes away
is looked at when an audit event says so: while one of the two places is another's, entries come by way of the other. What
is lost where both are is said.
"""

import _thread
import sys
import threading
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import CodeType, FrameType

from .code_names import begins, unbegun
from .observer import Observer
from .thread_states import FUNCTION, NOTHING, ThreadState, ThreadStates, address

RESUMABLE = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
CALL, LINE, RETURN, C_RETURN = 0, 2, 3, 6  # PyTrace_CALL and so on
START, RESUME = "start", "resume"


class Profiling:
    def __init__(self, tracer: Observer):
        self.tracer = tracer
        self.states = ThreadStates()
        self._on, self._on_line = FUNCTION(self._event), FUNCTION(self._line)
        self._here, self._here_line = address(self._on), address(self._on_line)
        self._starts_thread = id(_thread.start_new_thread)
        self._armed = self._audits = False
        self._own = threading.local()
        # (id of the code, offset) -> kind, "" for none, and the code, so that the id stays its own
        self._kinds: dict[tuple[int, int], tuple[str, CodeType]] = {}
        self._running: set[int] = set()  # ids of the frames of generators and coroutines that run
        self._threads: set[int] = set()  # idents of those that were looked at
        self._lost: set[int] = set()  # numbers of threads on which both places were another's,
        self._shut: set[int] = set()  # and of those on which they are now
        self._unread: set[str] = set()  # functions whose lines could not be watched, since a trace function was there

    def begin(self) -> None:
        self.states.check()

    def armed(self) -> None:
        self._running, self._threads, self._unread = set(), set(), set()
        self._lost, self._shut = set(), set()
        for innermost in sys._current_frames().values():
            frame: FrameType | None = innermost
            while frame is not None:
                if frame.f_code.co_flags & RESUMABLE:
                    self._running.add(id(frame))
                frame = frame.f_back
        if not self._audits:  # there is no way to take it off again
            self._audits = True
            sys.addaudithook(self._audited)
        self._armed = True
        if threading.getprofile() is None:
            threading.setprofile(self._adopt)
        self._everywhere()

    def disarmed(self) -> None:
        self._armed = False
        if threading.getprofile() == self._adopt:
            threading.setprofile(None)
        self._everywhere()
        self._kinds.clear()
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
        wanted = self._lines() or state.profile != self._here
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

    def _lines(self) -> bool:
        return self.tracer.plan is not None and self.tracer.plan.has_lines

    def _audited(self, event: str, _: object) -> None:
        """Somebody is about to set or take away a function of this thread: the other one stays to see what comes of it."""
        if event not in ("sys.setprofile", "sys.settrace") or not self._armed or self.states.setting():
            return
        try:
            if event == "sys.setprofile" and self._will_adopt(sys._getframe(1)):
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
        if what == CALL:
            if self._lines() and self._state().trace != self._here_line:
                self._place(self.states.own())
                plan = self.tracer.plan
                if self._state().trace != self._here_line and plan is not None and id(frame.f_code) in plan.lines:
                    self._unread.add(frame.f_code.co_qualname)
            self._entered(frame)
        elif what == RETURN:
            if frame.f_code.co_flags & RESUMABLE:
                self._unannounced(frame)
                self._running.discard(id(frame))
        elif what == C_RETURN and arg == self._starts_thread and self._armed and not self._will_adopt(frame):
            self._place(self.states.newest())  # it waits for the GIL
        return 0

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

    def _entered(self, frame: FrameType) -> None:
        back, code = frame.f_back, frame.f_code
        if back is not None and back.f_code.co_flags & RESUMABLE:
            self._unannounced(back)
        kind = self._kind(frame, code)
        if code.co_flags & RESUMABLE:
            self._running.add(id(frame))
        if kind is not None:
            self.tracer.entered(code, kind)

    def _unannounced(self, frame: FrameType) -> None:
        """A generator or coroutine goes on without an event when what it waits for ends by what is thrown into it."""
        if id(frame) not in self._running:
            self._running.add(id(frame))
            self.tracer.entered(frame.f_code, RESUME)

    def _kind(self, frame: FrameType, code: CodeType) -> str | None:
        """None where nothing of it will run."""
        if not code.co_flags & RESUMABLE or self.tracer.files(code.co_filename) is None:
            return START
        at = frame.f_lasti
        kind, _ = self._kinds.get((id(code), at), (None, None))
        if kind is None:  # to look at the bytecode is to copy it
            kind = "" if unbegun(code, at) else START if begins(code, at) else RESUME
            self._kinds[id(code), at] = kind, code
        return kind or None
