"""Replaces records by their successors, so that at any moment the folder holds records of one attempt, and a disk that
is full, a kill or a loss of power costs none.

The new ones are written whole to a folder beside the old: `.next`. It is renamed to `.ready` when all are on the disk:
until then the old ones stand, from then on the new ones count. The old ones are removed, the folder is renamed to
`.moving`, and the new ones are moved in, which takes no room. `finish` does what is left of it when a run begins.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from experiments.formats import record_format, strict_json
from experiments.formats.whole_file import write_whole
from experiments.lab.records import listed_records, record_file
from experiments.lab.records.other_host import set_aside

COLUMN_FILES = ("columns", "entries")
NEXT, READY, MOVING = ".next-", ".ready-", ".moving-"
PLAN = ".plan"  # in the folder: what is replaced, for who finishes it


def replace(
    out: Path, experiment: str, records: Sequence[tuple[dict, bytes | None]], produces: Iterable[str],
    old: Iterable[str] | None = None,
) -> None:
    """Put finished records (with their columns) in the place of the measurements `old`, their own if not said. Records
    of other hosts are moved aside, those of the measurements `produces` too. OSError or LabError where the new ones
    cannot be written, and then the old ones stay as they are."""
    if not records:
        return
    home = out / experiment
    home.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=home, prefix=NEXT))
    try:
        for record, packed in records:
            record_file.write(new, record, packed)
        names = [record["measurement"] for record, _ in records] if old is None else list(old)
        files = {path.name: record_format.sha256(path.read_bytes()) for path in (new / experiment).iterdir()}
        plan = {"host": records[0][0]["host"], "produces": list(produces), "old": names, "files": files}
        write_whole(new / PLAN, strict_json.write(plan) + b"\n")
        _on_disk(new / experiment)
        _on_disk(new)
        ready = _renamed(new, NEXT, READY)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    _install(out, experiment, ready)


def finish(out: Path, experiment: str) -> None:
    """Of replacements that were stopped in the middle: do the rest of a complete one, remove an incomplete one."""
    home = out / experiment
    for new in sorted(home.glob(f"{NEXT}*")):
        shutil.rmtree(new, ignore_errors=True)
    for ready in sorted([*home.glob(f"{MOVING}*"), *home.glob(f"{READY}*")]):
        _install(out, experiment, ready)


def _install(out: Path, experiment: str, ready: Path) -> None:
    home = out / experiment
    plan = json.loads((ready / PLAN).read_text("utf-8"))
    if ready.name.startswith(READY):
        set_aside(out, experiment, plan["host"], plan["produces"])
        remove(home, plan["old"])
        ready = _renamed(ready, READY, MOVING)
    written = ready / experiment
    # Columns first: no record is to name some that are not there yet.
    for path in [*sorted(written.glob("*.json.gz")), *sorted(written.glob("*.json"))]:
        path.replace(home / path.name)
    _on_disk(home)
    listed_records.replaced(out, experiment, files_of(plan["old"]), plan.get("files", {}))
    shutil.rmtree(ready, ignore_errors=True)


def files_of(names: Iterable[str]) -> list[str]:
    """The files that records of these names may have, the records' own first."""
    names = list(names)
    return [f"{name}.json" for name in names] + [f"{name}.{kind}.json.gz" for name in names for kind in COLUMN_FILES]


def remove(folder: Path, names: Iterable[str]) -> None:
    """Remove these records, every JSON file before the first column file: none is to name columns that are gone."""
    for file in files_of(names):
        with contextlib.suppress(FileNotFoundError):
            (folder / file).unlink()


def _renamed(folder: Path, old: str, new: str) -> Path:
    target = folder.with_name(folder.name.replace(old, new, 1))
    folder.rename(target)
    _on_disk(folder.parent)
    return target


def _on_disk(folder: Path) -> None:
    """What a folder lists is there after a loss of power, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
