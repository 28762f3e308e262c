"""The servers of a sweep, cut into numbered fleets that fit the card, each beside the same references."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from experiments.lab.fleets.fleet import Fleet
from experiments.lab.load.load_trace import Prompts
from experiments.lab.servers.server_spec import ServerSpec
from experiments.lab.suites.common import plan
from experiments.lab.suites.common.parts import Part, produces
from experiments.lab.suites.common.plan import PLAN

RESERVE_GIB = PLAN.reserve_gib  # of the card, stay free


@dataclass(frozen=True)
class Group:
    """One fleet of a sweep: its name, f1, f2 and so on, its servers, and whether it is the first or the last."""

    fleet: str
    servers: tuple[ServerSpec, ...]
    first: bool
    last: bool

    @property
    def number(self) -> int:
        return int(self.fleet[1:])

    @property
    def names(self) -> list[str]:
        return [server.name for server in self.servers]


def card_gib() -> float:
    """GiB that a suite may use, `plan.checked_gib`. LabError for a card that is too small for every plan."""
    return plan.checked_gib()


def gib(servers: Iterable[ServerSpec]) -> float:
    """What servers take on a card together, as they state it; one that does not counts nothing."""
    return sum(server.memory_gib or 0.0 for server in servers)


def joined(groups: list[list[ServerSpec]], others: Iterable[ServerSpec], card: float,
           references: Iterable[ServerSpec] = (), last: bool = False) -> list[list[ServerSpec]]:
    """`groups` with `others` in the first, or the `last`, where they fit beside it on a card of `card` GiB; else with
    `others` as a group behind, beside `references`."""
    at = len(groups) - 1 if last else 0
    whole = [*groups[at], *others]
    if gib(whole) + RESERVE_GIB <= card:
        return [*groups[:at], whole, *groups[at + 1:]]
    return [*groups, [*references, *others]]


def prompts(seed: int, number: int = 0) -> Prompts:
    """The prompts of a suite's fleet of that number, below 100. No other fleet on the host has a chunk of them, of
    another experiment neither: two fleets may be measured on one server, and nothing of one is to be cached for the
    other."""
    return Prompts(seed % 100_000 * 100 + number)  # the suites' seeds lie within a hundred of each other


def numbered(groups: list[list[ServerSpec]]) -> list[Group]:
    return [Group(f"f{number}", tuple(servers), number == 1, number == len(groups))
            for number, servers in enumerate(groups, 1)]


def fleets(groups: list[list[ServerSpec]], parts: Callable[[Group], Iterable[Part]], measure: Callable,
           minutes: Callable[[Group], float], engines: tuple[str, ...] = ()) -> list[Fleet]:
    """A fleet for each of `groups`, measured by `measure(ctx, group=...)`. Its records are set side by side, so it
    counts whole; `engines` are those that it needs besides its servers'."""
    return [
        Fleet(group.fleet, produces(parts(group)), functools.partial(measure, group=group), servers=group.servers,
              minutes=PLAN.minutes(minutes(group)), engines=engines, whole=True, **PLAN.fleet())
        for group in numbered(groups)
    ]
