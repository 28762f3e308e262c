"""The kinds of verdict: evaluated, said in words, written as data. `verdict` has the functions that make them."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from experiments.lab.verdicts.verdict_terms import (
    Every,
    Found,
    Subject,
    Term,
    expanded,
    listed,
    subject_data,
    subject_words,
)

By = Literal["interval", "value"]


class Verdict(Protocol):
    """A test of a claim's values. `words` are without a full stop and follow "Holds if"; `data` is JSON."""

    def true(self, found: Found) -> bool: ...

    def words(self, found: Found) -> str: ...

    def data(self) -> dict[str, object]: ...


@dataclass(frozen=True)
class Comparison:
    """Every subject is on one side of the limit."""

    kind: Literal["above", "at least", "below", "at most", "equal"]
    limit: Term
    subjects: tuple[Subject, ...]
    by: By

    def true(self, found: Found) -> bool:
        near, far = ("value", "value") if self.by == "value" else ("low", "high")
        tests = {
            "above": lambda term: term.at(found, near) > self.limit.at(found, far),
            "at least": lambda term: term.at(found, near) >= self.limit.at(found, far),
            "below": lambda term: term.at(found, far) < self.limit.at(found, near),
            "at most": lambda term: term.at(found, far) <= self.limit.at(found, near),
            "equal": lambda term: term.at(found, "value") == self.limit.at(found, "value"),
        }
        return all(map(tests[self.kind], expanded(self.subjects, found)))

    def words(self, found: Found) -> str:
        terms, many = expanded(self.subjects, found), len(self.subjects) > 1
        limit = self.limit.words(found, terms[0].unit(found))
        sampled = any(term.intervals(found) for term in [*terms, self.limit])
        verb = "are" if many else "is"
        if self.kind == "equal" and self.limit.parts:
            verb, side = "equal" if many else "equals", ""
        elif self.kind == "equal":
            side = ""
        elif self.kind in ("above", "below") and sampled:
            verb, side = "lie" if many else "lies", f"{self.kind} "
        else:
            side = f"{self.kind} "
        return f"{subject_words(self.subjects, found)} {verb} {side}{limit}{_scope(self, self.limit, found)}"

    def data(self) -> dict[str, object]:
        return {"is": self.kind, "limit": self.limit.data(), "of": subject_data(self.subjects), "by": self.by}


@dataclass(frozen=True)
class Between:
    """Every subject lies between two limits, these included."""

    low: Term
    high: Term
    subjects: tuple[Subject, ...]
    by: By

    def true(self, found: Found) -> bool:
        enough = Comparison("at least", self.low, self.subjects, self.by).true(found)
        return enough and Comparison("at most", self.high, self.subjects, self.by).true(found)

    def words(self, found: Found) -> str:
        unit = expanded(self.subjects, found)[0].unit(found)
        low, high = self.low.words(found, "%" if unit == "%" else "1"), self.high.words(found, unit)
        verb = "lie" if len(self.subjects) > 1 else "lies"
        scope = _scope(self, self.low + self.high, found)
        return f"{subject_words(self.subjects, found)} {verb} between {low} and {high}{scope}"

    def data(self) -> dict[str, object]:
        ends = {"low": self.low.data(), "high": self.high.data()}
        return {"is": "between", **ends, "of": subject_data(self.subjects), "by": self.by}


@dataclass(frozen=True)
class Contains:
    """The interval of every subject contains a number, or of every one does not."""

    number: float
    subjects: tuple[Subject, ...]
    inside: bool = True

    def true(self, found: Found) -> bool:
        terms = expanded(self.subjects, found)
        return all((t.at(found, "low") <= self.number <= t.at(found, "high")) is self.inside for t in terms)

    def words(self, found: Found) -> str:
        many = len(self.subjects) > 1
        verb = ("contain" if self.inside else "exclude") + ("" if many else "s")
        number = Term((), self.number).words(found, expanded(self.subjects, found)[0].unit(found))
        return f"the interval{'s' * many} of {subject_words(self.subjects, found)} {verb} {number}"

    def data(self) -> dict[str, object]:
        kind = "contains" if self.inside else "excludes"
        return {"is": kind, "number": self.number, "of": subject_data(self.subjects)}


@dataclass(frozen=True)
class Ordered:
    """Each subject lies above the one before it, or below, or merely apart from all others; intervals do not touch."""

    kind: Literal["rise", "fall", "apart"]
    subjects: tuple[Subject, ...]
    by: By

    def true(self, found: Found) -> bool:
        terms = expanded(self.subjects, found)
        near, far = ("value", "value") if self.by == "value" else ("low", "high")
        if self.kind == "apart":
            terms = sorted(terms, key=lambda term: term.at(found, "value"))
        elif self.kind == "fall":
            terms = terms[::-1]
        return all(low.at(found, far) < high.at(found, near) for low, high in itertools.pairwise(terms))

    def words(self, found: Found) -> str:
        names = subject_words(self.subjects, found)
        sampled = any(term.intervals(found) for term in expanded(self.subjects, found))
        if self.kind == "apart":
            return f"the intervals of {names} do not touch" if sampled else f"{names} differ"
        one = len(self.subjects) == 1
        scope = (", their intervals aside" if self.by == "value" else ", intervals apart") if sampled else ""
        return f"{names} {self.kind}{'s' * one} in this order{scope}"

    def data(self) -> dict[str, object]:
        return {"is": self.kind, "of": subject_data(self.subjects), "by": self.by}


@dataclass(frozen=True)
class Joined:
    """All of several verdicts, or any."""

    kind: Literal["all", "any"]
    verdicts: tuple[Verdict, ...]

    def true(self, found: Found) -> bool:
        return (all if self.kind == "all" else any)([verdict.true(found) for verdict in self.verdicts])

    def words(self, found: Found) -> str:
        clauses = [verdict.words(found) for verdict in self.verdicts]
        joint = "and" if self.kind == "all" else "or"
        if len(clauses) > 1 and any("," in clause or f" {joint} " in clause for clause in clauses):
            return f"{'; '.join(clauses[:-1])}; {joint} {clauses[-1]}"
        return listed(clauses, joint)

    def data(self) -> dict[str, object]:
        return {self.kind: [verdict.data() for verdict in self.verdicts]}


@dataclass(frozen=True)
class Not:
    verdict: Verdict

    def true(self, found: Found) -> bool:
        return not self.verdict.true(found)

    def words(self, found: Found) -> str:
        return f"it is not so that {self.verdict.words(found)}"

    def data(self) -> dict[str, object]:
        return {"not": self.verdict.data()}


@dataclass(frozen=True)
class Stated:
    """What no value says, such as that two lists are one: the claim's code says whether, the words say what."""

    name: str
    said: str

    def true(self, found: Found) -> bool:
        return found.fact(self.name)

    def words(self, found: Found) -> str:
        return self.said

    def data(self) -> dict[str, object]:
        return {"fact": self.name}


def _scope(test: Comparison | Between, limit: Term, found: Found) -> str:
    """What is looked at, in words, where there is an interval."""
    subjects: Sequence[Subject] = test.subjects
    sampled = sum(term.intervals(found) for term in expanded(subjects, found))
    both = limit.intervals(found)
    if not sampled + both:
        return ""
    many = len(subjects) > 1 or (both and sampled) or (not any(isinstance(s, Every) for s in subjects) and sampled > 1)
    if test.by == "value":
        return f", {'their intervals' if many else 'its interval'} aside"
    return ", whole intervals" if many else ", the whole interval"
