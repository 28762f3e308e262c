"""What the claims came to with a plan for smaller cards: `experiments/claims/<plan>/NN.json`, which the lab writes.

A plan has another shape, other pools and loads. So only ratios, counts and orders of it stand beside the reference, and
no number of it enters the reference's hosts or ranges.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from experiments.formats import strict_json
from scripts.common.errors import SiteError
from scripts.measured import claim_reader
from scripts.measured.claim_reader import Claim

RECORDS = "experiments/plans"
KINDS = ("ratio", "count")  # of values that can stand beside another shape's
REMEDY = "write it again: make experiments"
SAME_MODEL = "same model"
OPEN = "not settled, intervals too wide"


@dataclass(frozen=True)
class PlanClaim:
    """A claim with one plan. `shape` is the model in place of the reference's, None where that is the same; `orders`
    whether the verdict rests on ratios, counts and orders alone; `open` whether it fails for its intervals alone, so
    that it is neither confirmed nor refuted; `values` are the names of those that can be set beside the reference's."""

    plan: str
    shape: str | None
    orders: bool
    open: bool
    claim: Claim
    values: tuple[str, ...]

    @property
    def name(self) -> str:
        """`24 GB plan` of 24gb."""
        size = re.fullmatch(r"(\d+)gb", self.plan)
        return f"{size[1]} GB plan" if size else f"plan {self.plan}"

    @property
    def model(self) -> str:
        """The shape, or that it is the reference's model."""
        return self.shape or SAME_MODEL

    @property
    def verdict(self) -> str:
        """The claim's, or that its intervals leave it open."""
        return OPEN if self.open else self.claim.verdict

    @property
    def state(self) -> str:
        """The claim's, for the verdict's colour; an open one is neither of the two."""
        return "some" if self.open else self.claim.state

    def said(self, labels: Mapping[str, str]) -> str:
        """A line: `24 GB plan, Qwen3-0.6B shape: holds; longest gap 1.2`. Values go by their label or their name."""
        parts = [self.verdict] if self.orders else []
        parts += [f"{labels.get(name, name)} {self.claim.text(name)}" for name in self.values]
        return f"{self.name[0].upper()}{self.name[1:]}, {self.model}: {'; '.join(parts)}"


def load_all(root: Path, reference: Mapping[str, Claim]) -> dict[str, list[PlanClaim]]:
    """By claim, what each plan says that can be compared, the plans by name; none where no plan was measured. Raises
    SiteError for a file that is not as the lab writes it, or that says of a claim what the reference contradicts."""
    found: dict[str, list[PlanClaim]] = {}
    for path in sorted((root / claim_reader.FOLDER).glob("*/*.json")):
        where, plan = path.relative_to(root).as_posix(), path.parent.name
        claims = claim_reader.load(path, root)
        data = strict_json.read(path.read_text("utf-8"))
        if not isinstance(data, dict) or data.get("plan") != plan or f"{data['experiment']}.json" != path.name:
            raise SiteError(f"{where}: is of another plan or experiment than its place says; {REMEDY}")
        for claim in claims:
            one = _one(plan, claim, reference)
            if one.orders or one.values:
                found.setdefault(claim.id, []).append(one)
    return found


def _one(plan: str, claim: Claim, reference: Mapping[str, Claim]) -> PlanClaim:
    where, said = f"{claim.file}: claim {claim.id}", claim.data.get("plan")
    if claim.id not in reference:
        raise SiteError(f"{where}: is none of the reference's claims; {REMEDY}")
    judged = isinstance(said, dict) and all(isinstance(said.get(key), bool) for key in ("comparable", "by_values"))
    if not isinstance(said, dict) or said.get("name") != plan or not judged:
        raise SiteError(f"{where}: says another plan than {plan}, or not whether and how it can be compared; {REMEDY}")
    pins = reference[claim.id].data["pin"]
    if claim.data["pin"] != pins:
        raise SiteError(f"{where}: is of other releases than the reference ({_pins(pins)}); measure the plan again")
    for host in claim.hosts:
        for record in host.records:
            if not record["path"].startswith(f"{RECORDS}/{plan}/{host.id}/"):
                raise SiteError(f"{where}: host {host.id} rests on {record['path']}, of another host or plan; {REMEDY}")
    if claim.data["range"]:
        raise SiteError(f"{where}: has ranges, which are of hosts of the reference; {REMEDY}")
    kinds = claim.data.get("kinds", {})
    shared = [name for name in reference[claim.id].data["values"] if name in claim.data["values"]]
    values = tuple(name for name in shared if kinds.get(name, {}).get("kind") in KINDS)
    is_open = not claim.holds and said["by_values"]
    return PlanClaim(plan, said.get("shape"), said["comparable"], is_open, claim, values)


def _pins(pins: Mapping[str, str]) -> str:
    return ", ".join(f"{engine} {version}" for engine, version in pins.items())
