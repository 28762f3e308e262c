"""Puts a fleet's records on disk: one by one, or those of a fleet that counts whole all at its end.

Whole, they are held in memory until the last is there. Nothing of an attempt that ended early is then ever on disk,
whatever ended it, and what an attempt before it finished stays until its successor is complete: record_swap.py writes
all of that beside it first. What another host has measured of the experiment is moved aside when the first record goes
to disk.
"""

from pathlib import Path

from experiments.lab.records import record_file, record_swap


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
            record_swap.replace(self.out, self.experiment, [(record, packed)], self.produces)
        self.names.add(record["measurement"])

    def close(self) -> None:
        """The attempt is complete: of a whole fleet, replace what an earlier attempt left."""
        if self.whole:
            record_swap.replace(self.out, self.experiment, self._held, self.produces, self.produces)
