"""Time named functions of the engine, from inside, when armed.

LAB_INJECT_STAGES names a JSON list of probes:

    {"stage": "schedule", "module": "vllm.v1.core.sched.scheduler", "qualname": "Scheduler.schedule",
     "gpu": false, "info": {"tokens": "result.total_num_scheduled_tokens"}}

The function is replaced right after its module has run, before anyone imports it by name (placing.py). Plain and async
functions and generators, in classes also static and class methods, properties, cached properties and partial methods,
by the name in the source. Any other kind, and one that the program also holds elsewhere, is refused in a line; nothing
is changed then. Each armed call gives

    {"stage", "t0_ns", "t1_ns", "pid", "thread", "info"?, "gpu_t0_ms"?, "gpu_t1_ms"?, "gpu_ms"?, "first_ns"?, "items"?}

on time.monotonic_ns. `gpu` records a CUDA event before and after on the current stream: gpu_t0_ms and gpu_t1_ms
lie on one timeline of the process, whose zero is the `gpu_sync` line (`{"gpu_sync": pid, "t_ns", "gpu_ms"}`, one at
arming and one at disarming); differences between calls are times in which the probed work did not run. They are
read after disarming, so a call never waits for the GPU. `items` and `first_ns` count what an async generator yielded. A
`{"probe": stage, "pid"}` line says that a probe is in place; one whose module was never imported has none.

`keep` names an info that is read from the result: a call for which it is None leaves no line. A loop that spins while
idle calls some functions thousands of times a second for nothing.

Armed with the value 2, `gpu` calls run under torch's profiler instead and give kernel times: see kernels.py.

`info` is no Python: `args`, `kwargs`, `self` or `result`, then `.name` or `.index` steps, all optionally in `len(...)`.
A function inside a compiled region must not be probed: the probe would break the graph.
"""

import functools
import json
import os
from types import ModuleType

from ..mode import Mode, Process
from . import placing
from .kernels import Kernels
from .probe import Probe
from .timed_calls import TimedCalls


class Stages(Mode):
    def __init__(self, agent: Process):
        super().__init__(agent)
        self.timed = TimedCalls(agent)
        with open(os.environ["LAB_INJECT_STAGES"], encoding="utf-8") as file:
            self.probes = [Probe(entry) for entry in json.load(file)]

    def prepare(self) -> None:
        for probe in self.probes:
            self.agent.watcher.when_run(probe.module, functools.partial(self._install, probe))

    def begin(self) -> None:
        pass

    def forked(self) -> None:
        self.timed.forget()

    def armed(self, generation: int) -> None:
        self.timed.kernels = Kernels()
        self.timed.gpu.start()

    def pending(self) -> bool:
        return bool(self.timed.done)

    def disarmed(self) -> list:
        calls, self.timed.done = self.timed.done, []
        if not calls:
            return []
        lines = self.timed.gpu.finish() if any(call[5] for call in calls) else []
        for probe, thread, t0, t1, info, events, extra in calls:
            line = {"stage": probe.stage, "t0_ns": t0, "t1_ns": t1, "pid": self.agent.pid,
                    "thread": self.timed.threads.name(thread)}  # fmt: skip
            if info:
                line["info"] = info
            if events:
                line |= self.timed.gpu.times(events)
            lines.append(line | (extra or {}))
        return lines

    def _install(self, probe: Probe, module: ModuleType) -> None:
        try:
            placing.place(module, probe.qualname, functools.partial(self.timed.stand_in, probe))
        except (LookupError, TypeError) as error:
            raise type(error)(f"stage {probe.stage}: {error}") from None
        self.agent.note({"probe": probe.stage, "pid": os.getpid()})
