"""Reads a server's own metrics (Prometheus text), to set the client's times beside the engine's."""

import urllib.request

from experiments.lab.errors import LabError
from experiments.lab.servers.local_http import DIRECT
from experiments.lab.servers.metric_text import parse, total


def metrics(port: int) -> dict:
    """{"name{label=...}": float} of everything that /metrics reports as a number."""
    with DIRECT.open(urllib.request.Request(f"http://127.0.0.1:{port}/metrics"), timeout=30) as reply:
        return parse(reply.read().decode())


def mean_between(before: dict, after: dict, histogram: str) -> float:
    """Mean of what a histogram observed between two readings, in the metric's unit. LabError if nothing was."""
    count = total(after, f"{histogram}_count") - total(before, f"{histogram}_count")
    if count <= 0:
        raise LabError(f"/metrics: {histogram} observed nothing between the two readings")
    return (total(after, f"{histogram}_sum") - total(before, f"{histogram}_sum")) / count
