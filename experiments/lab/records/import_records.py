"""Brings records home that were made on another machine: each is validated again before any is copied."""

from pathlib import Path

from experiments.formats.whole_file import write_whole
from experiments.lab.errors import LabError
from experiments.lab.records.record_file import Record


def bring_home(folder: Path, target: Path) -> list[Path]:
    """The paths written. `folder` holds NN/*.json with their columns. LabError for a bad one, and nothing is copied."""
    records = [Record(path) for path in sorted(folder.glob("[0-9][0-9]/*.json"))]
    if not records:
        raise LabError(f"{folder}: holds no records; it must be the folder given to --out, with NN/*.json in it")
    for record in records:
        if record.path.parent.name != record.data["experiment"] or record.path.stem != record.data["measurement"]:
            raise LabError(
                f"{record.path}: is not where it belongs, {record.data['experiment']}/{record.data['measurement']}.json"
            )
    written = []
    for record in records:
        home = target / record.data["experiment"]
        home.mkdir(parents=True, exist_ok=True)
        if named := record.data.get("columns"):
            write_whole(home / named["file"], (record.path.parent / named["file"]).read_bytes())
        write_whole(home / record.path.name, record.path.read_bytes())
        written.append(home / record.path.name)
    return written
