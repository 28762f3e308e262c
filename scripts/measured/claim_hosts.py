"""The hosts that a claim was evaluated on: each by itself, with its own verdict, values and records.

A host is GPU, driver and boot. A claim's hosts are listed with the one first that its own values are of.
"""

from dataclasses import dataclass, field
from typing import Any

from experiments.formats.host_index import FOLDER
from scripts.common.errors import SiteError

SHORT = 4  # digits of an id that tell the hosts of a claim apart
REMEDY = "write it again: make experiments"
OF_THE_CLAIM = ("hosts", "holds_on")  # in text, `claim.hosts` is said of the claim; no value may be called so


@dataclass(frozen=True)
class Host:
    """What a claim came to on one host. `values` and `records` as in the claims file; `name` is how a card tells it
    from the claim's other hosts: the first digits of its id."""

    id: str
    name: str
    label: str
    measured: str
    holds: bool
    values: dict[str, dict] = field(repr=False)
    records: list[dict] = field(repr=False)

    @property
    def card(self) -> str:
        """What it measures with, without its maker and its driver: `H200`, `AMD EPYC`."""
        return card_of(self.label)


def card_of(label: str) -> str:
    """The card that a host's label names, without its maker and its driver."""
    return label.partition(",")[0].removeprefix("NVIDIA ")


def short_ids(ids: list[str]) -> list[str]:
    """As many first digits of each id as tell these hosts apart: four, or all."""
    digits = SHORT if len({each[:SHORT] for each in ids}) == len(ids) else None
    return [each[:digits] for each in ids]


def of(claim: dict) -> list[Host]:
    """The hosts of a claim as its file holds it."""
    names = short_ids([host["id"] for host in claim["hosts"]])
    return [
        Host(
            host["id"],
            name,
            host["label"],
            host["measured"][:10],
            host["holds"],
            host["values"],
            host["records"],
        )
        for host, name in zip(claim["hosts"], names, strict=True)
    ]


def check(claim: dict, where: str) -> None:
    """Raises SiteError where a claim's hosts, range and verdict contradict each other; `where` names file and claim."""
    hosts, ids = claim["hosts"], [host["id"] for host in claim["hosts"]]
    for name in OF_THE_CLAIM:
        if name in claim["values"]:
            raise SiteError(f"{where}: a value is called {name}, which is said of claims; rename it in the notebook")
    for each in ids:
        if ids.count(each) > 1:
            raise SiteError(f"{where}: two of its hosts are {each}; keep one of them, and {REMEDY}")
    if claim["holds"] != all(host["holds"] for host in hosts):
        raise SiteError(f"{where}: holds is {claim['holds']}, which its hosts contradict; {REMEDY}")
    if hosts[0]["values"] != claim["values"]:
        raise SiteError(f"{where}: its values are not those of its first host, {ids[0]}; {REMEDY}")
    for host in hosts:
        for record in host["records"]:
            folder = record["path"].removeprefix(f"{FOLDER}/").partition("/")[0]
            if record["path"].startswith(f"{FOLDER}/") and folder != host["id"]:
                raise SiteError(f"{where}: host {host['id']} rests on {record['path']}, of another host; {REMEDY}")
    for name, expected in claim["range"].items():
        if name not in claim["values"]:
            raise SiteError(f"{where}: has a range of {name}, which is none of its values; {REMEDY}")
        if expected["low"] > expected["high"]:
            raise SiteError(f"{where}: the range of {name} ends below its beginning; {REMEDY}")


def with_own_hosts(data: Any) -> Any:
    """The content of a claims file with each claim that names no hosts on its own host alone, without ranges: so it is
    where a notebook was run by itself, and in a clone's own claims. What is wrong with it is left to the schema.

    Files of schema claims/1, which knew one host, are taken as claims/2 for as long as such are committed.
    """
    if not isinstance(data, dict) or not isinstance(data.get("claims"), list):
        return data
    schema = "claims/2" if data.get("schema") == "claims/1" else data.get("schema")
    return data | {"schema": schema, "claims": [_with_own_host(claim) for claim in data["claims"]]}


def _with_own_host(claim: Any) -> Any:
    kept = ("measured", "holds", "values", "records")
    if not isinstance(claim, dict) or "hosts" in claim:
        return claim
    if not isinstance(claim.get("host"), dict) or not all(key in claim for key in kept):
        return claim
    host = {"id": claim["host"].get("id"), "label": claim["host"].get("label"), **{key: claim[key] for key in kept}}
    return {"range": {}, **claim, "hosts": [host]}
