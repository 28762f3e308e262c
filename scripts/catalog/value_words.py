"""Whether the words beside a value of a claim are that value's: of its engine, and its own rather than another's.

What a value is called stands in snippets/labels.toml, or else in the claim's own sentence. Where two values of one
claim stand in a sentence, the words that only one of them has must lie nearer to it than they would after a swap. That
is a rule about distances, and some right sentences do not keep it: those a reader confirms (`make review`).
"""

import functools
import itertools
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from scripts.catalog.site_data import Evidence
from scripts.catalog.value_sentences import APART, REFERENCE, Sentence
from scripts.measured.claim_reader import Claim

FAR = 25  # words; one that is farther away belongs to something else
NEAR = 6  # words of the claim's sentence beside a value that has no label
_CROSSED = {",": 3, "(": 3, ")": 3, ":": 4, ";": 6, ".": 9, "?": 9, "!": 9, APART: 1000}  # in words, if it lies between
_JOINS = frozenset(("and", "or", "but", "while", "where"))
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()
_COUNTED = {word: str(number) for number, word in enumerate(_NUMBERS, 1)}
_SAME = {"shorter": "short", "shortest": "short", "longer": "long", "reused": "reuse", "found": "find", "saved": "save"}
_PLURAL = frozenset(("times", "less", "is", "its", "this", "was", "has", "across"))
_NO_WORDS = frozenset(
    "a an the of in at on to with for by over than its own it is was are and or that this as from not no per be each "
    "all".split()
)
_TOKEN = re.compile(
    rf"(?P<value>{REFERENCE.pattern})|(?P<other>\{{\{{[^{{}}\n]*\}}\}})|"
    r"(?P<word>[A-Za-z]\w*(?:['’]\w+)?|\d[\d,]*(?:\.\d+)?)|(?P<sign>[,;:.()?!{APART}])"
)
_IN_SENTENCE = re.compile(r"\{([a-z0-9_]+)[\w.]*\}|([A-Za-z]\w*(?:['’]\w+)?|\d[\d,]*(?:\.\d+)?)", re.I)


@dataclass(frozen=True)
class Doubt:
    """What is wrong, or not to be seen, of values of a claim in a sentence; `names` are theirs."""

    claim: str
    names: tuple[str, ...]
    says: str


@dataclass(frozen=True)
class _Value:
    """A value in a sentence: `at` is its place among the tokens, `written` how it is referred to."""

    at: int
    claim: Claim
    name: str
    written: str


def doubts(sentence: Sentence, evidence: Evidence) -> list[Doubt]:
    """The doubts about a sentence; none where each value has its own words beside it."""
    tokens = _tokens(sentence.text)
    values = list(_values(tokens, evidence))
    return [*_of_engines(tokens, values, evidence), *_twice(values), *_pairs(tokens, values, evidence)]


def _tokens(text: str) -> list[tuple[str, str]]:
    """(kind, text): value, other reference, word, sign."""
    kinds = ("value", "other", "word", "sign")
    return [
        (kind, _plain(match[kind]) if kind == "word" else match[kind])
        for match in _TOKEN.finditer(text)
        for kind in kinds
        if match[kind] is not None
    ]


@functools.lru_cache(maxsize=8192)  # sentences are made of the same few words
def _plain(word: str) -> str:
    """A word without its ending, so that `SGLang's` is `sglang` and `blocks` is `block`; a number in digits."""
    word = re.sub(r"['’]s?$", "", word.lower()).replace(",", "")
    if word in _COUNTED:
        return _COUNTED[word]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss") and word not in _PLURAL:
        word = word[:-1]
    return _SAME.get(word, word)


def _values(tokens: list[tuple[str, str]], evidence: Evidence) -> Iterator[_Value]:
    """The values of claims that are there; of others another check tells."""
    for at, (kind, text) in enumerate(tokens):
        if kind == "value" and (found := REFERENCE.fullmatch(text)):
            claim = evidence.claims.get(found[1])
            if claim is not None and found[2] in claim.data["values"]:
                yield _Value(at, claim, found[2], text)


def _twice(values: list[_Value]) -> Iterator[Doubt]:
    written = [value.written for value in values]
    for value in {each.written: each for each in values if written.count(each.written) > 1}.values():
        yield Doubt(value.claim.id, (value.name,), f"has {value.written} twice; one of them is another value's place")


def _of_engines(tokens: list[tuple[str, str]], values: list[_Value], evidence: Evidence) -> Iterator[Doubt]:
    """Values of one engine beside the name of another: nearest to them, and out of the order of the names."""
    engines = set(evidence.pins)
    owners = [_engine(value.claim, value.name, evidence) for value in values]
    names = [text for kind, text in tokens if kind == "word" and text in engines]
    if _runs(owners) == _runs(names):
        return
    for value, owner in zip(values, owners, strict=True):
        near = {name: _distance(tokens, value.at, {name}, 10 * FAR) for name in {*names, owner}}
        nearest = min(near, key=lambda name: near[name])
        if owner and near[nearest] < near[owner]:
            called, other = evidence.pins[owner].name, evidence.pins[nearest].name
            says = f"has {value.written}, which is {called}'s, beside the name of {other}; take {other}'s value"
            yield Doubt(value.claim.id, (value.name,), says)


def _runs(names: list[str]) -> list[str]:
    return [name for name, _ in itertools.groupby(filter(None, names))]


