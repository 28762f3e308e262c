"""Puts a fleet's records on disk: one by one, or those of a fleet that counts whole all at its end.

Whole, they are held in memory until the last is there. Nothing of an attempt that ended early is then ever on disk,
whatever ended it, and what an attempt before it finished stays until its successor is complete. Then all the old
records are removed before the first new one is written: a kill between the two leaves some records of one attempt,
never of two, and the fleet counts as unfinished. What another host has measured of the experiment is moved aside when
the first record goes to disk.
"""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from experiments.lab.records import record_file
from experiments.lab.records.other_host import set_aside

COLUMN_FILES = ("columns", "entries")


class Keeping:
    """The records of one attempt. `whole` as of the fleet, `produces` its measurements."""

    def __init__(self, out: Path, experiment: str, produces: tuple[str, ...], whole: bool):
        self.out, self.experiment, self.produces, self.whole = out, experiment, produces, whole
        self.names: set[str] = set()
        self._held: list[tuple[dict, bytes | None]] = []

    def add(self, record: dict, packed: bytes | None) -> None:
        """Keep a finished record. LabError when it is too large, at once and not only at the end."""
        record_file.encoded(record, packed)
        if self.whole:
            self._held.append((record, packed))
        else:
            set_aside(self.out, self.experiment, record["host"], self.produces)
            record_file.write(self.out, record, packed)
        self.names.add(record["measurement"])

    def close(self) -> None:
        """The attempt is complete: of a whole fleet, replace what an earlier attempt left."""
        if not self.whole:
            return
        for record, _ in self._held[:1]:
            set_aside(self.out, self.experiment, record["host"], self.produces)
        remove(self.out / self.experiment, self.produces)
        for record, packed in self._held:
            record_file.write(self.out, record, packed)


def remove(folder: Path, names: Iterable[str]) -> None:
    """Remove these records, every JSON file before the first column file: none is to name columns that are gone."""
    names = list(names)
    files = [f"{name}.json" for name in names]
    files += [f"{name}.{kind}.json.gz" for name in names for kind in COLUMN_FILES]
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            (folder / file).unlink()
