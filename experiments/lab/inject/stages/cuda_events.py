"""CUDA events around probed calls, read only after disarming, so that no call waits for the GPU."""

import os
import sys
import time
from typing import Any


class Gpu:
    """CUDA events of one process on one timeline. Every method is harmless without CUDA."""

    def __init__(self) -> None:
        self.base: Any = None  # torch's event that is the timeline's zero
        self.free: list[tuple] = []
        self.syncs: list[tuple] = []

    def _torch(self) -> Any:
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

    def _sync(self, event: Any) -> None:
        """An event on the poll thread's own stream, so that it waits for nothing that the engine runs."""
        torch = sys.modules["torch"]
        stream = torch.cuda.Stream()
        before = time.monotonic_ns()
        event.record(stream)
        event.synchronize()
        after = time.monotonic_ns()
        self.syncs.append(((before + after) // 2, after - before, event))

    def open(self) -> tuple | None:
        torch = self._torch()
        if torch is None:
            return None
        pair = self.free.pop() if self.free else tuple(torch.cuda.Event(enable_timing=True) for _ in "01")
        pair[0].record()
        return pair

    def close(self, pair: tuple) -> None:
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

    def times(self, pair: tuple) -> dict:
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
