"""Records: built, validated on writing and on reading, written whole or not at all.

A record is one JSON file a measurement, by schema/record.schema.json; many samples lie in a gzip column file beside
it, whose digest the record holds. Together at most 1 MB.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from experiments.formats import record_format, strict_json
from experiments.formats.whole_file import write_whole
from experiments.lab.errors import LabError, NotMeasured
from experiments.lab.host import host_info, model_folders
from experiments.lab.host.config import ROOT
from experiments.lab.host.machine_words import without_paths
from experiments.lab.records.git_commit import commit
from experiments.lab.records.schema_check import EDITED, validate
from experiments.lab.records.source_digest import source_digest

LEFT_OUT = "a value that was not measured is left out, not written as NaN"
STATISTICS = "median/2"  # of load/statistics.py; the schema says what it is, and what records without it used


class ServedModel(Protocol):
    """What a record says of a server's specification."""

    @property
    def model(self) -> str: ...

    @property
    def dummy(self) -> bool: ...


class MeasuredServer(Protocol):
    """What a record says of the server that was measured, whichever engine's it is."""

    engine: dict

    @property
    def spec(self) -> ServedModel: ...

    def command(self) -> list: ...

    def environment(self) -> dict: ...


@dataclass
class Draft:
    """What a measurement hands over; `finish` adds provenance.

    `samples` as `sample()` makes them; `columns` a dict of equally long lists, or None; `server` the Server that was
    measured, or None for one that drives classes itself and names `engine` (envs.engine's dict) if it has one.
    """

    measurement: str
    workload: dict
    samples: list = field(default_factory=list)
    columns: dict | None = None
    server: MeasuredServer | None = None
    engine: dict | None = None
    model: dict | None = None
    command: list | None = None
    environment: dict | None = None
    recording: dict | None = None
    extra: dict | None = None


def sample(name: str, unit: str, values: Iterable, **labels: object) -> dict:
    """One series: every value in `unit` (the schema's list), told apart from others of the name by its labels."""
    return {"name": name, "unit": unit, "labels": {k: str(v) for k, v in labels.items()}, "values": list(values)}


def finish(
    draft: Draft, experiment: str, started: float, wall_s: float, probes: dict | None = None
) -> tuple[dict, bytes | None]:
    """(record, column bytes or None), validated. `started` is time.time() at the start; `probes` those of the run."""
    server = draft.server
    engine = server.engine if server else draft.engine
    model = draft.model or (model_folders.describe(server.spec.model) if server else None)
    if server and server.spec.dummy and model:
        model = {**model, "weights": "random"}
    record: dict = {
        "schema": "record/1",
        "experiment": experiment,
        "measurement": draft.measurement,
        "engine": {k: engine[k] for k in ("name", "version", "distribution", "distribution_version", "digest")}
        if engine
        else None,
        "model": model,
        "host": host_info.host(engine),
        "command": draft.command if draft.command is not None else ["python", *server.command()] if server else [],
        "environment": draft.environment if draft.environment is not None else server.environment() if server else {},
        "workload": {"seed": None, **draft.workload},
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "wall_s": round(wall_s, 3),
        "lab": source_digest(experiment, draft.recording is not None),
        "commit": commit(),
        "statistics": STATISTICS,
        "samples": draft.samples,
    }
    if probes is not None:
        record["probes"] = probes
    packed = None
    if draft.columns is not None:
        if not record_format.of_one_length(draft.columns):
            raise LabError(f"{draft.measurement}: its columns differ in length; a row must have a value in each")
        try:
            packed = record_format.pack(draft.columns)
        except ValueError as error:
            raise LabError(f"{draft.measurement} columns: {error}; {LEFT_OUT}") from None
        name = "entries" if draft.recording else "columns"
        record["columns"] = {
            "file": f"{draft.measurement}.{name}.json.gz",
            "sha256": record_format.sha256(packed),
        }
    if draft.recording is not None:
        record["recording"] = draft.recording
    if draft.extra is not None:
        record["extra"] = without_paths(draft.extra)  # lines of logs are among it
    validate(record, draft.measurement)
    return record, packed


def encoded(record: dict, packed: bytes | None) -> bytes:
    """The record's file. LabError when it is too large with its columns."""
    try:
        text = strict_json.write(record, indent=1) + b"\n"
    except ValueError as error:
        raise LabError(f"{record['measurement']}: {error}; {LEFT_OUT}") from None
    size, limit = len(text) + len(packed or b""), record_format.LIMIT
    if size > limit:
        raise LabError(
            f"{record['measurement']}: {size:,} bytes with its columns, at most {limit:,}; keep fewer samples"
        )
    return text


