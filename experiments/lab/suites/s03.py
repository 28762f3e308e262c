"""Experiment 03: which fleets are started on a GPU, and which need none."""

from ..fleet import Fleet
from . import s03_cpu, s03_gpu


def fleets(tier: str) -> list[Fleet]:
    """The fleets of a tier, "gpu" or "cpu"."""
    return s03_gpu.fleets() if tier == "gpu" else s03_cpu.fleets()
