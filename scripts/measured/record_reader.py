"""Reading measurement records: validated by the published schema, column digests and sizes checked.

A record is `experiments/records/NN/<measurement>.json`; its many samples may lie beside it in a compressed
column file whose sha256 the record holds. Nothing here writes a record, and nothing is imported from the lab:
what the two sides share is the schema file, snippets/engines.toml and experiments/formats.
"""

import functools
import json
from dataclasses import dataclass, field
from pathlib import Path

from experiments.formats import host_index, json_schema, record_format, record_list, strict_json
from scripts.common.errors import SiteError
from scripts.sources.engine_table import configurations

FOLDER = "experiments/records"
SCHEMA = record_format.SCHEMA
RECORD_LIMIT = record_format.LIMIT
TOTAL_LIMIT = record_format.TOTAL
LOCAL_REMEDY = "restore it or measure it again with the lab; a record is never edited"


@dataclass(frozen=True)
class Record:
    """One validated record. `path` is relative to the repository, `sha256` that of the JSON file."""

    path: str
    sha256: str
    data: dict = field(repr=False)
    file: Path = field(repr=False)

    @property
    def measurement(self) -> str:
        return self.data["measurement"]

    @functools.cached_property
    def columns(self) -> dict:
        """The column file's lists, by name, all of one length. Raises SiteError when there is none."""
        named = self.data.get("columns")
        if not named:
            raise SiteError(f"{self.path}: has no column file; {LOCAL_REMEDY}")
        raw = (self.file.parent / named["file"]).read_bytes()
        try:
            columns = record_format.unpack(raw)
        except (OSError, EOFError, ValueError) as error:
            raise SiteError(f"{self.path}: column file {named['file']} cannot be read ({error})") from None
        if not record_format.of_one_length(columns):
            raise SiteError(f"{self.path}: columns of {named['file']} differ in length; {LOCAL_REMEDY}")
        return columns

    def at(self, dotted: str) -> object:
        """The value at a dotted path, e.g. `host.gpu.name` or `samples.0.unit`. Raises SiteError if absent."""
        value: object = self.data
        for part in dotted.split("."):
            try:
                value = value[int(part)] if isinstance(value, list) else _member(value, part)
            except (KeyError, IndexError, ValueError):
                known = ", ".join(value) if isinstance(value, dict) else type(value).__name__
                raise SiteError(f"{self.path}: has no field {dotted} (at {part!r} there is: {known})") from None
        return value


def load(path: Path, root: Path, pins: dict | None = None) -> Record:
    """Reads and validates one record. `pins` maps an engine's name to its pinned version, and a record of
    another version is refused; None accepts any. Raises SiteError with the file, the field and the remedy; of one
    that is not what the lab wrote it says that, whatever else is wrong with it."""
    try:
        return _load(path, root, pins)
    except SiteError:
        for file in sorted(path.parent.glob(f"{path.stem}.*")):
            if record_list.edited(root, name := _relative(file, root)):
                raise SiteError(record_list.line_of_edited(name)) from None
        raise


def _load(path: Path, root: Path, pins: dict | None) -> Record:
    where = _relative(path, root)
    try:
        raw = path.read_bytes()
    except OSError:
        raise SiteError(f"{where}: no such record; measure it: make experiments") from None
    try:
        data = _checked(strict_json.read(raw), root / SCHEMA)
    except ValueError as error:
        raise SiteError(f"{where}: {error}; {LOCAL_REMEDY}") from None
    size = len(raw) + _checked_columns(path, data, where)
    if size > RECORD_LIMIT:
        raise SiteError(
            f"{where}: {size:,} bytes with its columns, at most {RECORD_LIMIT:,}; "
            "store fewer samples, or integers instead of long decimals"
        )
    engine = data.get("engine")
    known = dict.fromkeys(configuration.engine for configuration in configurations().values())
    if engine and engine["name"] not in known:
        names = ", ".join(known)
        raise SiteError(f"{where}: engine.name: '{engine['name']}' is not known (known: {names}); {LOCAL_REMEDY}")
    if pins is not None and engine and pins.get(engine["name"]) not in (None, engine["version"]):
        raise SiteError(
            f"{where}: measured on {engine['name']} {engine['version']}, the pages quote "
            f"{pins[engine['name']]}; measure again at the pin, or keep the record out of {FOLDER}"
        )
    if (path.parent.name, path.stem) != (data["experiment"], data["measurement"]):
        raise SiteError(
            f"{where}: is {data['experiment']}/{data['measurement']}.json by its own words; a record is never renamed, "
            "restore it"
        )
    return Record(where, record_format.sha256(raw), data, path)


