"""`make verify`: files, records, excerpts, settings, knobs, symptoms, call paths, map, replays, reviews, claims,
labels, famous numbers, notebook pairs, figures, ledger, typed numbers, corrections, comparisons with other releases.
Seconds, and no network once the sources are cached. One line a check, with how many things it looked at.

A check that found nothing to look at fails: an extractor that matches nothing would pass for ever. Claims that are
unchanged since they were verified are not evaluated again, unless `ALL=1` asks for it; `POST=02` looks only at what
that post and its experiment hold."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from experiments.formats import host_index, record_list
from scripts.build.catalog_checks import check_famous, check_figures, check_knobs, check_map, check_symptoms
from scripts.build.claims_again import Lab, check_claims, check_labels
from scripts.build.date_checks import check_dates
from scripts.build.file_checks import check_files
from scripts.build.looked_at import LookedAt, Wrong
from scripts.build.review import check_reviews
from scripts.build.telling import Telling
from scripts.call_paths.claimed_paths import number_of, record_it
from scripts.catalog import fixed_sources, ledger, notebook_numbers, quoted_words, typed_defaults, typed_numbers
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.drift import comparison_files
from scripts.measured import host_reader
from scripts.pages import corrections, notebook_pairs
from scripts.quotes import compares, engine_defaults, excerpts, replays
from scripts.quotes import manifest as manifests

LAB = (sys.executable, "-m", "experiments.lab", "verify")


def check_excerpts(evidence: LookedAt) -> tuple[int, str]:
    count, wrong = 0, []
    for manifest in _manifests(evidence):
        for excerpt in manifest.excerpts.values():
            count += 1
            try:
                evidence.resolver.checked(excerpt)
            except SiteError as error:
                wrong.append(str(error))
            if not evidence.shown("excerpt", excerpt.id, manifest.file):
                wrong.append(excerpts.unused(excerpt))
    if wrong:
        raise Wrong(wrong)
    return count, "excerpts equal the pinned release"


def check_settings(evidence: LookedAt) -> tuple[int, str]:
    settings = [one for one in engine_defaults.load_all(evidence.root) if evidence.holds(one.file)]
    wrong, read = [], []
    for setting in settings:
        try:
            read.append(engine_defaults.read(setting, evidence.tables))
        except SiteError as error:
            wrong.append(str(error))
        if not evidence.settings_shown(setting.file):
            wrong.append(engine_defaults.unused(setting))
    typed = typed_defaults.scan(evidence.root, evidence.holds)
    wrong += engine_defaults.same_place(read) + typed_defaults.faults(typed, evidence)
    if wrong:
        raise Wrong(wrong)
    return len(settings), f"settings have their defaults from the pinned release, {len(typed)} in prose say from where"


def check_paths(evidence: LookedAt) -> tuple[int, str]:
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


def check_replays(evidence: LookedAt) -> tuple[int, str]:
    """Not every site has a replay, so what is counted is the manifests that were looked into."""
    wrong: list[str] = []
    steps: list[int] = []
    for manifest, replay in replays.load_all(evidence.root):
        if not evidence.holds(manifest.file):
            continue
        try:
            checked = replays.check(replay, manifest, evidence.record(replay.record), evidence.resolver)
            steps.append(len(checked.data["steps"]))
        except SiteError as error:
            wrong.append(str(error))
        if not evidence.shown("replay", replay.id, replay.file):
            wrong.append(replays.unused(replay))
    compared = 0
    for manifest, compare in compares.load_all(evidence.root):
        if not evidence.holds(manifest.file):
            continue
        compared += 1
        try:
            sides = (compares.record_of(side, compare, manifest) for side in (compare.a, compare.b))
            compares.check(compare, *map(evidence.record, sides))
        except SiteError as error:
            wrong.append(str(error))
        if not evidence.shown("compare", compare.id, compare.file):
            wrong.append(compares.unused(compare))
    if wrong:
        raise Wrong(wrong)
    said = f"manifests hold {len(steps)} replays of {sum(steps)} steps, whose deciding lines ran"
    if compared:
        said += f"; {compared} compares of runs of the same requests, one setting changed"
    return len(_manifests(evidence)), said


def check_records(evidence: LookedAt) -> tuple[int, str]:
    """Every host's have the digests with which they were written; the reference's are validated, further hosts' and
    plans' were when they were filed."""
    wrong = record_list.faults(evidence.root, evidence.post)
    wrong += host_reader.faults(evidence.root, evidence.versions, evidence.post)
    if wrong:
        raise Wrong(wrong)
    count = len(evidence.records)
    further, planned = (
        len({place.split("/")[-2] for place in host_index.places(evidence.root, evidence.post or "*", top)})
        for top in host_index.SCHEMAS
    )
    parts = [f"{further} further hosts"] * bool(further)
    parts += [f"{planned} host{'s' * (planned != 1)} with plans for smaller cards"] * bool(planned)
    said = f"; those of {' and of '.join(parts)} are as filed" if parts else ""
    size = host_index.bytes_of(evidence.root)
    return count, f"records are as measured, whole and of the pinned releases{said}, {size / 1e6:.1f} MB in all"


