"""What a record must be: the published schema, finite numbers, and nothing that only this host understands."""

import re
from pathlib import Path

from experiments.formats import json_schema, strict_json
from experiments.lab.errors import LabError
from experiments.lab.host.engine_table import table

SCHEMA_FILE = Path(__file__).parents[1] / "schema" / "record.schema.json"
EDITED = "restore it or measure it again, a record is never edited"


def validate(record: object, where: str) -> dict:
    """The record. LabError, on one line naming the field, for anything that the schema or JSON does not allow."""
    if infinite := strict_json.first_not_finite(record):
        place, value = infinite
        raise LabError(f"{where}: {place} is {value}; a value that was not measured is left out, not written")
    try:
        fault = json_schema.first_fault(record, SCHEMA_FILE)
    except ImportError:
        raise LabError(
            "this Python lacks jsonschema, which the lab needs; start it with an engine's interpreter, or `make env`"
        ) from None
    if fault is not None:
        raise LabError(f"{where}: {fault.line('record')}" + (f"; {EDITED}" if fault.keyword == "required" else ""))
    assert isinstance(record, dict)  # the schema has seen to it
    _known_engine(record, where)
    _portable(record, where)
    return record


def _known_engine(record: dict, where: str) -> None:
    known, engine = table().engines, record["engine"]
    if engine and engine["name"] not in known:
        raise LabError(f"{where}: engine.name: {engine['name']!r} is not known (known: {', '.join(known)})")


def _portable(record: dict, where: str) -> None:
    """A path of the host says nothing to a reader, and may say too much."""
    for word in [*record["command"], *record["environment"].values()]:
        if re.search(r"(^|[\s=:\"'])/[\w.-]+", word):
            raise LabError(f"{where}: {word!r} is a path of this host; a record says `python` and `models/...` instead")
