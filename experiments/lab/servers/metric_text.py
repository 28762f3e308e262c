"""A reading of a server's /metrics: Prometheus text, taken apart and added up."""

from experiments.lab.errors import LabError


def parse(text: str) -> dict[str, float]:
    """{"name{label=...}": value} of every line that has a number."""
    values = {}
    for line in text.splitlines():
        name, _, value = line.partition("#")[0].strip().rpartition(" ")
        try:
            values[name] = float(value)
        except ValueError:
            continue
    return values


def total(reading: dict[str, float], name: str) -> float:
    """The sum of a metric over its labels. LabError when the server reports none of that name."""
    values = [value for key, value in reading.items() if key.partition("{")[0] == name]
    if not values:
        raise LabError(f"/metrics: no metric {name}; has it another name in this release, or are metrics off?")
    return sum(values)
