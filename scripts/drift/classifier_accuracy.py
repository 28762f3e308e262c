"""How often the classifier is right: `python -m scripts.drift.classifier_accuracy` runs it on labelled pieces.

The labels, snippets/drift/labels.toml, were committed before it first ran on them. Nobody may be told that changed or
gone text is the same or has merely moved, so that, and not the rate, is what fails a bench.
"""

import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from scripts.common.errors import SiteError, run_cli
from scripts.drift.classify import STATES, Found, Piece, Release, classify
from scripts.sources import other_releases, pins
from scripts.sources.pins import ROOT

LABELS = "snippets/drift/labels.toml"
RESULT = f"{other_releases.FOLDER}/accuracy.json"
KEYS = {"engine", "from", "to", "kind", "path", "symbol", "first", "last", "line", "label", "went", "why", "site"}
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


@dataclass(frozen=True)
class Judged:
    """A label beside what the classifier said."""

    label: Label
    found: Found

    @property
    def right(self) -> bool:
        return self.found.state == self.label.state

    @property
    def harmful(self) -> bool:
        """Changed or gone, and called same or moved."""
        return self.label.state not in HARMLESS and self.found.state in HARMLESS

    @property
    def place_right(self) -> bool:
        """Whether a piece that went elsewhere was found there."""
        now = self.found.now
        return not self.label.went or (now is not None and f"{now.path}::{now.symbol}" == self.label.went)


def load(root: Path = ROOT) -> list[Label]:
    """Every label, in file order. Raises SiteError for one that is not understood."""
    found = []
    for number, raw in enumerate(tomllib.loads((root / LABELS).read_text("utf-8"))["label"], 1):
        where = f"{LABELS}: label {number}"
        if unknown := set(raw) - KEYS:
            raise SiteError(f"{where}: unknown key '{min(unknown)}'; remove it")
        if raw.get("label") not in STATES:
            raise SiteError(f"{where}: label is none of {', '.join(STATES)}; correct it")
        piece = Piece(
            raw["engine"],
            raw["path"],
            raw["symbol"],
            raw.get("first", ""),
            raw.get("last", ""),
            raw.get("line", ""),
            where=where,
        )
        found.append(Label(piece, raw["kind"], raw["from"], raw["to"], raw["label"], raw.get("went", ""), raw["site"]))
    return found


def judge(root: Path = ROOT) -> list[Judged]:
    """The classifier's word on every label. Fetches the releases that are not in the cache. Raises SiteError."""
    known = pins.load(root)
    opened: dict[tuple, Release] = {}

    def release(engine: str, version: str) -> Release:
        if (engine, version) not in opened:
            opened[engine, version] = Release(other_releases.at(known[engine], version, root), root)
        return opened[engine, version]

    found = []
    for label in load(root):
        old, new = (release(label.piece.engine, version) for version in (label.before, label.after))
        found.append(Judged(label, classify(label.piece, old, new)))
    return found


def document(judged: list[Judged]) -> dict:
    """The confusion matrix as published: by hand -> said -> how many."""
    matrix = {state: dict.fromkeys(STATES, 0) for state in STATES}
    for each in judged:
        matrix[each.label.state][each.found.state] += 1
    went = [each for each in judged if each.label.went]
    return {
        "schema": "drift-accuracy/1",
        "labels": len(judged),
        "not_on_the_site": sum(not each.label.site for each in judged),
        "right": sum(each.right for each in judged),
        "harmful": sum(each.harmful for each in judged),
        "elsewhere": len(went),
        "elsewhere_found": sum(each.place_right for each in went),
        "pairs": sorted({f"{each.label.piece.engine} {each.label.before} {each.label.after}" for each in judged}),
        "matrix": matrix,
    }


def write(made: dict, root: Path = ROOT) -> None:
    """Writes the matrix, whole or not at all."""
    target = root / RESULT
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.write_text(json.dumps(made, indent=1) + "\n", "utf-8")
    os.replace(fresh, target)


def main() -> int:
    judged = judge()
    made = document(judged)
    head = "by hand, down; said, across"
    print(f"{head:30}" + "".join(f"{state:>9}" for state in STATES))
    for state, row in made["matrix"].items():
        print(f"{state:30}" + "".join(f"{row[other]:9}" for other in STATES))
    for each in judged:
        if not each.right or not each.place_right:
            piece, now = each.label.piece, each.found.now
            said = each.found.state + (f", {now.path}::{now.symbol}" if now else "")
            by_hand = f"{each.label.state} {each.label.went}".strip()
            print(f"  {piece.path}::{piece.symbol}, {each.label.after}: by hand {by_hand}; said {said}")
    print(f"{made['right']} of {made['labels']} right; {made['harmful']} changed or gone called same or moved")
    write(made)
    return 1 if made["harmful"] else 0


if __name__ == "__main__":
    run_cli(main)
