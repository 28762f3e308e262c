"""What a claim came to with plans for smaller cards, as its card shows it: a verdict of its own, and a second column
beside the reference's values."""

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.formats import value_format
from scripts.measured.claim_hosts import Host
from scripts.measured.claim_reader import Claim
from scripts.measured.plan_claims import PlanClaim
from scripts.render.page.data_files import address

ABSENT = "not there"  # of a value that a host's records do not give


@dataclass(frozen=True)
class Cell:
    """A value on one host; `ci` is "" where it has no interval."""

    text: str
    ci: str = ""


@dataclass(frozen=True)
class Row:
    """A value: the reference's first host's, and each host's with the plan."""

    name: str
    reference: Cell
    cells: list[Cell]


@dataclass(frozen=True)
class Column:
    """A plan's part of a card. `verdict` is None where it rests on times, which another shape does not repeat; `hosts`
    are (how a host is called, its records as (name, address below the site's root))."""

    name: str
    model: str
    verdict: str | None
    state: str
    on: str
    reference: str
    hosts: list[tuple[str, list[tuple[str, str]]]]
    rows: list[Row]


def columns(claim: Claim, plans: list[PlanClaim], labels: Mapping[str, str]) -> list[Column]:
    """The parts of a claim's card, a plan each; `labels` are what its values are called, by name."""
    return [_column(claim, plan, labels) for plan in plans]


def _column(claim: Claim, plan: PlanClaim, labels: Mapping[str, str]) -> Column:
    hosts = plan.claim.hosts
    rows = [
        Row(labels.get(name, name), _cell(claim.hosts[0], name), [_cell(host, name) for host in hosts])
        for name in plan.values
    ]
    return Column(
        plan.name,
        plan.model,
        plan.verdict if plan.orders else None,
        plan.state,
        ", ".join(_called(host) for host in hosts),
        _called(claim.hosts[0]),
        [(_called(host), _files(host)) for host in hosts],
        rows,
    )


def _called(host: Host) -> str:
    return f"{host.card} {host.name}"


def _files(host: Host) -> list[tuple[str, str]]:
    return [(record["path"].rpartition("/")[2], address(record["path"])) for record in host.records]


def _cell(host: Host, name: str) -> Cell:
    value = host.values.get(name)
    if value is None:
        return Cell(ABSENT)
    return Cell(value_format.formatted(value), value_format.interval(value) if value.get("ci") else "")
