"""Keeps a folder of records from mixing hosts: when the first record of this host is finished, what another host has
measured of the experiment is moved aside, whole.

Records with a GPU and without are two sorts: a machine without one may have measured the CPU tier, a GPU host the rest.
Recordings of call paths hold no times, and stay.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from experiments.lab.host import config
from experiments.lab.records import listed_records, record_file


def folder_beside(out: Path, name: str) -> Path:
    """Where what is no record of this run goes. The reference's folder, which is published, holds nothing else."""
    if out.resolve() == (config.ROOT / config.REFERENCE).resolve():
        return config.ROOT / config.LOCAL.parent / name
    return out / name


def set_aside(out: Path, experiment: str, host: dict, names: Iterable[str] = ()) -> list[Path]:
    """Move the experiment's records of other hosts than `host` (a record's "host") to `aside/<host>/NN`, say so in a
    line, and return the paths of their JSON files there. Of the same sort, that is, or one of the measurements `names`.
    A folder that is there from before is left alone: another gets a number. Files that are no records stay."""
    moved: list[Path] = []
    gone: list[str] = []
    targets: dict[str, Path] = {}
    names = set(names)
    for path in sorted((out / experiment).glob("*.json")):
        try:
            record = json.loads(path.read_text("utf-8"))
            made_on = record["host"]["id"]
            same_sort = (record["host"]["gpu"] is None) == (host["gpu"] is None)
            columns = record.get("columns", {}).get("file")
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
        if made_on == host["id"] or "recording" in record or not (same_sort or path.stem in names):
            continue
        if made_on not in targets:
            targets[made_on] = _unused(folder_beside(out, "aside"), made_on, experiment)
            targets[made_on].mkdir(parents=True)
        target = targets[made_on]
        path.rename(target / path.name)  # first, or it would name columns that are gone
        if columns and (path.parent / columns).is_file():
            (path.parent / columns).rename(target / columns)
            gone.append(columns)
        moved.append(target / path.name)
        gone.append(path.name)
    if gone:
        listed_records.replaced(out, experiment, gone, {})
    for made_on, target in targets.items():
        print(
            f"experiment {experiment}: records of host {made_on} are moved to {record_file.portable(str(target))}: one "
            "experiment's are all of one host",
            file=sys.stderr,
        )
    return moved


def _unused(aside: Path, host: str, experiment: str) -> Path:
    found, number = aside / host / experiment, 2
    while found.exists():
        found, number = aside / f"{host}-{number}" / experiment, number + 1
    return found
