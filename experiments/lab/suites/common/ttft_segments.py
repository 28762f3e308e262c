"""Take one request's time to first token apart at the moments its engine passed through.

A `Mark` names a moment: the n-th call of a stage in a process, its start or its end. The probes write one clock
(`time.monotonic_ns`, the same for every process of a host), so the moments of all processes and of the client lie on
one line, and the segments between consecutive marks add up to the time to first token exactly.
"""

from collections import defaultdict
from dataclasses import dataclass

from experiments.lab.errors import LabError


@dataclass(frozen=True)
class Mark:
    """The `nth` call (0 is the first) of `stage` after the request was sent; its start (`t0`) or end (`t1`).

    `role` is the process the call must lie in, because one class can serve both sides of a socket. `until` names the
    segment that ends at this mark; marks with the same `until` in a row form one segment.
    """

    until: str
    stage: str
    role: str
    edge: str = "t0"
    nth: int = 0


def roles_of(entries: list[dict], witnesses: dict[str, str]) -> dict[int, str]:
    """Process role by pid: a process has the role of the first witness stage that ran in it.

    `witnesses` maps stage to role in order of weight; a worker that lives inside the engine core has that role.
    """
    stages: dict[int, set] = defaultdict(set)
    for entry in entries:
        stages[entry["pid"]].add(entry["stage"])
    return {
        pid: next((role for stage, role in witnesses.items() if stage in seen), "unknown")
        for pid, seen in stages.items()
    }


def segments(entries: list[dict], roles: dict[int, str], marks: list[Mark], sent_ns: int, token_ns: int) -> dict:
    """Milliseconds from `sent_ns` (client wrote the request) to `token_ns` (first token's chunk read), by segment.

    Returns `{segment: ms}` in order of the marks, the last segment being "return". Raises LabError if a mark was not
    passed between the two, or if the marks are out of order: a number is never made from half a path.
    """
    calls: dict[tuple, list] = defaultdict(list)
    for entry in sorted(entries, key=lambda e: e["t0_ns"]):
        if sent_ns <= entry["t0_ns"] <= token_ns:
            calls[entry["stage"], roles[entry["pid"]]].append(entry)
    out: dict[str, float] = {}
    before = sent_ns
    for mark in marks:
        entered = calls[mark.stage, mark.role]
        if len(entered) <= mark.nth:
            raise LabError(
                f"stage {mark.stage!r} was entered {len(entered)} times in {mark.role} before the first token, "
                f"the breakdown needs call {mark.nth + 1}: is the stage still on the path of this release?"
            )
        at = entered[mark.nth][mark.edge + "_ns"]
        if at < before:
            raise LabError(f"stage {mark.stage!r} ({mark.edge}) lies before the mark ahead of it: the order is another")
        out[mark.until] = out.get(mark.until, 0.0) + (at - before) / 1e6
        before = at
    out["return"] = out.get("return", 0.0) + (token_ns - before) / 1e6
    return out


def nth_call(entries: list[dict], stage: str, sent_ns: int, nth: int = 0) -> dict:
    """The n-th call of `stage` that began after `sent_ns`; LabError if there is none."""
    after = sorted((e for e in entries if e["stage"] == stage and e["t0_ns"] >= sent_ns), key=lambda e: e["t0_ns"])
    if len(after) <= nth:
        raise LabError(f"stage {stage!r}: {len(after)} calls after the request, call {nth + 1} wanted")
    return after[nth]


def busy_share(intervals: list[tuple[float, float]], begin: float, end: float) -> float:
    """Share of [begin, end] that the union of `intervals` covers; all in one unit of one clock."""
    covered, reach = 0.0, begin
    for low, high in sorted(intervals):
        low, high = max(low, reach), min(high, end)
        if high > low:
            covered += high - low
            reach = high
    return covered / (end - begin) if end > begin else 0.0
