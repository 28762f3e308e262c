"""Brings records home that were made on another machine: each is validated again before any is copied."""

from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.records.record_file import Record, replace


def bring_home(folder: Path, target: Path) -> list:
    """The paths written. `folder` holds NN/*.json with their columns. LabError for a bad one, and nothing is copied."""
    found = [Record(path) for path in sorted(folder.glob("[0-9][0-9]/*.json"))]
    if not found:
        raise LabError(f"{folder}: holds no records; it must be the folder given to --out, with NN/*.json in it")
    for record in found:
        if record.path.parent.name != record.data["experiment"] or record.path.stem != record.data["measurement"]:
            raise LabError(
                f"{record.path}: is not where it belongs, {record.data['experiment']}/{record.data['measurement']}.json"
            )
    written = []
    for record in found:
        home = target / record.data["experiment"]
        home.mkdir(parents=True, exist_ok=True)
        if named := record.data.get("columns"):
            replace(home / named["file"], (record.path.parent / named["file"]).read_bytes())
        replace(home / record.path.name, record.path.read_bytes())
        written.append(home / record.path.name)
    return written
