"""The committed comparisons with other releases, snippets/drift/<engine>-<version>.json: read, written, judged."""

import functools
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import jsonschema
from packaging.version import Version

from scripts.common.errors import SiteError
from scripts.drift import classifier_accuracy, compare_releases
from scripts.drift.classify import STATES
from scripts.measured import record_reader
from scripts.quotes.call_paths import Recording
from scripts.sources import other_releases
from scripts.sources.pins import ROOT, Pin
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
    found = []
    pinned = load_pins(root)
    for path in sorted((root / FOLDER).glob("*-[0-9]*.json")):
        name = f"{FOLDER}/{path.name}"
        try:
            data = json.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise SiteError(f"{name}: not JSON ({error}); restore it with git, or delete it and {AGAIN}") from None
        check(data, name)
        pin = pinned.get(data["engine"])
        if pin is not None and data["from"]["version"] == pin.version:
            found.append(Comparison(name, data))
    order = list(pinned)
    return sorted(found, key=lambda each: (order.index(each.engine), [-part for part in Version(each.version).release]))


def newest(found: list[Comparison], engine: str) -> Comparison | None:
    """The comparison with the newest release of an engine, None where none is newer than the pin."""
    return next((each for each in found if each.engine == engine and each.newer), None)


def check(data, name: str) -> None:
    """Raises SiteError unless `data` is a comparison as its schema has it."""
    error = jsonschema.exceptions.best_match(_validator().iter_errors(data))
    if error is not None:
        where = "/".join(map(str, error.absolute_path))
        raise SiteError(f"{name}: {where}: {error.message[:160]}; delete it and {AGAIN}")


def write(data: dict, root: Path = ROOT) -> str:
    """Writes a comparison, whole or not at all; returns its path in the repository."""
    name = file_of(data["engine"], data["to"]["version"])
    check(data, name)
    target = root / name
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.write_text(json.dumps(data, indent=1) + "\n", "utf-8")
    os.replace(fresh, target)
    return name


def stale(comparison: Comparison, root: Path = ROOT) -> list[str]:
    """One line for each manifest that asks for other things than it did when the comparison was made."""
    now = {(each.kind, each.id): each for each in compare_releases.asked_of(comparison.engine, root)}
    other: dict[str, int] = {}
    for key, each in now.items():
        entry = comparison.entries.get(key)
        if entry is None or entry["piece"] != each.digest or entry["manifest"] != each.manifest:
            other[each.manifest] = other.get(each.manifest, 0) + 1
    for key, entry in comparison.entries.items():
        if key not in now:
            other[entry["manifest"]] = other.get(entry["manifest"], 0) + 1
    return [
        f"{comparison.file}: {count} of what {manifest} quotes or claims: not compared, or not there any more; {AGAIN}"
        for manifest, count in other.items()
    ]


def places(root: Path = ROOT) -> dict:
    """(engine, tag) of each other release -> the (path, first, last) at which a comparison found something."""
    found: dict[tuple, set] = {}
    for each in load_all(root):
        now = [entry["now"] for entry in each.data["entries"] if entry["now"]]
        found[each.engine, each.data["to"]["tag"]] = {(one["path"], one["first"], one["last"]) for one in now}
    return found


def recordings(pin: Pin, root: Path = ROOT) -> tuple[dict, dict]:
    """Of a release that is not pinned: (experiment, configuration) -> Recording, and the same as published."""
    found, named = {}, {}
    for path in sorted((root / RECORDINGS).rglob("*.json")):
        record = record_reader.load(path, root)
        engine = record.data["engine"]
        if (engine["name"], engine["version"]) != (pin.engine, pin.version) or not record.data.get("recording"):
            continue
        recording = Recording.of(record)
        found[recording.experiment, recording.configuration] = recording
        build = f"{engine['distribution']} {engine['distribution_version']}"
        named[f"{recording.experiment}/{recording.configuration}"] = {"record": record.path, "build": build}
    return found, named


def accuracy(root: Path = ROOT) -> dict | None:
    """The confusion matrix as committed, or None."""
    path = root / classifier_accuracy.RESULT
    try:
        found = json.loads(path.read_text("utf-8"))
        if set(found["matrix"]) != set(STATES):
            raise ValueError("other states")
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise SiteError(f"{classifier_accuracy.RESULT}: cannot be read ({error}); {AGAIN}") from None
    return found


@functools.lru_cache(maxsize=1)
def _validator():
    schema = json.loads(SCHEMA.read_text("utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)
