"""Experiment 02: which fleets are started on a GPU, and which need none."""

from ..fleet import Fleet
from . import s02_cpu, s02_gpu


def fleets(tier: str) -> list[Fleet]:
    """The fleets of a tier, "gpu" or "cpu"."""
    return s02_gpu.fleets() if tier == "gpu" else s02_cpu.fleets()
