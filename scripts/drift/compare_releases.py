"""Compares everything the site quotes of an engine with another release of it: excerpts and hops, one entry each."""

import difflib
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from scripts.call_paths import call_path_check, claimed_paths
from scripts.call_paths.hop_locator import locator
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.drift.classify import STATES, Outcome, classify
from scripts.drift.release import Piece, Place, Release
from scripts.quotes import manifest as manifests
from scripts.quotes.path_recordings import Recording
from scripts.sources.pins import Pin

ON, ORDER, OFF, UNKNOWN = "on the path", "in another order", "off the default path", "path not recorded"
Recordings = dict[tuple[str, str], Recording]  # by experiment and configuration


@dataclass(frozen=True)
class Quote:
    """One thing that a manifest quotes or claims, under the id it has in the ledger: an "excerpt" or a "hop"."""

    kind: str
    id: str
    manifest: str
    piece: Piece

    @property
    def digest(self) -> str:
        """Changes when the manifest comes to ask for something else."""
        piece = self.piece
        words = (piece.engine, piece.path, piece.symbol, piece.start, piece.end, piece.line, str(piece.nth))
        return "sha256:" + hashlib.sha256("\0".join(words).encode()).hexdigest()


@dataclass(frozen=True)
class HopQuote(Quote):
    """A hop, with the path it is on."""

    path: claimed_paths.CallPath
    hop: claimed_paths.Hop


@dataclass(frozen=True)
class Compared:
    """What became of it. `path` maps each configuration of a hop to whether that release entered it."""

    quote: Quote
    outcome: Outcome
    path: dict[str, str]

    @property
    def diff(self) -> list[str]:
        """The old and the new text, line by line, as a unified diff without its heading; [] where nothing differs."""
        if self.outcome.now is None or self.outcome.state in ("same", "moved"):
            return []
        return difference(self.outcome.then, self.outcome.now)


def quotes_of(engine: str, root: Path = ROOT) -> list[Quote]:
    """Every excerpt and hop of an engine, manifest by manifest, in file order."""
    quotes: list[Quote] = []
    for manifest in manifests.load_all(root).values():
        number = Path(manifest.file).name.partition("-")[0]
        for excerpt in manifest.excerpts.values():
            if excerpt.engine == engine:
                piece = Piece(engine, excerpt.path, excerpt.symbol, excerpt.start, excerpt.end, where=excerpt.where)
                quotes.append(Quote("excerpt", f"{number}/{excerpt.id}", manifest.file, piece))
        for path in claimed_paths.parse(manifest):
            for hop in path.hops if path.engine == engine else ():
                where = f"{manifest.file}: path '{path.id}', hop '{hop.id}'"
                name = hop.symbol.partition("::")[2]
                piece = Piece(engine, hop.file, name, line=hop.line, nth=hop.nth, where=where)
                quotes.append(HopQuote("hop", f"{path.id}/{hop.id}", manifest.file, piece, path, hop))
    return quotes


def compare(quotes: list[Quote], old: Release, new: Release, recordings: Recordings) -> list[Compared]:
    """Classifies all of it. `recordings` are those of the new release."""
    seen: dict[Piece, Outcome] = {}
    outcomes: dict[str, Outcome] = {}
    for quote in quotes:
        piece = replace(quote.piece, where="")
        if piece not in seen:
            seen[piece] = classify(quote.piece, old, new)
        outcomes[quote.id] = seen[piece]
    states = _paths([quote for quote in quotes if isinstance(quote, HopQuote)], outcomes, new, recordings)
    return [Compared(quote, outcomes[quote.id], states.get(quote.id, {})) for quote in quotes]