def check_pairs(evidence: LookedAt) -> tuple[int, str]:
    pairs = [pair for pair in notebook_pairs.pairs(evidence.root) if evidence.holds(pair[0].name)]
    for script, notebook in pairs:
        notebook_pairs.check(script, notebook)
    return len(pairs), "notebook pairs agree"


def check_numbers(evidence: LookedAt) -> tuple[int, str]:
    pages = [page for page in (evidence.root / "docs").rglob("*.md") if evidence.holds(page.name)]
    typed = [one for one in typed_numbers.scan(evidence.root, evidence.holds) if evidence.holds(one.file)]
    wrong = typed_numbers.problems(typed, evidence.quoted) + fixed_sources.faults(typed, evidence)
    wrong += fixed_sources.misquoted(typed, evidence.root) + quoted_words.faults(typed, evidence.root)
    looked_at = {evidence.post} if evidence.post else {claim.experiment for claim in evidence.claims.values()}
    bounds, ours = notebook_numbers.faults(evidence, looked_at)
    wrong += ours
    if wrong:
        raise Wrong(wrong)
    values = sum(use.kind == "value" and evidence.holds(use.page) for use in evidence.uses)
    said = f"pages type no number: {values} are references, {len(typed)} are marked as fixed or quoted"
    return len(pages), f"{said}; notebooks' {bounds} are bounds, loads or quoted"


def check_corrections(evidence: LookedAt) -> tuple[int, str]:
    posts, count = corrections.check(evidence.root, f"{evidence.post or '[0-9]'}*.md")
    return posts, f"posts end with a list of corrections, {count} in all"


def check_ledger(evidence: LookedAt) -> tuple[int, str]:
    entries = [entry for entry in ledger.document(evidence)["entries"] if evidence.holds(entry["source"])]
    wrong = ledger.problems(entries)
    if wrong:
        raise Wrong(wrong)
    return len(entries), "entries in the ledger, none in a state that must not be published"


def check_drift(evidence: LookedAt) -> tuple[int, str]:
    """The comparisons are of what is quoted now, and the classifier behind them calls nothing unchanged that is not."""
    comparisons = evidence.comparisons
    wrong = [line for one in comparisons for line in comparison_files.stale(one, evidence.root)]
    judged = comparison_files.accuracy(evidence.root)
    if judged and judged["harmful"]:
        wrong.append(f"{judged['harmful']} changed or gone are called same or moved; correct scripts/drift/classify.py")
    if wrong:
        raise Wrong(wrong)
    return len(comparisons), "comparisons with other releases, of all that is quoted"


def _manifests(evidence: LookedAt) -> list[manifests.Manifest]:
    return [manifest for manifest in manifests.load_all(evidence.root).values() if evidence.holds(manifest.file)]


CHECKS: dict[str, Callable[[LookedAt], tuple[int, str]]] = {
    "files": check_files,
    "records": check_records,
    "excerpts": check_excerpts,
    "settings": check_settings,
    "knobs": check_knobs,
    "symptoms": check_symptoms,
    "call paths": check_paths,
    "map": check_map,
    "replays": check_replays,
    "reviews": check_reviews,
    "claims": check_claims,
    "labels": check_labels,
    "famous numbers": check_famous,
    "notebook pairs": check_pairs,
    "figures": check_figures,
    "typed numbers": check_numbers,
    "corrections": check_corrections,
    "dates": check_dates,
    "ledger": check_ledger,
    "drift": check_drift,
}


# What these look at belongs to no one post.
OF_ALL_POSTS = ("knobs", "symptoms", "map", "famous numbers", "drift")


def verify(
    root: Path = ROOT,
    out: TextIO = sys.stdout,
    checks: dict[str, Callable] = CHECKS,
    post: str | None = None,
    again: bool = False,
) -> int:
    """Runs every check, also after one that failed; with `post` only what that post and its experiment hold, with
    `again` also claims that are unchanged since they were verified. Returns 0, or 1 when any failed."""
    evidence = LookedAt(root, post)
    telling = Telling(evidence, out)
    failed = 0
    if "claims" in checks and any((root / "experiments/claims").glob(f"{post or '*'}.json")):
        evidence.lab = Lab([*LAB, *(["--exp", post] if post else []), *(["--all"] if again else [])], root)
    try:
        for name, check in checks.items():
            if post is None or name not in OF_ALL_POSTS:
                failed += not telling.passes(name, check)
    finally:
        if evidence.lab:
            evidence.lab.end()
    if post:
        print(f"       of post {post} alone; {', '.join(OF_ALL_POSTS)}: make verify", file=out, flush=True)
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.build.verify", description="checks what pages stand on")
    parser.add_argument("--post", metavar="NN", help="only what that post and its experiment hold")
    parser.add_argument("--all", action="store_true", help="evaluate also claims that are unchanged since verified")
    options = parser.parse_args()
    return verify(post=options.post, again=options.all)


if __name__ == "__main__":
    run_cli(main)
