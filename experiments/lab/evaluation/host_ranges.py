"""The range that a reader is given for each value, and how often such ranges were right: of all experiments together.

Ranges stand in the claims files, the calibration in experiments/calibration.json. Both follow from the `hosts` of all
committed claims and from nothing else.
"""

import json
from collections.abc import Mapping
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
REMEDY = "write it again: make experiments"


def write(root: Path) -> None:
    """Write the ranges into all claims files, and the calibration."""
    claims, values = _all(root)
    if not claims:
        return
    pools = host_spread.pools(values)
    ranges = _ranges(values, pools)
    for experiment, each in claims.items():
        committed_claims.write(experiment, [{**claim, "range": ranges.get(claim["id"], {})} for claim in each], root)
    write_whole(root / FILE, (json.dumps(_calibration(values, pools), indent=1) + "\n").encode())


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
    if not _same(_read(root / FILE), _calibration(values, pools)):
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


def _calibration(values: list[Seen], pools: Pools) -> dict[str, Any]:
    tallies = host_spread.calibration(values)
    kinds = [
        {
            "kind": pool[0], "scale": pool[1], "reading": pool[2],
            "values": sum(value.pool == pool for value in values),
            **_said(tallies.get(pool, Tally())), **_known(pools.get(pool)),
        }
        for pool in sorted({value.pool for value in values})
    ]
    total = Tally([each for tally in tallies.values() for each in tally.inside])
    hosts: dict[str, set[str]] = {}
    for value in values:
        for host in value.numbers:
            hosts.setdefault(host, set()).add(value.claim)
    return {
        "schema": "calibration/1", "kinds": kinds,
        "total": {key: number for key, number in _said(total).items() if key != "median_half_width"},
        "hosts": [{"id": host, "claims": len(claims)} for host, claims in sorted(hosts.items())],
    }


def _known(pool: Pool | None) -> dict[str, float]:
    """What a kind has in common; nothing of one of which too few values were seen."""
    return {"between": pool.between ** 0.5, "factor": pool.factor} if pool else {}


def _said(tally: Tally) -> dict[str, Any]:
    return {
        "left_out": len(tally.inside), "inside": sum(tally.inside),
        "coverage": sum(tally.inside) / len(tally.inside) if tally.inside else 0.0,
        "median_half_width": float(np.median(tally.half_widths)) if tally.half_widths else 0.0,
    }


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
