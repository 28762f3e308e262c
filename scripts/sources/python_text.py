"""Python source as CPython reads it: its mark, its coding cookie, its line ends; and what to say where it cannot."""

import ast
import functools
import io
import re
import sys
import tokenize

from scripts.common.errors import SiteError

_NAME = r"(?:async\s+def|def|class|type)\s+\w+\s*\["
# What a line holds, or its error says, that needs a later Python: (version, line, message, what it is).
_NEWER = (
    ((3, 15), r"^\s*lazy\s+(?:import|from)\b", "", "a lazy import"),
    ((3, 14), r"^\s*except\*?\s+[\w.]+\s*,", "", "several exceptions without brackets"),
    ((3, 14), r"\b(?:[tT][rR]?|[rR][tT])[\"']", "", "a t-string"),
    ((3, 13), rf"^\s*{_NAME}[^\]]*[^=!<>\]]=", "", "a type parameter's default"),
    ((3, 12), r"^\s*type\s+\w+\s*(?:\[|=(?!=))", "", "a type alias"),
    ((3, 12), rf"^\s*{_NAME}", "", "type parameters"),
    ((3, 12), "", r"^f-string", "an f-string with quotes, comments or breaks in its braces"),
    (
        (3, 12),
        r"\b(?:[fF][rR]?|[rR][fF])[\"']",
        r"^unterminated|^unmatched|^invalid syntax",
        "such an f-string",
    ),
)


def decoded(content: bytes, file: str) -> str:
    """The text of a file, without mark and with line feeds alone. Raises SiteError where CPython could not read it."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    except SyntaxError as error:
        raise SiteError(f"{file}:1: cannot be read ({error}); quote another file") from None
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SiteError(
            f"{file}:{line}: byte 0x{content[error.start]:02x} is not {encoding}, which the file says it is written in "
            "or, without a coding line, has to be; quote another file"
        ) from None
    except (LookupError, ValueError, AssertionError) as error:  # a codec of bytes, such as rot13
        raise SiteError(f"{file}:1: cannot be read as {encoding} ({error}); quote another file") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


@functools.lru_cache(maxsize=512)
def lines(text: str) -> tuple[str, ...]:
    """The lines of a text without their ends; kept, for each excerpt, hop and setting of a file asks for all of them.

    Not splitlines(): a form feed or U+2028 inside a string ends no line of Python.
    """
    return tuple(text.replace("\r\n", "\n").split("\n"))


def parsed(text: str, file: str) -> ast.Module:
    """The syntax tree of a text. Raises SiteError that says where it ends to be Python, or which Python it needs."""
    if "\0" in text:
        raise SiteError(
            f"{file}:{text.count(chr(10), 0, text.index(chr(0))) + 1}: holds a NUL byte; quote another file"
        )
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise SiteError(f"{file}:{error.lineno or 1}: {_why(text, error)}") from None
    except (RecursionError, MemoryError, ValueError) as error:
        said = str(error) or "it nests too deep"
        raise SiteError(f"{file}:1: does not parse as Python ({said}); quote another file") from None


def _why(text: str, error: SyntaxError) -> str:
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    line = "".join(text.split("\n")[(error.lineno or 1) - 1 : error.lineno])
    for version, form, message, what in _NEWER:
        if sys.version_info < version and re.search(form, line) and re.search(message, error.msg):
            least = f"{version[0]}.{version[1]}"
            return (
                f"Python {here}, which runs this, is too old for it: {what} needs {least}; "
                f"run it with Python {least} or newer, or quote another file"
            )
    return f"does not parse as Python {here} ({error.msg}); quote another file"
