"""How long the GPU really worked for one probed call: every kernel and copy, from torch's profiler.

Events around a call also span the gaps in which the GPU waits for its next launch. Armed with the value 2, the first
CALLS calls of probes marked `gpu` run alone under the profiler, with the GPU idle before and after. That slows
them, so nothing else of such a round is to be used, least of all its times.
"""

import os
import sys
import threading
from collections.abc import Callable
from typing import Any

PROFILE = 2  # the control byte's value
CALLS = int(os.environ.get("LAB_INJECT_KERNEL_CALLS", "16"))


class Kernels:
    def __init__(self) -> None:
        self.left = CALLS
        self.busy = threading.Lock()  # one profiler at a time in a process

    def wants(self) -> bool:
        return self.left > 0 and not self.busy.locked() and "torch" in sys.modules

    def call(self, function: Callable, args: tuple, kwargs: dict) -> tuple[Any, dict]:
        """(result, line): the line has kernels, kernel_sum_ms, kernel_union_ms, kernel_span_ms of GPU time, or
        kernel_error where there is no profiler to be had; the function runs, once, in any case."""
        with self.busy:
            self.left -= 1
            try:
                torch, profiler = sys.modules["torch"], _profiler()
                torch.cuda.synchronize()
                profiler.__enter__()
            except Exception as error:
                return function(*args, **kwargs), {"kernel_error": repr(error)[:120]}
            try:
                result = function(*args, **kwargs)
            finally:
                line = _close(torch, profiler)
        return result, line


def _profiler() -> Any:
    from torch.profiler import ProfilerActivity, profile

    return profile(activities=[ProfilerActivity.CUDA])


def _close(torch: Any, profiler: Any) -> dict:
    try:
        torch.cuda.synchronize()
        profiler.__exit__(None, None, None)
        return summary(
            [
                (event.time_range.start, event.time_range.end)
                for event in profiler.events()
                if "CUDA" in str(event.device_type) and not getattr(event, "is_user_annotation", False)
            ]
        )
    except Exception as error:
        return {"kernel_error": repr(error)[:120]}


def summary(spans: list) -> dict:
    """From (start, end) in microseconds: their number, sum, union (overlaps once) and first start to last end, ms."""
    total = union = 0.0
    reach = float("-inf")
    for start, end in sorted(spans):
        total += end - start
        union += max(0.0, end - max(start, reach))
        reach = max(reach, end)
    span = reach - min(start for start, _ in spans) if spans else 0.0
    return {"kernels": len(spans), "kernel_sum_ms": total / 1e3, "kernel_union_ms": union / 1e3,
            "kernel_span_ms": span / 1e3}
