"""How a claim's value and its verdict are written, on the page and in the terminal alike.

A value is {"value", "unit", "digits"?, "ci"?, "n"?}, as a claims file holds it. Standard library alone: the lab reads
this too.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

NARROW = "\u00a0"  # keeps a number and its unit on one line
UNITS = {"1": "", "count": "", "bool": "", "us": "µs", "B": "bytes", "x": "×"}
ATTACHED = {"%", "x"}  # written right after the digits
DIGITS = 3

Number = float | int | bool
ValueData = Mapping[str, Any]  # a JSON object; schema/claims.schema.json says which keys it has


def number(value: Number, digits: int | None = None, decimals: int | None = None) -> str:
    """A number as the pages write it. Integers in full; floats to `digits` significant digits (default 3),
    or to `decimals` places when given. Thousands get a comma."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if decimals is None:
        if isinstance(value, int):
            return f"{value:,}"
        decimals = places(value, digits or DIGITS)
    rounded = round(value, decimals) or 0.0  # what is rounded to none has no sign
    return f"{rounded:,.{max(decimals, 0)}f}".replace("-", "\u2212")


def places(value: float, digits: int) -> int:
    """Decimal places that show `digits` significant digits of value; negative where even integers are rounded."""
    if value == 0:
        return 0
    exponent = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    return digits - 1 - exponent


def bound(value: Number) -> str:
    """A limit as somebody typed it: all of its digits and no more, `1,000`, `0.05`, `−1`."""
    if isinstance(value, bool):
        return number(value)
    return f"{value or 0:,.12g}".replace("-", "\u2212") if abs(value) < 1e12 else number(value)


def with_unit(text: str, unit: str) -> str:
    """`12.3 ms`, `25%`: the text, and the unit as a reader writes it."""
    shown = UNITS.get(unit, unit)
    if not shown:
        return text
    return text + ("" if unit in ATTACHED else NARROW) + shown


def formatted(value: ValueData) -> str:
    """`12.3 ms` of {"value": 12.34, "unit": "ms", "digits": 3}."""
    return with_unit(number(value["value"], value.get("digits")), value["unit"])


def interval(value: ValueData) -> str:
    """`12.1 to 12.6 ms`: the bounds with the places of the value they belong to. The value must have a "ci"."""
    low, high = value["ci"]
    return between(low, high, value)


def between(low: Number, high: Number, value: ValueData) -> str:
    """`12.1 to 12.6 ms`: two bounds with the unit and the places of the value that they are said of."""
    centre = value["value"]
    decimals = places(float(centre), value.get("digits") or DIGITS) if centre else 2
    if isinstance(centre, int):
        decimals = 0 if float(low).is_integer() and float(high).is_integer() else 1
    return with_unit(
        f"{number(float(low), decimals=decimals)} to {number(float(high), decimals=decimals)}", value["unit"]
    )


def expected(low: Number, high: Number, value: ValueData) -> str:
    """What to expect of a value elsewhere, `12.1 to 12.6 ms`, or one number where both ends are written alike. An end
    far above the value has no more digits than can be meant."""
    # Ends computed by way of logarithms lose their last digits, which would make a fraction of a count.
    first, second = (_end(float(f"{end:.12g}"), value) for end in (low, high))
    return with_unit(first if first == second else f"{first} to {second}", value["unit"])


def _end(end: float, value: ValueData) -> str:
    centre, digits = value["value"], value.get("digits") or DIGITS
    if isinstance(centre, int):
        return number(end, decimals=0 if end.is_integer() else 1)
    return number(end, decimals=min(places(centre, digits) if centre else 2, places(end, digits) + 1 if end else 2))


def listed(values: Sequence[ValueData]) -> str:
    """`1.14, 1.32 and 1.43 ms`: values of one unit, each with its own places, the unit once. At least one."""
    numbers = [number(value["value"], value.get("digits")) for value in values]
    text = f"{', '.join(numbers[:-1])} and {numbers[-1]}" if len(numbers) > 1 else numbers[0]
    return with_unit(text, values[0]["unit"])


def in_terminal(value: ValueData | None) -> str:
    """`12.3 ms [12.1 to 12.6 ms]` with plain spaces; `-` for a value that is not there."""
    if value is None:
        return "-"
    text = f"{formatted(value)} [{interval(value)}]" if value.get("ci") else formatted(value)
    return text.replace(NARROW, " ")
