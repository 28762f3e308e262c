"""What a record must be: the published schema, finite numbers, and nothing that only this host understands."""

import json
import math
import re
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host.engine_table import table

SCHEMA_FILE = Path(__file__).parents[1] / "schema" / "record.schema.json"


def validate(record: dict, where: str) -> None:
    """LabError, on one line naming the field, for anything that the schema or JSON does not allow."""
    try:
        import jsonschema
    except ImportError:
        raise LabError(
            "this Python lacks jsonschema, which the lab needs; start it with an engine's interpreter, or `make env`"
        ) from None
    _finite(record, where)
    error = jsonschema.exceptions.best_match(_validator(jsonschema).iter_errors(record))
    if error is None:
        _known_engine(record, where)
        _portable(record, where)
        return
    trail = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path).lstrip(".")
    if error.validator == "enum":
        raise LabError(
            f"{where}: {trail}: {error.instance!r} is not known (known: {', '.join(map(str, error.validator_value))})"
        )
    if error.validator == "required":
        missing = ", ".join(name for name in error.validator_value if name not in error.instance)
        raise LabError(
            f"{where}: {trail or 'record'}: field {missing} is missing; measure it again, a record is never edited"
        )
    raise LabError(f"{where}: {trail or 'record'}: {' '.join(error.message.split())[:200]}")


def _known_engine(record: dict, where: str) -> None:
    known, engine = table().engines, record["engine"]
    if engine and engine["name"] not in known:
        raise LabError(f"{where}: engine.name: {engine['name']!r} is not known (known: {', '.join(known)})")


def _portable(record: dict, where: str) -> None:
    """A path of the host says nothing to a reader, and may say too much."""
    for word in [*record["command"], *record["environment"].values()]:
        if re.search(r"(^|[\s=:\"'])/[\w.-]+", word):
            raise LabError(f"{where}: {word!r} is a path of this host; a record says `python` and `models/...` instead")


def _finite(value, where: str, trail: str = "") -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise LabError(
            f"{where}: {trail.lstrip('.')} is {value}; a value that was not measured is left out, not written"
        )
    if isinstance(value, dict):
        for key, item in value.items():
            _finite(item, where, f"{trail}.{key}")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _finite(item, where, f"{trail}[{index}]")


def not_a_number(name: str):
    raise ValueError(f"holds {name}, which is not a number")


_cache = []


def _validator(jsonschema):
    if not _cache:
        schema = json.loads(SCHEMA_FILE.read_text("utf-8"))
        _cache.append(jsonschema.validators.validator_for(schema)(schema))
    return _cache[0]
