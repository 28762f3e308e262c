"""Each claim on every host that has its records: the reference first, then the further hosts by date.

A notebook is run once a host, on that host's records alone (`Book` in mode host), so that no number of one host is ever
set beside a number of another. What a claim came to on a host is an entry of its `hosts`; it holds if it does on all.
"""

from pathlib import Path
from typing import Any

from experiments.lab.analysis import notebook_runner
from experiments.lab.errors import LabError
from experiments.lab.evaluation import committed_claims
from experiments.lab.evaluation.committed_claims import Claim
from experiments.lab.records import host_folders
from experiments.lab.records.host_folders import HostFolder


def write(experiment: str, root: Path) -> None:
    """Put the further hosts into the claims file that the experiment's notebook wrote of the reference."""
    claims = on_every_host(experiment, committed_claims.reference_claims(experiment, root), root)
    committed_claims.write(experiment, claims, root)


def on_every_host(experiment: str, reference: list[Claim], root: Path) -> list[Claim]:
    """The reference's claims with `hosts`, and with `holds` of all of them. LabError for a further host's folder in
    which a claim finds some of its records and not the others, or that belongs to no host."""
    further = [(host, _evaluated(experiment, host, root)) for host in host_folders.hosts(experiment, root)]
    merged = []
    for claim in reference:
        entries = [entry(claim)]
        entries += [entry(claims[claim["id"]]) for _, claims in further if claim["id"] in claims]
        merged.append({**claim, "holds": all(each["holds"] for each in entries), "hosts": entries})
    return merged


def entry(claim: Claim) -> dict[str, Any]:
    """What a claim came to on one host, as its `hosts` hold it."""
    return {
        "id": claim["host"]["id"], "label": claim["host"]["label"], "measured": claim["measured"],
        "holds": claim["holds"], "values": claim["values"], "records": claim["records"],
    }


def _evaluated(experiment: str, host: HostFolder, root: Path) -> dict[str, Claim]:
    book = notebook_runner.evaluate(experiment, "host", root, host.id)
    for name, why in book.halved.items():
        raise LabError(
            f"{host.path.relative_to(root).as_posix()}: lacks a record that claim {name} rests on beside others that "
            f"are there ({why}); restore it, import that host's records again, or take those beside it out of the "
            "folder that you import"
        )
    return {claim["id"]: claim for claim in book.claims}
