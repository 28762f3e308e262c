"""The committed comparisons with other releases, snippets/drift/<engine>-<version>.json: read, written, judged."""

import functools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from packaging.version import Version

from experiments.formats import json_schema
from experiments.formats.whole_file import write_whole
from scripts.common import sealed
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.drift import classifier_accuracy, compare_releases
from scripts.drift.classify import STATES
from scripts.measured import record_reader
from scripts.quotes.path_recordings import Recording
from scripts.sources import other_releases
from scripts.sources.pins import Pin
from scripts.sources.pins import load as load_pins

FOLDER = other_releases.FOLDER
RECORDINGS = "experiments/drift"  # recordings of other releases, which no post may rest on
SCHEMA = Path(__file__).parents[1] / "schema" / "drift.schema.json"
AGAIN = "run `make drift`"


@dataclass(frozen=True)
class Comparison:
    """One committed comparison; `file` is its path in the repository."""

    file: str
    data: dict = field(repr=False)

    @property
    def engine(self) -> str:
        return self.data["engine"]

    @property
    def version(self) -> str:
        """The other release's."""
        return self.data["to"]["version"]

    @property
    def anchor(self) -> str:
        """The fragment of its section on the page."""
        return f"drift-{self.engine}-{re.sub('[^a-z0-9]+', '-', self.version)}"

    @property
    def newer(self) -> bool:
        """Whether the other release came after the one the site quotes."""
        return Version(self.version) > Version(self.data["from"]["version"])

    @functools.cached_property
    def entries(self) -> dict:
        """(kind, id) -> entry."""
        return {(entry["kind"], entry["id"]): entry for entry in self.data["entries"]}

    def of(self, manifest: str) -> list[dict]:
        """The entries of one manifest."""
        return [entry for entry in self.data["entries"] if entry["manifest"] == manifest]


def file_of(engine: str, version: str) -> str:
    return f"{FOLDER}/{engine}-{version}.json"


def load_all(root: Path = ROOT) -> list[Comparison]:
    """Every comparison with the pinned releases, newest first within its engine. Raises SiteError for a damaged one.

    One that was made before a pin moved says nothing of what the site quotes now, and is left out.
    """
    comparisons = []
    pinned = load_pins(root)
    for path in sorted((root / FOLDER).glob("*-[0-9]*.json")):
        name = f"{FOLDER}/{path.name}"
        try:
            data = json.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise SiteError(f"{name}: not JSON ({error}); restore it with git, or delete it and {AGAIN}") from None
        check(data, name)
        if sealed.edited(data):
            raise SiteError(f"{name}: was edited since `make drift` wrote it; restore it: git checkout -- {name}")
        pin = pinned.get(data["engine"])
        if pin is not None and data["from"]["version"] == pin.version:
            comparisons.append(Comparison(name, data))
    order = list(pinned)

    def newest_first(comparison: Comparison) -> tuple[int, list[int]]:
        return order.index(comparison.engine), [-part for part in Version(comparison.version).release]

    return sorted(comparisons, key=newest_first)


def newest(comparisons: list[Comparison], engine: str) -> Comparison | None:
    """The comparison with the newest release of an engine, None where none is newer than the pin."""
    newer = (comparison for comparison in comparisons if comparison.engine == engine and comparison.newer)
    return next(newer, None)


def check(data: object, name: str) -> None:
    """Raises SiteError unless `data` is a comparison as its schema has it."""
    if fault := json_schema.first_fault(data, SCHEMA):
        where = "/".join(map(str, fault.path))
        raise SiteError(f"{name}: {where}: {fault.message[:160]}; delete it and {AGAIN}")


def write(data: dict, root: Path = ROOT) -> str:
    """Writes a comparison, whole or not at all; returns its path in the repository."""
    name = file_of(data["engine"], data["to"]["version"])
    check(data, name)
    target = root / name
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, json.dumps(sealed.sealed(data), indent=1) + "\n")
    return name


def stale(comparison: Comparison, root: Path = ROOT) -> list[str]:
    """One line for each manifest that asks for other things than it did when the comparison was made."""
    now = {(quote.kind, quote.id): quote for quote in compare_releases.quotes_of(comparison.engine, root)}
    other: dict[str, int] = {}
    for key, quote in now.items():
        entry = comparison.entries.get(key)
        if entry is None or entry["piece"] != quote.digest or entry["manifest"] != quote.manifest:
            other[quote.manifest] = other.get(quote.manifest, 0) + 1
    for key, entry in comparison.entries.items():
        if key not in now:
            other[entry["manifest"]] = other.get(entry["manifest"], 0) + 1
    return [
        f"{comparison.file}: {count} of what {manifest} quotes or claims: not compared, or not there any more; {AGAIN}"
        for manifest, count in other.items()
    ]


def places(root: Path = ROOT) -> dict:
    """(engine, tag) of each other release -> the (path, first, last) at which a comparison found something."""
    by_release: dict[tuple[str, str], set[tuple[str, int, int]]] = {}
    for comparison in load_all(root):
        now = [entry["now"] for entry in comparison.data["entries"] if entry["now"]]
        lines = {(place["path"], place["first"], place["last"]) for place in now}
        by_release[comparison.engine, comparison.data["to"]["tag"]] = lines
    return by_release


def recordings(pin: Pin, root: Path = ROOT) -> tuple[compare_releases.Recordings, dict[str, dict]]:
    """Of a release that is not pinned: (experiment, configuration) -> Recording, and the same as published."""
    by_configuration: compare_releases.Recordings = {}
    named: dict[str, dict] = {}
    for path in sorted((root / RECORDINGS).rglob("*.json")):
        record = record_reader.load(path, root)
        engine = record.data["engine"]
        if (engine["name"], engine["version"]) != (pin.engine, pin.version) or not record.data.get("recording"):
            continue
        recording = Recording.of(record)
        by_configuration[recording.experiment, recording.configuration] = recording
        build = f"{engine['distribution']} {engine['distribution_version']}"
        named[f"{recording.experiment}/{recording.configuration}"] = {"record": record.path, "build": build}
    return by_configuration, named


def accuracy(root: Path = ROOT) -> dict | None:
    """The confusion matrix as committed, or None."""
    path = root / classifier_accuracy.RESULT
    try:
        totals = json.loads(path.read_text("utf-8"))
        if set(totals["matrix"]) != set(STATES):
            raise ValueError("other states")
        if sealed.edited(totals):
            restore = f"restore it: git checkout -- {classifier_accuracy.RESULT}"
            raise ValueError(f"it was edited since it was written; {restore}")
        if totals["made_of"] != classifier_accuracy.made_of(root):
            raise ValueError(f"it was made of another {classifier_accuracy.LABELS}")
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise SiteError(f"{classifier_accuracy.RESULT}: cannot be read ({error}); {AGAIN}") from None
    return totals
