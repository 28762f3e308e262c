"""Experiment 06: which fleets are started on a GPU, and which need none."""

from experiments.lab.fleets.fleet import Fleet
from experiments.lab.suites.exp06_chunked_prefill import cpu, gpu


def fleets(tier: str) -> list[Fleet]:
    """The fleets of a tier, "gpu" or "cpu"."""
    return gpu.fleets() if tier == "gpu" else cpu.fleets()
