"""What the pages of grouped rows have in common: their rows by group, and the claims that a row rests on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from scripts.catalog.row_groups import Group
from scripts.catalog.site_data import Evidence

Row = TypeVar("Row")


@dataclass(frozen=True)
class ShownClaim:
    """A claim as a row names it. `home` is where it is shown, below the site's root; `holds` is its state, for
    colour and mark, `host` where it was measured."""

    title: str
    home: str
    verdict: str
    holds: str
    host: str


def by_group(rows: Iterable[tuple[Group, Row]]) -> dict[Group, list[Row]]:
    """The rows of each group, in the order in which they come."""
    groups: dict[Group, list[Row]] = {}
    for group, row in rows:
        groups.setdefault(group, []).append(row)
    return groups


def claims(names: Iterable[str], evidence: Evidence) -> list[ShownClaim]:
    """The claims called so. One that no page shows leads to its row in the ledger. Raises SiteError."""
    shown = []
    for name in names:
        claim = evidence.claim(name)
        home = evidence.home_of("claim", name) or f"reference/ledger/#ledger-claim-{name}"
        shown.append(ShownClaim(claim.data["title"], home, claim.verdict, claim.state, claim.where))
    return shown
