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

`info` is no Python: `args`, `kwargs`, `self` or `result`, then `.name` or `.index` steps, all optionally in `len(...)`.
A function inside a compiled region must not be probed: the probe would break the graph.
"""

import functools
import inspect
import json
import os
import re
import sys
import threading
import time
from types import FunctionType

_EXPRESSION = re.compile(r"(?:(len)\()?(args|kwargs|self|result)((?:\.\w+)*)\)?")


class Stages:
    def __init__(self, agent):
        self.agent = agent
        self.calls = []  # (probe, thread ident, t0, t1, info, events, extra)
        self.gpu = Gpu()
        self.names = {}
        with open(os.environ["LAB_INJECT_STAGES"], encoding="utf-8") as file:
            self.probes = [Probe(entry) for entry in json.load(file)]

    def prepare(self) -> None:
        for probe in self.probes:
            self.agent.watcher.when_run(probe.module, functools.partial(self._install, probe))

    def begin(self) -> None:
        pass

    def forked(self) -> None:
        self.calls, self.gpu, self.names = [], Gpu(), {}

    def armed(self, generation: int) -> None:
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

    def _install(self, probe, module) -> None:
        owner = module
        *outer, name = probe.qualname.split(".")
        for part in outer:
            owner = getattr(owner, part, None)
        raw = inspect.getattr_static(owner, name, None) if owner is not None else None
        if raw is None:
            raise LookupError(f"stage {probe.stage}: {probe.module} has no {probe.qualname}")
        if isinstance(raw, property):
            new = property(self._wrap(probe, raw.fget), raw.fset, raw.fdel, raw.__doc__)
        elif isinstance(raw, (staticmethod, classmethod)):
            new = type(raw)(self._wrap(probe, raw.__func__))
        else:
            new = self._wrap(probe, raw)
        setattr(owner, name, new)
        self.agent.note({"probe": probe.stage, "pid": os.getpid()})

    def _wrap(self, probe, function):
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

    def _record(self, probe, t0, before, result, events=None, extra=None) -> None:
        t1 = time.monotonic_ns()
        if probe.after:
            before = (before or {}) | probe.read(probe.after, (), {}, result)
        self.calls.append((probe, threading.get_ident(), t0, t1, before, events, extra))

    def _call(self, probe, function):
        arm, now, record, gpu = self.agent.arm, time.monotonic_ns, self._record, probe.gpu

        def call(*args, **kwargs):
            if not arm[0]:
                return function(*args, **kwargs)
            before = probe.read(probe.before, args, kwargs) if probe.before else None
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

    def _coroutine(self, probe, function):
        arm, now, record = self.agent.arm, time.monotonic_ns, self._record

        async def call(*args, **kwargs):
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

    def _generator(self, probe, function):
        arm, now, record = self.agent.arm, time.monotonic_ns, self._record

        def call(*args, **kwargs):
            if not arm[0]:
                return (yield from function(*args, **kwargs))
            before = probe.read(probe.before, args, kwargs) if probe.before else None
            t0 = now()
            try:
                return (yield from function(*args, **kwargs))
            finally:
                record(probe, t0, before, None)

        return call

    def _async_generator(self, probe, function):
        arm, now, record = self.agent.arm, time.monotonic_ns, self._record

        async def call(*args, **kwargs):
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


class Probe:
    """One entry of the stages file, its expressions parsed. A wrong one raises ValueError."""

    def __init__(self, entry: dict):
        self.stage, self.module, self.qualname = entry["stage"], entry["module"], entry["qualname"]
        self.gpu = bool(entry.get("gpu"))
        self.before, self.after = {}, {}
        for name, text in (entry.get("info") or {}).items():
            match = _EXPRESSION.fullmatch(text)
            if not match or text.endswith(")") != bool(match[1]):
                raise ValueError(f"stage {self.stage}: info {text!r} is no path from args, kwargs, self or result")
            steps = [int(s) if s.isdigit() else s for s in match[3].split(".")[1:]]
            (self.after if match[2] == "result" else self.before)[name] = (bool(match[1]), match[2], steps)

    def read(self, expressions: dict, args, kwargs, result=None) -> dict:
        """The expressions' values; None where a step leads nowhere."""
        found = {}
        for name, (length, root, steps) in expressions.items():
            try:
                value = {"args": args, "kwargs": kwargs, "result": result, "self": args[0] if args else None}[root]
                for step in steps:
                    value = value[step] if isinstance(step, int) or isinstance(value, dict) else getattr(value, step)
                found[name] = len(value) if length else _plain(value)
            except Exception:
                found[name] = None
        return found


def _plain(value):
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in list(value)[:64]]
    return type(value).__name__


class Gpu:
    """CUDA events of one process on one timeline. Every method is harmless without CUDA."""

    def __init__(self):
        self.base = None
        self.free = []
        self.syncs = []

    def _torch(self):
        torch = sys.modules.get("torch")
        # Not is_available(), which asks the driver each time.
        return torch if torch is not None and hasattr(torch, "cuda") and torch.cuda.is_initialized() else None

    def start(self) -> None:
        """At arming: the zero of the timeline, and when it was on the CPU's clock."""
        self.base, self.syncs = None, []
        torch = self._torch()
        if torch is not None:
            self.base = torch.cuda.Event(enable_timing=True)
            self._sync(self.base)

    def _sync(self, event) -> None:
        """An event on the poll thread's own stream, so that it waits for nothing that the engine runs."""
        torch = sys.modules["torch"]
        stream = torch.cuda.Stream()
        before = time.monotonic_ns()
        event.record(stream)
        event.synchronize()
        after = time.monotonic_ns()
        self.syncs.append(((before + after) // 2, after - before, event))

    def open(self):
        torch = self._torch()
        if torch is None:
            return None
        pair = self.free.pop() if self.free else tuple(torch.cuda.Event(enable_timing=True) for _ in "01")
        pair[0].record()
        return pair

    def close(self, pair) -> None:
        pair[1].record()

    def finish(self) -> list:
        """At disarming: wait for the GPU, then the lines that tie the two clocks together."""
        if self.base is None:
            return []
        sys.modules["torch"].cuda.synchronize()
        if len(self.syncs) == 1:
            self._sync(sys.modules["torch"].cuda.Event(enable_timing=True))
        return [
            {"gpu_sync": os.getpid(), "t_ns": t, "uncertain_ns": spread,
             "gpu_ms": 0.0 if event is self.base else self.base.elapsed_time(event)}
            for t, spread, event in self.syncs
        ]

    def times(self, pair) -> dict:
        try:
            # Without a zero (CUDA came up after arming) the duration is still known.
            line = {"gpu_ms": pair[0].elapsed_time(pair[1])}
            if self.base is not None:
                line["gpu_t0_ms"] = self.base.elapsed_time(pair[0])
                line["gpu_t1_ms"] = line["gpu_t0_ms"] + line["gpu_ms"]
        except Exception as error:  # for example an event recorded while a graph was captured
            return {"gpu_error": repr(error)[:120]}
        self.free.append(pair)
        return line
