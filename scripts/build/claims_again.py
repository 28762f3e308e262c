"""The check of the claims: their records are what they were, and the lab finds them as written when it evaluates what
has changed since they were verified. And that of the labels of their values."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from scripts.build.looked_at import LookedAt, Wrong
from scripts.catalog import claim_uses
from scripts.common.errors import SiteError
from scripts.measured import claim_labels
from scripts.render.page.inline_values import resolve

UNCHANGED = re.compile(r"\d+ of \d+ experiments unchanged since they were verified")


class Lab:
    """The lab's evaluation of the claims, in a process that runs beside the checks from the start."""

    def __init__(self, command: list[str], root: Path):
        self._process = subprocess.Popen(
            command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
        )

    def outcome(self) -> tuple[list[str], str]:
        """Waits. (a line for each claim that is not as written, what the lab said of unchanged experiments)."""
        out, err = self._process.communicate()
        if not self._process.returncode:
            said = UNCHANGED.search(out)
            return [], f"; {said[0]}" if said else ""
        lines = [line for line in (err or out).splitlines() if line.strip()]
        if any(line.startswith("Traceback") for line in lines):
            lines = lines[-1:]
        status = self._process.returncode
        return lines or [f"experiments.lab verify: ended with status {status} and said nothing"], ""

    def end(self) -> None:
        """Stops it where its outcome is not waited for."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.communicate()


def check_claims(evidence: LookedAt) -> tuple[int, str]:
    """The claims' records are what they were; and the lab, which evaluates what has changed, finds them as written."""
    claims = [claim for claim in evidence.claims.values() if evidence.holds(claim.file)]
    wrong = [*(str(error) for error in _dead_references(evidence)), *_without_a_card(evidence)]
    wrong += claim_uses.units(claims, evidence)
    wrong += [line for line in claim_uses.foreign(evidence) if evidence.holds(Path(line.split(":")[0]).name)]
    unchanged = ""
    if evidence.lab:
        changed, unchanged = evidence.lab.outcome()
        wrong += changed
    if wrong:
        raise Wrong(wrong)
    holds = sum(claim.holds for claim in claims)
    return len(claims), f"claims follow from their records again, {holds} hold{unchanged}"


def check_labels(evidence: LookedAt) -> tuple[int, str]:
    claims = [claim for claim in evidence.claims.values() if evidence.holds(claim.file)]
    planned = {claim.id: [name for one in evidence.plans.get(claim.id, []) for name in one.values] for claim in claims}
    if wrong := [line for claim in claims for line in claim_labels.missing(evidence.labels, claim, planned[claim.id])]:
        raise Wrong(wrong)
    count = len({(claim.id, name) for claim in claims for name in [*claim_labels.drawn(claim), *planned[claim.id]]})
    return len(claims), f"claims have a label for each value that a card draws or has of a plan, {count} in all"


def _dead_references(evidence: LookedAt) -> Iterator[SiteError]:
    """What pages refer to by {{...}} and by block, and is not there."""
    for use in evidence.uses:
        try:
            if not evidence.holds(use.page):
                continue
            if use.kind == "value":
                resolve(use.id, evidence)
            elif use.kind in ("claim", "result", "mark"):
                evidence.claim(use.id)
        except SiteError as error:
            yield SiteError(f"docs/{use.page}:{use.line}: {error}")


def _without_a_card(evidence: LookedAt) -> Iterator[str]:
    """Claims that pages take values of and show nowhere: nobody could look one up, or repeat it."""
    carded = {use.id for use in evidence.uses if use.kind == "claim"}
    told: set[str] = set()
    for use in evidence.uses:
        name = use.id.partition(".")[0]
        if use.kind not in ("value", "mark") or name in carded | told or name not in evidence.claims:
            continue
        told.add(name)
        if evidence.holds(use.page):
            yield (
                f"docs/{use.page}:{use.line}: takes a value of claim '{name}', whose card is on no page; "
                f"put '/// claim | {name}' with 'folded: true' into Evidence"
            )
