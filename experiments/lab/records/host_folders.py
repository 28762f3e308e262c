"""Further hosts: experiments/hosts/<host id>/NN holds one host's records of one experiment, all of one run there.

Records are read as JSON here and no further: record_file reads what a claim rests on whole, and host_list has digests.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.formats import strict_json
from experiments.lab.errors import LabError
from experiments.lab.host.config import REFERENCE, ROOT
from experiments.lab.records.host_identity import facts, one_run

HOSTS = Path("experiments/hosts")
ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class HostFolder:
    """A host's records of one experiment. `started` of the first of them, as records write it; `host` as one of them
    has it; `measurements` the records' names."""

    id: str
    path: Path
    started: str
    host: dict[str, Any]
    measurements: tuple[str, ...]


def hosts(experiment: str, root: Path = ROOT) -> list[HostFolder]:
    """The further hosts on which an experiment was measured, the earliest first. LabError for a folder that is no
    host's, or holds records of another host, another experiment, or two versions of the lab; and for one of the host
    whose records are the reference."""
    found = below(HOSTS, experiment, root)
    if found:
        reference = [_json(path) for path in sorted((root / REFERENCE / experiment).glob("*.json"))]
        ours = {record["host"]["id"] for record in reference if "recording" not in record}
        for one in found:
            if one.id in ours:
                where, there = f"{HOSTS}/{one.id}/{experiment}", f"{REFERENCE}/{experiment}"
                raise LabError(f"{where}: two hosts with one id: {there} is of this host; keep one of the two")
    return found


def below(top: Path, experiment: str, root: Path) -> list[HostFolder]:
    """The hosts whose folders lie in `top`, a path from `root`, and hold the experiment, the earliest first. LabError
    for a folder that is no host's or holds what does not belong there."""
    found = []
    for folder in sorted(path for path in (root / top).glob("*") if path.is_dir()):
        if not ID.fullmatch(folder.name):
            raise LabError(f"{top}/{folder.name}: is no host's id, 16 hexadecimal digits; move it elsewhere")
        if (folder / experiment).is_dir():
            found.append(read(folder / experiment, folder.name, experiment, top))
    return sorted(found, key=lambda one: (one.started, one.id))


def read(folder: Path, id: str, experiment: str, top: Path = HOSTS) -> HostFolder:
    """The folder of a host's records of an experiment, below `top`. LabError, with the file, for what does not belong
    there."""
    paths = sorted(folder.glob("*.json"))
    records = [(f"{id}/{experiment}/{path.name}", _json(path)) for path in paths]
    if not records:
        raise LabError(f"{top}/{id}/{experiment}: holds no record; import them again, or remove the folder")
    for (where, record), path in zip(records, paths, strict=True):
        if "recording" in record:
            raise LabError(f"{where}: is the recording of a call path; those lie in {REFERENCE}; remove it")
        if record["host"]["id"] != id:
            raise LabError(f"{where}: is of host {record['host']['id']}; it belongs into that host's folder")
        if (record["experiment"], record["measurement"]) != (experiment, path.stem):
            belongs = f"{record['experiment']}/{record['measurement']}.json"
            raise LabError(f"{where}: is not where it belongs, {belongs}; a record is never edited nor renamed")
    one_run(records)
    started = min(record["started"] for _, record in records)
    return HostFolder(id, folder, started, records[0][1]["host"], tuple(path.stem for path in paths))


def _json(path: Path) -> dict[str, Any]:
    where = "/".join(path.parts[-3:])
    try:
        record = strict_json.read(path.read_bytes())
        facts(record)
    except (OSError, ValueError) as error:
        raise LabError(f"{where}: cannot be read as a record ({error}); restore it, or import it again") from None
    assert isinstance(record, dict)  # facts has seen to it
    return record
