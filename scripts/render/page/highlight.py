"""Python lines as HTML, with as few tags as colours need."""

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pygments
from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Literal, Name, Number, Operator, String, Token

from scripts.common.content_cache import Cache
from scripts.common.paths import ROOT
from scripts.render.page import html, python_tokens
from scripts.render.page.html import escaped_code

# Token type to class, most special first. What is not listed keeps the colour of the text and costs no tag.
CLASSES = [
    (String.Doc, "sd"),
    (String.Affix, "s"),
    (String.Interpol, "si"),
    (String.Escape, "se"),
    (String, "s"),
    (Number, "m"),
    (Literal, "s"),
    (Comment, "c"),
    (Keyword.Constant, "kc"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Decorator, "nd"),
    (Name.Class, "nc"),
    (Name.Function, "nf"),
    (Name.Exception, "nb"),
    (Name.Builtin, "nb"),
]

# Other code makes other tags.
_MADE_BY = pygments.__version__.encode() + b"".join(
    Path(file).read_bytes() for file in (__file__, python_tokens.__file__, html.__file__)
)


@functools.cache
def css_class(token: Token) -> str:
    """The class of a token type, "" for plain text."""
    return next((name for kind, name in CLASSES if token in kind), "")


@functools.lru_cache(maxsize=512)
def python_lines(lines: tuple, before: tuple = ()) -> tuple:
    """HTML for each of `lines`, without line ends.

    `before` is what stands above them in the symbol. It is read only where the lines begin inside a string, which
    no lexer could know without it.
    """
    key = [_MADE_BY, json.dumps([lines, before]).encode()]
    return tuple(json.loads(Cache(ROOT, "code").get(key, lambda: json.dumps(_lines(lines, before)).encode())))


def _lines(lines: tuple, before: tuple) -> tuple:
    skip = len(before) if in_string(before) else 0
    text = "\n".join([*before[len(before) - skip :], *lines])
    rows: list[list[list[str]]] = [[]]
    for token, value in _tokens(text):
        name = css_class(token)
        for number, part in enumerate(value.split("\n")):
            if number:
                rows.append([])
            if part:
                # Neighbours of one class share a tag; so does white space between them.
                if rows[-1] and (rows[-1][-1][0] == name or not part.strip()):
                    rows[-1][-1][1] += part
                else:
                    rows[-1].append([name, part])
    return tuple("".join(_tagged(name, part) for name, part in row) for row in rows[skip:])


@functools.lru_cache(maxsize=8192)  # code is made of the same few words
def _tagged(name: str, part: str) -> str:
    return f'<span class="{name}">{escaped_code(part)}</span>' if name else escaped_code(part)


def in_string(lines: tuple) -> bool:
    """Whether a triple-quoted string is still open after `lines`."""
    if not lines or not any('"""' in line or "'''" in line for line in lines):
        return False
    tokens = list(_tokens("\n".join(lines) + "\n0"))
    # Inside a string the closing 0 is part of it; outside it is a number.
    return tokens[-1][0] not in Number


def _tokens(text: str) -> Iterable[tuple[Any, str]]:
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    lexer.get_tokens_unprocessed = functools.partial(python_tokens.unprocessed, lexer)
    return lexer.get_tokens(text)
