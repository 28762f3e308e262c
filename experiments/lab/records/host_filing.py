"""Files a host's checked records in experiments/hosts/<host id>/NN, those of a plan for smaller cards in
experiments/plans/<plan>/<host id>/NN, whole or not at all, and keeps the lists of them."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from experiments.formats import host_index, record_format, strict_json
from experiments.formats.host_index import Filed
from experiments.formats.whole_file import write_whole
from experiments.lab.errors import LabError
from experiments.lab.host.config import REFERENCE, ROOT
from experiments.lab.records import further_host, host_folders
from experiments.lab.records.further_host import Checked
from experiments.lab.records.host_identity import alone_in_its_id

LOCAL = Path("experiments/local")  # ignored by git, on the file system of what is filed


def lies_free(one: Checked, root: Path = ROOT) -> None:
    """LabError when the host's records of the experiment are here already, another host has its id, or all records
    together would get too large."""
    there = host_index.path(one.place)
    if (root / there).exists() or one.place in _index(root, host_index.top(one.place)):
        raise LabError(f"{one.place}: {there} has this host's records already, of one run; one is kept")
    _fits_to_the_others(one, root)
    total = host_index.bytes_of(root) + sum(map(len, one.files.values()))
    if total > record_format.TOTAL:
        raise LabError(f"{one.place}: with it all records have {total:,} bytes, at most {record_format.TOTAL:,}")


def put(one: Checked, root: Path = ROOT) -> Path:
    """File it, and list it: the folder. All of it or nothing: LabError where it cannot be written."""
    lies_free(one, root)
    top = host_index.top(one.place)
    target = root / top / one.place
    listed = _index(root, top)
    listed[one.place] = Filed(one.by, {name: record_format.sha256(data) for name, data in one.files.items()})
    try:
        (root / LOCAL).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root / LOCAL, prefix="incoming-") as folder:
            whole = Path(folder, "whole")
            whole.mkdir()
            for name, data in one.files.items():
                write_whole(whole / name, data)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(whole, target)
        write_whole(root / host_index.file(top), host_index.text(listed, top))
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        _remove_empty(target.parent, root / top)
        raise LabError(f"{top}/{one.place}: cannot be written ({error}); nothing was imported") from None
    return target


def accept(root: Path = ROOT) -> list[str]:
    """Check what lies in experiments/hosts and experiments/plans and is in no list, as if it were imported, and list
    it: its places. LabError for the first that may not be there, and nothing is listed."""
    lists = {top: _index(root, top) for top in host_index.SCHEMAS}
    there = {top: host_index.places(root, folder=top) for top in lists}
    new = [place for top, places in there.items() for place in places if place not in lists[top]]
    for place in new:
        top, folder = host_index.top(place), root / host_index.path(place)
        *plan, id, experiment = place.split("/")
        host_folders.read(folder, id, experiment, Path(top, *plan))
        records = further_host.admitted(folder, experiment, root)
        if (belongs := further_host.place(records)) != place:
            raise LabError(f"{top}/{place}: its records belong into {host_index.path(belongs)}; import them again")
        if strays := {path.name for path in folder.iterdir()} - set(further_host.files_of(records)):
            raise LabError(f"{top}/{place}/{min(strays)!a}: belongs to no record; remove it")
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        _fits_to_the_others(Checked(place, None, {}, "", files), root)
        lists[top][place] = Filed(None, host_index.digests(folder))
    for top in sorted({host_index.top(place) for place in new}):
        write_whole(root / host_index.file(top), host_index.text(lists[top], top))
    return new


def drop(place: str, root: Path = ROOT) -> None:
    """Remove a host's records of an experiment, "<host id>/NN" or "<plan>/<host id>/NN", from the folder and the list.
    LabError for a place that is in neither."""
    top = host_index.top(place)
    listed = _index(root, top)
    folder = root / top / place
    if place not in {*listed, *host_index.places(root, folder=top)}:
        raise LabError(f"{place}: no such records in {top}; there are: {', '.join(listed) or 'none'}")
    listed.pop(place, None)
    write_whole(root / host_index.file(top), host_index.text(listed, top))
    shutil.rmtree(folder, ignore_errors=True)
    _remove_empty(folder.parent, root / top)


def _remove_empty(folder: Path, top: Path) -> None:
    """Remove the folder and those above it, below `top`, that hold nothing: no other experiment, and no other host."""
    with contextlib.suppress(OSError):
        while folder != top:
            folder.rmdir()
            folder = folder.parent


def _fits_to_the_others(one: Checked, root: Path) -> None:
    """LabError where another host has its id, or the reference is of it."""
    *plan, id, experiment = one.place.split("/")
    first = _record(next(data for name, data in one.files.items() if name.endswith(".json")))
    paths = [
        path for top in (str(REFERENCE), *host_index.SCHEMAS) for path in (root / top).glob("**/[0-9][0-9]/*.json")
    ]
    others = [(path, _record(path.read_bytes())) for path in sorted(paths)]
    alone_in_its_id(first, [("/".join(path.parts[-3:]), other) for path, other in others])
    for path, other in () if plan else others:
        timed = path.parent == root / REFERENCE / experiment and "recording" not in other
        if timed and other["host"]["id"] == id:
            raise LabError(f"{one.place}: {REFERENCE}/{experiment} is of this host already, as the reference")


def _record(raw: bytes) -> dict[str, Any]:
    data = strict_json.read(raw)
    assert isinstance(data, dict)  # it was checked when it was filed
    return data


def _index(root: Path, top: str) -> dict[str, Filed]:
    try:
        return host_index.read(root, top)
    except strict_json.FormatError as error:
        raise LabError(str(error)) from None
