"""Visits in rounds: one server at a time, every stop once a round, in an order of the measurement's own generator."""

import random
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from experiments.lab.load.streaming_client import shuffled

S = TypeVar("S")


def rounds(progress: Callable, count: int, says: str, stops: Iterable[S],
           rng: random.Random) -> Iterator[tuple[int, S]]:
    """(round, stop) for every stop in each of `count` rounds, those of a round in an order of `rng`, drawn when the
    round begins. `progress` is told `says` at the start of each."""
    stops = list(stops)
    for done in range(count):
        progress(done, count, says)
        for stop in shuffled(rng, stops):
            yield done, stop
