"""What the pages stand on, loaded once a build: records, claims, call paths with their state, and uses.

Everything is read on demand and kept as long as no file below it changes, so that a rebuild while writing does
not read 15 MB again.
"""

import collections
import functools
import os
from pathlib import Path

from scripts.call_paths import call_path_check, claimed_paths, hop_locator
from scripts.call_paths.call_path_check import Locate
from scripts.catalog import famous_numbers
from scripts.catalog import symptoms as catalog_symptoms
from scripts.common.errors import SiteError
from scripts.drift import compare_releases, comparison_files
from scripts.measured import claim_labels, claim_reader, host_reader, plan_claims, record_reader
from scripts.pages import figure_texts, references
from scripts.quotes.excerpts import Resolver
from scripts.quotes.manifest_tables import CallPath
from scripts.quotes.path_recordings import Recording
from scripts.sources import pins, python_symbols, unpacked_sources
from scripts.sources.pins import Pin

INPUTS = (
    "experiments/records",
    "experiments/hosts",
    "experiments/plans",
    "experiments/claims",
    "experiments/figures",
    "experiments/lab/schema",
    "snippets",
)
PAGES = ("docs",)
OF_PAGES = ("uses", "_uses", "_ledger")  # what is read from them


class Evidence:
    """Lazily loaded, validated inputs of the site at `root`. Every property raises SiteError for bad input."""

    def __init__(self, root: Path):
        self.root = root

    def holds(self, file: str) -> bool:
        """Whether what a page, manifest or notebook says is looked at: of a site all is."""
        return bool(file)

    @functools.cached_property
    def pins(self) -> dict[str, Pin]:
        return pins.load(self.root)

    @functools.cached_property
    def versions(self) -> dict[str, str]:
        """Engine name as records write it -> pinned version."""
        return {engine: pin.version for engine, pin in self.pins.items()}

    @functools.cached_property
    def sources(self) -> unpacked_sources.Sources:
        return unpacked_sources.Sources(self.pins, self.root)

    @functools.cached_property
    def resolver(self) -> Resolver:
        """Resolves excerpts in the pinned sources."""
        return Resolver(self.sources, self.root)

    @functools.cached_property
    def records(self) -> list[record_reader.Record]:
        return record_reader.load_all(self.root, self.versions)

    @functools.cached_property
    def hosts(self) -> list[host_reader.Host]:
        """Every host that anything was measured on."""
        return host_reader.load(self.root, self.records, self.versions)

    @functools.cached_property
    def claims(self) -> dict[str, claim_reader.Claim]:
        return claim_reader.load_all(self.root, self.records)

    @functools.cached_property
    def plans(self) -> dict[str, list[plan_claims.PlanClaim]]:
        """By claim, what plans for smaller cards say of it that can be compared."""
        return plan_claims.load_all(self.root, self.claims)

    @functools.cached_property
    def labels(self) -> claim_labels.Labels:
        """What the values of claims are called on their cards: claim -> value -> label."""
        return claim_labels.load(self.root, self.claims)

    @functools.cached_property
    def figure_words(self) -> dict[str, str]:
        """What the figure of a claim shows, in the words of the page that has its card."""
        return figure_texts.of_blocks(self.root)

    @functools.cached_property
    def paths(self) -> dict[str, CallPath]:
        return claimed_paths.load_all(self.root)

    @functools.cached_property
    def recordings(self) -> dict[tuple[str, str], Recording]:
        """By experiment and configuration."""
        recordings = {}
        for experiment in sorted({record.data["experiment"] for record in self.records}):
            mine = [record for record in self.records if record.data["experiment"] == experiment]
            for name, record in record_reader.recordings(mine).items():
                recordings[experiment, name] = Recording.of(record)
        return recordings

    @functools.cached_property
    def comparisons(self) -> list[comparison_files.Comparison]:
        """The committed comparisons with other releases."""
        return comparison_files.load_all(self.root)

    @functools.cached_property
    def asked(self) -> dict:
        """(engine, manifest) -> how many excerpts and hops it has."""
        found = [each for engine in self.pins for each in compare_releases.quotes_of(engine, self.root)]
        return collections.Counter((each.piece.engine, each.manifest) for each in found)

    @functools.cached_property
    def uses(self) -> list[references.Use]:
        return references.scan(self.root)

    @functools.cached_property
    def quoted(self) -> dict[str, dict[str, str]]:
        """Sources of other people's figures: id -> {"title", "url", ...}, from snippets/famous.toml."""
        return famous_numbers.load_sources(self.root)

    @functools.cached_property
    def symptoms(self) -> dict[str, catalog_symptoms.Symptom]:
        """What people see, by id, in the order of the page."""
        return {symptom.id: symptom for symptom in catalog_symptoms.load(self.pins, self.root)}

    def record(self, name: str) -> record_reader.Record:
        """The record called `NN/measurement`. Raises SiteError when there is none."""
        for record in self.records:
            if record.path == f"{record_reader.FOLDER}/{name}.json":
                return record
        raise SiteError(
            f"record {name}: there is no {record_reader.FOLDER}/{name}.json; measure it or correct the name"
        )

    def claim(self, name: str) -> claim_reader.Claim:
        if name not in self.claims:
            raise SiteError(
                f"claim {name}: is in no file of {claim_reader.FOLDER}; correct the id, or run make experiments"
            )
        return self.claims[name]

    def path(self, name: str) -> CallPath:
        if name not in self.paths:
            raise SiteError(f"path {name}: is in no manifest; define it in snippets/ or correct the id")
        return self.paths[name]

    def recording(self, path: CallPath, configuration: str) -> Recording | None:
        """The recording the path is checked against, or None: that of the experiment its manifest belongs to."""
        return self.recordings.get((claimed_paths.number_of(path), configuration))

    @functools.cached_property
    def tables(self) -> python_symbols.Tables:
        return self.resolver.tables

    def locator(self, engine: str) -> Locate:
        """Finds what hops name in the pinned sources of an engine."""
        return hop_locator.locator(engine, self.tables)

    @functools.cached_property
    def path_states(self) -> dict[str, dict[str, list[str] | None]]:
        """path id -> {configuration: problems, or None where nothing was recorded}."""
        states: dict[str, dict[str, list[str] | None]] = {}
        for path in self.paths.values():
            locate = self.locator(path.engine)
            states[path.id] = {}
            for name in path.configurations:
                recording = self.recording(path, name)
                states[path.id][name] = None if recording is None else call_path_check.check(path, recording, locate)
        return states

    def home_of(self, kind: str, name: str, manifest: str = "") -> str | None:
        """Address below the site's root where a claim, path or excerpt is shown; None when it is nowhere.

        Excerpts of two posts may share an id: `manifest` says whose is meant.
        """
        homes = self.shown(kind, name, manifest)
        return homes[0].url if homes else None

    def shown(self, kind: str, name: str, manifest: str = "") -> list[references.Use]:
        """The uses of a block; with a manifest only those on the post of that name, if it has any."""
        uses = self._uses.get((kind, name), [])
        own = [use for use in uses if manifest and Path(use.page).stem == Path(manifest).stem]
        return own or uses

    @functools.cached_property
    def _uses(self) -> dict[tuple[str, str], list[references.Use]]:
        """The uses by kind and id: a build asks thousands of times."""
        found: dict[tuple[str, str], list[references.Use]] = {}
        for use in self.uses:
            found.setdefault((use.kind, use.id), []).append(use)
        return found

    def settings_shown(self, manifest: str) -> list[references.Use]:
        """The uses of `/// settings` that show a manifest's settings: by its number, or on the page of its name."""
        stem = Path(manifest).stem
        return [
            use
            for use in self.uses
            if use.kind == "settings" and (use.id or Path(use.page).stem) in (stem, stem.partition("-")[0])
        ]


