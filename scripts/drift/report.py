"""`make drift`: what became of every excerpt and hop in another release of an engine.

Without ENGINE it takes the newest release of each that the index offers, and compares again what is committed, so that
the page stays whole; with ENGINE alone, that engine's newest; with VERSION, that one. Exit status: 0 when every text is
where it was or has only moved, 3 when one has changed or gone, 1 when something could not be compared at all.
"""

import argparse
import os
import time
from pathlib import Path

from scripts.common.errors import SiteError, run_cli
from scripts.drift import classifier_accuracy, compare_releases, comparison_files
from scripts.drift.classify import STATES, Release
from scripts.sources import other_releases, pins
from scripts.sources.pins import ROOT, Pin

DRIFTED = 3
WRONG, COMPARED = "changed or gone, called same or moved", "make drift, artifacts cached"  # figures of the bench
DIFFS = ".cache/drift"  # what changed, text and all; ignored


def wanted(engine: str, version: str, root: Path = ROOT) -> list[tuple[Pin, str]]:
    """(pin, other version) of each comparison to make, in order. Raises SiteError for what is not known."""
    known = pins.load(root)
    if version and not engine:
        raise SiteError("make drift: VERSION of which engine? write ENGINE=vllm VERSION=0.33.0")
    pin_of(engine, known) if engine else None
    if version:
        return [(known[engine], version)]
    asked = []
    for pin in [known[engine]] if engine else known.values():
        newest = other_releases.latest(pin)
        kept = [] if engine else [each.version for each in comparison_files.load_all(root) if each.engine == pin.engine]
        if newest == pin.version:
            print(f"{pin.name} {pin.version}: the index has nothing newer")
        asked += [(pin, each) for each in dict.fromkeys([newest, *kept]) if each != pin.version]
    return asked


def pin_of(engine: str, known: dict[str, Pin]) -> Pin:
    """The engine's pin. Raises SiteError for an engine that the site does not quote."""
    if engine not in known:
        raise SiteError(f"engine '{engine}' is not pinned; name one of {', '.join(known)}")
    return known[engine]


def run(pin: Pin, version: str, root: Path = ROOT) -> tuple[list[compare_releases.Compared], dict]:
    """Compares the pinned release with another; (what was found, the document). Raises SiteError."""
    if version == pin.version:
        raise SiteError(f"{pin.name} {version}: is the pinned release itself; name another")
    other = other_releases.at(pin, version, root)
    old, new = Release(other_releases.at(pin, pin.version, root), root), Release(other, root)
    recordings, named = comparison_files.recordings(other, root)
    compared = compare_releases.compare(compare_releases.asked_of(pin.engine, root), old, new, recordings)
    return compared, compare_releases.document(pin, other, compared, named)


def table(compared: list[compare_releases.Compared], data: dict) -> list[str]:
    """What a maintainer has to look at, line by line; the same and the merely moved are only counted."""
    counts = ", ".join(f"{data['counts'][state]} {state}" for state in STATES)
    lines = [f"{data['name']} {data['from']['version']} -> {data['to']['version']}: {counts}"]
    rows = [row(each) for each in compared if needs_a_look(each)]
    widths = [max(len(cells[at]) for cells in rows) for at in range(3)] if rows else []
    for *cells, said in rows:
        padded = "  ".join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True))
        lines.append(f"  {padded}  {said}")
    return lines


def needs_a_look(each: compare_releases.Compared) -> bool:
    """Changed, gone, a guess, or off the path."""
    return each.found.state in ("changed", "gone") or each.found.guess or compare_releases.OFF in each.path.values()


def row(each: compare_releases.Compared) -> tuple[str, str, str, str]:
    """State, id, where it was, and what to know."""
    then, now = each.found.then, each.found.now
    said = []
    if now is None:
        said.append("nowhere to be found")
    elif (now.path, now.symbol) != (then.path, then.symbol):
        said.append(f"now {now.path}:{now.first} {now.symbol}")
    else:
        said.append(f"now line {now.first}")
    if each.found.state == "changed":
        diff = each.diff
        plus, minus = (sum(line.startswith(sign) for line in diff) for sign in "+-")
        said.append(f"+{plus} -{minus}")
    if each.found.guess:
        said.append("a guess")
    said += [each.found.remark] if each.found.remark else []
    said += [f"{name}: {state}" for name, state in each.path.items() if state == compare_releases.OFF]
    return each.found.state, each.asked.id, f"{then.path}:{then.first}", ", ".join(said)


def write_diffs(compared: list[compare_releases.Compared], data: dict, root: Path = ROOT) -> Path:
    """Writes the changed texts side by side where git does not see them; returns the file."""
    parts = []
    for each in compared:
        if each.diff:
            then, now = each.found.then, each.found.now
            parts += [f"{each.asked.kind} {each.asked.id}", f"--- {then.path}:{then.first}"]
            parts += [f"+++ {now.path}:{now.first}", *each.diff, ""]
    target = root / DIFFS / f"{data['engine']}-{data['to']['version']}.diff"
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(f".{os.getpid()}")
    fresh.write_text("\n".join(parts) + "\n", "utf-8")
    os.replace(fresh, target)
    return target


def bench(figures, root: Path = ROOT) -> None:
    """For `make bench`: how often the classifier is wrong where it matters, and how long comparing takes."""
    versions = [(each.engine, each.version) for each in comparison_files.load_all(root)]
    known = pins.load(root)
    if not all(other_releases.cached(known[engine], version, root) for engine, version in versions):
        for name, unit, limit in ((WRONG, "", 0), (COMPARED, "s", 60)):
            figures.add(name, unit, limit, None, "the other releases are not here; run `make drift`")
        return
    judged = classifier_accuracy.judge(root)
    made = classifier_accuracy.document(judged)
    rows = "; ".join(f"{state}: {' '.join(map(str, row.values()))}" for state, row in made["matrix"].items())
    detail = f"{made['right']} of {made['labels']} right; by hand: said same moved changed gone: {rows}"
    figures.add(WRONG, "", 0, made["harmful"], detail)
    started = time.perf_counter()
    for engine, version in versions:
        run(known[engine], version, root)
    figures.add(COMPARED, "s", 60, time.perf_counter() - started, f"{len(versions)} releases")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.drift.report", description="compare quotes with a release")
    parser.add_argument("--engine", default="", help="one engine of snippets/pins.toml (default: all)")
    parser.add_argument("--version", default="", help="the release to compare with (default: the newest)")
    asked = parser.parse_args()
    drifted = False
    for pin, version in wanted(asked.engine, asked.version):
        compared, data = run(pin, version)
        print("\n".join(table(compared, data)))
        print(f"  {comparison_files.write(data)}; texts: {write_diffs(compared, data).relative_to(ROOT)}\n", flush=True)
        drifted |= bool(data["counts"]["changed"] or data["counts"]["gone"])
        drifted |= any(compare_releases.OFF in each.path.values() for each in compared)
    if not asked.engine:
        judged = classifier_accuracy.judge()
        classifier_accuracy.write(classifier_accuracy.document(judged))
        print(f"classifier: {sum(each.right for each in judged)} of {len(judged)} labels right")
    return DRIFTED if drifted else 0


if __name__ == "__main__":
    run_cli(main)