def _paths(
    hops: list[HopQuote], outcomes: dict[str, Outcome], new: Release, recordings: Recordings
) -> dict[str, dict[str, str]]:
    """Hop id -> {configuration: state}."""
    states = {quote.id: dict.fromkeys(quote.hop.configurations, UNKNOWN) for quote in hops}
    for path in {quote.path.id: quote.path for quote in hops}.values():
        mine = {quote.hop.id: quote for quote in hops if quote.path.id == path.id}
        for configuration in path.configurations:
            recording = recordings.get((claimed_paths.number_of(path), configuration))
            if recording is None:
                continue
            expected = (_there(quote.hop, outcomes[quote.id], new) for quote in mine.values())
            there = structs.replace(path, hops=tuple(hop for hop in expected if hop is not None))
            problems = call_path_check.check(there, recording, locator(new.engine, new.tables))
            for hop in there.hops:
                if configuration not in hop.configurations:
                    continue
                begin = call_path_check.where(there, hop, configuration)
                wrong = next((line for line in problems if line.startswith(f"{begin}:")), "")
                states[mine[hop.id].id][configuration] = _state(wrong.removeprefix(f"{begin}: "))
    return states


def _state(problem: str) -> str:
    if not problem:
        return ON
    if problem.startswith("out of order"):
        return ORDER
    if problem.startswith(("its lines were not watched", "differing file", "other line", "drop kind")):
        return UNKNOWN
    return OFF


def _there(hop: claimed_paths.Hop, outcome: Outcome, new: Release) -> claimed_paths.Hop | None:
    """The hop as the other release would have to show it; None where it has nothing to show, or not one place."""
    now = outcome.now
    if now is None or (hop.line and [line.strip() for line in now.text] != [hop.line]):
        return None
    there = structs.replace(hop, symbol=f"{now.path}::{now.symbol}")
    try:
        locator(new.engine, new.tables)(there.symbol, "", hop.line, hop.nth)
    except SiteError:
        return None
    return there


def difference(then: Place, now: Place, context: int = 2) -> list[str]:
    """Unified diff lines of two texts, hunk headings with the files' own line numbers."""
    lines = list(difflib.unified_diff(then.text, now.text, lineterm="", n=context))[2:]
    return [_hunk(line, then.first, now.first) if line.startswith("@@") else line for line in lines]


def _hunk(heading: str, first: int, second: int) -> str:
    starts = [int(part[1:].partition(",")[0]) for part in heading.split()[1:3]]
    return f"@@ -{starts[0] + first - 1} +{starts[1] + second - 1} @@"


def document(pin: Pin, other: Pin, compared: list[Compared], recordings: dict[str, dict]) -> dict:
    """The comparison as published: lines and digests, no text. `recordings` as the schema has them."""
    entries = []
    for result in compared:
        diff, quote, outcome = result.diff, result.quote, result.outcome
        entries.append(
            {
                "kind": quote.kind,
                "id": quote.id,
                "manifest": quote.manifest,
                "state": outcome.state,
                "guess": outcome.guess,
                "remark": outcome.remark,
                "piece": quote.digest,
                "then": _place(outcome.then),
                "now": _place(outcome.now),
                "added": sum(line.startswith("+") for line in diff),
                "removed": sum(line.startswith("-") for line in diff),
                "path": result.path,
            }
        )
    counts = {state: sum(entry["state"] == state for entry in entries) for state in STATES}
    if not entries:
        raise SiteError(f"{pin.name}: no manifest quotes it; there is nothing to compare")
    return {
        "schema": "drift/1",
        "engine": pin.engine,
        "name": pin.name,
        "from": _release(pin),
        "to": _release(other),
        "recordings": recordings,
        "counts": counts,
        "entries": entries,
    }


def _place(place: Place | None) -> dict | None:
    if place is None:
        return None
    return {
        "path": place.path,
        "symbol": place.symbol,
        "first": place.first,
        "last": place.last,
        "digest": place.digest,
    }


def _release(pin: Pin) -> dict:
    return {key: getattr(pin, key) for key in ("version", "tag", "artifact", "sha256", "bytes", "unpacked_bytes")}
