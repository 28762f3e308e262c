"""Finding symbols: what a name means, and what is said when it means nothing or too much."""

import ast
import sys

import pytest

from scripts.common.errors import SiteError
from scripts.sources import python_symbols

SOURCE = '''\
import functools
from typing import overload

LIMIT = 3
LEFT, RIGHT = 1, 2
typed: int = 4


@functools.cache
@functools.wraps(
    print
)
def decorated(x):
    def inner():
        return x
    local = 1
    return inner


class Box:
    """A box."""

    size: int = 0

    @property
    def width(self):
        return 1

    @width.setter
    def width(self, value):
        pass

    @overload
    def get(self, x: int): ...
    @overload
    def get(self, x: str): ...
    def get(self, x):
        return x

    async def wait(self):
        pass

    class Lid:
        def open(self):
            pass


if LIMIT:
    def either():
        return 1
else:
    def either():
        return 2

try:
    FAST = True
except ImportError:
    FAST = False

for _ in ():
    class InLoop:
        pass
'''
TABLE = python_symbols.table(SOURCE)


def found(name):
    return python_symbols.find(TABLE, name, "m.toml: excerpt 'x': f.py")


def text(symbol):
    return SOURCE.split("\n")[symbol.first - 1 : symbol.last]


@pytest.mark.parametrize(
    "name, first_line, last_line",
    [
        ("LIMIT", "LIMIT = 3", "LIMIT = 3"),
        ("RIGHT", "LEFT, RIGHT = 1, 2", "LEFT, RIGHT = 1, 2"),
        ("typed", "typed: int = 4", "typed: int = 4"),
        ("decorated", "@functools.cache", "    return inner"),
        ("decorated.inner", "    def inner():", "        return x"),
        ("decorated.<locals>.inner", "    def inner():", "        return x"),
        ("Box", "class Box:", "            pass"),
        ("Box.size", "    size: int = 0", "    size: int = 0"),
        ("Box.wait", "    async def wait(self):", "        pass"),
        ("Box.Lid.open", "        def open(self):", "            pass"),
        ("Box.width", "    @property", "        return 1"),
        ("Box.width#getter", "    @property", "        return 1"),
        ("Box.width#setter", "    @width.setter", "        pass"),
        ("Box.get", "    def get(self, x):", "        return x"),
        ("Box.get#2", "    @overload", "    def get(self, x: str): ..."),
        ("either#2", "    def either():", "        return 2"),
        ("InLoop", "    class InLoop:", "        pass"),
    ],
)
def test_a_name_means_one_piece_of_the_file(name, first_line, last_line):
    lines = text(found(name))
    assert (lines[0], lines[-1]) == (first_line, last_line)


def test_the_def_line_is_known_beside_the_decorators():
    symbol = found("decorated")
    assert SOURCE.split("\n")[symbol.line - 1] == "def decorated(x):"
    assert symbol.line - symbol.first == 4


def test_breadcrumb():
    assert found("Box.Lid.open").breadcrumb == "class Box > class Lid > open()"
    assert found("Box.size").breadcrumb == "class Box > size"
    assert found("decorated.inner").breadcrumb == "decorated() > inner()"


def test_a_local_variable_is_no_symbol():
    with pytest.raises(SiteError, match="'decorated.local' is not there"):
        found("decorated.local")


@pytest.mark.parametrize(
    "name, message",
    [
        (
            "either",
            r"^m.toml: excerpt .x.: f.py: symbol .either. is ambiguous; .* either#1 \(line \d+\), either#2 \(line",
        ),
        ("FAST", "'FAST' is ambiguous"),
        ("either#3", "there is no 'either#3'; write one of either#1"),
        ("either#0", "there is no 'either#0'"),
        (
            "Box.width#deleter",
            r"no 'Box.width#deleter'; write one of Box.width#1 \(line \d+, getter\), Box.width#2 \(line \d+, setter\)",
        ),
        ("gone", "'gone' is not there; it may have been moved or renamed"),
        ("Lid.open", "'Lid.open' is not there; did you mean Box.Lid.open\\?"),
    ],
)
def test_a_name_that_means_nothing_or_too_much_is_one_line_with_a_remedy(name, message):
    with pytest.raises(SiteError, match=message) as error:
        found(name)
    assert "\n" not in str(error.value)


