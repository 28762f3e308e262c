"""Keeps the list of the reference's records: what was put in its place is listed with its digest, and nothing else.

A file that somebody edited keeps the digest of what was measured, so that a later run cannot make it good.
"""

import fcntl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments.formats import record_format, record_list
from experiments.formats.strict_json import FormatError
from experiments.formats.whole_file import write_whole
from experiments.lab.errors import LabError
from experiments.lab.host import config
from experiments.lab.records import record_file

_LOCK = ".cache/lab/record-list"


def is_listed(out: Path) -> bool:
    """Whether a folder of records is one whose records are listed: the reference's, or another release's recordings."""
    above = (config.ROOT / record_list.ABOVE).resolve()
    return any(out.resolve().is_relative_to(above / folder) for folder in record_list.FOLDERS)


def replaced(out: Path, experiment: str, gone: Iterable[str], new: Mapping[str, str]) -> None:
    """List that of `out`/NN the files named `gone` are no more, and that those of `new` are there with these sha256.
    Does nothing for a folder that is not listed. LabError for a list that cannot be read; OSError where it cannot be
    written, and then it stays as it was."""
    if not is_listed(out):
        return
    root = config.ROOT
    within = (out.resolve() / experiment).relative_to((root / record_list.ABOVE).resolve()).as_posix()
    (root / _LOCK).parent.mkdir(parents=True, exist_ok=True)
    with open(root / _LOCK, "w") as lock:  # two runs, on two cards, may end a fleet at one time
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            files = dict(record_list.read(root))
        except FormatError as error:
            raise LabError(str(error)) from None
        left = {name: digest for name, digest in files.items() if name not in {f"{within}/{one}" for one in gone}}
        left |= {f"{within}/{name}": digest for name, digest in new.items()}
        if left != files:
            (root / record_list.FILE).parent.mkdir(parents=True, exist_ok=True)
            write_whole(root / record_list.FILE, record_list.text(left))


def written(out: Path, record: dict[str, Any], packed: bytes | None) -> None:
    """List a record that was just written, and its columns. Errors as `replaced`."""
    new = {f"{record['measurement']}.json": record_format.sha256(record_file.encoded(record, packed))}
    if packed is not None:
        new[record["columns"]["file"]] = record_format.digits(record["columns"]["sha256"])
    replaced(out, record["experiment"], (), new)
