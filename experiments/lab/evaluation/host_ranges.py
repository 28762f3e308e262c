"""The range that a reader is given for each value, and how often such ranges were right: of all experiments together.

Ranges stand in the claims files, the calibration in experiments/calibration.json. Both follow from the `hosts` of all
committed claims; the calibration also says how many processors a host has, and leaves a machine's cards out together,
which a record of the host tells. Nothing else goes into them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.formats.whole_file import write_whole
from experiments.lab.analysis import host_spread
from experiments.lab.analysis.host_spread import Pool, Pools, Seen, Tally
from experiments.lab.errors import LabError
from experiments.lab.evaluation import committed_claims
from experiments.lab.evaluation.committed_claims import Claim
from experiments.lab.evaluation.verify_claims import close

FILE = Path("experiments/calibration.json")
SCHEMA = "calibration/2"
REMEDY = "write it again: make experiments"
UNKNOWN_BOOT = ("", "unknown")  # such say nothing of which cards are of one machine


@dataclass(frozen=True)
class Host:
    """A host of claims of the GPU tier. `label` as the claims have it, `cores` the processors that it had for the
    measurement, `machine` its boot, which the cards of one machine share."""

    id: str
    label: str
    cores: int
    machine: str
    claims: int


def write(root: Path) -> None:
    """Write the ranges into all claims files, and the calibration."""
    claims, values = _all(root)
    if not claims:
        return
    pools = host_spread.pools(values)
    ranges = _ranges(values, pools)
    for experiment, each in claims.items():
        committed_claims.write(experiment, [{**claim, "range": ranges.get(claim["id"], {})} for claim in each], root)
    found = _calibration(values, pools, _hosts(claims, values, root))
    write_whole(root / FILE, (json.dumps(found, indent=1) + "\n").encode())


def differences(root: Path) -> list[str]:
    """A line for each range, and for the calibration, that is not what the committed claims give."""
    claims, values = _all(root)
    if not claims:
        return []
    pools = host_spread.pools(values)
    ranges, lines = _ranges(values, pools), []
    for experiment, each in claims.items():
        for claim in each:
            if not _same(claim.get("range", {}), ranges.get(claim["id"], {})):
                file = f"experiments/claims/{experiment}.json"
                lines.append(f"{file}: claim {claim['id']}: its range for other hosts differs; {REMEDY}")
    if not _same(_read(root / FILE), _calibration(values, pools, _hosts(claims, values, root))):
        lines.append(f"{FILE.as_posix()}: is not what the claims give; {REMEDY}")
    return lines


def _all(root: Path) -> tuple[dict[str, list[Claim]], list[Seen]]:
    """(the committed claims by experiment, their values as the hosts have them)."""
    names = committed_claims.claimed_experiments(None, root)
    claims = {name: committed_claims.reference_claims(name, root) for name in names}
    return claims, host_spread.seen([claim for each in claims.values() for claim in each])


def _ranges(values: list[Seen], pools: Pools) -> dict[str, dict[str, Any]]:
    """{claim: {value: {"low", "high", "kind"}}} for every value of a kind of which enough were seen on two hosts."""
    found: dict[str, dict[str, Any]] = {}
    for value in values:
        if value.pool in pools:
            low, high = host_spread.expected(value, pools[value.pool])
            found.setdefault(value.claim, {})[value.name] = {"low": low, "high": high, "kind": value.pool[0]}
    return found


def _hosts(claims: Mapping[str, list[Claim]], values: list[Seen], root: Path) -> list[Host]:
    """The hosts that have values with a range, by id. LabError for one whose record cannot be read."""
    counted: dict[str, set[str]] = {}
    for value in values:
        for host in value.numbers:
            counted.setdefault(host, set()).add(value.claim)
    entries = {
        entry["id"]: entry
        for each in claims.values() for claim in each if claim["tier"] == "gpu" for entry in claim["hosts"]
    }
    return [_host(entries[host], len(of), root) for host, of in sorted(counted.items())]


def _host(entry: Mapping[str, Any], claims: int, root: Path) -> Host:
    """A host with what one of its records says of it: all of them are of one machine."""
    path = entry["records"][0]["path"]
    try:
        facts = json.loads((root / path).read_text("utf-8"))["host"]
        cores, boot = int(facts["cores"]), facts["boot"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise LabError(f"{path}: does not say its host's processors and boot ({error}); {REMEDY}") from None
    machine = f"host {entry['id']}" if boot in UNKNOWN_BOOT else boot
    return Host(entry["id"], entry["label"], cores, machine, claims)


def _calibration(values: list[Seen], pools: Pools, hosts: list[Host]) -> dict[str, Any]:
    by_host = host_spread.calibration(values, {host.id: host.machine for host in hosts})
    kinds = []
    for pool in sorted({value.pool for value in values}):
        tally = host_spread.together(tallies[pool] for tallies in by_host.values() if pool in tallies)
        number = sum(value.pool == pool for value in values)
        name, scale, reading = pool
        kinds.append({
            "kind": name, "scale": scale, "reading": reading, "values": number,
            **_said(tally), **_known(pools.get(pool)),
        })
    return {
        "schema": SCHEMA, "kinds": kinds,
        "total": _covered(tally for tallies in by_host.values() for tally in tallies.values()),
        "hosts": [
            {
                "id": host.id, "label": host.label, "cores": host.cores, "claims": host.claims,
                **_counted(by_host[host.id].values()),
                "set_by": {
                    each: _counted(
                        tally for pool, tally in by_host[host.id].items() if host_spread.set_by(pool) == each
                    )
                    for each in host_spread.SET_BY
                },
            }
            for host in hosts
        ],
    }


def _counted(tallies: Iterable[Tally]) -> dict[str, Any]:
    inside = host_spread.together(tallies).inside
    return {"left_out": len(inside), "inside": sum(inside)}


def _covered(tallies: Iterable[Tally]) -> dict[str, Any]:
    counted = _counted(tallies)
    return {**counted, "coverage": counted["inside"] / counted["left_out"] if counted["left_out"] else 0.0}


def _known(pool: Pool | None) -> dict[str, float]:
    """What a kind has in common; nothing of one of which too few values were seen."""
    return {"between": pool.between ** 0.5, "factor": pool.factor} if pool else {}


def _said(tally: Tally) -> dict[str, Any]:
    half_widths = tally.half_widths
    return {**_covered([tally]), "median_half_width": float(np.median(half_widths)) if half_widths else 0.0}


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise LabError(f"{FILE.as_posix()}: cannot be read ({error}); {REMEDY}") from None


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(each, other[key]) for key, each in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return isinstance(one, (int, float)) and isinstance(other, (int, float)) and close(one, other)
    return one == other
