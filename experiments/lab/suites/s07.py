"""Experiment 07: which fleets are started on a GPU, and which need none."""

from ..fleet import Fleet
from . import s07_cpu, s07_gpu


def fleets(tier: str) -> list[Fleet]:
    """The fleets of a tier, "gpu" or "cpu"."""
    return s07_gpu.fleets() if tier == "gpu" else s07_cpu.fleets()
