"""The tokens of pygments' lexer for Python, in half of its time.

That lexer tries the rules of a state one after another at each token, thirty and more of them. Most could not match
there, as the first character says: these are left out.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from pygments.lexer import RegexLexer
from pygments.token import Error, Whitespace, _TokenType

_ANY = frozenset(map(chr, range(128)))  # for what else begins a token, all rules are tried
_NOTHING = ("AT", "ASSERT", "ASSERT_NOT")  # what looks, and takes no character
_CATEGORIES = {
    "CATEGORY_DIGIT": frozenset(filter(str.isdigit, _ANY)),
    "CATEGORY_SPACE": frozenset(filter(str.isspace, _ANY)),
    "CATEGORY_WORD": frozenset(char for char in _ANY if char.isalnum() or char == "_"),
}
# Letters beyond ASCII that are the other case of one within.
_OTHER_CASE = {0x130: "iI", 0x131: "iI", 0x17F: "sS", 0x212A: "kK"}
_sorted: dict[type, dict[str, dict[str, list]]] = {}  # of a lexer: its states, and their rules by first character


def unprocessed(lexer: RegexLexer, text: str, stack: Sequence[str] = ("root",)) -> Iterator[tuple[int, Any, str]]:
    """What `RegexLexer.get_tokens_unprocessed` gives, which this can take the place of."""
    kind = type(lexer)
    if kind not in _sorted:
        _sorted[kind] = _by_first(lexer._tokens)
    states = _sorted[kind]
    position, open_ones = 0, list(stack)
    rules = states[open_ones[-1]]
    while True:
        first = text[position : position + 1]
        for rule in rules[first if first in rules else ""]:
            if found := rule[0](text, position):
                break
        else:
            if not first:
                return
            if first == "\n":
                open_ones = ["root"]
                rules = states["root"]
            yield position, Whitespace if first == "\n" else Error, first
            position += 1
            continue
        _, action, change = rule
        if type(action) is _TokenType:
            yield position, action, found[0]
        elif action is not None:
            yield from action(lexer, found)
        position = found.end()
        if change is not None:
            _follow(change, open_ones)
            rules = states[open_ones[-1]]


def _follow(change: Any, open_ones: list[str]) -> None:
    """What a rule says about the states that are open."""
    if isinstance(change, int):
        del open_ones[max(1, len(open_ones) + change) :]
        return
    for step in change if isinstance(change, tuple) else (change,):
        if step == "#push":
            open_ones.append(open_ones[-1])
        elif step != "#pop":
            open_ones.append(step)
        elif len(open_ones) > 1:
            open_ones.pop()


def _by_first(states: dict[str, list]) -> dict[str, dict[str, list]]:
    """Each state's rules that may match where a character stands; by "", all of them."""
    known: dict[re.Pattern[str], frozenset[str]] = {}
    sorted_ones = {}
    for name, rules in states.items():
        starts = []
        for match, *_ in rules:
            pattern = match.__self__
            if pattern not in known:
                known[pattern] = first_characters(pattern)
            starts.append(known[pattern])
        sorted_ones[name] = {
            char: [rule for rule, start in zip(rules, starts, strict=True) if char in start] for char in _ANY
        } | {"": rules}
    return sorted_ones


def first_characters(pattern: re.Pattern[str]) -> frozenset[str]:
    """The ASCII characters that what it matches may begin with, and maybe others."""
    found, may_be_empty = _firsts(parser.parse(pattern.pattern, pattern.flags))
    return _ANY if may_be_empty else found


def _firsts(parts: Iterable[tuple[Any, Any]]) -> tuple[frozenset[str], bool]:
    """The first characters of these parts of a pattern, and whether they may match nothing."""
    all_of_them: frozenset[str] = frozenset()
    for kind, what in parts:
        found, may_be_empty = _first(str(kind), what)
        all_of_them |= found
        if not may_be_empty:
            return all_of_them, False
    return all_of_them, True


def _first(kind: str, what: Any) -> tuple[frozenset[str], bool]:
    if kind in _NOTHING:
        return frozenset(), True
    if kind in ("LITERAL", "IN"):
        return frozenset().union(*map(_characters, [(kind, what)] if kind == "LITERAL" else what)), False
    if kind == "SUBPATTERN":
        return _firsts(what[-1])
    if kind == "BRANCH":
        several = [_firsts(one) for one in what[1]]
        return frozenset().union(*(found for found, _ in several)), any(empty for _, empty in several)
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        found, may_be_empty = _firsts(what[2])
        return found, may_be_empty or what[0] == 0
    return _ANY, True


def _characters(item: tuple[Any, Any]) -> frozenset[str]:
    """Those of a character, a range or a class of them; both cases, whether they count or not."""
    kind, what = str(item[0]), item[1]
    if kind == "CATEGORY":
        return _CATEGORIES.get(str(what), _ANY)
    if kind not in ("LITERAL", "RANGE"):
        return _ANY
    first, last = (what, what) if kind == "LITERAL" else what
    chars = "".join(map(chr, range(first, min(last, 127) + 1)))
    others = "".join(same for char, same in _OTHER_CASE.items() if first <= char <= last)
    return frozenset(chars + chars.upper() + chars.lower() + others) & _ANY
