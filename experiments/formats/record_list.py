"""The list of the records that pages rest on: experiments/records/index.json, the sha256 of each of their files.

The lab alone writes it, when it puts a record in its place. A record is named from `experiments`: `records/01/a.json`,
and a recording of another release `drift/vllm-0.33.0/01/path-vllm-cpu.json`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from experiments.formats import record_format, strict_json
from experiments.formats.strict_json import FormatError

ABOVE = "experiments"
FILE = "experiments/records/index.json"
FOLDERS = ("records", "drift")  # what it lists, below ABOVE
SCHEMA = "records/1"
_NAME = re.compile(r"(?:records|drift/[\w.+-]+)/[0-9]{2}/[\w.+-]+")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_BRING = "python -m experiments.lab import DIR --reference"
_RESTORE = f"restore it, the lab alone writes it: git checkout -- {FILE}"


def read(root: Path) -> dict[str, str]:
    """The sha256 of each listed file, by name; {} where there is no list. FormatError for one that cannot be read."""
    try:
        data = strict_json.read((root / FILE).read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise FormatError(f"{FILE}: cannot be read ({error}); {_RESTORE}") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or not isinstance(data.get("files"), dict):
        raise FormatError(f"{FILE}: is no list of schema {SCHEMA}; {_RESTORE}")
    for name, digest in data["files"].items():
        if not _NAME.fullmatch(name) or not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise FormatError(f"{FILE}: {name}: is no record's entry; {_RESTORE}")
    return data["files"]


def text(files: Mapping[str, str]) -> bytes:
    """The list's file: names in order."""
    return strict_json.write({"schema": SCHEMA, "files": dict(sorted(files.items()))}, indent=1) + b"\n"


def there(root: Path, experiment: str | None = None) -> dict[str, str]:
    """The sha256 of each file that lies where records do, of one experiment or of all, by name."""
    above = root / ABOVE
    paths = [path for folder in FOLDERS for path in (above / folder).rglob("*") if path.is_file()]
    found = {path.relative_to(above).as_posix(): path for path in sorted(paths) if path != root / FILE}
    return {
        name: record_format.sha256(path.read_bytes())
        for name, path in found.items() if experiment in (None, _experiment(name))
    }


def faults(root: Path, experiment: str | None = None) -> list[str]:
    """A line for each record's file that is not what the lab wrote, of one experiment or of all."""
    try:
        listed = {name: digest for name, digest in read(root).items() if experiment in (None, _experiment(name))}
    except FormatError as error:
        return [str(error)]
    found = there(root, experiment)
    if found and not listed and not (root / FILE).is_file():
        return [f"{FILE}: is missing, with the digest of every record; {_RESTORE}"]
    new = {digest: name for name, digest in found.items() if name not in listed}
    lines, renamed = [], set()
    for name, digest in sorted(listed.items()):
        where = f"{ABOVE}/{name}"
        if found.get(name) == digest:
            continue
        if name in found:
            lines.append(line_of_edited(where))
        elif digest in new:
            renamed.add(new[digest])
            lines.append(f"{ABOVE}/{new[digest]}: is {where} under another name; a record is never renamed, restore it")
        else:
            lines.append(f"{where}: is missing; restore it: git checkout -- {where}")
    for name in sorted({*new.values()} - renamed):
        if any(part.startswith(".") for part in Path(name).parts):
            text = "was left by a run that was stopped; make experiments ends what it began, or remove it"
        else:
            text = f"is in no list, so the lab did not put it here; remove it, or bring it home: {_BRING}"
        lines.append(f"{ABOVE}/{name}: {text}")
    return lines


def line_of_edited(path: str) -> str:
    """What is said of a record, named from the repository's root, that is not what the lab wrote."""
    return f"{path}: was edited or cut since it was measured; restore it: git checkout -- {path}"


def edited(root: Path, path: str) -> bool:
    """Whether a record, named from the repository's root, is listed with another digest than it has."""
    try:
        digest = read(root).get(path.removeprefix(f"{ABOVE}/"))
        return digest is not None and digest != record_format.sha256((root / path).read_bytes())
    except (OSError, FormatError):
        return False


def _experiment(name: str) -> str:
    return name.split("/")[-2]
