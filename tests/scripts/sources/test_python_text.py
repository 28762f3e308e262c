"""Sources are read as CPython reads them, and what it cannot read is one line with file, place and remedy."""

import sys

import pytest

from scripts.common.errors import SiteError
from scripts.quotes.excerpts import Resolver
from scripts.quotes.manifest_tables import Excerpt
from scripts.sources import python_text

MARK = b"\xef\xbb\xbf"
PUMP = b"class Pump:\n    def run(self):\n        return 1\n"


def quoted(toy, content: bytes, symbol: str) -> tuple[str, ...]:
    toy.release({"a.py": content})
    resolver = Resolver(toy.sources, toy.root)
    return resolver.resolve(Excerpt("m.toml: excerpt 'x'", "x", "toy", "toy/a.py", symbol)).lines


@pytest.mark.parametrize("content", [MARK + PUMP, MARK + PUMP.replace(b"\n", b"\r\n"), PUMP.replace(b"\n", b"\r")])
def test_neither_a_byte_order_mark_nor_line_ends_are_part_of_a_quote(toy, content):
    assert quoted(toy, content, "Pump") == ("class Pump:", "    def run(self):", "        return 1")


@pytest.mark.parametrize(
    ("cookie", "codec"),
    [("latin-1", "latin-1"), ("cp1252", "cp1252"), ("utf-8", "utf-8"), ("euc-jp", "ascii"), ("utf-8", "utf-8-sig")],
)
def test_a_coding_line_is_obeyed(toy, cookie, codec):
    accent = "a" if codec == "ascii" else "ä"
    text = f"#!/usr/bin/python\n# vim: set fileencoding={cookie} :\n\ndef gr{accent}d():\n    return '{accent}'\n"
    assert quoted(toy, text.encode(codec), f"gr{accent}d") == (f"def gr{accent}d():", f"    return '{accent}'")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"x = 1\n\ny = 2\nz = '\xff'\n", "toy/a.py:4: byte 0xff is not utf-8"),
        (b"x = '\xff'\n", "toy/a.py:1: cannot be read"),
        (b"# coding: ascii\nx = 1\ny = 2\nx = '\xe4'\n", "toy/a.py:4: byte 0xe4 is not ascii"),
        (b"# coding: no-such-thing\nx = 1\n", "toy/a.py:1: cannot be read .unknown encoding: no-such-thing"),
        (b"# coding: rot13\nx = 1\n", "toy/a.py:1: cannot be read as rot13"),
        (MARK + b"# coding: latin-1\nx = 1\n", "toy/a.py:1: cannot be read"),
        (b"x = 1\n\x00\ndef f(): pass\n", "toy/a.py:2: holds a NUL byte"),
        (b"x = 1\n" + MARK + b"y = 2\n", "toy/a.py:2: does not parse as Python"),
        (b"x = " + b"(" * 5000 + b")" * 5000, "toy/a.py:1: "),
        (b"x = " + b"-" * 100_000 + b"1", "toy/a.py:1: "),
    ],
)
def test_what_cpython_cannot_read_is_one_line(toy, content, says):
    with pytest.raises(SiteError, match=says) as error:
        quoted(toy, content, "f")
    assert "\n" not in str(error.value) and str(error.value).endswith("; quote another file")


@pytest.mark.parametrize(
    ("line", "least"),
    [
        ("type Pair = int", (3, 12)),
        ("type Pair[T] = tuple[T, T]", (3, 12)),
        ("class Box[T]: pass", (3, 12)),
        ("async def get[K](key: K): pass", (3, 12)),
        ("x = f'{y['a']}'", (3, 12)),
        ('x = f"{y!r:{"wide" if y else 1}}"', (3, 12)),
        ("class Box[T = int]: pass", (3, 13)),
        ("x = t'{y}'", (3, 14)),
        ("try:\n    pass\nexcept OSError, ValueError:\n    pass", (3, 14)),
        ("lazy import json", (3, 15)),
    ],
)
def test_syntax_of_a_newer_python_is_named_as_such(line, least):
    if sys.version_info >= least:
        pytest.skip("this Python knows it")
    with pytest.raises(
        SiteError, match=r"^f.py:\d+: Python 3\.\d+, which runs this, is too old for it: .* needs "
    ) as error:
        python_text.parsed(f"x = 1\n{line}\n", "f.py")
    assert f"{least[0]}.{least[1]} or newer" in str(error.value)


@pytest.mark.parametrize("line", ["def (:", "x = = 1", "type = = 3", "print 'a'", "except"])
def test_what_no_python_reads_blames_no_version(line):
    with pytest.raises(SiteError, match=r"^f.py:1: does not parse as Python 3\.\d+ \("):
        python_text.parsed(line, "f.py")
