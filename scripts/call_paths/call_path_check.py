"""A call path against a recording, hop by hop: seen, in its process, at its line, in the pinned file, in order.

For each configuration: the hop's symbol was entered in the role that is claimed, at the line the pinned file has it, in
a file equal to the pinned artifact's, and not before the hop it follows. Order is by one monotonic clock over all
processes; a symbol entered in several threads, or in several turns of a scheduler, may take its place by any of them. A
hop of one line is checked like a function: that line ran, in that role, not before the hop it follows.
"""

from typing import Protocol

from scripts.call_paths import call_path_lines
from scripts.call_paths.call_path_lines import Located
from scripts.quotes.manifest_tables import CallPath, Hop
from scripts.quotes.path_recordings import Recording


class Locate(Protocol):
    """Finds a symbol of an engine's files, and a line of it where one is given; `where` begins its errors."""

    def __call__(self, symbol: str, where: str, /, line: str = "", nth: int = 0) -> Located: ...


def check(path: CallPath, recording: Recording, locate: Locate) -> list[str]:
    """What is wrong with the path in this configuration: one line a problem, none when every hop was seen.

    `locate` looks into the pinned source; raises SiteError, begun by `where`, for no such symbol.
    """
    problems: list[str] = []
    clock = 0
    before: Hop | None = None  # the last one in order
    claimed = [hop for hop in path.hops if recording.configuration in hop.configurations]
    if not claimed:
        return [f"{path.manifest}: path {path.id} has no hop in {recording.configuration}; drop the configuration"]
    for hop in claimed:
        named = where(path, hop, recording.configuration)
        pinned = locate(hop.symbol, named, hop.line, hop.nth)
        if recording.configuration in hop.not_in:
            if problem := call_path_lines.not_run(hop, recording, pinned):
                problems.append(f"{named}: {problem}")
            continue
        role = hop.roles[recording.configuration]
        problem, times = (call_path_lines.ran if hop.line else _seen)(hop, role, recording, pinned)
        if problem:
            problems.append(f"{named}: {problem}")
            continue
        if hop.kind in ("standing", "compiled"):
            continue
        later = [t for t in times if before is None or t >= clock]
        if before and not later:
            early = (clock - times[-1]) / 1000
            problems.append(
                f"{named}: out of order: {'ran' if hop.line else 'entered'} {early:,.0f} µs before hop {before.id} "
                f"({before.name}); put {hop.id} before {before.id}"
            )
            continue
        clock, before = later[0], hop
    return problems


def where(path: CallPath, hop: Hop, configuration: str) -> str:
    """How a problem of this hop in this configuration begins."""
    return f"{path.manifest}: path '{path.id}', hop '{hop.id}' ({hop.name}), {configuration}"


def _seen(hop: Hop, role: str, recording: Recording, pinned: Located) -> tuple[str | None, list[int]]:
    """(problem, times at which the hop was entered)."""
    entries = recording.entries.get(hop.recorded, [])
    if not entries:
        return f"not entered: the recording has no {hop.symbol}; correct the symbol or drop the claim", []
    here = [entry for entry in entries if entry[1] == role]
    if not here:
        roles = ", ".join(sorted({entry[1] for entry in entries}))
        return f"other process: claimed in {role}, entered in {roles}; claim it there", []
    lines = {entry[2] for entry in here}
    if pinned.first not in lines:
        seen = ", ".join(map(str, sorted(lines)))
        return f"other line: recorded at line {seen}, the pinned file has it at line {pinned.first}", []
    digest = recording.files.get(hop.file)
    if digest is None:
        return f"differing file: the recording has no digest of {hop.file}; record it again", []
    if digest.removeprefix("sha256:") != pinned.sha256:
        return f"differing file: {hop.file} was not the pinned artifact's when recorded; record the pinned release", []
    here = [entry for entry in here if entry[2] == pinned.first]
    phases = {entry[4] for entry in here}
    times = [t for t, _, _, _, phase in here if phase == "request"]
    if hop.kind == "standing":
        if "standing" in phases or phases == {"warmup"}:
            return None, []
        return 'entered while the request was served, not standing before it; drop kind = "standing"', []
    if hop.kind == "compiled":
        if phases == {"warmup"}:
            return None, []
        return 'seen outside the warm-up too; drop kind = "compiled"', []
    if not times:
        when = " and ".join(sorted(phases))
        return f"not entered while the request was served, only in phase {when}; mark its kind or drop it", []
    if hop.kind == "resume" and not any(kind == "resume" for _, _, _, kind, phase in here if phase == "request"):
        return 'started, not resumed, while the request was served; drop kind = "resume"', []
    return None, times
