"""Files a host's checked records in experiments/hosts/<host id>/NN, whole or not at all, and keeps the list of them."""

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

LOCAL = Path("experiments/local")  # ignored by git, and on the file system of experiments/hosts


def lies_free(one: Checked, root: Path = ROOT) -> None:
    """LabError when the host's records of the experiment are here already, another host has its id, or all records
    together would get too large."""
    there = f"{host_index.FOLDER}/{one.place}"
    if (root / there).exists() or one.place in _index(root):
        raise LabError(f"{one.place}: {there} has this host's records already, of one run; one is kept")
    _fits_to_the_others(one, root)
    total = host_index.bytes_of(root) + sum(map(len, one.files.values()))
    if total > record_format.TOTAL:
        raise LabError(f"{one.place}: with it all records have {total:,} bytes, at most {record_format.TOTAL:,}")


def put(one: Checked, root: Path = ROOT) -> Path:
    """File it, and list it: the folder. All of it or nothing: LabError where it cannot be written."""
    lies_free(one, root)
    target = root / host_index.FOLDER / one.place
    listed = _index(root)
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
        write_whole(root / host_index.FILE, host_index.text(listed))
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        with contextlib.suppress(OSError):
            target.parent.rmdir()  # unless other experiments of the host are there
        raise LabError(f"{host_index.FOLDER}/{one.place}: cannot be written ({error}); nothing was imported") from None
    return target


def accept(root: Path = ROOT) -> list[str]:
    """Check what lies in experiments/hosts and is in no list, as if it were imported, and list it: its places. LabError
    for the first that may not be there, and nothing is listed."""
    listed = _index(root)
    new = [place for place in host_index.places(root) if place not in listed]
    for place in new:
        id, _, experiment = place.partition("/")
        folder = root / host_index.FOLDER / place
        host_folders.read(folder, id, experiment)
        further_host.admitted(folder, experiment, root)
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        _fits_to_the_others(Checked(place, None, {}, "", files), root)
        listed[place] = Filed(None, host_index.digests(folder))
    if new:
        write_whole(root / host_index.FILE, host_index.text(listed))
    return new


def drop(place: str, root: Path = ROOT) -> None:
    """Remove a host's records of an experiment, "<host id>/NN", from the folder and the list. LabError for a place that
    is in neither."""
    listed = _index(root)
    folder = root / host_index.FOLDER / place
    if place not in {*listed, *host_index.places(root)}:
        raise LabError(f"{place}: no such records in {host_index.FOLDER}; there are: {', '.join(listed) or 'none'}")
    listed.pop(place, None)
    write_whole(root / host_index.FILE, host_index.text(listed))
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()


def _fits_to_the_others(one: Checked, root: Path) -> None:
    """LabError where another host has its id, or the reference is of it."""
    id, _, experiment = one.place.partition("/")
    first = _record(next(data for name, data in one.files.items() if name.endswith(".json")))
    paths = [path for top in (REFERENCE, host_index.FOLDER) for path in (root / top).glob("**/[0-9][0-9]/*.json")]
    others = [(path, _record(path.read_bytes())) for path in sorted(paths)]
    alone_in_its_id(first, [("/".join(path.parts[-3:]), other) for path, other in others])
    for path, other in others:
        timed = path.parent == root / REFERENCE / experiment and "recording" not in other
        if timed and other["host"]["id"] == id:
            raise LabError(f"{one.place}: {REFERENCE}/{experiment} is of this host already, as the reference")


def _record(raw: bytes) -> dict[str, Any]:
    data = strict_json.read(raw)
    assert isinstance(data, dict)  # it was checked when it was filed
    return data


def _index(root: Path) -> dict[str, Filed]:
    try:
        return host_index.read(root)
    except strict_json.FormatError as error:
        raise LabError(str(error)) from None
