"""JSON without what only Python takes for JSON: no NaN, no infinity, however it is spelt."""

import json
import math
from typing import NoReturn

_TOO_LARGE = 2**1024  # for a float


class FormatError(ValueError):
    """What is wrong with a file's content, in words that fit after its name and a colon."""


def read(raw: bytes | str, twice: bool = True) -> object:
    """The value of a JSON text. FormatError for NaN or Infinity; ValueError, with the parser's words, for no JSON.

    A number too large for a float becomes an infinity without a word: `first_not_finite` finds it. Of a name that an
    object has twice the last counts; without `twice` it is a FormatError, for other readers take the first.
    """
    try:
        return json.loads(raw, parse_constant=_refuse, object_pairs_hook=None if twice else _each_once)
    except RecursionError:
        raise FormatError("is nested too deeply") from None


def write(value: object, indent: int | None = None) -> bytes:
    """UTF-8, without an end of line; with `indent` None as short as it goes. ValueError for a number that is not
    finite."""
    separators = None if indent else (",", ":")
    return json.dumps(value, allow_nan=False, ensure_ascii=False, indent=indent, separators=separators).encode()


def first_not_finite(value: object) -> tuple[str, float] | None:
    """("samples[0].values[1]", nan): where the first number is that is not finite, and which; None where all are.

    A whole number that no float can hold counts as infinite. However deep the value is nested.
    """
    if _all_finite(value):
        return None
    rest: list[tuple[str, object]] = [("", value)]
    while rest:
        place, part = rest.pop()
        if isinstance(part, float):
            if not math.isfinite(part):
                return place.lstrip("."), part
        elif isinstance(part, int):
            if abs(part) >= _TOO_LARGE:
                return place.lstrip("."), math.copysign(math.inf, part > 0 or -1)
        elif isinstance(part, dict):
            rest += reversed([(f"{place}.{key}", below) for key, below in part.items()])
        elif isinstance(part, list | tuple):
            rest += reversed([(f"{place}[{index}]", below) for index, below in enumerate(part)])
    return None


def _all_finite(value: object) -> bool:
    """Whether there is none: the places, most of the work, are only of interest where there is one."""
    rest = [value]
    while rest:
        part = rest.pop()
        if isinstance(part, dict):
            rest += part.values()
        elif isinstance(part, list | tuple):
            try:
                if not all(map(math.isfinite, part)):  # most lists are samples
                    return False
            except (TypeError, OverflowError):
                rest += part
        elif isinstance(part, float):
            if not math.isfinite(part):
                return False
        elif isinstance(part, int) and abs(part) >= _TOO_LARGE:
            return False
    return True


def _refuse(constant: str) -> NoReturn:
    raise FormatError(f"holds {constant}, which is not a number")


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise FormatError(f"has {next(name for name in names if names.count(name) > 1)[:60]!r} twice in one object")
    return found
