"""How often the classifier is right: `python -m scripts.drift.classifier_accuracy` runs it on labelled pieces.

The labels, snippets/drift/labels.toml, were committed before it first ran on them. Nobody may be told that changed or
gone text is the same or has merely moved, so that, and not the rate, is what fails a bench.
"""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from experiments.formats import record_format
from experiments.formats.whole_file import write_whole
from scripts.common import sealed
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.drift.classify import STATES, Outcome, classify
from scripts.drift.release import Piece, Release
from scripts.sources import other_releases, pins

LABELS = "snippets/drift/labels.toml"
RESULT = f"{other_releases.FOLDER}/accuracy.json"
NEEDED = ("engine", "from", "to", "kind", "path", "symbol", "label", "site")
KEYS = {*NEEDED, "first", "last", "line", "went", "why"}
HARMLESS = ("same", "moved")


@dataclass(frozen=True)
class Label:
    """One piece and what became of it by hand. `went` is path::symbol where it is another."""

    piece: Piece
    kind: str
    before: str
    after: str
    state: str
    went: str
    site: bool

    @property
    def pair(self) -> str:
        """Engine and both releases, as published."""
        return f"{self.piece.engine} {self.before} {self.after}"


@dataclass(frozen=True)
class Judged:
    """A label beside what the classifier said."""

    label: Label
    outcome: Outcome

    @property
    def right(self) -> bool:
        return self.outcome.state == self.label.state

    @property
    def harmful(self) -> bool:
        """Changed or gone, and called same or moved."""
        return self.label.state not in HARMLESS and self.outcome.state in HARMLESS

    @property
    def place_right(self) -> bool:
        """Whether a piece that went elsewhere was found there."""
        now = self.outcome.now
        return not self.label.went or (now is not None and f"{now.path}::{now.symbol}" == self.label.went)


def load(root: Path = ROOT) -> list[Label]:
    """Every label, in file order. Raises SiteError for one that is not understood."""
    try:
        tables = tomllib.loads((root / LABELS).read_text("utf-8")).get("label", [])
    except OSError as error:
        raise SiteError(f"{LABELS}: cannot be read ({error.strerror}); restore it with git") from None
    except ValueError as error:
        raise SiteError(f"{LABELS}: not TOML ({error}); correct that line") from None
    labels = []
    for number, raw in enumerate(tables, 1):
        where = f"{LABELS}: label {number}"
        if unknown := set(raw) - KEYS:
            raise SiteError(f"{where}: unknown key '{min(unknown)}'; remove it")
        if raw.get("label") not in STATES:
            raise SiteError(f"{where}: label is none of {', '.join(STATES)}; correct it")
        if lacking := [key for key in NEEDED if key not in raw]:
            raise SiteError(f"{where}: has no '{lacking[0]}'; add it")
        piece = Piece(
            raw["engine"],
            raw["path"],
            raw["symbol"],
            raw.get("first", ""),
            raw.get("last", ""),
            raw.get("line", ""),
            where=where,
        )
        labels.append(Label(piece, raw["kind"], raw["from"], raw["to"], raw["label"], raw.get("went", ""), raw["site"]))
    return labels


def judge(root: Path = ROOT) -> list[Judged]:
    """The classifier's word on every label. Fetches the releases that are not in the cache. Raises SiteError."""
    known = pins.load(root)
    opened: dict[tuple[str, str], Release] = {}

    def release(engine: str, version: str) -> Release:
        if (engine, version) not in opened:
            opened[engine, version] = Release(other_releases.at(known[engine], version, root), root)
        return opened[engine, version]

    judged = []
    for label in load(root):
        old, new = (release(label.piece.engine, version) for version in (label.before, label.after))
        judged.append(Judged(label, classify(label.piece, old, new)))
    return judged


def document(judged: list[Judged]) -> dict:
    """The confusion matrix as published: by hand -> said -> how many."""
    matrix = {state: dict.fromkeys(STATES, 0) for state in STATES}
    for judgement in judged:
        matrix[judgement.label.state][judgement.outcome.state] += 1
    went = [judgement for judgement in judged if judgement.label.went]
    return {
        "schema": "drift-accuracy/1",
        "labels": len(judged),
        "not_on_the_site": sum(not judgement.label.site for judgement in judged),
        "right": sum(judgement.right for judgement in judged),
        "harmful": sum(judgement.harmful for judgement in judged),
        "elsewhere": len(went),
        "elsewhere_found": sum(judgement.place_right for judgement in went),
        "pairs": sorted({judgement.label.pair for judgement in judged}),
        "matrix": matrix,
    }


def write(totals: dict, root: Path = ROOT) -> None:
    """Writes the matrix, whole or not at all."""
    target = root / RESULT
    target.parent.mkdir(parents=True, exist_ok=True)
    whole = sealed.sealed({**totals, "made_of": made_of(root)})
    write_whole(target, json.dumps(whole, indent=1) + "\n")


def made_of(root: Path = ROOT) -> str:
    """The digest of the labels that a matrix is made of."""
    return record_format.sha256((root / LABELS).read_bytes())


def main() -> int:
    judged = judge()
    totals = document(judged)
    head = "by hand, down; said, across"
    print(f"{head:30}" + "".join(f"{state:>9}" for state in STATES))
    for state, row in totals["matrix"].items():
        print(f"{state:30}" + "".join(f"{row[other]:9}" for other in STATES))
    for judgement in judged:
        if not judgement.right or not judgement.place_right:
            piece, now = judgement.label.piece, judgement.outcome.now
            said = judgement.outcome.state + (f", {now.path}::{now.symbol}" if now else "")
            by_hand = f"{judgement.label.state} {judgement.label.went}".strip()
            print(f"  {piece.path}::{piece.symbol}, {judgement.label.after}: by hand {by_hand}; said {said}")
    print(f"{totals['right']} of {totals['labels']} right; {totals['harmful']} changed or gone called same or moved")
    write(totals)
    return 1 if totals["harmful"] else 0


if __name__ == "__main__":
    run_cli(main)
