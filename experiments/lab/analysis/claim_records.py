"""The records that a claim rests on: those that hold numbers are of one host."""

from collections.abc import Sequence
from typing import Any

from experiments.lab.errors import LabError
from experiments.lab.records.record_file import Record


def one_host(records: Sequence[Record], where: str) -> dict[str, Any]:
    """The one host of the records that hold numbers, else of the first recording. LabError for several."""
    timed = [record for record in records if "recording" not in record.data] or list(records[:1])
    ids = {record.host: record.data["host"] for record in timed}
    if len(ids) > 1:
        names = ", ".join(f"{record.path.name} on {record.host}" for record in timed)
        raise LabError(
            f"{where}: rests on records of {len(ids)} hosts ({names}); measure them on one, and compare there"
        )
    return next(iter(ids.values()))
