"""JSON without what only Python takes for JSON: no NaN, no infinity, however it is spelt."""

import json
import math
from typing import NoReturn


class FormatError(ValueError):
    """What is wrong with a file's content, in words that fit after its name and a colon."""


def read(raw: bytes | str) -> object:
    """The value of a JSON text. FormatError for NaN or Infinity; ValueError, with the parser's words, for no JSON.

    A number too large for a float becomes an infinity without a word: `first_not_finite` finds it.
    """
    try:
        return json.loads(raw, parse_constant=_refuse)
    except RecursionError:
        raise FormatError("is nested too deeply") from None


def write(value: object, indent: int | None = None) -> bytes:
    """UTF-8, without an end of line; with `indent` None as short as it goes. ValueError for a number that is not
    finite."""
    separators = None if indent else (",", ":")
    return json.dumps(value, allow_nan=False, ensure_ascii=False, indent=indent, separators=separators).encode()


def first_not_finite(value: object, place: str = "") -> tuple[str, float] | None:
    """("samples[0].values[1]", nan): where the first number is that is not finite, and which; None where all are."""
    if isinstance(value, float):
        return None if math.isfinite(value) else (place.lstrip("."), value)
    parts: list[tuple[str, object]] = []
    if isinstance(value, dict):
        parts = [(f"{place}.{key}", part) for key, part in value.items()]
    elif isinstance(value, (list, tuple)):
        parts = [(f"{place}[{index}]", part) for index, part in enumerate(value)]
    return next((fault for where, part in parts if (fault := first_not_finite(part, where))), None)


def _refuse(constant: str) -> NoReturn:
    raise FormatError(f"holds {constant}, which is not a number")