def write(folder: Path, record: dict, packed: bytes | None) -> Path:
    """Write a finished record (and its columns first, so that no record points at nothing); the JSON's path."""
    text = encoded(record, packed)
    folder = folder / record["experiment"]
    folder.mkdir(parents=True, exist_ok=True)
    if packed is not None:
        write_whole(folder / record["columns"]["file"], packed)
    path = folder / f"{record['measurement']}.json"
    write_whole(path, text)
    return path


class Record:
    """A record read back and validated. `data`, `path`, `sha256` of the JSON file; samples and columns by name."""

    def __init__(self, path: Path):
        self.path = path
        try:
            raw = path.read_bytes()
        except OSError:
            raise NotMeasured(
                f"{path.parent.name}/{path.name}: not measured; `make experiments` measures what this machine can"
            ) from None
        self.sha256 = record_format.sha256(raw)
        where = f"{path.parent.name}/{path.name}"
        try:
            data = strict_json.read(raw)
        except ValueError as error:
            raise LabError(f"{where}: {error}; {EDITED}") from None
        self.data = validate(data, where)
        self._columns: dict | None = None
        if named := self.data.get("columns"):
            try:
                self._packed = (path.parent / named["file"]).read_bytes()
            except OSError:
                raise LabError(f"{where}: its column file {named['file']} is not there; measure it again") from None
            if record_format.sha256(self._packed) != record_format.digits(named["sha256"]):
                raise LabError(f"{where}: its column file {named['file']} has another digest; measure it again")

    @property
    def host(self) -> str:
        return self.data["host"]["id"]

    @property
    def plan(self) -> str:
        """The plan for smaller cards that it is of, "" for a large card's."""
        return self.data["workload"].get("plan", "")

    @property
    def probes(self) -> dict:
        """{"matmul": [TFLOP/s ...], "copy": [GB/s ...], "side", "copy_bytes", "at"} of the run that made the record.
        LabError where it has none."""
        if "probes" not in self.data:
            experiment, name = self.data["experiment"], self.data["measurement"]
            raise LabError(
                f"{experiment}/{self.path.name}: says nothing of the card's rates (made without a GPU, or by an older "
                f"lab); on a GPU host: python -m experiments.lab measure --exp {experiment} --tier gpu --only {name}"
            )
        return self.data["probes"]

    def values(self, name: str, **labels: object) -> list:
        """The values of the one series of that name with these labels. LabError for none or several."""
        matching = self.series(name, **labels)
        if not matching and self.plan:
            raise NotMeasured(f"{self.path.name}: has no {name} {labels}, which plan {self.plan} leaves out")
        if len(matching) != 1:
            known = sorted({f"{s['name']} {s['labels']}" for s in self.data["samples"]})
            raise LabError(
                f"{self.data['measurement']}: {len(matching)} series match {name} {labels} of: {'; '.join(known)[:600]}"
            )
        return matching[0]["values"]

    def series(self, name: str, **labels: object) -> list:
        """All series of that name whose labels include these."""
        as_written = {k: str(v) for k, v in labels.items()}
        return [s for s in self.data["samples"] if s["name"] == name and as_written.items() <= s["labels"].items()]

    @property
    def columns(self) -> dict:
        if self._columns is None:
            if "columns" not in self.data:
                raise LabError(f"{self.data['measurement']}: has no columns")
            try:
                self._columns = record_format.unpack(self._packed)
            except (OSError, EOFError, ValueError) as error:
                where, file = self.data["measurement"], self.data["columns"]["file"]
                raise LabError(f"{where}: its column file {file} cannot be read ({error}); measure it again") from None
        return self._columns


def is_current(path: Path, experiment: str, host: str, engines: dict, plan: str = "") -> bool:
    """Whether a finished record at `path` was made by this lab, on this host, with the engine installed now.

    `engines` maps engine name to the installed distribution's digest; a record without an engine needs none. `plan` is
    the plan for smaller cards that it must be of, "" for none.
    """
    try:
        record = Record(path).data
    except LabError:
        return False
    engine = record["engine"]
    same_engine = engine is None or engine["digest"] in engines.values()
    same_lab = record["lab"] == source_digest(experiment, "recording" in record)
    same_plan = record["workload"].get("plan", "") == plan
    return same_lab and record["host"]["id"] == host and same_engine and same_plan


def portable(text: str) -> str:
    """A command's word without a path of this machine: what lies in the repository is named from its root."""
    return text.replace(f"{ROOT}/", "")
