"""Experiment 06: which fleets are started on a GPU, and which need none."""

from ..fleet import Fleet
from . import s06_cpu, s06_gpu


def fleets(tier: str) -> list[Fleet]:
    """The fleets of a tier, "gpu" or "cpu"."""
    return s06_gpu.fleets() if tier == "gpu" else s06_cpu.fleets()
