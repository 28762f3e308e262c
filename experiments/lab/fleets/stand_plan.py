"""Packs fleets, of one experiment or several, into stands: servers that are up at one time, on which the stand's fleets
are measured one after another.

Starting servers is most of what a run costs the card beside measuring. So few stands are made, a server that several
fleets want is one server, and stands follow each other such that much of one is still of use in the next.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from experiments.lab.errors import LabError
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.servers.server_spec import ServerSpec

Key = tuple[str, int]  # a server's likeness, and which of several alike in its fleet it is


@dataclass(frozen=True)
class Pending:
    """A fleet with something to measure: the records `missing` of `experiment`."""

    experiment: str
    fleet: Fleet
    missing: frozenset[str]


def keyed(specs: Iterable[ServerSpec]) -> dict[Key, ServerSpec]:
    """The servers of one fleet, by what tells them from other servers. Two of one fleet are never one server: it sets
    them side by side. LabError when two are called alike."""
    found: dict[Key, ServerSpec] = {}
    names: set[str] = set()
    for spec in specs:
        if spec.name in names:
            raise LabError(f"two servers of one fleet are called alike ({spec.name}); give each its own name")
        names.add(spec.name)
        alike = sum(likeness == spec.likeness() for likeness, _ in found)
        found[spec.likeness(), alike] = spec
    return found


@dataclass(frozen=True)
class Stand:
    """Fleets in the order in which they are measured, and their servers, which are up together."""

    fleets: tuple[Pending, ...]

    @property
    def servers(self) -> dict[Key, ServerSpec]:
        """Each once, under the name that the first fleet has for it, with the largest memory and limit that one of
        them states."""
        found: dict[Key, ServerSpec] = {}
        for pending in self.fleets:
            for key, spec in keyed(pending.fleet.servers).items():
                other = found.get(key)
                found[key] = _larger(other, spec) if other else spec
        return found

    @property
    def left_up(self) -> set[Key]:
        """Those of its servers that are of use to another stand afterwards."""
        ended = {key for pending in self.fleets for key, spec in keyed(pending.fleet.servers).items()
                 if spec.name in pending.fleet.ends}
        return self.servers.keys() - ended

    @property
    def one_by_one(self) -> bool:
        return any(pending.fleet.one_by_one for pending in self.fleets)


def plan(pending: Sequence[Pending], card_gib: float | None) -> list[Stand]:
    """The stands of all fleets with servers, in the order in which they are measured. `card_gib` is None without one.

    First fit, the fleets that take most first: each goes to the stand that it fits into with the least memory besides,
    of several to the first. What a fleet keeps free stays free. By itself stands one that says so or starts its servers one by one,
    that has a server that does not state its memory, or that does not fit the card at all.
    """
    groups: list[list[Pending]] = []
    apart: list[list[Pending]] = []
    place = {id(each): number for number, each in enumerate(pending)}
    for each in sorted(pending, key=lambda each: -_gib([each])):
        if not each.fleet.servers:
            continue
        room = None if card_gib is None else card_gib - each.fleet.reserve_gib + 1e-9
        if room is None or _stands_alone(each.fleet) or _gib([each]) > room:
            apart.append([each])
            continue
        fitting = [group for group in groups if _gib([*group, each]) <= room]
        if fitting:
            min(fitting, key=lambda group: _gib([*group, each]) - _gib(group)).append(each)
        else:
            groups.append([each])
    stands = [Stand(tuple(sorted(group, key=lambda each: (_turn(each.fleet), place[id(each)]))))
              for group in [*groups, *apart]]
    return _in_order(stands, place)


def _stands_alone(fleet: Fleet) -> bool:
    return fleet.alone or fleet.one_by_one or any(not spec.memory_gib for spec in fleet.servers)


def _turn(fleet: Fleet) -> int:
    """Within a stand: first who wants servers that nothing was measured on, last who leaves them of no use."""
    return 2 if fleet.ends else 0 if fleet.fresh else 1


def _in_order(stands: list[Stand], place: dict[int, int]) -> list[Stand]:
    """Beginning with the stand of the first fleet given, always the one that finds the most memory's worth of its
    servers up; of several that find as much, the one whose first fleet comes first."""
    left = sorted(stands, key=lambda stand: min(place[id(each)] for each in stand.fleets))
    ordered: list[Stand] = []
    while left:
        up = ordered[-1].left_up if ordered else set()
        best = max(left, key=lambda stand: sum(
            spec.memory_gib or 1e-3 for key, spec in stand.servers.items() if key in up))
        left.remove(best)
        ordered.append(best)
    return ordered


def _larger(one: ServerSpec, other: ServerSpec) -> ServerSpec:
    memory = max(one.memory_gib or 0.0, other.memory_gib or 0.0) or None
    limits = [limit for limit in (one.start_limit_s, other.start_limit_s) if limit is not None]
    return dataclasses.replace(one, memory_gib=memory, start_limit_s=max(limits, default=None))


def _gib(some: Sequence[Pending]) -> float:
    """What the fleets' servers take together, as they state it."""
    return sum(spec.memory_gib or 0.0 for spec in Stand(tuple(some)).servers.values())
