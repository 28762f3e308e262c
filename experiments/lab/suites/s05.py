"""Experiment 05: which fleets are started on a GPU, and which need none."""

from ..fleet import Fleet
from . import s05_cpu, s05_gpu


def fleets(tier: str) -> list[Fleet]:
    """The fleets of a tier, "gpu" or "cpu"."""
    return s05_gpu.fleets() if tier == "gpu" else s05_cpu.fleets()
