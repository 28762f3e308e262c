"""What stands in for a probed function: it calls the function, hands on all that comes back, and notes when.

A function, a coroutine, a generator and an async generator each has a stand-in of its own kind, transparent to what is
sent and thrown into it. A decorated function may be a plain one that returns a coroutine: what came back decides then.
"""

import inspect
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from types import FunctionType
from typing import Any

from ..mode import Process
from ..thread_names import ThreadNames
from .cuda_events import Gpu
from .kernels import PROFILE, Kernels
from .probe import Probe


class TimedCalls:
    """The calls of all probes in one process. `gpu` is used where a probe asks for it."""

    def __init__(self, agent: Process):
        self.agent = agent
        self.forget()

    def forget(self) -> None:
        """In a forked child: what the parent holds is the parent's."""
        self.done: list[tuple] = []  # (probe, thread's number, t0, t1, info, events, extra)
        self.threads = ThreadNames()
        self.gpu = Gpu()
        self.kernels = Kernels()

    def stand_in(self, probe: Probe, function: Callable) -> Callable:
        """What is to be called instead of `function`."""
        if inspect.isasyncgenfunction(function):
            return self._async_generator(probe, function)
        if inspect.iscoroutinefunction(function):
            return self._coroutine(probe, function)
        if inspect.isgeneratorfunction(function):
            return self._generator(probe, function)
        plain = inspect.unwrap(function, stop=lambda f: not isinstance(getattr(f, "__wrapped__", None), FunctionType))
        for kind, of_kind, go_on in (
            (inspect.iscoroutinefunction, inspect.iscoroutine, self._awaited),
            (inspect.isasyncgenfunction, inspect.isasyncgen, self._streamed),
            (inspect.isgeneratorfunction, inspect.isgenerator, self._generated),
        ):
            if kind(plain):
                return self._by_result(probe, function, of_kind, go_on)
        return self._call(probe, function)

    def _before(self, probe: Probe, args: tuple, kwargs: dict) -> dict | None:
        return probe.read(probe.before, args, kwargs) if probe.before else None

    def _record(
        self, probe: Probe, t0: int, before: dict | None, result: object, events: tuple | None = None,
        extra: dict | None = None,
    ) -> None:  # fmt: skip
        t1 = time.monotonic_ns()
        if threading.get_ident() == self.agent.poller:
            return
        if probe.after:
            before = (before or {}) | probe.read(probe.after, (), {}, result)
            if probe.keep and before[probe.keep] is None:
                return
        self.done.append((probe, self.threads.number(), t0, t1, before, events, extra))

    def _call(self, probe: Probe, function: Callable) -> Callable:
        arm, now, record, gpu = self.agent.arm, time.monotonic_ns, self._record, probe.gpu

        def call(*args: Any, **kwargs: Any) -> Any:
            if not arm[0]:
                return function(*args, **kwargs)
            before = self._before(probe, args, kwargs)
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

    def _by_result(
        self, probe: Probe, function: Callable, of_kind: Callable[[object], bool], go_on: Callable[..., Any]
    ) -> Callable:
        arm, now = self.agent.arm, time.monotonic_ns

        def call(*args: Any, **kwargs: Any) -> Any:
            if not arm[0]:
                return function(*args, **kwargs)
            before, t0, result = self._before(probe, args, kwargs), now(), None
            try:
                result = function(*args, **kwargs)
            finally:
                if not of_kind(result):
                    self._record(probe, t0, before, result)
            return go_on(probe, result, before, t0) if of_kind(result) else result

        return call

    def _coroutine(self, probe: Probe, function: Callable) -> Callable:
        arm = self.agent.arm

        async def call(*args: Any, **kwargs: Any) -> Any:
            if not arm[0]:
                return await function(*args, **kwargs)
            return await self._awaited(probe, function(*args, **kwargs), self._before(probe, args, kwargs))

        return call

    async def _awaited(self, probe: Probe, inner: Awaitable, before: dict | None, t0: int | None = None) -> Any:
        result, t0 = None, t0 or time.monotonic_ns()
        try:
            result = await inner
            return result
        finally:
            self._record(probe, t0, before, result)

    def _generator(self, probe: Probe, function: Callable) -> Callable:
        arm = self.agent.arm

        def call(*args: Any, **kwargs: Any) -> Generator:
            if not arm[0]:
                return (yield from function(*args, **kwargs))
            return (yield from self._generated(probe, function(*args, **kwargs), self._before(probe, args, kwargs)))

        return call

    def _generated(self, probe: Probe, inner: Generator, before: dict | None, t0: int | None = None) -> Generator:
        t0 = t0 or time.monotonic_ns()
        try:
            return (yield from inner)
        finally:
            self._record(probe, t0, before, None)

    def _async_generator(self, probe: Probe, function: Callable) -> Callable:
        arm = self.agent.arm

        async def call(*args: Any, **kwargs: Any) -> AsyncGenerator:
            armed = bool(arm[0])
            before = self._before(probe, args, kwargs) if armed else None
            items, first, t0 = 0, None, time.monotonic_ns()
            inner = function(*args, **kwargs)
            try:
                # What is sent and thrown goes on to the function; an `async for` would keep it.
                step: Awaitable = inner.__anext__()
                while True:
                    try:
                        item = await step
                    except StopAsyncIteration:  # it has ended: its own would come as a RuntimeError
                        return
                    items, first = items + 1, first or time.monotonic_ns()
                    try:
                        step = inner.asend((yield item))
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        step = inner.athrow(error)
            finally:
                await inner.aclose()
                if armed:
                    self._record(probe, t0, before, None, None, {"items": items, "first_ns": first})

        return call

    def _streamed(self, probe: Probe, inner: AsyncGenerator, before: dict | None, t0: int) -> AsyncGenerator:
        return self._async_generator(probe, lambda: inner)()
