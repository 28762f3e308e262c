"""The statistics of a visit: one rule for medians and percentiles, and what is read from the times of requests that decode.

A median is the mean of the two middle values, or the one; a percentile lies at rank (n - 1) * share / 100 of the sorted
values, between two of them in proportion. Both are what numpy's `median` and `percentile` give, so that a sample made
here and a value made of it by a notebook are the same statistic. A record names the rule (`statistics` in its schema).
"""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # experiments that send their own requests take the median alone, and not the load generator with it
    from experiments.lab.load.vllm_bench import Run, Served


def percentile(values: list[float], share: float) -> float:
    """`share` from 0 to 100; in the unit of the values. ValueError for no values, or a share beyond these."""
    if not values:
        raise ValueError("a percentile of no values; was nothing measured?")
    if not 0 <= share <= 100:
        raise ValueError(f"a percentile at {share}: the share lies between 0 and 100")
    ordered = sorted(values)
    rank = (len(ordered) - 1) * share / 100
    below = math.floor(rank)
    low, high = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
    # The one step of numpy's, and an exact middle for two.
    return (low + high) / 2 if rank - below == 0.5 else low + (high - low) * (rank - below)


def median(values: list[float]) -> float:
    """The mean of the two middle values, or the one. ValueError for no values."""
    return percentile(values, 50)


def window(run: "Run") -> tuple[float, float]:
    """(start, end) in s: from the first request of kind "prompt" sent to the last one's first token, or to the end of the
    first of kind "decoder" to end if that is earlier, so that all of them decode throughout."""
    prompts, decoders = run.of("prompt"), run.of("decoder")
    last = max(each.sent_s + each.ttft_ms / 1e3 for each in prompts)
    return min(each.sent_s for each in prompts), min(last, *(each.chunk_times_s()[-1] for each in decoders))


def gaps_across(run: "Run", low: float, high: float) -> list[float]:
    """Inter-token times (ms) of the decoders of which any part lies in the window: the last stall ends behind it."""
    gaps: list[float] = []
    for decoder in run.of("decoder"):
        times = decoder.chunk_times_s()
        gaps += [gap for gap, before, at in zip(decoder.itl_ms, times, times[1:], strict=False) if at > low and before < high]
    return gaps


def stage_overrun(stages: "list[list[Served]]") -> str:
    """Which stage was still running when the next was sent, in words; "" when none was."""
    for before, after in zip(stages, stages[1:], strict=False):
        over, begun = max(each.chunk_times_s()[-1] for each in before), min(each.sent_s for each in after)
        if over > begun:
            return f"{len(before)} requests ran {over - begun:.2f} s into the next stage"
    return ""
