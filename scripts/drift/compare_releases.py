"""Compares everything the site quotes of an engine with another release of it: excerpts and hops, one entry each."""

import difflib
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.common.errors import SiteError
from scripts.drift.classify import STATES, Found, Piece, Place, Release, classify
from scripts.quotes import call_paths
from scripts.quotes import manifest as manifests
from scripts.sources.pins import ROOT, Pin

ON, ORDER, OFF, UNKNOWN = "on the path", "in another order", "off the default path", "path not recorded"


@dataclass(frozen=True)
class Asked:
    """One thing that a manifest quotes or claims, under the id it has in the ledger. `path` and `hop` are a hop's."""

    kind: str
    id: str
    manifest: str
    piece: Piece
    path: call_paths.CallPath | None = None
    hop: call_paths.Hop | None = None

    @property
    def digest(self) -> str:
        """Changes when the manifest comes to ask for something else."""
        piece = self.piece
        words = (piece.engine, piece.path, piece.symbol, piece.start, piece.end, piece.line, str(piece.nth))
        return "sha256:" + hashlib.sha256("\0".join(words).encode()).hexdigest()


@dataclass(frozen=True)
class Compared:
    """What became of it. `path` maps each configuration of a hop to whether that release entered it."""

    asked: Asked
    found: Found
    path: dict

    @property
    def diff(self) -> list[str]:
        """The old and the new text, line by line, as a unified diff without its heading; [] where nothing differs."""
        if self.found.now is None or self.found.state in ("same", "moved"):
            return []
        return difference(self.found.then, self.found.now)


def asked_of(engine: str, root: Path = ROOT) -> list[Asked]:
    """Every excerpt and hop of an engine, manifest by manifest, in file order."""
    found = []
    for manifest in manifests.load_all(root).values():
        number = Path(manifest.file).name.partition("-")[0]
        for excerpt in manifest.excerpts.values():
            if excerpt.engine == engine:
                piece = Piece(engine, excerpt.path, excerpt.symbol, excerpt.start, excerpt.end, where=excerpt.where)
                found.append(Asked("excerpt", f"{number}/{excerpt.id}", manifest.file, piece))
        for path in call_paths.parse(manifest):
            for hop in path.hops if path.engine == engine else ():
                where = f"{manifest.file}: path '{path.id}', hop '{hop.id}'"
                name = hop.symbol.partition("::")[2]
                piece = Piece(engine, hop.file, name, line=hop.line, nth=hop.nth, where=where)
                found.append(Asked("hop", f"{path.id}/{hop.id}", manifest.file, piece, path, hop))
    return found


def compare(asked: list[Asked], old: Release, new: Release, recordings: dict) -> list[Compared]:
    """Classifies all of it. `recordings`: (experiment, configuration) -> callpaths.Recording of the new release."""
    seen: dict[Piece, Found] = {}
    for each in asked:
        key = replace(each.piece, where="")
        if key not in seen:
            seen[key] = classify(each.piece, old, new)
    found = {each.id: seen[replace(each.piece, where="")] for each in asked}
    states = _paths(asked, found, new, recordings)
    return [Compared(each, found[each.id], states.get(each.id, {})) for each in asked]


def _paths(asked: list[Asked], found: dict, new: Release, recordings: dict) -> dict:
    """Hop id -> {configuration: state}."""
    states = {each.id: dict.fromkeys(each.hop.configurations, UNKNOWN) for each in asked if each.hop}
    for path in {each.path.id: each.path for each in asked if each.path}.values():
        mine = {each.hop.id: each for each in asked if each.path and each.path.id == path.id}
        for configuration in path.configurations:
            recording = recordings.get((call_paths.number_of(path), configuration))
            if recording is None:
                continue
            hops = tuple(_there(each.hop, found[each.id]) for each in mine.values())
            there = replace(path, hops=tuple(hop for hop in hops if hop is not None))
            problems = call_paths.check(there, recording, _locator(new))
            for hop in there.hops:
                if configuration not in hop.configurations:
                    continue
                begin = call_paths.where(there, hop, configuration)
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


def _there(hop: call_paths.Hop, found: Found) -> call_paths.Hop | None:
    """The hop as the other release would have to show it; None where it has nothing to show."""
    if found.now is None or (hop.line and [line.strip() for line in found.now.text] != [hop.line]):
        return None
    return replace(hop, symbol=f"{found.now.path}::{found.now.symbol}")


def _locator(release: Release):
    """As evidence.Evidence.locator, for a release that is not pinned."""

    def locate(symbol: str, where: str, line: str = "", nth: int = 0) -> call_paths.Located:
        file, _, name = symbol.partition("::")
        found = release.tables.find(release.engine, file, name, where)
        at = release.locate(Piece(release.engine, file, name, line=line, nth=nth, where=where)).first if line else 0
        return call_paths.Located(found.line, found.first, release.listing[file], at)

    return locate


def difference(then: Place, now: Place, context: int = 2) -> list[str]:
    """Unified diff lines of two texts, hunk headings with the files' own line numbers."""
    lines = list(difflib.unified_diff(then.text, now.text, lineterm="", n=context))[2:]
    return [_hunk(line, then.first, now.first) if line.startswith("@@") else line for line in lines]


def _hunk(heading: str, first: int, second: int) -> str:
    starts = [int(part[1:].partition(",")[0]) for part in heading.split()[1:3]]
    return f"@@ -{starts[0] + first - 1} +{starts[1] + second - 1} @@"


def document(pin: Pin, other: Pin, compared: list[Compared], recordings: dict) -> dict:
    """The comparison as published: lines and digests, no text. `recordings` as the schema has them."""
    entries = []
    for each in compared:
        diff = each.diff
        entries.append(
            {
                "kind": each.asked.kind,
                "id": each.asked.id,
                "manifest": each.asked.manifest,
                "state": each.found.state,
                "guess": each.found.guess,
                "remark": each.found.remark,
                "piece": each.asked.digest,
                "then": _place(each.found.then),
                "now": _place(each.found.now),
                "added": sum(line.startswith("+") for line in diff),
                "removed": sum(line.startswith("-") for line in diff),
                "path": each.path,
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
