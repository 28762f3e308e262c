"""Checks a host's records of one experiment, a stranger's or of our own run elsewhere, before host_filing files them.

What can be told of records that were sent: that they are what the lab wrote by form, digests and schema; that they
agree with each other on host, GPU, driver, boot, lab and plan; that they are of the pinned engines and of the model
that the reference was measured on, or their plan's. Who changes a sample, and every digest that covers it, is not found
out by any of that.
"""

import contextlib
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.formats import record_format, strict_json
from experiments.lab.errors import LabError
from experiments.lab.host import machine_words
from experiments.lab.host.config import REFERENCE, ROOT
from experiments.lab.records import plan_records, sent_file, stranger_json
from experiments.lab.records.host_identity import one_run
from experiments.lab.records.record_file import Record
from experiments.lab.records.schema_check import EDITED

MOST_RECORD = record_format.LIMIT  # bytes, before it is read
MOST_COLUMNS = record_format.COLUMNS  # bytes of one column file, unpacked
MOST_OF_ALL = 100_000_000  # and of all that are imported together


@dataclass(frozen=True)
class Checked:
    """Records that may be filed. `place` is as host_index has it, `by` who sent them, `missing` {claim: why it was left
    out} as the sender's lab said; `lab` the digest of the lab that measured."""

    place: str
    by: str | None
    missing: dict[str, str]
    lab: str
    files: dict[str, bytes]


def from_file(file: Path, root: Path = ROOT) -> Checked:
    """What a file of `make send` holds, all of it checked. LabError for anything that must not be filed."""
    manifest, files = sent_file.unpack(file)
    with _unpacked(files) as folder:
        try:
            records = admitted(folder / manifest["experiment"], manifest["experiment"], root)
        except LabError as error:
            raise LabError(f"{file.name}: {error}") from None
    strays = set(files) - {f"{manifest['experiment']}/{name}" for name in files_of(records)}
    if strays:
        raise LabError(f"{file.name}: {min(strays)} belongs to no record of experiment {manifest['experiment']}")
    for name, value in said(records).items():
        if manifest[name] != value:
            text = f"its manifest says {name} {manifest[name]}, its records {value}"
            raise LabError(f"{file.name}: {text}: edited; {sent_file.AGAIN}")
    plain = {path.rpartition("/")[2]: data for path, data in files.items()}
    return Checked(place(records), manifest["by"], manifest["missing"], manifest["lab"], plain)


def from_folder(folder: Path, root: Path = ROOT) -> list[Checked]:
    """The same of a folder NN/*.json that `--out` named: each of its experiments. Recordings of call paths stay out."""
    found = []
    for path in sorted(folder.glob("[0-9][0-9]")):
        names = [each for each in sorted(path.glob("*.json")) if "recording" not in _read(each).data]
        if names:
            records = admitted(path, path.name, root, names)
            plain = {name: (path / name).read_bytes() for name in files_of(records)}
            found.append(Checked(place(records), None, {}, records[0].data["lab"], plain))
    if not found:
        raise LabError(f"{folder}: holds no measurement; it must be the folder given to --out, with NN/*.json in it")
    return found


def admitted(folder: Path, experiment: str, root: Path, names: list[Path] | None = None) -> list[Record]:
    """`checked`, all of one plan, and of that plan's model or the reference's. LabError for others."""
    records = checked(folder, experiment, root, names)
    plan_records.plan_of(records)
    the_reference_s = [record for record in records if not plan_records.of_shape(record)]
    for name, text in other_models(the_reference_s, root).items() if the_reference_s else ():
        raise LabError(f"{name}.json: {text}: another model is not compared; it cannot be filed as a further host")
    return records


def checked(folder: Path, experiment: str, root: Path, names: list[Path] | None = None) -> list[Record]:
    """The records in a folder, or those named, each whole and of the pins, all of one host and run. LabError if not.
    The model is looked at by `other_models`."""
    records = [_read(path) for path in names or sorted(folder.glob("*.json"))]
    if not records:
        raise LabError(f"experiment {experiment}: no record is there")
    unpacked = 0
    for record in records:
        unpacked += _whole(record, experiment)
        if unpacked > MOST_OF_ALL:
            raise LabError(f"experiment {experiment}: its columns unpack to more than {MOST_OF_ALL:,} bytes together")
    one_run([(record.path.name, record.data) for record in records])
    pins = tomllib.loads((root / "snippets/pins.toml").read_text("utf-8"))
    for record in records:
        _of_the_pin(record, pins)
    return records


def other_models(records: list[Record], root: Path) -> dict[str, str]:
    """{measurement: on what it was measured} of those whose model is not the reference's: claims compare hosts of one
    model. What the reference has no measurement of must be of one of its models."""
    experiment = records[0].data["experiment"]
    paths = sorted((root / REFERENCE / experiment).glob("*.json"))
    reference = {path.stem: strict_json.read(path.read_bytes()) for path in paths}
    models = {name: record["model"] for name, record in reference.items() if isinstance(record, dict)}
    found = {}
    for record in records:
        model, name = record.data["model"], record.data["measurement"]
        known = [models[name]] if name in models else list(models.values())
        if known and model is not None and model not in known:
            there = " or ".join(dict.fromkeys(each["name"] for each in known if each)) or "no model"
            found[name] = f"measured on {model['name']} ({model['weights']} weights), the reference on {there}"
    return found


