"""The words that carry a quoted figure: `up to 2x` is another statement than `2x`.

What the source says stands in `figure` of snippets/famous.toml. A page that quotes the number keeps its bound or its
"about", in the same words or in others of the same meaning, beside the number; and puts none there that is not theirs.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.catalog import famous_numbers
from scripts.catalog.famous_numbers import Figure
from scripts.catalog.fixed_sources import values
from scripts.catalog.typed_numbers import Typed

# What each group of words says of the number: it is the most, the least, or not exact.
_WORDS = {
    "most": r"up to|at most|(?:no|not) more than|under|less than|fewer than|below|within|as much as|[<≤]",
    "least": r"at least|(?:no|not) less than|more than|over|above|upwards of|[>≥]",
    "about": r"about|around|roughly|nearly|almost|approximately|close to|[~≈]",
}
_BEFORE = {
    group: re.compile(rf"(?<!\w)(?:{words})(?!\w)(?:\s+(?:an?|the|of|only|some|as much as)){{0,2}}\s*$", re.I)
    for group, words in _WORDS.items()
}
_AFTER = re.compile(
    r"^\s*(?:(?P<most>at (?:the )?most|or less)|(?P<least>at (?:the )?least|or more)|(?P<about>or so))\b"
)
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")


def faults(typed: Iterable[Typed], root: Path) -> list[str]:
    """A line for each number marked as quoted that stands without the words which carry it in its source, or with
    words that do not."""
    of_source: dict[str, list[Figure]] = {}
    for figure in famous_numbers.load(root):
        of_source.setdefault(figure.source, []).append(figure)
    quoted = (number for number in typed if number.kind == "quoted")
    return [fault for number in quoted if (fault := _fault(number, of_source.get(number.why, [])))]


def _fault(number: Typed, figures: list[Figure]) -> str:
    wanted = values(number.text)
    theirs = [(words, figure) for figure in figures for value, words in _carried(figure.figure) if value in wanted]
    if not theirs:
        return ""  # no figure has it, or only what is said of its set-up: another check tells of the former
    ours = _beside(f"{number.before}{_sign(number.text)}", number.after)
    where = f"{number.file}:{number.line}: {number.text!r} is quoted from {number.why}"
    figure = theirs[0][1]
    says = f"figure '{figure.id}' in {famous_numbers.FILE} says {figure.figure!r}"
    if all(words and not words.keys() & ours.keys() for words, _ in theirs):
        missing = next(iter(theirs[0][0].values()))
        return f"{where} without {missing!r}, which carries it there ({says}); write {missing!r} before the number"
    if any(
        ours.keys() <= words.keys() or figure.kind == "best" and ours.keys() == {"most"} for words, figure in theirs
    ):
        return ""
    added = next(iter(ours.values()))
    return f"{where} with {added!r}, which is not theirs ({says}); take it out, or correct the figure"


def _carried(figure: str) -> Iterator[tuple[float, dict[str, str]]]:
    """(number, the words that carry it by their group) for each number of a published figure."""
    end = 0
    for match in _NUMBER.finditer(figure):
        yield float(match[0].replace(",", "")), _beside(figure[end : match.start()], "")
        end = match.end()


def _beside(before: str, after: str) -> dict[str, str]:
    """The words that carry a number, by their group, as they stand: {"most": "up to"}."""
    found = {group: match[0].strip() for group, pattern in _BEFORE.items() if (match := pattern.search(before))}
    for group, said in (match.groupdict() if (match := _AFTER.search(after)) else {}).items():
        if said:
            found.setdefault(group, said)
    return found


def _sign(text: str) -> str:
    """The sign that a typed number begins with, `~` of `~20%`; "" for none."""
    return text[0] if text[0] in "~≈<>≤≥" else ""
