"""What a verdict speaks of: named values, sums and multiples of these, and every value of a kind.

`the("take") + the("keep")`, `2 * the("prompts")`, `every("ratio", "c*")`. Each gives its bounds and its words.
"""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.formats import value_format
from experiments.lab.errors import LabError
from experiments.lab.verdicts.claim_value import Value

Fact = bool | Value


@dataclass(frozen=True)
class Found:
    """What a claim's code returned: the values, the facts beside them, and how to call these in words."""

    values: Mapping[str, Value]
    facts: Mapping[str, Fact]
    labels: Mapping[str, str]

    def value(self, name: str) -> Value:
        """The value of that name, one of the facts' included. LabError where there is none."""
        value = self.values.get(name, self.facts.get(name))
        if not isinstance(value, Value):
            raise LabError(f"its verdict names {name}, its code returns {', '.join(self._names()) or 'no value'}")
        return value

    def fact(self, name: str) -> bool:
        """The fact of that name. LabError where there is none."""
        fact = self.facts.get(name)
        if not isinstance(fact, bool):
            raise LabError(f"its verdict rests on the fact {name}; its code must return it, true or false")
        return fact

    def matching(self, pattern: str) -> list[str]:
        """Names of values that match a pattern such as `c*`. LabError for none."""
        names = [name for name in self._names() if fnmatch.fnmatchcase(name, pattern)]
        if not names:
            raise LabError(f"its verdict names {pattern}, its code returns {', '.join(self._names()) or 'no value'}")
        return names

    def label(self, name: str) -> str:
        """How a value is called: its label, else its name with spaces."""
        return self.labels.get(name) or "the " + name.replace("-", " ").replace("_", " ")

    def _names(self) -> list[str]:
        return [*self.values, *(name for name, fact in self.facts.items() if isinstance(fact, Value))]


@dataclass(frozen=True)
class Term:
    """A sum of multiples of named values and a number: parts [(name, factor)], constant."""

    parts: tuple[tuple[str, float], ...] = ()
    constant: float = 0

    def __add__(self, other: "Term | float") -> "Term":
        added = as_term(other)
        return Term(self.parts + added.parts, self.constant + added.constant)

    __radd__ = __add__

    def __mul__(self, factor: float) -> "Term":
        return Term(tuple((name, own * factor) for name, own in self.parts), self.constant * factor)

    __rmul__ = __mul__

    def __neg__(self) -> "Term":
        return self * -1

    def __sub__(self, other: "Term | float") -> "Term":
        return self + -as_term(other)

    def __rsub__(self, other: "Term | float") -> "Term":
        return -self + other

    def names(self) -> list[str]:
        return [name for name, _ in self.parts]

    def at(self, found: Found, end: str) -> float:
        """The term at its lowest, its "value" or its highest: `end` is low, value or high."""
        total = self.constant
        other = {"low": "high", "value": "value", "high": "low"}
        for name, factor in self.parts:
            total += factor * getattr(found.value(name), end if factor >= 0 else other[end])
        return total

    def intervals(self, found: Found) -> int:
        """How many of its values have an interval."""
        return sum(not found.value(name).exact for name in self.names())

    def unit(self, found: Found) -> str:
        return found.value(self.parts[0][0]).unit if self.parts else "1"

    def words(self, found: Found, unit: str = "1") -> str:
        """`the take plus the keep`, `2 times the gap`; of a number alone `1.05`, in `unit`."""
        if not self.parts:
            return value_format.with_unit(value_format.bound(self.constant), unit)
        text = ""
        for index, (name, factor) in enumerate(self.parts):
            joint = (" less " if factor < 0 else " plus ") if index else ("minus " if factor < 0 else "")
            text += joint + _multiple(abs(factor)) + found.label(name)
        if self.constant:
            text += f" {'less' if self.constant < 0 else 'plus'} {value_format.bound(abs(self.constant))}"
        return text

    def data(self) -> object:
        """As JSON: a number, a name, or {"sum": {name: factor}, "plus": number}."""
        if not self.parts:
            return self.constant
        if len(self.parts) == 1 and self.parts[0][1] == 1 and not self.constant:
            return self.parts[0][0]
        return {"sum": dict(self.parts), **({"plus": self.constant} if self.constant else {})}


@dataclass(frozen=True)
class Every:
    """All the values whose names match one of the patterns, each on its own, under one noun."""

    noun: str
    patterns: tuple[str, ...]

    def terms(self, found: Found) -> list[Term]:
        names = [name for pattern in self.patterns for name in found.matching(pattern)]
        return [the(name) for name in dict.fromkeys(names)]

    def data(self) -> object:
        return {"every": self.noun, "of": list(self.patterns)}


Subject = str | Term | Every | float


def the(name: str) -> Term:
    """The value of that name, to be added up, multiplied, or compared with."""
    return Term(((name, 1),))


def every(noun: str, *patterns: str) -> Every:
    """Every value of these names, each on its own; `*` stands for any letters, and no name for all that there are.
    In words `every {noun}`."""
    return Every(noun, patterns or ("*",))


def as_term(given: "str | Term | float") -> Term:
    if isinstance(given, Term):
        return given
    return the(given) if isinstance(given, str) else Term((), given)


def expanded(subjects: Sequence[Subject], found: Found) -> list[Term]:
    """The terms that subjects stand for."""
    terms: list[Term] = []
    for subject in subjects:
        terms += subject.terms(found) if isinstance(subject, Every) else [as_term(subject)]
    return terms


def subject_words(subjects: Sequence[Subject], found: Found) -> str:
    """`the gap and the time to first token`, `every ratio`."""
    return listed([
        f"every {subject.noun}" if isinstance(subject, Every) else as_term(subject).words(found)
        for subject in subjects
    ])


def subject_data(subjects: Sequence[Subject]) -> list[object]:
    return [subject.data() if isinstance(subject, Every) else as_term(subject).data() for subject in subjects]


def listed(words: Sequence[str], joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}"


def _multiple(factor: float) -> str:
    known = {1: "", 2: "twice ", 0.5: "half of "}
    return known.get(factor, f"{value_format.bound(factor)} times ")
