"""How a check's outcome is told: one line where it passed, else a line for each fault, each fault once in a run.

A check that stops at what another one has told says that, and one that has a fault of its own does not end the others.
"""

import collections
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from scripts.build.looked_at import LookedAt
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT

Check = Callable[[LookedAt], tuple[int, str]]


class Telling:
    """The checks of one run, told to `out`."""

    def __init__(self, evidence: LookedAt, out: TextIO):
        self.evidence, self.out = evidence, out
        self.told: dict[str, str] = {}  # line -> the check that told it

    def passes(self, name: str, check: Check) -> bool:
        """Runs a check and tells what came of it."""
        try:
            count, said = check(self.evidence)
            if not count and not self.evidence.post:  # a post may have no replay; a site without any is not whole
                raise SiteError(f"{name}: found nothing to check; is the checkout whole?")
        except SiteError as error:
            self._failed(name, [line for line in str(error).splitlines() if line.strip()])
            return False
        except Exception as error:  # a fault of ours in one check must not hide what the others find
            self._failed(name, [self._stopped(name, error)])
            return False
        print(f"ok     {name:15} {count:5} {said}", file=self.out, flush=True)
        return True

    def _failed(self, name: str, lines: list[str]) -> None:
        counted = collections.Counter(lines)
        before = {line: by for line in counted if (by := self._told_by(line))}
        new = [line for line in counted if line not in before]
        if before and not new:
            self._say(f"FAILED {name:15} {len(counted):5} told above, under {_several(before)}")
            return
        self._say(f"FAILED {name:15} {len(new):5} problem{'s' * (len(new) != 1)}")
        for line in new:
            self.told[line] = name
            self._say(f"       {line}" + (f" ({counted[line]} times)" if counted[line] > 1 else ""))
        if before:
            self._say(f"       and {len(before)} told above, under {_several(before)}")

    def _told_by(self, line: str) -> str:
        """The check that told a line before, or told that its file cannot be read; "" for none."""
        if line in self.told or not self.told:
            return self.told.get(line, "")
        broken = (file for file in self.evidence.broken if file in line)
        return next((by for file in broken for told, by in self.told.items() if told.startswith(f"{file}:")), "")

    def _stopped(self, name: str, error: Exception) -> str:
        """A fault that no check has words for, in one line."""
        places = traceback.extract_tb(error.__traceback__)
        ours = [place for place in places if Path(place.filename).is_relative_to(ROOT / "scripts")] or places
        at = Path(ours[-1].filename)
        where = at.relative_to(ROOT).as_posix() if at.is_relative_to(ROOT) else at.name
        said = " ".join(str(error).split())[:200]
        text = f"{name}: could not be checked: {type(error).__name__}: {said} ({where}:{ours[-1].lineno}); "
        if self.evidence.broken:
            return text + f"mend {', '.join(sorted(self.evidence.broken))} first"
        return text + "undo what was changed last, or report it"

    def _say(self, line: str) -> None:
        print(line, file=self.out, flush=True)


def _several(before: dict[str, str]) -> str:
    return ", ".join(dict.fromkeys(before.values()))
