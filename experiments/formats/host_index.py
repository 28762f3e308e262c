"""The lists of further hosts' records: which files lie in experiments/hosts, and in experiments/plans with a plan for
smaller cards, each list an index.json with their digests.

The lab alone writes them, when it files a host's records; their readers compare digests instead of checking each. A
place is "<host id>/05" in experiments/hosts and "<plan>/<host id>/05" in experiments/plans.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from experiments.formats import record_format, strict_json
from experiments.formats.strict_json import FormatError

FOLDER = "experiments/hosts"
PLANS = "experiments/plans"
SCHEMAS = {FOLDER: "hosts/1", PLANS: "plans/1"}  # in the order in which they are told
_PLACES = {FOLDER: re.compile(r"[0-9a-f]{16}/[0-9]{2}"), PLANS: re.compile(r"[0-9a-z]+/[0-9a-f]{16}/[0-9]{2}")}
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ACCEPT = "python -m experiments.lab hosts --accept"


@dataclass(frozen=True)
class Filed:
    """A host's records of one experiment as they were filed: `by` is the handle of who sent them, None for records
    of this project; `files` the sha256 of each by name."""

    by: str | None
    files: dict[str, str]


def top(place: str) -> str:
    """The folder that a place is of."""
    return PLANS if place.count("/") > 1 else FOLDER


def path(place: str) -> str:
    """Where a place lies, from the repository's root."""
    return f"{top(place)}/{place}"


def file(folder: str = FOLDER) -> str:
    """The list of what lies in FOLDER or PLANS."""
    return f"{folder}/index.json"


def read(root: Path, folder: str = FOLDER) -> dict[str, Filed]:
    """By place; {} where nothing was filed yet. FormatError for a list that cannot be read."""
    name = file(folder)
    try:
        data = strict_json.read((root / name).read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise FormatError(f"{name}: cannot be read ({error}); restore it, the lab alone writes it") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMAS[folder] or not isinstance(data.get("folders"), dict):
        raise FormatError(f"{name}: is no list of schema {SCHEMAS[folder]}; restore it, the lab alone writes it")
    return {place: _filed(folder, place, one) for place, one in data["folders"].items()}


def text(folders: dict[str, Filed], folder: str = FOLDER) -> bytes:
    """The list's file: places in order."""
    rows = {place: {"by": one.by, "files": dict(sorted(one.files.items()))} for place, one in sorted(folders.items())}
    return strict_json.write({"schema": SCHEMAS[folder], "folders": rows}, indent=1) + b"\n"


def digests(folder: Path) -> dict[str, str]:
    """The sha256 of every file below a folder, by path from there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): record_format.sha256(path.read_bytes()) for path in files}


def places(root: Path, experiment: str = "*", folder: str = FOLDER) -> list[str]:
    """The places that lie in FOLDER or PLANS, of one experiment or of all."""
    above = root / folder
    found = above.glob(f"{'*/' * (folder == PLANS)}*/{experiment}")
    return sorted(path.relative_to(above).as_posix() for path in found if path.is_dir())


def faults(root: Path, experiment: str | None = None) -> list[str]:
    """A line for each file, in FOLDER or PLANS, that is not as it was filed. FormatError for a list that cannot be
    read."""
    return [line for folder in SCHEMAS for line in _faults(root, folder, experiment)]


def _faults(root: Path, folder: str, experiment: str | None) -> list[str]:
    listed = {place: one for place, one in read(root, folder).items() if experiment in (None, place[-2:])}
    lines = []
    for place in sorted({*listed, *places(root, experiment or "*", folder)}):
        where, there = f"{folder}/{place}", digests(root / folder / place)
        if place not in listed:
            lines.append(f"{where}: is in no list; `{_ACCEPT}` checks and lists it, or remove it")
            continue
        if not there:
            lines.append(f"{where}: one host's records are missing; restore the folder, {file(folder)} lists it")
            continue
        for name, digest in sorted(listed[place].files.items()):
            if name not in there:
                lines.append(f"{where}/{name}: is missing; restore it, {file(folder)} lists it")
            elif there[name] != digest:
                lines.append(f"{where}/{name}: was edited or cut since it was filed; restore it")
        for name in sorted(set(there) - set(listed[place].files)):
            lines.append(f"{where}/{name}: was not filed with the others; remove it, or import all again")
    return lines


def bytes_of(root: Path) -> int:
    """The size of all committed records, of every host."""
    files = (path for folder in record_format.COMMITTED for path in (root / folder).rglob("*"))
    return sum(path.stat().st_size for path in files if path.is_file())


def _filed(folder: str, place: str, one: object) -> Filed:
    if (
        not _PLACES[folder].fullmatch(place) or not isinstance(one, dict) or not isinstance(one.get("by"), str | None)
        or not isinstance(one.get("files"), dict)
        or not all(isinstance(digest, str) and _DIGEST.fullmatch(digest) for digest in one["files"].values())
    ):
        raise FormatError(f"{file(folder)}: {place}: is no host's entry; restore it, the lab alone writes it")
    return Filed(one["by"], one["files"])
