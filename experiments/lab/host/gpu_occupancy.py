"""The GPU of a run: whether a fleet's servers fit it, whether it is ours alone, and what it can do just now."""

import subprocess
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from experiments.lab.errors import LabError
from experiments.lab.host import card_rates, host_info
from experiments.lab.host.config import Settings
from experiments.lab.host.progress import Progress

UNSEEN_MIB = 1024  # a driver keeps a few hundred MiB of its own
SETTLE_S = 20.0  # a server that was just ended gives its memory back a moment later
PAUSE_S = 0.5


class OnCard(Protocol):
    """What a server's specification says of the memory that it takes, in GiB; None where it does not say."""

    @property
    def name(self) -> str: ...

    @property
    def memory_gib(self) -> float | None: ...


@dataclass(frozen=True)
class App:
    """A process that computes on the GPU; `mib` is None where nvidia-smi does not say."""

    pid: int
    mib: int | None
    name: str


class Card:
    """Looked at before servers are started and before each fleet that uses them; probed once a run, before the first
    of them."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.probes: dict | None = None
        self._ours: set[int] = set()

    def ready(self, specs: Sequence[OnCard], progress: Progress, ours: Collection[int] = ()) -> dict | None:
        """The run's probes. LabError when the servers do not fit, when the GPU is in use by other processes than
        `ours`, those of the servers that are up, or when it cannot be probed.

        What has no servers is let through, with the probes if they can be had: they are to be of the run's start.
        """
        try:
            fits(specs, self.settings.card_gib)
            # Without servers of ours none that the GPU named before can be of them any more.
            self._ours = {*ours, *self._ours} if ours else set()
            free(lambda: progress.show(0, 0, "waiting for the GPU to be free"), self._ours)
            if self.probes is None:
                progress.show(0, 0, "probing the card", force=True)
                self.probes = card_rates.probe(self.settings)
        except LabError:
            if specs:
                raise
        return self.probes

    def started(self, ours: Collection[int]) -> None:
        """Servers have just started: what the GPU names and is no other process of this machine is theirs. In a
        container it may name processes by other numbers than they have here."""
        self._ours |= {app.pid for app in apps() if app.pid in ours or not Path(f"/proc/{app.pid}").exists()}


def fits(specs: Sequence[OnCard], cap: float | None = None) -> None:
    """LabError when what the servers state to take together is more than the GPU has, or than the cap leaves of it."""
    card, need = host_info.gpu(), sum(spec.memory_gib or 0 for spec in specs)
    if not card:
        return
    has = card["memory_bytes"] / 2**30
    if need > min(has, cap or has):
        parts = " + ".join(f"{spec.name} {spec.memory_gib:g}" for spec in specs if spec.memory_gib)
        capped = f", of which LAB_CARD_GIB leaves {cap:g}" if cap else ""
        raise LabError(
            f"{card['name']}: too small for the shape: it has {has:.1f} GiB{capped}, the servers side by side need "
            f"{need:.1f} ({parts}); measure on a GPU with {need:.0f} GiB or more"
        )


def free(on_wait: Callable[[], None] = lambda: None, ours: Collection[int] = ()) -> None:
    """Return once nothing but `ours` uses the GPU. LabError, naming it, when it still does after SETTLE_S seconds."""
    card, deadline = host_info.gpu(), time.monotonic() + SETTLE_S
    while card and (taken := in_use(ours)):
        if time.monotonic() > deadline:
            raise LabError(f"{card['name']}: {taken}; then run the same command again")
        on_wait()
        time.sleep(PAUSE_S)


def in_use(ours: Collection[int] = ()) -> str | None:
    """Who besides `ours` uses the GPU and what to do about it, None when nobody does."""
    users = [app for app in apps() if app.pid not in ours]
    if users:
        first = max(users, key=lambda app: app.mib or 0)
        here = Path(f"/proc/{first.pid}").exists()
        size = f"{first.mib} MiB" if first.mib is not None else "an unknown amount of memory"
        verb = f"and {len(users) - 1} more use" if len(users) > 1 else "uses"
        remedy = f"end it (kill {first.pid})" if here else "it is not of this container: end it where it runs"
        return f"process {first.pid} ({first.name}, {size}) {verb} the GPU and would disturb the numbers; {remedy}"
    used = used_mib()
    if not ours and used is not None and used > UNSEEN_MIB:
        return (
            f"{used} MiB are in use by a process that nvidia-smi does not name (another container's?), which would "
            "disturb the numbers; end it"
        )
    return None


def apps() -> list:
    """The processes that compute on the GPU, as far as nvidia-smi names them: in a container it may name none."""
    users = []
    for line in _query("--query-compute-apps=pid,used_memory,process_name"):
        pid, mib, name = (part.strip() for part in f"{line},,".split(",")[:3])
        if pid.isdigit():
            users.append(App(int(pid), int(mib) if mib.isdigit() else None, Path(name).name or "unnamed"))
    return users


def used_mib() -> int | None:
    """MiB of the GPU's memory that are in use, None where nvidia-smi does not say."""
    lines = _query("--query-gpu=memory.used")
    return int(lines[0]) if lines and lines[0].strip().isdigit() else None


def _query(what: str) -> list:
    """The lines of an answer about our own card: what runs on another of this host is no matter of ours."""
    ours = host_info.first_gpu()
    if ours is None:
        return []
    command = ["nvidia-smi", what, "--format=csv,noheader,nounits", "-i", ours]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return []
