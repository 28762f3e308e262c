"""The quick way to the tokens of Python gives those of the long one."""

import random
import re

import pytest
from pygments.lexers import PythonLexer
from pygments.lexers.shell import BashLexer

from scripts.common.paths import ROOT
from scripts.render.page import python_tokens

FILES = [*sorted((ROOT / "scripts/render").rglob("*.py")), *sorted((ROOT / "tests/scripts/render").rglob("*.py"))]
ODD = """\
#!/usr/bin/env python
lazy from a import b
match x:
    case _ if µ == ſelf.K\\
        : f"{x!r:>{width}} {{ }} \\N{DASH}" rb'\\x00' T'''{y=}''' '%(a)s %d' Rf"{1:\n
def
class Ünder(é): async for a in b: yield from 0x_ff + 1_0.5e-3j @ None ` $ ?
from . import (a as b, __init__, ___)
"""


@pytest.mark.parametrize("lexer", [PythonLexer(), PythonLexer(stripnl=False, ensurenl=False), BashLexer()])
def test_the_tokens_are_those_of_the_long_way(lexer):
    texts = [ODD, "", "\n", "'''", "\\", *(file.read_text() for file in FILES)]
    chance = random.Random(1)
    for text in texts[:]:  # and what no reader would call Python
        lines = text.splitlines(keepends=True)
        chance.shuffle(lines)
        texts += ["".join(lines), text[1::2]]
    for text in texts:
        assert list(python_tokens.unprocessed(lexer, text)) == list(lexer.get_tokens_unprocessed(text))


def test_tokens_are_read_from_a_state_that_is_open_already():
    lexer, text = PythonLexer(), 'a "b\n'
    long = list(lexer.get_tokens_unprocessed(text, ("root", "dqs")))
    assert list(python_tokens.unprocessed(lexer, text, ("root", "dqs"))) == long


@pytest.mark.parametrize(
    ("pattern", "flags", "expected"),
    [
        ("ab", 0, "aA"),
        ("(?:a|b*c)d", 0, "aAbBcC"),
        (r"\b(?<!x)[0-3_]+?", 0, "0123_"),
        (r"\d", 0, "0123456789"),
        ("(a?)(?i:b)", 0, "aAbB"),
        ("ſ|é", re.I, "sS"),
    ],
)
def test_a_rule_is_left_out_where_it_cannot_match(pattern, flags, expected):
    found = python_tokens.first_characters(re.compile(pattern, flags))
    assert found == set(expected)
    assert all(char in found for char in map(chr, range(128)) if re.compile(pattern, flags).match(char + "bcd"))


@pytest.mark.parametrize("pattern", ["", "a*", "[^a]", ".", r"\S", "(a)?(?=b)", r"(?:|a)", r"(a|)\1"])
def test_a_rule_that_may_begin_with_anything_is_kept(pattern):
    assert len(python_tokens.first_characters(re.compile(pattern))) == 128
