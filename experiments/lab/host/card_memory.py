"""How much of the card's memory a run may take, and how much it does while a fleet's servers are up.

A cap (LAB_CARD_GIB) makes a large card stand in for a small one. Servers are kept below it by their flags; whether they
stay there is seen by sampling, and only under a cap, so that nothing runs beside the measurements of a whole card.
"""

import threading

from experiments.lab.errors import LabError
from experiments.lab.host import gpu_occupancy, host_info

EVERY_S = 1.0


def card_gib() -> float | None:
    """GiB that the card has, None without one."""
    card = host_info.gpu()
    return card["memory_bytes"] / 2**30 if card else None


def usable_gib(cap: float | None) -> float | None:
    """GiB that may be used: of the card and the cap the smaller one; None without either."""
    return min((gib for gib in (card_gib(), cap) if gib is not None), default=None)


def of_whole_card(gib: float, otherwise: float) -> float:
    """The share of the whole card that `gib` are; without a card, of `otherwise` GiB."""
    return gib / (card_gib() or otherwise)


class Watched:
    """Samples the card's used memory about once a second from `open` to `close`, where there is a cap.

    `most_gib` is the most that was seen since `begin`, None where nothing was; `check` raises once that is over the cap.
    """

    def __init__(self, cap: float | None):
        self.cap = cap
        self.most_gib: float | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        while not self._done.is_set():
            self._sample()
            self._done.wait(EVERY_S)

    def _sample(self) -> None:
        mib = gpu_occupancy.used_mib()
        if mib is not None:
            self.most_gib = max(self.most_gib or 0.0, mib / 1024)

    def open(self) -> None:
        if self.cap is not None:
            self._thread.start()

    def begin(self) -> None:
        """What was seen until now is of something else."""
        self.most_gib = None

    def close(self) -> None:
        if self._thread.is_alive():
            self._done.set()
            self._thread.join()

    def check(self) -> None:
        """LabError when the card held more than the cap, in a sample taken now or since `begin`."""
        if self.cap is None:
            return
        self._sample()
        if self.most_gib is not None and self.most_gib > self.cap:
            raise LabError(
                f"the card held {self.most_gib:.1f} GiB, more than the cap of {self.cap:g} (LAB_CARD_GIB); what was "
                "measured over it is not kept: state more memory_gib for its servers, or raise the cap"
            )
