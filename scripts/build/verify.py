"""`make verify`: excerpts, settings, knobs, call paths, replays, records, claims, famous numbers, notebook pairs,
ledger, typed numbers, corrections, comparisons with other releases.
Seconds, and no network once the sources are cached.

One line a check, with how many things it looked at. A check that found nothing to look at fails: an extractor that
matches nothing would pass for ever.
"""

import subprocess
import sys
from pathlib import Path

from scripts.catalog import famous_numbers, knobs, ledger, typed_numbers
from scripts.catalog.site_data import Evidence, of
from scripts.common.errors import SiteError, run_cli
from scripts.drift import comparison_files
from scripts.pages import corrections, notebook_pairs
from scripts.quotes import engine_defaults, excerpts, replays
from scripts.quotes import manifest as manifests
from scripts.quotes.call_paths import number_of, record_it
from scripts.sources.pins import ROOT

LAB = (sys.executable, "-m", "experiments.lab", "verify")


class Wrong(SiteError):
    """Several things wrong at once: one line each."""

    def __init__(self, lines: list[str]):
        super().__init__("\n".join(lines))


def check_excerpts(evidence: Evidence) -> tuple[int, str]:
    resolver = excerpts.Resolver(evidence.sources, evidence.root)
    count, wrong = 0, []
    for manifest in manifests.load_all(evidence.root).values():
        for excerpt in manifest.excerpts.values():
            count += 1
            try:
                resolver.checked(excerpt)
            except SiteError as error:
                wrong.append(str(error))
            if not any(use.kind == "excerpt" and use.id == excerpt.id for use in evidence.uses):
                wrong.append(f"{excerpt.where}: is used on no page; write '/// excerpt | {excerpt.id}', or remove it")
    if wrong:
        raise Wrong(wrong)
    return count, "excerpts equal the pinned release"


def check_settings(evidence: Evidence) -> tuple[int, str]:
    found, wrong = engine_defaults.load_all(evidence.root), []
    for setting in found:
        try:
            engine_defaults.read(setting, evidence.tables)
        except SiteError as error:
            wrong.append(str(error))
        if not evidence.settings_shown(setting.file):
            wrong.append(engine_defaults.unused(setting))
    if wrong:
        raise Wrong(wrong)
    return len(found), "settings have their defaults from the pinned release"


def check_knobs(evidence: Evidence) -> tuple[int, str]:
    found = knobs.load(evidence.pins, evidence.root)
    knobs.check_claims(found, evidence.claims)
    return len(found), f"knobs have every setting among them, as {sum(len(knob.flags) for knob in found)} flags"


def check_famous(evidence: Evidence) -> tuple[int, str]:
    found = famous_numbers.load(evidence.root)
    famous_numbers.check_values(found, evidence.claims)
    measured = sum(figure.verdict in famous_numbers.MEASURED for figure in found)
    return len(found), f"famous numbers of {len(evidence.quoted)} sources have a verdict, {measured} measured here"


def check_paths(evidence: Evidence) -> tuple[int, str]:
    count, wrong = 0, []
    for path in evidence.paths.values():
        for name, problems in evidence.path_states[path.id].items():
            count += sum(name in hop.configurations for hop in path.hops)
            if problems is None:
                remedy = record_it(name, number_of(path))
                wrong.append(f"{path.manifest}: path '{path.id}': no recording for {name}; {remedy}")
            wrong += problems or []
    if wrong:
        raise Wrong(wrong)
    return count, f"hops were recorded in order and in their process, on {len(evidence.paths)} paths"


def check_replays(evidence: Evidence) -> tuple[int, str]:
    """Not every site has a replay, so what is counted is the manifests that were looked into."""
    resolver, wrong, steps = excerpts.Resolver(evidence.sources, evidence.root), [], []
    for manifest, replay in replays.load_all(evidence.root):
        try:
            found = replays.check(replay, manifest, evidence.record(replay.record), resolver)
            steps.append(len(found.data["steps"]))
        except SiteError as error:
            wrong.append(str(error))
        if not evidence.shown("replay", replay.id, replay.file):
            wrong.append(replays.unused(replay))
    if wrong:
        raise Wrong(wrong)
    said = f"manifests hold {len(steps)} replays of {sum(steps)} steps, whose deciding lines ran"
    return len(manifests.load_all(evidence.root)), said


