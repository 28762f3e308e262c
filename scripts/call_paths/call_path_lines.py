"""Hops that claim one line of a function: which line of the pinned file it is, and whether it ran when recorded."""

from dataclasses import dataclass

from scripts.common.errors import SiteError
from scripts.quotes.manifest_tables import Hop
from scripts.quotes.path_recordings import Recording
from scripts.sources import python_text


@dataclass(frozen=True)
class Located:
    """A symbol in the pinned file: its `def` line, its first line as a code object says it (that of a decorator's
    expression, if any), the file's sha256; `at` is the number of the line that was asked for, 0 without one."""

    line: int
    first: int
    sha256: str
    at: int = 0


def line_number(text: str, line: str, nth: int, first: int, last: int, where: str) -> int:
    """The number of the line that reads `line`, without its margin, between two lines of a file's text.

    Raises SiteError when none does, or when several do and `nth` (from 1) does not say which.
    """
    rows = python_text.lines(text)[first - 1 : last]
    alike = [number for number, row in enumerate(rows, first) if row.strip() == line]
    if not alike:
        raise SiteError(f"{where}: no line of the function reads {line!r}; write a whole line as it stands there")
    if nth:
        if not 1 <= nth <= len(alike):
            raise SiteError(f"{where}: nth is {nth}, and {line!r} stands there {len(alike)} times")
        return alike[nth - 1]
    if len(alike) > 1:
        numbers = ", ".join(map(str, alike))
        raise SiteError(f"{where}: {line!r} stands on lines {numbers}; say which by nth = 1 to {len(alike)}")
    return alike[0]


def ran(hop: Hop, role: str, recording: Recording, pinned: Located) -> tuple[str | None, list[int]]:
    """(problem, times in ns at which the hop's line ran)."""
    if problem := _unwatched(hop, recording, pinned):
        return problem, []
    runs = recording.executed.get((hop.recorded, pinned.at), [])
    times = [t for t, where in runs if where == role]
    if times:
        return None, times
    if runs:
        roles = ", ".join(sorted({where for _, where in runs}))
        return f"other process: line {pinned.at} is claimed in {role}, ran in {roles}; claim it there", []
    return f"line {pinned.at} did not run: {hop.line}; correct the line or drop the claim", []


def not_run(hop: Hop, recording: Recording, pinned: Located) -> str | None:
    """What is wrong with the claim that the hop's line did not run in this recording."""
    if problem := _unwatched(hop, recording, pinned):
        return problem
    if recording.executed.get((hop.recorded, pinned.at)):
        return f"line {pinned.at} ran, and is claimed not to: {hop.line}; drop it from not_in"
    return None


def _unwatched(hop: Hop, recording: Recording, pinned: Located) -> str | None:
    """Why the recording can say nothing of this function's lines."""
    if hop.recorded not in recording.watched:
        known = ", ".join(sorted(symbol.partition("::")[2] for symbol in recording.watched)) or "none"
        return (
            f"its lines were not watched: this recording has those of {known}; name it in "
            "scenario.py of its experiment's folder in experiments/lab/suites and record again"
        )
    digest = recording.files.get(hop.file)
    if digest is None:
        # None of its functions was entered, which is what `not_in` claims.
        return None if recording.configuration in hop.not_in else f"no function of {hop.file} was entered"
    if digest.removeprefix("sha256:") != pinned.sha256:
        return f"differing file: {hop.file} was not the pinned artifact's when recorded; record the pinned release"
    return None
