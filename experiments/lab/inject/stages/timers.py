"""Time named functions of the engine, from inside, when armed.

LAB_INJECT_STAGES names a JSON list of probes:

    {"stage": "schedule", "module": "vllm.v1.core.sched.scheduler", "qualname": "Scheduler.schedule",
     "gpu": false, "info": {"tokens": "result.total_num_scheduled_tokens"}}

The function is replaced right after its module has run, before anyone imports it by name. Plain and async
functions and generators, in classes also static and class methods and properties. Each armed call gives

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
import inspect
import json
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator
from types import FunctionType, ModuleType
from typing import Any

from ..mode import Mode, Process
from .cuda_events import Gpu
from .kernels import PROFILE, Kernels
from .probe import Probe


class Stages(Mode):
    def __init__(self, agent: Process):
        super().__init__(agent)
        self.calls: list[tuple] = []  # (probe, thread ident, t0, t1, info, events, extra)
        self.gpu = Gpu()
        self.kernels = Kernels()
        with open(os.environ["LAB_INJECT_STAGES"], encoding="utf-8") as file:
            self.probes = [Probe(entry) for entry in json.load(file)]

    def prepare(self) -> None:
        for probe in self.probes:
            self.agent.watcher.when_run(probe.module, functools.partial(self._install, probe))

    def begin(self) -> None:
        pass

    def forked(self) -> None:
        self.calls, self.gpu, self.kernels = [], Gpu(), Kernels()

    def armed(self, generation: int) -> None:
        self.kernels = Kernels()
        self.gpu.start()

    def pending(self) -> bool:
        return bool(self.calls)

    def disarmed(self) -> list:
        calls, self.calls = self.calls, []
        if not calls:
            return []
        lines = self.gpu.finish() if any(call[5] for call in calls) else []
        names = {t.ident: t.name for t in threading.enumerate()}
        for probe, thread, t0, t1, info, events, extra in calls:
            line = {"stage": probe.stage, "t0_ns": t0, "t1_ns": t1, "pid": self.agent.pid,
                    "thread": names.get(thread, f"ended-{thread & 0xFFFF:x}")}
            if info:
                line["info"] = info
            if events:
                line |= self.gpu.times(events)
            lines.append(line | (extra or {}))
        return lines

    # --- putting a probe in place

    def _install(self, probe: Probe, module: ModuleType) -> None:
        owner: object = module
        *outer, name = probe.qualname.split(".")
        for part in outer:
            owner = getattr(owner, part, None)
        raw = inspect.getattr_static(owner, name, None) if owner is not None else None
        if raw is None:
            raise LookupError(f"stage {probe.stage}: {probe.module} has no {probe.qualname}")
        if isinstance(raw, property):
            new: object = property(self._wrap(probe, raw.fget), raw.fset, raw.fdel, raw.__doc__)
        elif isinstance(raw, (staticmethod, classmethod)):
            new = type(raw)(self._wrap(probe, raw.__func__))
        else:
            new = self._wrap(probe, raw)
        setattr(owner, name, new)
        self.agent.note({"probe": probe.stage, "pid": os.getpid()})

    def _wrap(self, probe: Probe, function: Any) -> Any:
        plain = inspect.unwrap(function, stop=lambda f: not isinstance(f, FunctionType))
        if inspect.isasyncgenfunction(plain):
            make = self._async_generator
        elif inspect.iscoroutinefunction(plain):
            make = self._coroutine
        elif inspect.isgeneratorfunction(plain) and plain is function:
            make = self._generator
        else:
            make = self._call
        return functools.wraps(function)(make(probe, function))

    def _record(
        self, probe: Probe, t0: int, before: dict | None, result: object, events: tuple | None = None,
        extra: dict | None = None,
    ) -> None:
        t1 = time.monotonic_ns()
        if threading.get_ident() == self.agent.poller:
            return
        if probe.after:
            before = (before or {}) | probe.read(probe.after, (), {}, result)
            if probe.keep and before[probe.keep] is None:
                return
        self.calls.append((probe, threading.get_ident(), t0, t1, before, events, extra))

    def _call(self, probe: Probe, function: Callable) -> Callable:
        arm, now, record, gpu = self.agent.arm, time.monotonic_ns, self._record, probe.gpu

        def call(*args: Any, **kwargs: Any) -> Any:
            if not arm[0]:
                return function(*args, **kwargs)
            before = probe.read(probe.before, args, kwargs) if probe.before else None
            if gpu and arm[0] == PROFILE and self.kernels.wants():
                t0 = now()
                result, line = self.kernels.call(function, args, kwargs)
                record(probe, t0, before, result, None, line)
                return result
            events = self.gpu.open() if gpu else None
            result, t0 = None, now()
            try:
                result = function(*args, **kwargs)
                return result
            finally:
                if events:
                    self.gpu.close(events)
                record(probe, t0, before, result, events)

        return call

    def _coroutine(self, probe: Probe, function: Callable) -> Callable:
        arm, now, record = self.agent.arm, time.monotonic_ns, self._record

        async def call(*args: Any, **kwargs: Any) -> Any:
            if not arm[0]:
                return await function(*args, **kwargs)
            before = probe.read(probe.before, args, kwargs) if probe.before else None
            result, t0 = None, now()
            try:
                result = await function(*args, **kwargs)
                return result
            finally:
                record(probe, t0, before, result)

        return call

    def _generator(self, probe: Probe, function: Callable) -> Callable:
        arm, now, record = self.agent.arm, time.monotonic_ns, self._record

        def call(*args: Any, **kwargs: Any) -> Generator:
            if not arm[0]:
                return (yield from function(*args, **kwargs))
            before = probe.read(probe.before, args, kwargs) if probe.before else None
            t0 = now()
            try:
                return (yield from function(*args, **kwargs))
            finally:
                record(probe, t0, before, None)

        return call

    def _async_generator(self, probe: Probe, function: Callable) -> Callable:
        arm, now, record = self.agent.arm, time.monotonic_ns, self._record

        async def call(*args: Any, **kwargs: Any) -> AsyncIterator:
            inner = function(*args, **kwargs)
            if not arm[0]:
                try:
                    async for item in inner:
                        yield item
                finally:
                    await inner.aclose()
                return
            before = probe.read(probe.before, args, kwargs) if probe.before else None
            items, first, t0 = 0, None, now()
            try:
                async for item in inner:
                    items += 1
                    first = first or now()
                    yield item
            finally:
                await inner.aclose()
                record(probe, t0, before, None, None, {"items": items, "first_ns": first})

        return call
