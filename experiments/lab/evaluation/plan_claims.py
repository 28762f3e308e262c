"""What the claims come to with a plan for smaller cards: experiments/claims/<plan>/NN.json, by the same notebooks.

The records lie in experiments/plans/<plan>/<host id>/NN, one host's folder as experiments/hosts has it. A plan's claims
are a column of their own: no number of it enters the reference's claims, their hosts or their ranges.
"""

import os
from pathlib import Path

from experiments.lab.analysis import claims_file, notebook_runner
from experiments.lab.errors import LabError
from experiments.lab.evaluation import verify_claims
from experiments.lab.evaluation.committed_claims import Claim
from experiments.lab.evaluation.comparable_claims import comparable
from experiments.lab.evaluation.host_claims import entry
from experiments.lab.records import host_folders
from experiments.lab.records.host_folders import HostFolder

PLANS = Path("experiments/plans")
CLAIMS = Path("experiments/claims")
REMEDY = "write it again: make experiments EXP={}"


def plans(root: Path) -> list[str]:
    """The plans of which there are records, by name."""
    here = PLANS.name in os.listdir(root / PLANS.parent)  # listed, so that `verified` sees when the folder comes
    return sorted(path.name for path in (root / PLANS).iterdir() if path.is_dir()) if here else []


def hosts(plan: str, experiment: str, root: Path) -> list[HostFolder]:
    """The hosts that measured an experiment with a plan, the earliest first. LabError for what is amiss there."""
    return host_folders.below(PLANS / plan, experiment, root)


def evaluated(plan: str, experiment: str, root: Path) -> list[Claim]:
    """The claims that a plan's records give, with `hosts`; what the plan leaves out is left out. LabError for records
    of another plan, or of the large card's, in the plan's folder.

    A claim's `plan` says whether its verdict is `comparable` with the reference's, and whether it holds `by_values`,
    every interval left aside; there are no ranges, which are of the reference's hosts."""
    found: dict[str, Claim] = {}
    for host in hosts(plan, experiment, root):
        for claim in notebook_runner.evaluate(experiment, "host", root, host.id, plan).claims:
            name = claim.get("plan", {}).get("name")
            if name and name != plan:
                where = host.path.relative_to(root).as_posix()
                raise LabError(
                    f"{where}: claim {claim['id']} rests on records of {name}; move them to that plan's folder"
                )
            if not name:
                continue  # of no server: the reference has it
            said = {**claim["plan"], "comparable": comparable(claim)}
            first = found.setdefault(claim["id"], {**claim, "plan": said, "hosts": [], "range": {}})
            first["hosts"].append(entry(claim))
            first["holds"] = all(each["holds"] for each in first["hosts"])
            first["plan"]["by_values"] &= said["by_values"]
    return list(found.values())


def read(plan: str, experiment: str, root: Path) -> list[Claim] | None:
    """The plan's claims as they are committed; None where there are none. LabError for a file that cannot be read."""
    where = f"{CLAIMS}/{plan}/{experiment}.json"
    return claims_file.read(root / where, where, REMEDY.format(experiment))


def write(experiment: str, root: Path) -> list[Path]:
    """Write what an experiment's claims come to with each plan that measured it, whole or not at all; the files."""
    written = []
    for plan in plans(root):
        if not hosts(plan, experiment, root):
            continue
        claims = evaluated(plan, experiment, root)
        path = root / CLAIMS / plan / f"{experiment}.json"
        claims_file.write(path, experiment, claims, plan=plan)
        written.append(path)
    return written


def differences(experiment: str, root: Path) -> list[str]:
    """A line for each claim of a plan that is not as committed. LabError for what cannot be evaluated."""
    lines = []
    known = {path.parent.name for path in (root / CLAIMS).glob(f"*/{experiment}.json")}
    for plan in sorted(known | {plan for plan in plans(root) if hosts(plan, experiment, root)}):
        where, remedy = f"{CLAIMS}/{plan}/{experiment}.json", REMEDY.format(experiment)
        stored = {claim["id"]: claim for claim in read(plan, experiment, root) or []}
        fresh = {claim["id"]: claim for claim in (evaluated(plan, experiment, root) if plan in plans(root) else [])}
        for name in sorted({*stored, *fresh}):
            if name not in fresh or name not in stored:
                what = "no more what the records give" if name in stored else "not there yet"
                lines.append(f"{where}: claim {name} is {what}; {remedy}")
            elif differs := verify_claims.differences(fresh[name], stored[name]):
                lines.append(f"{where}: claim {name}: {', '.join(differs)}; {remedy}")
    return lines
