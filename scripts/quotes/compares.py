"""Compares: two recorded runs of the same requests, step by step, with one setting changed or on two engines.

A manifest's [[compare]] names both, asks what a reader expects before they are shown, and marks the moments worth a
look. Everything that would make the two no comparison is refused: other requests, no setting changed, two of them.
"""

from dataclasses import dataclass, field
from pathlib import Path

from msgspec import structs

from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.quotes import manifest as manifests
from scripts.quotes.manifest import Manifest
from scripts.quotes.manifest_tables import Compare
from scripts.quotes.path_recordings import StoredRecord
from scripts.quotes.recorded_steps import Run, read
from scripts.quotes.replays import in_order

FEWEST, MOST = 2, 5  # answers


@dataclass(frozen=True)
class Checked:
    """A compare with both runs. `changed` is the setting that differs, "" where the engine does."""

    compare: Compare
    a: Run = field(repr=False)
    b: Run = field(repr=False)
    changed: str

    @property
    def last(self) -> int:
        return max(self.a.last, self.b.last)


def parse(manifest: Manifest) -> dict[str, Compare]:
    """The compares of a manifest by id, in file order. Raises SiteError for answers, marks and ids that will not do."""
    found = toml_tables.by_name(manifest.compares, manifest.file)
    for compare in found.values():
        if not FEWEST <= len(compare.answers) <= MOST:
            raise SiteError(f"{compare.where}: has {len(compare.answers)} answers; give {FEWEST} to {MOST}")
        if len(set(compare.answers)) < len(compare.answers):
            raise SiteError(f"{compare.where}: two answers read alike; change one")
        if compare.right not in compare.answers:
            raise SiteError(f"{compare.where}: right '{compare.right}' is none of its answers; write one of them")
    return {name: structs.replace(each, marks=in_order(each.marks, each.where)) for name, each in found.items()}


def load_all(root: Path = ROOT) -> list[tuple[Manifest, Compare]]:
    """Every compare of every manifest with its manifest, in file order."""
    return [(manifest, each) for manifest in manifests.load_all(root).values() for each in parse(manifest).values()]


def record_of(name: str, compare: Compare, manifest: Manifest) -> str:
    """The record that a side names: itself, "NN/measurement", or that of a replay of the same manifest."""
    if "/" in name:
        return name
    for replay in manifest.replays:
        if replay.id == name:
            return replay.record
    known = ", ".join(replay.id for replay in manifest.replays) or "it has none"
    raise SiteError(
        f"{compare.where}: there is no replay '{name}' in {manifest.file} ({known}); name one, or a record as in "
        "02/replay-loop"
    )


def check(compare: Compare, a: StoredRecord, b: StoredRecord) -> Checked:
    """The compare with the data of its records. Raises SiteError for whatever does not fit."""
    where = compare.where
    runs = []
    for record in (a, b):
        try:
            runs.append(read(_name(record), record))
        except SiteError as error:
            raise SiteError(f"{where}: {error}") from None
    one, other = runs
    if one.requests != other.requests or _arrivals(a) != _arrivals(b):
        raise SiteError(f"{where}: {one.name} and {other.name} are runs of different requests; name two of the same")
    changed = ""
    if one.engine == other.engine:
        keys = dict.fromkeys([*one.setup, *other.setup])
        differ = [key for key in keys if one.told(key) != other.told(key)]
        if not differ:
            raise SiteError(f"{where}: {one.name} and {other.name} have the same settings; name two that differ in one")
        if len(differ) > 1:
            what = ", ".join(f"{one.told(key)} and {other.told(key)}" for key in differ)
            raise SiteError(
                f"{where}: {one.name} and {other.name} differ in more than one setting ({what}); change one"
            )
        changed = differ[0]
    made = Checked(compare, one, other, changed)
    for mark in compare.marks:
        if not 0 <= mark.step <= made.last:
            raise SiteError(
                f"{where}: mark '{mark.id}': there is no step {mark.step}, the longer run ends with step {made.last}; "
                "mark another"
            )
    return made


def unused(compare: Compare, page: str = "any page") -> str:
    """The line that says a compare is shown nowhere; `page` is where it is missed."""
    return f"{compare.where}: is not used on {page}; write '/// compare | {compare.id}' there, or remove it"


def _name(record: StoredRecord) -> str:
    return "/".join(record.path.removesuffix(".json").split("/")[-2:])


def _arrivals(record: StoredRecord) -> object:
    return (record.data.get("workload") or {}).get("requests")
