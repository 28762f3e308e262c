"""Repetitions on other hosts are records like any other: whole, of their folder's host, one run an experiment."""

import collections
import tomllib

import pytest

from experiments.lab.host.config import ROOT
from experiments.lab.records.record_file import Record

FOLDER = ROOT / "experiments/hosts"
FILES = sorted(FOLDER.glob("*/[0-9][0-9]/*.json"))
LIMIT = 40_000_000  # bytes, of all records that are committed

PINS = tomllib.loads((ROOT / "snippets/pins.toml").read_text("utf-8"))
OURS = {Record(path).host for path in sorted((ROOT / "experiments/records").glob("[0-9][0-9]/*.json"))}


def test_there_is_another_host_for_each_experiment():
    assert {path.parent.name for path in FILES} == {"01", "02", "03", "04", "05", "06", "07"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_record_is_whole_and_of_the_host_and_experiment_of_its_folders(path):
    record = Record(path)
    assert record.host == path.parts[-3] and record.host not in OURS
    assert (record.data["experiment"], record.data["measurement"]) == (path.parent.name, path.stem)
    if engine := record.data["engine"]:
        assert engine["version"] == PINS[engine["name"]]["version"]
    if record.data.get("columns"):
        assert record.columns


def test_an_experiment_on_a_host_was_measured_by_one_state_of_the_lab():
    digests = collections.defaultdict(set)
    for path in FILES:
        digests[path.parts[-3:-1]].add(Record(path).data["lab"])
    assert {place: labs for place, labs in digests.items() if len(labs) > 1} == {}


def test_all_records_together_stay_small():
    files = [path for top in ("records", "hosts") for path in (ROOT / "experiments" / top).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LIMIT
