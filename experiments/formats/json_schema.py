"""A value against a JSON Schema: the one fault that says most, in one line."""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.formats import quick_schema
from experiments.formats.strict_json import FormatError

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

LONG = 160  # signs of a fault's message, beyond which it mostly repeats what is in the file


@dataclass(frozen=True)
class Fault:
    """`place` as samples[0].unit, "" for the whole; `path` its parts; `keyword` of the schema, what it asks for, and
    the value that is there; `message` of the validator, on one line."""

    place: str
    path: tuple[str | int, ...]
    keyword: str
    asks: object = field(repr=False)
    value: object = field(repr=False)
    message: str

    def line(self, whole: str, shown: Callable[[object], str] = repr) -> str:
        """The place, or `whole` ("record"), and what is wrong there; `shown` writes the value."""
        place, value = self.place or whole, _cut(shown(self.value))
        if self.keyword == "enum" and isinstance(self.asks, list):
            return f"{self.place}: {value} is not known (known: {', '.join(map(str, self.asks))})"
        if self.keyword == "required" and isinstance(self.asks, list) and isinstance(self.value, dict):
            return f"{place}: field {', '.join(name for name in self.asks if name not in self.value)} is missing"
        return f"{place}: {self.message if len(self.message) < LONG else f'{value} is not {self.keyword}'}"


def first_fault(value: object, schema: Path) -> Fault | None:
    """What is most wrong with `value` by the schema in that file, None where nothing is. FormatError for a schema that
    cannot be read; ImportError where jsonschema is needed, to say what is wrong, and is not installed."""
    if _fits(value, schema):
        return None
    import jsonschema  # here: it is slow to load, and a GPU host may lack it, which is then told in one line

    error = jsonschema.exceptions.best_match(_validator(schema).iter_errors(value))
    if error is None:
        return None
    path = tuple(error.absolute_path)
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    message = " ".join(error.message.split())
    return Fault(place, path, str(error.validator), error.validator_value, error.instance, message)


def _fits(value: object, schema: Path) -> bool:
    """Whether a quick look is enough: most of what is read fits, and jsonschema is slow to say so."""
    quick = _quick(schema)
    try:
        return quick is not None and quick(value)
    except quick_schema.Unsure:
        return False


@functools.lru_cache
def _quick(schema: Path) -> quick_schema.Look | None:
    return quick_schema.compiled(_read(schema))


@functools.lru_cache
def _validator(schema: Path) -> "Validator":
    from jsonschema.validators import validator_for

    data = _read(schema)
    return validator_for(data)(data)


def _read(schema: Path) -> Any:
    try:
        return json.loads(schema.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(str(error)) from None


def _cut(text: str) -> str:
    return text if len(text) < 60 else f"{text[:57]}..."
