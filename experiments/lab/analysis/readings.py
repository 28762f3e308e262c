"""What notebooks read out of records, one way each: medians over rounds, ratios within and across fleets.

A series has one value a round, or one a visit; series that are compared here are of the same rounds unless said. The
names say what comes out: `median_of`, `ratio_of`, `difference_of` give a Value with its interval, rounds resampled
whole; `quotient` and `exact` have none.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.lab.analysis import intervals
from experiments.lab.analysis.roofline import Shape
from experiments.lab.errors import LabError
from experiments.lab.host import model_folders
from experiments.lab.load import statistics
from experiments.lab.records.record_file import Record
from experiments.lab.verdicts.claim_value import Value

ENGINES = {"vllm": "vLLM", "sglang": "SGLang"}
Series = NDArray[np.float64]


def exact(number: float | np.number, unit: str = "count", digits: int = 6) -> Value:
    """A value that was counted, not sampled."""
    return intervals.value(number, unit, digits)


def quotient(above: ArrayLike, below: ArrayLike) -> float | np.floating:
    """median(above) / median(below), without an interval: what `by_round` and `of` resample."""
    with np.errstate(divide="ignore", invalid="ignore"):  # who asks for it refuses what is no number, and says which
        return np.median(np.asarray(above)) / np.median(np.asarray(below))


def median_of(series: ArrayLike, unit: str, digits: int = 3) -> Value:
    """The median over rounds."""
    return intervals.by_round(np.median, [series], unit, digits)


def ratio_of(above: ArrayLike, below: ArrayLike, digits: int = 3) -> Value:
    """median(above) / median(below) of two series of the same rounds."""
    return intervals.by_round(quotient, [above, below], "1", digits)


def percentage_of(part: ArrayLike, whole: ArrayLike, digits: int = 3) -> Value:
    """100 * (median(part) / median(whole)) of two series of the same rounds."""
    return intervals.by_round(lambda a, b: 100 * quotient(a, b), [part, whole], "%", digits)


def difference_of(more: ArrayLike, less: ArrayLike, unit: str, digits: int = 3) -> Value:
    """median(more) - median(less) of two series of the same rounds, in their unit."""
    return intervals.by_round(lambda a, b: np.median(a) - np.median(b), [more, less], unit, digits)


def ratio_across(above: Sequence[ArrayLike], below: Sequence[ArrayLike], unit: str = "1", digits: int = 3) -> Value:
    """A ratio of two ratios, each (series, reference's series) of a fleet of its own; fleets are resampled apart."""
    tables = [np.array(pair, dtype=float) for pair in (above, below)]

    def statistic(*chosen: Series) -> float | np.floating:
        first, second = (
            quotient(*table[:, rounds.astype(int)]) for table, rounds in zip(tables, chosen, strict=True)
        )
        return first / second

    return intervals.of(statistic, [np.arange(table.shape[1]) for table in tables], unit, digits)


def shape_of(run: Record) -> Shape:
    """The shape that a record was measured with, for its floors. LabError for a model that is no shape."""
    return Shape.from_config(model_folders.configuration(run.data["model"]["name"]))


def series_of(run: Record, name: str, /, **labels: object) -> Series:
    """The samples of that name and those labels as an array of floats."""
    return np.array(run.values(name, **labels), dtype=float)


def gaps_by_round(run: Record, percent: float) -> Series:
    """That percentile of the gaps between tokens, ms, a round, from every gap (columns `round`, `itl_us`).

    By the lab's one rule (load/statistics.py), whichever one the record's own samples were computed by.
    """
    rounds, gaps = np.array(run.columns["round"]), np.array(run.columns["itl_us"]) / 1e3
    return np.array([statistics.percentile(gaps[rounds == number].tolist(), percent) for number in np.unique(rounds)])


def count_of(run: Record, name: str, /, **labels: object) -> int | float:
    """The one value of a count."""
    return run.values(name, **labels)[0]


def row_of(run: Record, /, **labels: object) -> dict[str, Any]:
    """What a record's extra rows say of the first that has these labels. LabError for none."""
    for row in run.data["extra"]["rows"]:
        if all(row.get(key) == label for key, label in labels.items()):
            return row
    raise LabError(f"{run.path.name}: has no row of {labels}; measure it again with today's lab")


def replay_steps(run: Record) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(the step before, the step) of a record's replay, in order."""
    steps = run.data["extra"]["replay"]["steps"]
    return list(zip(steps, steps[1:], strict=False))


def by_measurement(runs: Iterable[Record]) -> dict[str, Record]:
    """Records by the names of their measurements."""
    return {run.data["measurement"]: run for run in runs}


def by_engine(runs: Iterable[Record]) -> dict[str, Record]:
    """Records by the names of their engines, `vllm` and `sglang`: one of each."""
    return {run.data["engine"]["name"]: run for run in runs}


def card_rates(*runs: Record) -> tuple[float, float]:
    """(TFLOP/s, GB/s), the fastest that a probe reached in these runs: a floor must not be beaten because the card was
    warm."""
    return (max(max(run.probes["matmul"]) for run in runs), max(max(run.probes["copy"]) for run in runs))


def lowest(values: Iterable[Value]) -> Value:
    """Of several the one with the lowest value, with its interval."""
    return min(values, key=lambda value: value.value)


def highest(values: Iterable[Value]) -> Value:
    """Of several the one with the highest value, with its interval."""
    return max(values, key=lambda value: value.value)


def error_bars(values: Iterable[Value], scale: float = 1.0) -> tuple[Series, Series]:
    """(y, errors) for matplotlib's errorbar: the values times `scale`, and how far their intervals reach down and up,
    of shape (2, values)."""
    listed = list(values)
    y = scale * np.array([value.value for value in listed])
    return y, np.abs(scale * np.array([value.ci for value in listed]).T - y)


def entered(recording: Record, symbol: str) -> int:
    """How many (process, thread) pairs entered a function while the recorded request was served."""
    rows = zip(*(recording.columns[key] for key in ("symbol", "pid", "thread", "phase")), strict=True)
    return len({(pid, thread) for name, pid, thread, phase in rows if name == symbol and phase == "request"})


def prefixed(prefix: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """The same values under names that begin with `prefix`."""
    return {f"{prefix}{name}": value for name, value in values.items()}
