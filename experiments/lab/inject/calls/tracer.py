"""Which functions of the engine are entered while a request is served, in every thread, in order.

An entry is the first start or resume of a function per (thread, symbol, line, phase): a getter and its setter have one
name, and are two functions. Phases: `warmup` (from
the engine's import to arming), `standing` (on a thread's stack when armed: busy loops), `request` (armed).
A loop that polls enters its functions before the request reaches its process, too; so the first message that a
process receives while armed begins epoch 1, in which first entries are recorded afresh. A plan (plan.py) may ask for
more such epochs, and for the lines that run in some functions: kind `line`, the line's own number.

Python 3.12 and later: sys.monitoring, PY_START, PY_RESUME and PY_THROW. A location is disabled for the whole
process, not for one thread, so during the request only code outside the engine is disabled; inside, the
callback keeps firing and a set remembers what each thread has been seen in. Before the request every
location is disabled after its first event, so `warmup` holds the first thread's entry alone.

Python 3.11: a C profile function, set on every existing thread when armed and taken off again when
disarmed; `sys.setprofile` would reach only its own thread. There are no starts in `warmup` on 3.11: profiling
from the start costs minutes.

torch.compile reads a function's bytecode instead of running it, so functions that end up in a compiled graph are
entered neither before nor during the request. They are recorded as dynamo translates them: phase `warmup`, kind
`compiled`. An engine that loads a compiled graph from its cache translates nothing: record with that cache off.
"""

import os
import sys
import time
from types import CodeType, FrameType
from typing import Any

from ..mode import Process
from ..thread_names import ThreadNames
from .code_names import FOLDERS, Files, qualified
from .messages import Wire
from .observer import Observer
from .plan import Plan

# Only the one that this Python has a use for is loaded into the engine: the other brings ctypes.
if sys.version_info >= (3, 12):
    from .sys_monitoring import Monitoring as Probe
else:
    from .profile_hook import Profiling as Probe

OUTSIDE, WARMUP, STANDING, REQUEST = None, "warmup", "standing", "request"
COMPILED, LINE = "compiled", "line"
CALLS = 1000  # of one function that are told apart: an idle loop may call it as long as it is armed