def said(records: list[Record]) -> dict[str, Any]:
    """What a manifest says of records that are of one run: host, times, engines, models, lab and commit."""
    data = [record.data for record in records]
    host, gpu = data[0]["host"], data[0]["host"]["gpu"] or {"name": None, "memory_bytes": None}
    engines = {one["engine"]["name"]: one["engine"]["distribution_version"] for one in data if one["engine"]}
    models = {f"{one['model']['name']}, {one['model']['weights']} weights" for one in data if one["model"]}
    times = sorted(one["started"] for one in data)
    commits = {one["commit"]["id"] if one.get("commit") else None for one in data}
    return {
        "experiment": data[0]["experiment"],
        "host": {"id": host["id"], "gpu": gpu["name"], "memory_bytes": gpu["memory_bytes"],
                 **{name: host[name] for name in ("driver", "cpu", "cores")}},
        "measured": {"first": times[0], "last": times[-1]},
        "engines": dict(sorted(engines.items())),
        "models": sorted(models),
        "lab": data[0]["lab"],
        "commit": commits.pop() if len(commits) == 1 else None,
    }  # fmt: skip


def _read(path: Path) -> Record:
    """A record, of a file of its own, that says the same to every reader."""
    for file in (path, *path.parent.glob(f"{path.stem}.*.json.gz")):
        if file.is_symlink() or not file.is_file():
            raise LabError(f"{file.name}: is a link or the like; a record is a file of its own: copy it there")
        if (size := file.stat().st_size) > MOST_RECORD:
            raise LabError(f"{file.name}: has {size:,} bytes, at most {MOST_RECORD:,}; it is no record of the lab")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise LabError(f"{path.name}: cannot be read ({error.strerror}); make it readable") from None
    stranger_json.read(raw, f"{path.parent.name}/{path.name}", EDITED)
    return Record(path)


def _whole(record: Record, experiment: str) -> int:
    """Of the experiment, under its own name, no call path, with columns that can be read, of the size of a record. The
    bytes of its columns, unpacked."""
    data, name = record.data, record.path.name
    if data["experiment"] != experiment or data["measurement"] != record.path.stem:
        raise LabError(f"{name}: is {data['experiment']}/{data['measurement']}.json by its own words; never rename one")
    if "recording" in data:
        raise LabError(f"{name}: is the recording of a call path, and no measurement; leave it out")
    size, unpacked, columns = record.path.stat().st_size, 0, None
    if named := data.get("columns"):
        packed = record.path.with_name(named["file"]).read_bytes()
        size += len(packed)
        unpacked, columns = _columns(packed, f"{name}: its column file {named['file']} is cut or damaged")
    if size > record_format.LIMIT:
        raise LabError(f"{name}: {size:,} bytes with its columns, at most {record_format.LIMIT:,}")
    if found := machine_words.first_found(data, columns, {}):
        place, word, what = found
        raise LabError(f"{name}: {place} holds {word!r}, {what} of the machine; measure it again without")
    return unpacked


def _columns(packed: bytes, damaged: str) -> tuple[int, dict[str, list]]:
    """(bytes, columns) of a column file, none of them kept: a file of many could fill the memory."""
    try:
        text = record_format.unpacked(packed, MOST_COLUMNS)
    except (OSError, EOFError, ValueError) as error:
        raise LabError(f"{damaged} ({error}); measure it again") from None
    columns = stranger_json.read(text, damaged, "measure it again")
    listed = isinstance(columns, dict) and all(isinstance(values, list) for values in columns.values())
    if not listed or not record_format.of_one_length(columns):
        raise LabError(f"{damaged}, and no table of columns of one length; measure it again")
    if any(isinstance(value, dict | list) for values in columns.values() for value in values):
        raise LabError(f"{damaged}: a value of its columns is no number and no text; measure it again")
    return len(text), columns


def _of_the_pin(record: Record, pins: dict[str, Any]) -> None:
    engine = record.data["engine"]
    pin = pins.get(engine["name"], {}).get("version") if engine else None
    if engine and pin not in (None, engine["version"]):
        text = f"measured on {engine['name']} {engine['version']}, the pages are of {pin}"
        raise LabError(f"{record.path.name}: {text}; have it measured again at the pin")


def place(records: list[Record]) -> str:
    """Where one host's records of an experiment belong: with a plan, below its name."""
    plan, there = plan_records.plan_of(records), f"{records[0].host}/{records[0].data['experiment']}"
    return f"{plan}/{there}" if plan else there


def files_of(records: list[Record]) -> list[str]:
    """The names of the records' files and of their columns'."""
    columns = (record.data["columns"]["file"] for record in records if record.data.get("columns"))
    return sorted([*(record.path.name for record in records), *columns])


@contextlib.contextmanager
def _unpacked(files: dict[str, bytes]) -> Iterator[Path]:
    """The files in a temporary folder of their own, each under the path that the archive's rule allows."""
    with tempfile.TemporaryDirectory() as folder:
        for path, data in files.items():
            target = Path(folder, path)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(data)
        yield Path(folder)
