"""Reads a server's own metrics (Prometheus text), to set the client's times beside the engine's."""

import urllib.request

from experiments.lab.errors import LabError
from experiments.lab.servers.server import DIRECT


def metrics(port: int) -> dict:
    """{"name{label=...}": float} of everything that /metrics reports as a number."""
    with DIRECT.open(urllib.request.Request(f"http://127.0.0.1:{port}/metrics"), timeout=30) as reply:
        return parse(reply.read().decode())


def parse(text: str) -> dict:
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition("#")[0].strip().rpartition(" ")
        try:
            found[name] = float(value)
        except ValueError:
            continue
    return found


def total(found: dict, name: str) -> float:
    """The sum of a metric over its labels. LabError when the server reports none of that name."""
    values = [value for key, value in found.items() if key.partition("{")[0] == name]
    if not values:
        raise LabError(f"/metrics: no metric {name}; has it another name in this release, or are metrics off?")
    return sum(values)


def mean_between(before: dict, after: dict, histogram: str) -> float:
    """Mean of what a histogram observed between two readings, in the metric's unit. LabError if nothing was."""
    count = total(after, f"{histogram}_count") - total(before, f"{histogram}_count")
    if count <= 0:
        raise LabError(f"/metrics: {histogram} observed nothing between the two readings")
    return (total(after, f"{histogram}_sum") - total(before, f"{histogram}_sum")) / count