def test_every_code_object_of_a_module_is_mapped_to_its_def_line(tmp_path):
    """What a tracer sees is the code object; compile the file and compare with what Python itself says."""
    seen = []

    def walk(code):
        for constant in code.co_consts:
            if hasattr(constant, "co_firstlineno"):
                seen.append(constant)
                walk(constant)

    walk(compile(SOURCE, "f.py", "exec"))
    mapped = {code.co_qualname: python_symbols.of_code(TABLE, code.co_qualname, code.co_firstlineno) for code in seen}
    assert SOURCE.split("\n")[mapped["decorated"].line - 1] == "def decorated(x):"
    assert mapped["decorated.<locals>.inner"].name == "decorated.inner"
    assert mapped["Box"] is None  # a class body is code, but no function
    lines = {
        code.co_firstlineno: python_symbols.of_code(TABLE, "either", code.co_firstlineno).line
        for code in seen
        if code.co_name == "either"
    }
    assert len(lines) == 2 and all(first == line for first, line in lines.items())


SIGNS_ABOVE = """\
import functools


class Box:
    @(
        # not @here
        functools.cache
    )
    def wide(self):
        return 1

    @ \\
    property
    def split(self):
        return 2

    @(

        staticmethod
    )
    @(
        functools.wraps
    )(print)
    def two():
        return 5

    @(lambda f: f)
    def beside(self):
        return 4


@(
    lambda c: c
)
class Whole:
    x = 1
"""


def test_a_definition_begins_at_the_sign_of_its_first_decorator():
    symbols, lines = python_symbols.table(SIGNS_ABOVE), SIGNS_ABOVE.split("\n")
    names = ("Box.wide", "Box.split", "Box.two", "Box.beside", "Whole")
    begin = [lines[python_symbols.find(symbols, name, "x").first - 1].strip() for name in names]
    assert begin == ["@(", "@ \\", "@(", "@(lambda f: f)", "@("]


def test_a_code_object_s_first_line_is_known_where_the_sign_stands_above_it():
    """A recording has that line, and a hop is held against it."""
    box = next(each for each in compile(SIGNS_ABOVE, "f.py", "exec").co_consts if hasattr(each, "co_consts"))
    symbols = python_symbols.table(SIGNS_ABOVE)
    codes = [each for each in box.co_consts if hasattr(each, "co_firstlineno") and each.co_name != "<lambda>"]
    assert len(codes) == 4
    for code in codes:
        assert python_symbols.of_code(symbols, code.co_qualname, code.co_firstlineno).code == code.co_firstlineno


def test_a_file_that_does_not_parse_is_named():
    with pytest.raises(SiteError, match=r"f.py:2: does not parse as Python .*; quote another file"):
        python_symbols.table("x = 1\ndef :\n", "f.py")


def test_tables_are_read_again_from_their_cache(toy, monkeypatch):
    tables = python_symbols.Tables(toy.sources)
    first = tables.of("toy", "toy/engine.py")
    monkeypatch.setattr(python_symbols, "table", lambda *_: pytest.fail("parsed again"))
    assert python_symbols.Tables(toy.sources).of("toy", "toy/engine.py") == first


def test_a_damaged_cached_table_is_made_again(toy):
    tables = python_symbols.Tables(toy.sources)
    first = tables.of("toy", "toy/engine.py")
    for cached in tables.folder.iterdir():
        cached.write_text("[[")
    assert python_symbols.Tables(toy.sources).of("toy", "toy/engine.py") == first


NEWER = "type Pair[T] = tuple[T, T]\n\n\nclass Box[T]:\n    type Inner = list[T]\n\n    def get[K](self): pass\n"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="only Python 3.12 has type statements")
def test_type_statements_define_and_generic_definitions_are_found():
    symbols = python_symbols.table(NEWER)
    assert [each.name for each in symbols] == ["Pair", "Box", "Box.Inner", "Box.get"]
    assert symbols[0].breadcrumb == "Pair"


def test_a_type_statement_is_known_by_its_node():
    """As the syntax tree of Python 3.12 has it, whichever runs."""
    node = type("TypeAlias", (ast.stmt,), {})()
    node.name, node.lineno, node.end_lineno = ast.Name("Pair"), 3, 4
    symbols = []
    python_symbols._collect([node], (), (), symbols)
    assert [(each.name, each.first, each.last) for each in symbols] == [("Pair", 3, 4)]