def check_records(evidence: Evidence) -> tuple[int, str]:
    size = sum(file.stat().st_size for file in (evidence.root / "experiments/records").rglob("*") if file.is_file())
    return len(evidence.records), f"records are whole and of the pinned releases, {size / 1e6:.1f} MB in all"


def check_claims(evidence: Evidence) -> tuple[int, str]:
    """The claims' records are what they were; then the lab evaluates every claim again and compares."""
    found = evidence.claims
    wrong = [str(error) for error in _dead_references(evidence)]
    if wrong:
        raise Wrong(wrong)
    if found:
        again = subprocess.run(LAB, cwd=evidence.root, capture_output=True, text=True, check=False)
        if again.returncode:
            lines = [line for line in (again.stderr or again.stdout).splitlines() if line.strip()]
            if any(line.startswith("Traceback") for line in lines):
                lines = lines[-1:]
            raise Wrong(lines or [f"experiments.lab verify: ended with status {again.returncode} and said nothing"])
    holds = sum(claim.holds for claim in found.values())
    return len(found), f"claims follow from their records again, {holds} hold"


def _dead_references(evidence: Evidence):
    """What pages refer to by {{...}} and by block, and is not there."""
    from scripts.render.page.inline_values import resolve

    for use in evidence.uses:
        try:
            if use.kind == "value":
                resolve(use.id, evidence)
            elif use.kind == "claim":
                evidence.claim(use.id)
        except SiteError as error:
            yield SiteError(f"docs/{use.page}:{use.line}: {error}")


def check_pairs(evidence: Evidence) -> tuple[int, str]:
    found = notebook_pairs.pairs(evidence.root)
    for script, notebook in found:
        notebook_pairs.check(script, notebook)
    return len(found), "notebook pairs agree"


def check_numbers(evidence: Evidence) -> tuple[int, str]:
    pages = list((evidence.root / "docs").rglob("*.md"))
    typed = typed_numbers.scan(evidence.root)
    wrong = typed_numbers.problems(typed, evidence.quoted)
    if wrong:
        raise Wrong(wrong)
    values = sum(use.kind == "value" for use in evidence.uses)
    return len(pages), f"pages type no number: {values} are references, {len(typed)} are marked as fixed or quoted"


def check_corrections(evidence: Evidence) -> tuple[int, str]:
    posts, count = corrections.check(evidence.root)
    return posts, f"posts end with a list of corrections, {count} in all"


def check_ledger(evidence: Evidence) -> tuple[int, str]:
    found = ledger.document(evidence)["entries"]
    wrong = ledger.problems(found)
    if wrong:
        raise Wrong(wrong)
    return len(found), "entries in the ledger, none in a state that must not be published"


def check_drift(evidence: Evidence) -> tuple[int, str]:
    """The comparisons are of what is quoted now, and the classifier behind them calls nothing unchanged that is not."""
    found = evidence.comparisons
    wrong = [line for each in found for line in comparison_files.stale(each, evidence.root)]
    judged = comparison_files.accuracy(evidence.root)
    if judged and judged["harmful"]:
        wrong.append(f"{judged['harmful']} changed or gone are called same or moved; correct scripts/drift/classify.py")
    if wrong:
        raise Wrong(wrong)
    return len(found), "comparisons with other releases, of all that is quoted"


CHECKS = {
    "excerpts": check_excerpts,
    "settings": check_settings,
    "knobs": check_knobs,
    "call paths": check_paths,
    "replays": check_replays,
    "records": check_records,
    "claims": check_claims,
    "famous numbers": check_famous,
    "notebook pairs": check_pairs,
    "typed numbers": check_numbers,
    "corrections": check_corrections,
    "ledger": check_ledger,
    "drift": check_drift,
}


def verify(root: Path = ROOT, out=sys.stdout, checks: dict = CHECKS) -> int:
    """Runs every check, also after one that failed. Returns 0, or 1 when any failed."""
    evidence = of(root)
    failed = 0
    for name, check in checks.items():
        try:
            count, said = check(evidence)
            if not count:
                raise SiteError(f"{name}: found nothing to check; is the checkout whole?")
            print(f"ok     {name:15} {count:5} {said}", file=out, flush=True)
        except SiteError as error:
            failed += 1
            lines = str(error).splitlines()
            print(f"FAILED {name:15} {len(lines):5} problem{'s' if len(lines) > 1 else ''}", file=out, flush=True)
            for line in lines:
                print(f"       {line}", file=out, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    run_cli(verify)
