"""The ledger: every excerpt, setting, hop, replay, claim, quoted figure and exemption: its state, where it is used.

`python -m scripts.catalog.ledger FILE` writes it as JSON. The page's table and the check are made from the same
entries.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from experiments.formats import json_schema
from experiments.formats.whole_file import write_whole
from scripts.call_paths import call_path_check, claimed_paths
from scripts.catalog import famous_numbers, typed_numbers
from scripts.catalog.site_data import Evidence, engine_name, of
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.drift import comparison_files
from scripts.pages.references import page_url, pages_that_show
from scripts.quotes import engine_defaults, replays
from scripts.quotes import manifest as manifests

SCHEMA = Path(__file__).parents[1] / "schema" / "ledger.schema.json"
KINDS = {
    "excerpt": "Excerpts",
    "setting": "Settings",
    "hop": "Hops",
    "replay": "Replays",
    "claim": "Claims",
    "quoted": "Quoted figures",
    "exemption": "Exemptions",
}
# States that stop `make verify`.
BROKEN = ("differs", "not seen")


def entries(evidence: Evidence, checked: bool = True) -> list[dict]:
    """What is looked at: {"kind", "id", "title", "state", "detail", "source", "used": [address below the site's root]}.

    An excerpt or hop has "newest" as well: the newest release compared, what became of it there, where that is told.
    A claim has "hosts": on how many it was evaluated.

    checked=False leaves excerpts, settings and replays unresolved, for a look at the ledger where the pinned sources
    are not at hand.
    """
    kept = evidence.__dict__.setdefault("_ledger", {})  # the page and the file hold the same entries
    if checked not in kept:
        typed = typed_numbers.scan(evidence.root, evidence.holds)
        kept[checked] = [
            *_excerpts(evidence, checked),
            *_settings(evidence, checked),
            *_hops(evidence),
            *_replays(evidence, checked),
            *_claims(evidence),
            *_marks(typed, evidence, "quoted"),
            *famous_numbers.entries(evidence.root, evidence.quoted),
            *_marks(typed, evidence, "fixed"),
        ]
        _age(kept[checked], evidence)
    return kept[checked]


def document(evidence: Evidence) -> dict:
    """The ledger as published, validated by its schema."""
    listed = entries(evidence)
    ledger = {
        "schema": "ledger/1",
        "pins": {
            engine: {"version": pin.version, "artifact": pin.artifact, "sha256": pin.sha256}
            for engine, pin in evidence.pins.items()
        },
        "counts": {kind: sum(entry["kind"] == kind for entry in listed) for kind in KINDS},
        "entries": listed,
    }
    if fault := json_schema.first_fault(ledger, SCHEMA):
        where = "/".join(map(str, fault.path))
        raise SiteError(f"ledger.json: {where}: {fault.message[:160]}; correct scripts/catalog/ledger.py or its schema")
    return ledger


def text(evidence: Evidence) -> str:
    """ledger.json."""
    return json.dumps(document(evidence), indent=1, ensure_ascii=False) + "\n"


def write_json(evidence: Evidence, target: Path) -> None:
    """Writes ledger.json, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, text(evidence))


def problems(listed: list[dict]) -> list[str]:
    """One line for each entry in a state that must not be published, and for two entries with one id."""
    lines: list[str] = []
    seen: set[tuple[str, str]] = set()
    for entry in listed:
        if entry["state"] in BROKEN:
            lines.append(f"{entry['source']}: {entry['kind']} {entry['id']}: {entry['state']}: {entry['detail']}")
        key = (entry["kind"], entry["id"])
        if key in seen:
            lines.append(f"{entry['source']}: two entries of the ledger are {entry['kind']} {entry['id']}; rename one")
        seen.add(key)
    return lines


def _used(evidence: Evidence, kind: str, name: str, manifest: str = "") -> list[str]:
    urls = [use.url for use in evidence.shown(kind, name, manifest)]
    if kind == "claim":
        urls += [use.url for use in evidence.uses if use.kind in ("result", "mark") and use.id == name]
        urls += [use.url for use in evidence.uses if use.kind == "value" and use.id.startswith(name + ".")]
    return list(dict.fromkeys(urls))


def _age(listed: list[dict], evidence: Evidence) -> None:
    """Adds to each excerpt and hop what became of it in its engine's newest release, where that was compared."""
    for engine in evidence.pins:
        newest = comparison_files.newest(evidence.comparisons, engine)
        if newest is None:
            continue
        for entry in listed:
            told = newest.entries.get((entry["kind"], entry["id"]))
            if told:
                entry["newest"] = {
                    "release": f"{newest.data['name']} {newest.version}",
                    "state": told["state"],
                    "told": f"reference/drift/#{newest.anchor}",
                }


def _excerpts(evidence: Evidence, checked: bool) -> Iterator[dict]:
    for manifest in manifests.load_all(evidence.root).values():
        for name, excerpt in manifest.excerpts.items() if evidence.holds(manifest.file) else ():
            state, detail = "not checked", excerpt.path
            if checked:
                try:
                    resolved = evidence.resolver.checked(excerpt)
                    state, detail = "equals the release", f"{excerpt.path}:{resolved.first}-{resolved.last}"
                except SiteError as error:
                    state, detail = "differs", str(error)
            used = _used(evidence, "excerpt", name, manifest.file)
            # Posts may use one id twice over; the post's number tells them apart.
            number = Path(manifest.file).name.partition("-")[0]
            yield _entry("excerpt", f"{number}/{name}", excerpt.symbol, state, detail, manifest.file, used)


def _settings(evidence: Evidence, checked: bool) -> Iterator[dict]:
    for setting in (one for one in engine_defaults.load_all(evidence.root) if evidence.holds(one.file)):
        state, detail = "not checked", setting.path
        if checked:
            try:
                default = engine_defaults.read(setting, evidence.tables)
                state = "read from the release"
                detail = f"default {default.value}, {setting.path}:{default.lines}"
            except SiteError as error:
                state, detail = "differs", str(error)
        uses = evidence.settings_shown(setting.file)
        used = list(dict.fromkeys(f"{page_url(use.page)}#{setting.anchor}" for use in uses))
        number = Path(setting.file).name.partition("-")[0]
        title = f"{engine_name(setting.engine)} {setting.name}"
        yield _entry("setting", f"{number}/{setting.id}", title, state, detail, setting.file, used)


def _hops(evidence: Evidence) -> Iterator[dict]:
    for path in evidence.paths.values():
        states = evidence.path_states[path.id]
        for hop in path.hops:
            seen, wrong, missing = list[str](), list[str](), list[str]()
            for configuration in hop.configurations:
                lines, begin = states[configuration], call_path_check.where(path, hop, configuration)
                mine = [line for line in lines or [] if line.startswith(begin)]
                wrong += mine
                if not mine:
                    (missing if lines is None else seen).append(configuration)
            if wrong:
                state, detail = "not seen", wrong[0]
            elif missing and not seen:
                state, detail = "not recorded", f"no recording of {', '.join(missing)}"
            else:
                state = "recorded" if not missing else "recorded in part"
                detail = "; ".join(
                    f"{hop.roles[name]} on {name}" if name in hop.roles else f"not on {name}" for name in seen
                )
                if hop.line:
                    detail += f"; line: {hop.line}"
                if hop.kind in ("standing", "compiled"):
                    detail += f"; {hop.kind}: {claimed_paths.KINDS[hop.kind]}"
            used = [f"{url.partition('#')[0]}#path-{path.id}-{hop.id}" for url in _used(evidence, "path", path.id)]
            yield _entry("hop", f"{path.id}/{hop.id}", hop.name, state, detail, path.manifest, used)


def _replays(evidence: Evidence, checked: bool) -> Iterator[dict]:
    for manifest, replay in (both for both in replays.load_all(evidence.root) if evidence.holds(both[0].file)):
        state, detail = "not checked", replay.record
        if checked:
            try:
                ran = replays.check(replay, manifest, evidence.record(replay.record), evidence.resolver)
                state = "recorded"
                detail = f"{ran.path}: {len(ran.data['steps'])} steps, {len(ran.lines)} deciding lines that ran"
            except SiteError as error:
                state, detail = "differs", str(error)
        number = Path(replay.file).name.partition("-")[0]
        used = _used(evidence, "replay", replay.id, replay.file)
        yield _entry("replay", f"{number}/{replay.id}", replay.title, state, detail, replay.file, used)


def _claims(evidence: Evidence) -> Iterator[dict]:
    for claim in evidence.claims.values():
        pins = ", ".join(f"{engine_name(name)} {version}" for name, version in claim.data["pin"].items())
        detail = f"{claim.sentence()} ({'; '.join(part for part in (claim.where, pins) if part)})"
        labels = evidence.labels.get(claim.id, {})
        detail += "".join(f". {one.said(labels)}" for one in evidence.plans.get(claim.id, []))
        used = _used(evidence, "claim", claim.id)
        entry = _entry("claim", claim.id, claim.data["title"], claim.verdict, detail, claim.file, used)
        yield entry | {"hosts": len(claim.hosts)}


def _marks(typed: list[typed_numbers.Typed], evidence: Evidence, kind: str) -> Iterator[dict]:
    counts: dict[str, int] = {}
    for number in typed:
        if number.kind != kind:
            continue
        stem = re.sub(r"[^a-z0-9]+", "-", f"{Path(number.file).stem}-{number.text}".lower()).strip("-")
        counts[stem] = counts.get(stem, 0) + 1
        name = stem if counts[stem] == 1 else f"{stem}-{counts[stem]}"
        used = pages_that_show(number.file, evidence.uses)
        source = f"{number.file}:{number.line}"
        if kind == "fixed":
            yield _entry("exemption", name, number.text, "not measured", number.why, source, used)
        else:
            known = evidence.quoted.get(number.why)
            detail = f"no source {number.why} in {famous_numbers.FILE}"
            if known:
                detail = f"{famous_numbers.described(known)} {known['url']}"
            yield _entry("quoted", name, number.text, "theirs" if known else "differs", detail, source, used)


def _entry(kind: str, name: str, title: str, state: str, detail: str, source: str, used: list) -> dict:
    return {"kind": kind, "id": name, "title": title, "state": state, "detail": detail, "source": source, "used": used}


def main() -> None:
    if len(sys.argv) != 2:
        raise SiteError("usage: python -m scripts.catalog.ledger FILE")
    write_json(of(ROOT), Path(sys.argv[1]))


if __name__ == "__main__":
    run_cli(main)
