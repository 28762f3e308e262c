"""JSON that a stranger wrote, before anything else looks at it: what every reader reads alike, and any page may show.

A schema says of which kind a value is. That two readers see the same in it, that it fits into memory, a number into a
float and a text into a line of a terminal is said here. What a page makes of `<script>` is the page's own care.
"""

import unicodedata
from typing import Any

from experiments.formats import strict_json
from experiments.lab.errors import LabError

MOST_DEPTH = 30  # records have nine
MOST_NUMBER = 2**64
MOST_NAME = 300  # signs of what the host, the engine and the model are called: a page has it in a line
NAMES = ("host", "engine", "model")
BROKEN = ("extra", "text")  # of a record and of its columns: an engine's answers may be of several lines
# Marks that show a text in another order than it has: U+061C, 200E, 200F, 202A to 202E, 2066 to 2069.
_TURNING = {chr(code) for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def read(raw: bytes, where: str, remedy: str) -> Any:
    """The value. LabError, on one line that begins with `where` and ends with `remedy`, for what is not to be read."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LabError(f"{where}: is not UTF-8 at byte {error.start}; {remedy}") from None
    try:
        value = strict_json.read(text, twice=False)
    except ValueError as error:
        raise LabError(f"{where}: {error}; {remedy}") from None
    if found := fault(value):
        raise LabError(f"{where}: {found}; {remedy}")
    return value


def fault(value: Any) -> str | None:
    """Where a JSON value holds the first that is not to be read, and what that is; None where nothing does."""
    rest: list[tuple[Any, tuple[str, ...]]] = [(value, ())]
    while rest:
        part, path = rest.pop()
        if isinstance(part, str):
            found = _of_text(part, path)
        elif isinstance(part, int | float):
            found = None if abs(part) <= MOST_NUMBER else "is a number too large for anything that was measured"
        elif isinstance(part, dict | list):
            found = f"is nested more than {MOST_DEPTH} deep" if len(path) >= MOST_DEPTH else None
            named = part.items() if isinstance(part, dict) else enumerate(part)
            if found is None:
                for key, below in reversed(list(named)):
                    name = f"[{key}]" if isinstance(key, int) else f".{key}"
                    if isinstance(key, str) and (wrong := _of_text(key, ("",))):
                        return f"a name below {_place(path)} {wrong}"
                    rest.append((below, (*path, name)))
        else:
            found = None
        if found:
            return f"{_place(path)} {found}"
    return None


def _of_text(text: str, path: tuple[str, ...]) -> str | None:
    top = path[0].lstrip(".") if path else ""
    if top in NAMES and len(text) > MOST_NAME:
        return f"has {len(text):,} signs, at most {MOST_NAME}"
    if text.isprintable():
        return None
    allowed = "\n\t" if top in BROKEN else ""
    for sign in text:
        if sign in allowed:
            continue
        if sign in _TURNING or unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp"):
            return f"holds the sign U+{ord(sign):04X}, which no terminal and no page should get"
    return None


def _place(path: tuple[str, ...]) -> str:
    """`samples[0].unit`, cut where it is long."""
    return "".join(path).lstrip(".")[:80] or "the whole"
