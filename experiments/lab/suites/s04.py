"""Experiment 04: which fleets are started on a GPU, and which need none."""

from ..fleet import Fleet
from . import s04_cpu, s04_gpu


def fleets(tier: str) -> list[Fleet]:
    """The fleets of a tier, "gpu" or "cpu"."""
    return s04_gpu.fleets() if tier == "gpu" else s04_cpu.fleets()