class Tracer(Observer):
    def __init__(self, agent: Process):
        super().__init__(agent)
        self.files = Files(FOLDERS)
        self.phase: str | None = WARMUP
        self.generation = 0
        self.entries: list[tuple] = []  # (code, kind, thread's number, t_ns, phase, epoch, line, call)
        self.epoch = 0
        self.plan: Plan | None = None  # that of the present arming
        self.calls: dict[int, int] = {}  # id(code) -> how often a function whose lines are watched was called in a turn
        self.arrived = False  # whether a message came since the driver's mark
        # (thread's number, id(code), what else tells entries apart); `entries` keeps the codes alive
        self.seen: set[tuple] = set()
        self.threads = ThreadNames()
        self.wire = Wire(self)
        self.probe = Probe(self)

    def prepare(self) -> None:
        """At interpreter start: only watch for the modules whose messages are tapped, and for dynamo."""
        self.wire.prepare(self.agent.watcher)
        self.agent.watcher.when_run("torch._dynamo.symbolic_convert", self._watch_compiler)
        self.agent.watcher.when_run("torch._dynamo.trace_rules", _keep_compiler_out)

    def _watch_compiler(self, module: Any) -> None:
        cls = module.InstructionTranslatorBase
        run = cls.run

        def watched_run(translator: Any) -> Any:
            code = translator.f_code
            if self.phase is WARMUP and self.files(code.co_filename) is not OUTSIDE:
                self._add(code, COMPILED, self.threads.number(), time.monotonic_ns(), WARMUP)
            return run(translator)

        cls.run = watched_run

    def begin(self) -> None:
        self.probe.begin()

    def forked(self) -> None:
        """In a forked child: what the parent saw is the parent's."""
        self._forget()
        self.phase = WARMUP
        self.probe.forked()

    def _forget(self) -> None:
        self.entries, self.seen, self.threads = [], set(), ThreadNames()
        self.epoch, self.plan, self.arrived, self.calls = 0, None, False, {}
        self.wire.messages = []

    def pending(self) -> bool:
        return False  # what is entered after the request is not recorded

    def armed(self, generation: int) -> None:
        self.generation = generation
        plan = Plan(self.agent.folder, self.agent.arm, self.files)
        now = time.monotonic_ns()
        for ident, innermost in sys._current_frames().items():
            frame: FrameType | None = innermost
            while frame is not None and ident != self.agent.poller:
                if self.files(frame.f_code.co_filename) is not OUTSIDE:
                    plan.look(frame.f_code)
                    self._add(frame.f_code, STANDING, self.threads.standing(ident), now, STANDING)
                frame = frame.f_back
        self.plan = plan
        self.phase = REQUEST
        self.probe.armed()

    def watch(self) -> None:
        self.probe.watch()

    def disarmed(self) -> list:
        self.phase = None
        self.probe.disarmed()
        entries, wire, threads, plan = self.entries, self.wire.messages, self.threads, self.plan
        self._forget()
        watched = [
            {"watched": f"{path}::{name}", "pid": self.agent.pid, "arming": self.generation}
            for path, name in (plan.watched if plan else ())
        ]
        return self._lines(entries, threads, bool(plan and plan.turns)) + wire + watched

    def received(self) -> None:
        """The wire tap saw a message arrive in this process."""
        plan = self.plan
        if plan is None or not plan.turns:
            if self.epoch == 0:
                self._turn()
        elif self.epoch or plan.marked():
            self.arrived = True
            self._next(plan)

    def _followed(self, plan: Plan, code: CodeType) -> int:
        """Begin a turn where one is due. The number of the call, for a function whose lines are watched: within a turn
        it may serve several requests, and each call counts."""
        if self.epoch == 0:
            if plan.marked():
                self._turn()
        elif self.arrived and self.epoch < plan.turns:
            if id(code) in plan.turn:
                self._turn()
            if id(code) in plan.lines and self.calls.get(id(code), 0) < CALLS:
                self.calls[id(code)] = self.calls.get(id(code), 0) + 1
        return self.calls.get(id(code), 0)

    def _turn(self) -> None:
        self.epoch, self.seen = self.epoch + 1, set()

    def _next(self, plan: Plan) -> None:
        if self.epoch < plan.turns:
            self._turn()

    def entered(self, code: CodeType, kind: str) -> bool:
        """Record a start or resume. True when this location may be disabled from now on."""
        if self.files(code.co_filename) is OUTSIDE:
            return True
        phase = self.phase
        if phase is REQUEST:
            plan, thread, call = self.plan, self.threads.number(), 0
            if plan is not None and plan.has_names and plan.look(code):
                self.probe.watch_lines(code)
            if plan is None or not plan.turns:
                key: tuple = (thread, id(code))
            else:
                call = self._followed(plan, code)
                # Among others a coroutine of theirs may resume just before the request's own starts: both are kept.
                key = (thread, id(code), kind, call)
            if key not in self.seen:
                self.seen.add(key)
                self._add(code, kind, thread, time.monotonic_ns(), phase, None, call)
            return False
        if phase is WARMUP:
            thread = self.threads.number()
            key = (thread, id(code), WARMUP)
            if key not in self.seen:  # what is thrown into a function cannot be disabled
                self.seen.add(key)
                self._add(code, kind, thread, time.monotonic_ns(), phase)
        return True

    def ran(self, code: CodeType, line: int) -> None:
        """Record that a line of a function in the plan runs, once a thread, turn and call."""
        if self.phase is not REQUEST:
            return
        thread = self.threads.number()
        call = self.calls.get(id(code), 0)
        key = (thread, id(code), line, call)
        if key not in self.seen:
            self.seen.add(key)
            self._add(code, LINE, thread, time.monotonic_ns(), REQUEST, line, call)

    def _add(
        self, code: CodeType, kind: str, thread: int, now: int, phase: str, line: int | None = None, call: int = 0
    ) -> None:
        self.entries.append((code, kind, thread, now, phase, self.epoch, line, call))

    def _lines(self, entries: list[tuple], threads: ThreadNames, several: bool) -> list:
        lines: list[dict] = []
        done: set[tuple] = set()
        files: dict[str, str] = {}
        for code, kind, thread, now, phase, epoch, line, call in entries:
            name = qualified(code)
            path = self.files(code.co_filename)
            at = code.co_firstlineno if line is None else line
            key = (thread, path, name, phase, epoch, at, kind if several else line is None, call)
            if name is None or path is None or key in done:
                continue
            done.add(key)
            files[path] = self.files.installed[path]
            lines.append(
                {
                    "symbol": f"{path}::{name}",
                    "line": at,
                    "kind": kind,
                    "pid": self.agent.pid,
                    "thread": threads.name(thread),
                    "t_ns": now,
                    "phase": phase,
                    "epoch": epoch,
                    "call": call,
                    "arming": self.generation,
                }
            )
        return lines + [{"file": path, "installed": where} for path, where in files.items()]


def _keep_compiler_out(module: Any) -> None:
    """Have dynamo skip the functions in here: where it compiles, a callback of ours is a frame like any other."""
    module.SKIP_DIRS.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + "/")
    module._recompile_re()