def of(root: Path) -> Evidence:
    """The evidence of the site at `root`; the same object until a file that it was read from changes.

    An edited page costs nothing but the look for what pages use: records stay validated, paths stay checked.
    """
    root = root.resolve()
    inputs, pages = _stamp(root, INPUTS), _stamp(root, PAGES)
    kept = _kept.get(root)
    if kept and kept[:2] == (inputs, pages):
        return kept[2]
    evidence = Evidence(root)
    if kept and kept[0] == inputs:
        evidence.__dict__.update({name: value for name, value in kept[2].__dict__.items() if name not in OF_PAGES})
    _kept[root] = (inputs, pages, evidence)
    return evidence


def engine_name(engine: str) -> str:
    """An engine as pages call it, by the name that records write; one without a pin goes by the latter."""
    pinned = _pins_here()
    return pinned[engine].name if engine in pinned else engine


@functools.cache
def _pins_here() -> dict[str, Pin]:
    return pins.load()


_kept: dict[Path, tuple[tuple, tuple, Evidence]] = {}


def _stamp(root: Path, names: tuple) -> tuple:
    """What tells that nothing below these folders has changed: every file's path, time and size."""
    stamp = []
    for name in names:
        for folder, _, files in sorted(os.walk(root / name)):
            for file in sorted(files):
                stat = os.stat(os.path.join(folder, file))
                stamp.append((folder, file, stat.st_mtime_ns, stat.st_size))
    return tuple(stamp)
