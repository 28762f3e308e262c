"""The list of further hosts' records, experiments/hosts/index.json: which files lie there, with their digests.

The lab alone writes it, when it files a host's records; their readers compare digests instead of checking each.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from experiments.formats import record_format, strict_json
from experiments.formats.strict_json import FormatError

FOLDER = "experiments/hosts"
FILE = f"{FOLDER}/index.json"
SCHEMA = "hosts/1"
_PLACE = re.compile(r"[0-9a-f]{16}/[0-9]{2}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ACCEPT = "python -m experiments.lab hosts --accept"


@dataclass(frozen=True)
class Filed:
    """A host's records of one experiment as they were filed: `by` is the handle of who sent them, None for records
    of this project; `files` the sha256 of each by name."""

    by: str | None
    files: dict[str, str]


def read(root: Path) -> dict[str, Filed]:
    """By place, as "<host id>/05"; {} where nothing was filed yet. FormatError for a list that cannot be read."""
    try:
        data = strict_json.read((root / FILE).read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise FormatError(f"{FILE}: cannot be read ({error}); restore it, the lab alone writes it") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or not isinstance(data.get("folders"), dict):
        raise FormatError(f"{FILE}: is no list of schema {SCHEMA}; restore it, the lab alone writes it")
    return {place: _filed(place, one) for place, one in data["folders"].items()}


def text(folders: dict[str, Filed]) -> bytes:
    """The list's file: places in order."""
    rows = {place: {"by": one.by, "files": dict(sorted(one.files.items()))} for place, one in sorted(folders.items())}
    return strict_json.write({"schema": SCHEMA, "folders": rows}, indent=1) + b"\n"


def digests(folder: Path) -> dict[str, str]:
    """The sha256 of every file below a folder, by path from there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): record_format.sha256(path.read_bytes()) for path in files}


def places(root: Path, experiment: str = "*") -> list[str]:
    """The "<host id>/05" that lie there, of one experiment or of all."""
    folders = (path for path in (root / FOLDER).glob(f"*/{experiment}") if path.is_dir())
    return sorted(f"{path.parent.name}/{path.name}" for path in folders)


def faults(root: Path, experiment: str | None = None) -> list[str]:
    """A line for each file that is not as it was filed. FormatError for a list that cannot be read."""
    listed = {place: one for place, one in read(root).items() if experiment in (None, place[-2:])}
    lines = []
    for place in sorted({*listed, *places(root, experiment or "*")}):
        there = digests(root / FOLDER / place)
        if place not in listed:
            lines.append(f"{FOLDER}/{place}: is in no list; `{_ACCEPT}` checks and lists it, or remove it")
            continue
        if not there:
            lines.append(f"{FOLDER}/{place}: one host's records are missing; restore the folder, {FILE} lists it")
            continue
        for name, digest in sorted(listed[place].files.items()):
            if name not in there:
                lines.append(f"{FOLDER}/{place}/{name}: is missing; restore it, {FILE} lists it")
            elif there[name] != digest:
                lines.append(f"{FOLDER}/{place}/{name}: was edited or cut since it was filed; restore it")
        for name in sorted(set(there) - set(listed[place].files)):
            lines.append(f"{FOLDER}/{place}/{name}: was not filed with the others; remove it, or import all again")
    return lines


def bytes_of(root: Path) -> int:
    """The size of all committed records, of every host."""
    files = (path for folder in record_format.COMMITTED for path in (root / folder).rglob("*"))
    return sum(path.stat().st_size for path in files if path.is_file())


def _filed(place: str, one: object) -> Filed:
    if (
        not _PLACE.fullmatch(place) or not isinstance(one, dict) or not isinstance(one.get("by"), str | None)
        or not isinstance(one.get("files"), dict)
        or not all(isinstance(digest, str) and _DIGEST.fullmatch(digest) for digest in one["files"].values())
    ):
        raise FormatError(f"{FILE}: {place}: is no host's entry; restore it, the lab alone writes it")
    return Filed(one["by"], one["files"])