def load_all(root: Path, pins: dict | None = None, experiment: str | None = None) -> list[Record]:
    """Every record of the reference (of one experiment), in path order; the size of all hosts' is checked too."""
    folder = root / FOLDER / experiment if experiment else root / FOLDER
    paths = [path for path in sorted(folder.rglob("*.json")) if path != root / record_list.FILE]
    records = [load(path, root, pins) for path in paths]
    if (total := host_index.bytes_of(root)) > TOTAL_LIMIT:
        folders = ", ".join(record_format.COMMITTED)
        raise SiteError(f"{folders}: {total:,} bytes in all, at most {TOTAL_LIMIT:,}; drop or thin out old records")
    _no_strays(root, records if experiment is None else None)
    return records


def recordings(records: list[Record]) -> dict[str, Record]:
    """The call path recordings among the records, by configuration."""
    recorded: dict[str, Record] = {}
    for record in records:
        recording = record.data.get("recording")
        if not recording:
            continue
        name = recording["configuration"]
        if name in recorded:
            raise SiteError(f"{record.path}: {name} is recorded in {recorded[name].path} too; keep one of them")
        recorded[name] = record
    return recorded


def files(record: Record) -> list[Path]:
    """The record's file and its column file."""
    named = record.data.get("columns")
    return [record.file] + ([record.file.parent / named["file"]] if named else [])


def _checked(data: object, schema: Path) -> dict:
    """The record. FormatError for what is wrong with it, SiteError for a schema that cannot be read."""
    try:
        fault = json_schema.first_fault(data, schema)
    except strict_json.FormatError as error:
        raise SiteError(f"{schema.name}: the record schema cannot be read ({error}); restore {SCHEMA}") from None
    if fault is not None:
        raise strict_json.FormatError(fault.line("record", json.dumps))
    if infinite := strict_json.first_not_finite(data):
        raise strict_json.FormatError(f"{infinite[0]} is not a finite number")
    assert isinstance(data, dict)  # the schema has seen to it
    return data


def _member(value: object, name: str) -> object:
    if not isinstance(value, dict):
        raise KeyError(name)
    return value[name]


def _checked_columns(path: Path, data: dict, where: str) -> int:
    named = data.get("columns")
    if not named:
        return 0
    try:
        raw = (path.parent / named["file"]).read_bytes()
    except OSError:
        raise SiteError(f"{where}: column file {named['file']} is missing; restore it or measure again") from None
    digest, stored = record_format.sha256(raw), record_format.digits(named["sha256"])
    if digest != stored:
        raise SiteError(
            f"{where}: column file {named['file']} has digest {digest[:12]}..., the record says "
            f"{stored[:12]}...; restore it or measure again"
        )
    return len(raw)


def _no_strays(root: Path, records: list[Record] | None) -> None:
    """A column file that no record names would be published without a word on what it is."""
    if records is None:
        return
    named = {file for record in records for file in files(record)}
    for file in sorted((root / FOLDER).rglob("*.gz")):
        if file not in named:
            raise SiteError(f"{_relative(file, root)}: no record names this column file; delete it")


def _relative(path: Path, root: Path) -> str:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.name
