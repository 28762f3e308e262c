"""Divides the servers of a sweep into fleets that fit the card, each beside the same reference servers.

A sweep is too large for one fleet, and numbers of two fleets are not set side by side; each is set beside the
reference of its own fleet instead.
"""

import functools

from experiments.lab.errors import LabError
from experiments.lab.host import host_info
from experiments.lab.servers.server_spec import ServerSpec


def group(
    references: list[ServerSpec], others: list[ServerSpec], card_gib: float, reserve_gib: float = 3.0
) -> list[list[ServerSpec]]:
    """Fleets for a card of `card_gib`, of which `reserve_gib` stay free: the references first, then some others.

    As few fleets as fit, in the order given, of sizes as equal as that allows, larger ones first; every one of `others`
    is in exactly one. Without others, one fleet of the references. LabError when the references and a single other do
    not fit, when a server does not state its memory, or when two are called alike.
    """
    every = [*references, *others]
    if silent := [spec.name for spec in every if not spec.memory_gib]:
        raise LabError(f"{', '.join(silent)}: cannot be put into fleets without memory_gib; state it in the suite")
    names = [spec.name for spec in every]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise LabError(f"{', '.join(twice)}: two servers of one sweep are called alike; give each its own name")
    base = sum(map(_gib, references))
    largest = max(others, key=_gib, default=None)
    room = card_gib - reserve_gib - base
    if room < (_gib(largest) if largest else 0):
        raise LabError(_too_small(references, largest, card_gib, reserve_gib))
    if not others:
        return [list(references)] if references else []
    begin, fleets = 0, []
    for size in _sizes(tuple(map(_gib, others)), room):
        fleets.append([*references, *others[begin : begin + size]])
        begin += size
    return fleets


def _gib(spec: ServerSpec) -> float:
    """What it takes on the card; `group` refuses one that does not say."""
    return spec.memory_gib or 0.0


def _sizes(memory: tuple[float, ...], room: float) -> tuple[int, ...]:
    """How many of the servers each fleet takes: fewest fleets, then the most equal sizes, then the larger first."""

    @functools.cache
    def best(start: int) -> tuple:
        if start == len(memory):
            return (0, 0, (), ())
        shortest: tuple | None = None
        used = 0.0
        for end in range(start, len(memory)):
            used += memory[end]
            if used > room + 1e-9:
                break
            size = end + 1 - start
            fleets, squares, _, sizes = best(end + 1)
            sizes = (size, *sizes)
            plan = (fleets + 1, squares + size * size, tuple(-count for count in sizes), sizes)
            shortest = plan if shortest is None or plan < shortest else shortest
        if shortest is None:
            raise AssertionError("`group` has seen to it that the largest server fits")
        return shortest

    return best(0)[-1]


def _too_small(
    references: list[ServerSpec], other: ServerSpec | None, card_gib: float, reserve_gib: float
) -> str:
    card = host_info.gpu()
    smallest = [*references, *([other] if other else [])]
    need = sum(map(_gib, smallest)) + reserve_gib
    parts = " + ".join(f"{spec.name} {_gib(spec):g}" for spec in smallest)
    return (
        f"{card['name'] if card else 'this GPU'}: too small for the shape: it has {card_gib:.1f} GiB, the smallest "
        f"fleet needs {need:.1f} ({parts}, {reserve_gib:g} kept free); measure on a GPU with {need:.0f} GiB or more"
    )
