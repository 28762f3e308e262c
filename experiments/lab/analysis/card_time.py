"""How long a suite held its card: from the probes that begin a run to the end of its last measurement."""

import datetime

from experiments.lab.errors import LabError


def minutes(records) -> float:
    """Minutes of all the runs that `records` were made in, each from its probes to its last record's end, the start-up
    of its servers included. LabError for a record without probes, whose run's begin is not known."""
    runs: dict[str, float] = {}
    for record in records:
        begin = record.probes["at"]
        end = _seconds(record.data["started"]) + record.data["wall_s"]
        runs[begin] = max(runs.get(begin, 0.0), end - _seconds(begin))
    if not runs:
        raise LabError("minutes of no records; name those of a suite")
    return sum(runs.values()) / 60


def _seconds(stamp: str) -> float:
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()
