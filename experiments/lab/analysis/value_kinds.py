"""What sets each value of a claim: its kind, over which variation between hosts is pooled.

A unit settles it for what was counted (kind `count`). A time or a rate is the processor's or the GPU's, which the
notebook says by `set_by`; it says so of a ratio as well, where it means the two times that are compared, or "count"
where counts or memory are. What the lab's own course sets, such as how long a suite holds a card, is of kind `lab`.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from experiments.lab.errors import LabError
from experiments.lab.verdicts.claim_value import Value

COUNTED = ("count", "tokens", "blocks", "bool", "B", "KiB", "MiB", "GiB", "FLOP")
TIMED = ("s", "ms", "us", "ns", "tok/s", "req/s", "TFLOP/s", "GB/s")
RATIOS = ("1", "%")
WORDS = ("processor", "gpu", "count", "lab")

SetBy = str | Mapping[str, str] | None  # one of WORDS for all values, or {pattern of names: one of WORDS}


def kinds(values: Mapping[str, Value], set_by: SetBy, where: str) -> dict[str, dict[str, str]]:
    """{name: {"kind", "set_by"}} of a claim's values. Kinds are `count`, `ratio`, `processor`, `gpu` and `lab`;
    `set_by` is one of WORDS. Of patterns the first that a name matches counts, among the names whose unit does not
    settle it.

    LabError, with `where` at its beginning, for a value of which nothing says what sets it, a unit that is not listed,
    a word that is unknown or does not suit a value, and a pattern to which no value is left."""
    asked = {"*": set_by} if isinstance(set_by, str) else dict(set_by or {})
    for pattern, word in asked.items():
        if word not in WORDS:
            raise LabError(f"{where}: set_by says {word!r} of {pattern!r}; one of {', '.join(WORDS)}")
    used: set[str] = set()
    found = {name: _kind(name, value.unit, asked, used, where) for name, value in values.items()}
    if idle := [pattern for pattern in asked if pattern not in used]:
        raise LabError(
            f"{where}: set_by names {', '.join(map(repr, idle))}, but no value is left to it whose unit does not "
            f"settle it (there are {', '.join(values) or 'no values'}); take it out"
        )
    return found


def _kind(name: str, unit: str, asked: Mapping[str, str], used: set[str], where: str) -> dict[str, str]:
    if unit in COUNTED:
        return {"kind": "count", "set_by": "count"}
    if unit not in TIMED + RATIOS:
        raise LabError(f"{where}: value {name}: the unit {unit!r} has no kind; list it in analysis/value_kinds.py")
    pattern = next((pattern for pattern in asked if fnmatchcase(name, pattern)), None)
    choice = '"processor" or "gpu"' if unit in TIMED else '"processor", "gpu" or "count"'
    if pattern is None:
        raise LabError(f"{where}: value {name}: nothing says what sets it; add set_by, {choice}, or {{{name!r}: ...}}")
    used.add(pattern)
    word = asked[pattern]
    if unit in TIMED and word == "count":
        raise LabError(f"{where}: value {name}: is in {unit}, which no count sets; say {choice} in set_by")
    return {"kind": "ratio" if unit in RATIOS and word != "lab" else word, "set_by": word}
