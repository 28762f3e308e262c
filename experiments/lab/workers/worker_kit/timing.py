"""How the workers time a call: the host's clock, after some calls that do not count."""

import gc
import time

WARM, REPEATS, BATCH = 5, 25, 10


def times_us(call, each=None) -> list:
    """Microseconds of a call, `REPEATS` times: the mean over `BATCH` calls each where a call may be repeated as it is,
    or of one `call(prepared)` where `each()` prepares it, which does not count."""
    gc.collect()
    gc.disable()
    try:
        found = [_repeated(call) if each is None else _prepared(call, each) for _ in range(WARM + REPEATS)]
    finally:
        gc.enable()
    return [round(us, 3) for us in found[WARM:]]


def _repeated(call) -> float:
    begin = time.perf_counter_ns()
    for _ in range(BATCH):
        call()
    return (time.perf_counter_ns() - begin) / 1e3 / BATCH


def _prepared(call, each) -> float:
    given = each()
    begin = time.perf_counter_ns()
    call(given)
    return (time.perf_counter_ns() - begin) / 1e3
