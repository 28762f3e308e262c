"""What a claim asks for, as data: evaluated on the claim's values, and put into the words that stand on the page.

    holds=above(1.05, "gap", "ttft")
    holds=all_of(below(the("sg_steps"), "steps"), equals(0, "retracted"))
    holds=between(0.9, 1.1, every("ratio"))

A comparison looks at the whole 95% interval, of what is compared and of what it is compared with; `by="value"` looks at
the values alone. Values that were counted have no interval, so for them the two are one. What is true of something that
is no value is a `fact`: the claim's code returns it by name, and its words stand beside it. The vocabulary:

    above, at_least, below, at_most (limit, *subjects)   equals (limit, *subjects)   between (low, high, *subjects)
    some, none (*counts)                                 fewer, more, as_many (count, count)
    holds_value, excludes (number, *subjects)            rising, falling, apart (*subjects)
    all_of, any_of, not_                                 fact (name, words)
"""

from experiments.lab.verdicts.verdict_counts import as_many, fewer, more, none, some
from experiments.lab.verdicts.verdict_kinds import (
    Between,
    By,
    Comparison,
    Contains,
    Joined,
    Not,
    Ordered,
    Stated,
    Verdict,
)
from experiments.lab.verdicts.verdict_terms import Found, Subject, Term, as_term, every, the

__all__ = [
    "Found", "Verdict", "above", "all_of", "any_of", "apart", "as_many", "at_least", "at_most", "below", "between",
    "equals", "every", "excludes", "fact", "falling", "fewer", "holds_value", "more", "none", "not_", "rising", "some",
    "the",
]

Limit = float | Term


def above(limit: Limit, *subjects: Subject, by: By = "interval") -> Comparison:
    return Comparison("above", as_term(limit), subjects, by)


def at_least(limit: Limit, *subjects: Subject, by: By = "interval") -> Comparison:
    return Comparison("at least", as_term(limit), subjects, by)


def below(limit: Limit, *subjects: Subject, by: By = "interval") -> Comparison:
    return Comparison("below", as_term(limit), subjects, by)


def at_most(limit: Limit, *subjects: Subject, by: By = "interval") -> Comparison:
    return Comparison("at most", as_term(limit), subjects, by)


def equals(limit: Limit, *subjects: Subject) -> Comparison:
    return Comparison("equal", as_term(limit), subjects, "value")


def between(low: Limit, high: Limit, *subjects: Subject, by: By = "interval") -> Between:
    return Between(as_term(low), as_term(high), subjects, by)


def holds_value(number: float, *subjects: Subject) -> Contains:
    return Contains(number, subjects)


def excludes(number: float, *subjects: Subject) -> Contains:
    return Contains(number, subjects, inside=False)


def rising(*subjects: Subject, by: By = "interval") -> Ordered:
    return Ordered("rise", subjects, by)


def falling(*subjects: Subject, by: By = "interval") -> Ordered:
    return Ordered("fall", subjects, by)


def apart(*subjects: Subject) -> Ordered:
    return Ordered("apart", subjects, "interval")


def all_of(*verdicts: Verdict) -> Joined:
    return Joined("all", verdicts)


def any_of(*verdicts: Verdict) -> Joined:
    return Joined("any", verdicts)


def not_(verdict: Verdict) -> Not:
    return Not(verdict)


def fact(name: str, words: str) -> Stated:
    """The claim's code returns `name` among its facts, (values, {name: bool}); `words` is what is then true."""
    return Stated(name, words)
