"""`make drift`: what became of every excerpt and hop in another release of an engine.

Without ENGINE it takes the newest release of each that the index offers, and compares again what is committed, so that
the page stays whole; with ENGINE alone, that engine's newest; with VERSION, that one. Exit status: 0 when every text is
where it was or has only moved, 3 when one has changed or gone, 1 when something could not be compared at all.
"""

import argparse
from pathlib import Path

from experiments.formats.whole_file import write_whole
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.drift import classifier_accuracy, compare_releases, comparison_files
from scripts.drift.classify import STATES
from scripts.drift.release import Release
from scripts.sources import other_releases, pins
from scripts.sources.pins import Pin

DRIFTED = 3
DIFFS = ".cache/drift"  # what changed, text and all; ignored


def releases_to_compare(engine: str, version: str, root: Path = ROOT) -> list[tuple[Pin, str]]:
    """(pin, other version) of each comparison to make, in order. Raises SiteError for what is not known."""
    known = pins.load(root)
    if version and not engine:
        raise SiteError("make drift: VERSION of which engine? write ENGINE=vllm VERSION=0.33.0")
    pin_of(engine, known) if engine else None
    if version:
        return [(known[engine], version)]
    pairs = []
    for pin in [known[engine]] if engine else known.values():
        newest = other_releases.latest(pin)
        committed = [] if engine else comparison_files.load_all(root)
        kept = [comparison.version for comparison in committed if comparison.engine == pin.engine]
        if newest == pin.version:
            print(f"{pin.name} {pin.version}: the index has nothing newer")
        pairs += [(pin, other) for other in dict.fromkeys([newest, *kept]) if other != pin.version]
    return pairs


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
    compared = compare_releases.compare(compare_releases.quotes_of(pin.engine, root), old, new, recordings)
    return compared, compare_releases.document(pin, other, compared, named)


def table(compared: list[compare_releases.Compared], data: dict) -> list[str]:
    """What a maintainer has to look at, line by line; the same and the merely moved are only counted."""
    counts = ", ".join(f"{data['counts'][state]} {state}" for state in STATES)
    lines = [f"{data['name']} {data['from']['version']} -> {data['to']['version']}: {counts}"]
    rows = [row(result) for result in compared if needs_a_look(result)]
    widths = [max(len(cells[at]) for cells in rows) for at in range(3)] if rows else []
    for *cells, said in rows:
        padded = "  ".join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True))
        lines.append(f"  {padded}  {said}")
    return lines


def needs_a_look(result: compare_releases.Compared) -> bool:
    """Changed, gone, a guess, or off the path."""
    outcome = result.outcome
    return outcome.state in ("changed", "gone") or outcome.guess or compare_releases.OFF in result.path.values()


def row(result: compare_releases.Compared) -> tuple[str, str, str, str]:
    """State, id, where it was, and what to know."""
    outcome = result.outcome
    then, now = outcome.then, outcome.now
    said = []
    if now is None:
        said.append("nowhere to be found")
    elif (now.path, now.symbol) != (then.path, then.symbol):
        said.append(f"now {now.path}:{now.first} {now.symbol}")
    else:
        said.append(f"now line {now.first}")
    if outcome.state == "changed":
        diff = result.diff
        plus, minus = (sum(line.startswith(sign) for line in diff) for sign in "+-")
        said.append(f"+{plus} -{minus}")
    if outcome.guess:
        said.append("a guess")
    said += [outcome.remark] if outcome.remark else []
    said += [f"{name}: {state}" for name, state in result.path.items() if state == compare_releases.OFF]
    return outcome.state, result.quote.id, f"{then.path}:{then.first}", ", ".join(said)


def write_diffs(compared: list[compare_releases.Compared], data: dict, root: Path = ROOT) -> Path:
    """Writes the changed texts side by side where git does not see them; returns the file."""
    parts = []
    for result in compared:
        then, now = result.outcome.then, result.outcome.now
        if now is not None and result.diff:
            parts += [f"{result.quote.kind} {result.quote.id}", f"--- {then.path}:{then.first}"]
            parts += [f"+++ {now.path}:{now.first}", *result.diff, ""]
    target = root / DIFFS / f"{data['engine']}-{data['to']['version']}.diff"
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, "\n".join(parts) + "\n")
    return target


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.drift.report", description="compare quotes with a release")
    parser.add_argument("--engine", default="", help="one engine of snippets/pins.toml (default: all)")
    parser.add_argument("--version", default="", help="the release to compare with (default: the newest)")
    arguments = parser.parse_args()
    drifted = False
    for pin, version in releases_to_compare(arguments.engine, arguments.version):
        compared, data = run(pin, version)
        print("\n".join(table(compared, data)))
        print(f"  {comparison_files.write(data)}; texts: {write_diffs(compared, data).relative_to(ROOT)}\n", flush=True)
        drifted |= bool(data["counts"]["changed"] or data["counts"]["gone"])
        drifted |= any(compare_releases.OFF in result.path.values() for result in compared)
    if not arguments.engine:
        judged = classifier_accuracy.judge()
        classifier_accuracy.write(classifier_accuracy.document(judged))
        print(f"classifier: {sum(judgement.right for judgement in judged)} of {len(judged)} labels right")
    return DRIFTED if drifted else 0


if __name__ == "__main__":
    run_cli(main)
