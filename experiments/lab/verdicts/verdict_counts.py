"""Verdicts on counts: some, none, fewer, more, as many. Their values' labels are bare plural nouns, `steps in vLLM`."""

from dataclasses import dataclass
from typing import Literal

from experiments.lab.verdicts.verdict_terms import Found, listed


@dataclass(frozen=True)
class Counted:
    """Of each name there are some, or none; or of the first there are fewer, more, or as many as of the second."""

    kind: Literal["some", "none", "fewer", "more", "as many"]
    names: tuple[str, ...]

    def true(self, found: Found) -> bool:
        counts = [found.value(name).value for name in self.names]
        if self.kind in ("some", "none"):
            return all((count > 0) if self.kind == "some" else (count == 0) for count in counts)
        first, second = counts
        return first < second if self.kind == "fewer" else first > second if self.kind == "more" else first == second

    def words(self, found: Found) -> str:
        nouns = [found.label(name).removeprefix("the ") for name in self.names]
        if self.kind == "some":
            return f"there are {listed(nouns)}"
        if self.kind == "none":
            return f"there are {listed([f'no {noun}' for noun in nouns])}"
        first, second = nouns
        return f"there are {self.kind} {first} {'as' if self.kind == 'as many' else 'than'} {second}"

    def data(self) -> dict[str, object]:
        return {"count": self.kind, "of": list(self.names)}


def some(*names: str) -> Counted:
    """There is at least one of each."""
    return Counted("some", names)


def none(*names: str) -> Counted:
    """There is not one of any."""
    return Counted("none", names)


def fewer(first: str, second: str) -> Counted:
    return Counted("fewer", (first, second))


def more(first: str, second: str) -> Counted:
    return Counted("more", (first, second))


def as_many(first: str, second: str) -> Counted:
    return Counted("as many", (first, second))