def _pairs(tokens: list[tuple[str, str]], values: list[_Value], evidence: Evidence) -> Iterator[Doubt]:
    """Two values whose own words would lie nearer, or as near, if they were swapped."""
    for one, two in itertools.combinations(values, 2):
        if (one.claim.id, one.name) == (two.claim.id, two.name):
            continue
        pair = f"{one.written} and {two.written}"
        if whole := _part_of(tokens, one, two):
            if whole == "less":
                yield _of_both(one, two, f"has {pair} swapped: the whole is less than its part")
            continue
        words = [_words(each.claim, each.name, evidence) for each in (one, two)]
        if one.claim.id != two.claim.id:
            words = [had | _of_title(each.claim) for had, each in zip(words, (one, two), strict=True)]
        ours, theirs = words[0] - words[1], words[1] - words[0]
        here = _distance(tokens, one.at, ours) + _distance(tokens, two.at, theirs)
        swapped = _distance(tokens, one.at, theirs) + _distance(tokens, two.at, ours)
        if here >= swapped:
            says = "swapped" if here > swapped else "and no word beside them that says which is which"
            if one.claim.id == two.claim.id:
                called = [_called(each, evidence) for each in (one, two)]
            else:
                called = [f"{each.claim.id} is {each.claim.data['title']!r}" for each in (one, two)]
            yield _of_both(one, two, f"has {pair} {says}: {' and '.join(called)}")


def _of_both(one: _Value, two: _Value, says: str) -> Doubt:
    """A doubt of two values, named the same way round however they stand."""
    return Doubt(min(one.claim.id, two.claim.id), tuple(sorted((one.name, two.name))), says)


def _part_of(tokens: list[tuple[str, str]], one: _Value, two: _Value) -> str:
    """Where it says `{{one}} of {{two}}`: "less" where the second is less than the first on every host, "more" where it
    is on none, so that a swap would be seen or would change nothing; else ""."""
    between = tokens[one.at + 1 : two.at]
    units = [each.claim.data["values"][each.name]["unit"] for each in (one, two)]
    if one.claim.id != two.claim.id or units[0] != units[1] or between[:1] != [("word", "of")] or len(between) > 3:
        return ""
    hosts = [host.values for host in one.claim.hosts if one.name in host.values and two.name in host.values]
    less = {each[two.name]["value"] < each[one.name]["value"] for each in hosts}
    return "less" if less == {True} else "more" if less == {False} else ""


def _called(value: _Value, evidence: Evidence) -> str:
    """What a value is, in the words that would tell it from others."""
    label = evidence.labels.get(value.claim.id, {}).get(value.name)
    words = label or f"... {' '.join(_beside_in(value.claim.data['sentence'], value.name))} ..."
    return f"{value.name} is {words!r}"


def _distance(tokens: list[tuple[str, str]], at: int, words: Collection[str], most: int = FAR) -> int:
    """How far the nearest of these words lies from a place, in words; signs and joining words between count more."""
    best = most
    for way in (-1, 1):
        gone, place = 0, at + way
        while 0 <= place < len(tokens) and gone < best:
            kind, text = tokens[place]
            gone += _CROSSED.get(text, 0) if kind == "sign" else kind in ("word", "value")
            if kind == "word" and text in words:
                best = min(best, gone)
            gone += 2 * (kind == "word" and text in _JOINS)
            place += way
    return best


def _kept(function: Callable) -> Callable:
    """Each value's answer once a run: pages ask for the same ones again and again."""

    @functools.wraps(function)
    def asked(claim: Claim, name: str, evidence: Evidence):
        kept = evidence.__dict__.setdefault(f"_{function.__name__}_of_values", {})
        if (claim.id, name) not in kept:
            kept[claim.id, name] = function(claim, name, evidence)
        return kept[claim.id, name]

    return asked


@_kept
def _engine(claim: Claim, name: str, evidence: Evidence) -> str:
    """The engine that a value is of, by its name, its label or its claim; "" for a value of both or none."""
    label = {_plain(word) for word in re.findall(r"\w+", evidence.labels.get(claim.id, {}).get(name, ""))}
    parts = [part for part in name.split("_") if len(part) > 1]
    named = {engine for engine in evidence.pins if engine in label or any(engine.startswith(part) for part in parts)}
    if not named:
        named = set(claim.data["pin"])
    return named.pop() if len(named) == 1 else ""


@_kept
def _words(claim: Claim, name: str, evidence: Evidence) -> set[str]:
    """The words of a value: of its label, or of the claim's sentence beside it, of its name, and its engine."""
    label = evidence.labels.get(claim.id, {}).get(name)
    words = {_plain(part) for part in re.split(r"_|(?<=[a-z])(?=\d)", name) if len(part) > 1 or part.isdigit()}
    words |= _of_label(label) if label else _beside_in(claim.data["sentence"], name).keys()
    return {*words, _engine(claim, name, evidence)} - _NO_WORDS - {""}


def _of_label(label: str) -> set[str]:
    return {_plain(word) for word in re.findall(r"[A-Za-z]\w*(?:'\w+)?|\d[\d,]*(?:\.\d+)?", label)}


def _of_title(claim: Claim) -> set[str]:
    return _of_label(claim.data["title"]) - _NO_WORDS


def _beside_in(sentence: str, name: str) -> dict[str, None]:
    """The words of a claim's sentence that stand in the clause of a value, between its neighbours; in their order."""
    words: dict[str, None] = {}
    for clause in re.split(r"[,;:.](?=\s|$)", sentence):
        tokens = [(match[1], _plain(match[2] or "")) for match in _IN_SENTENCE.finditer(clause)]
        places = [at for at, (value, _) in enumerate(tokens) if value]
        for mine in (at for at in places if tokens[at][0] == name):
            low = max((at for at in places if at < mine), default=-1)
            high = min((at for at in places if at > mine), default=len(tokens))
            words |= {word: None for _, word in tokens[max(low + 1, mine - NEAR) : min(high, mine + NEAR + 1)] if word}
    return words
