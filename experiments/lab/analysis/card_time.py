"""How long a suite held its card: from the probes that begin a run to the end of its last measurement."""

import datetime
from collections.abc import Iterable, Sequence

from experiments.lab.analysis import intervals
from experiments.lab.analysis.claim_book import Book
from experiments.lab.errors import LabError
from experiments.lab.records.record_file import Record
from experiments.lab.verdicts.claim_value import Value
from experiments.lab.verdicts.verdict import at_most

MOST_MINUTES = 18  # what a suite may hold a card for


def minutes(records: Iterable[Record]) -> float:
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


def claim(book: Book, records: Sequence[Record | str], fleets: bool = False) -> None:
    """Enter the claim `suite-time-NN` in the book: the GPU tier took at most 18 minutes. With `fleets` its sentence
    says in how many fleets."""
    span = " of each fleet" if fleets else ""
    count = " in {fleets} fleets" if fleets else ""

    @book.claim(
        id=f"suite-time-{book.experiment}",
        title="How long the suite held the card",
        sentence=f"From the card's probes to the last measurement{span}, start-up included, the GPU tier of this "
        f"experiment took {{minutes}} minutes{count}.",
        records=records,
        tier="gpu",
        holds=at_most(MOST_MINUTES, "minutes"),
        labels={"minutes": "the time in minutes"},
        set_by="lab",  # how a suite is cut into fleets, before any host's speed
    )
    def suite_time(*runs: Record) -> dict[str, Value]:
        values = {"minutes": intervals.value(minutes(runs), "1", 3)}
        if fleets:
            values["fleets"] = intervals.value(len({run.probes["at"] for run in runs}), "1")
        return values


def _seconds(stamp: str) -> float:
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()
