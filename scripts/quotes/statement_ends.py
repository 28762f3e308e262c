"""Where the statement of a line begins and ends: a call that is quoted without its last bracket reads as a mistake.

Python's own tokenizer takes a second for the excerpts of this site; what brackets, strings and comments are is enough.
"""

import re
from collections.abc import Sequence

_PIECE = re.compile(
    r'(?P<long>"{3}(?:\\.|[^\\])*?"{3}|\'{3}(?:\\.|[^\\])*?\'{3})'
    r'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|\#[^\n]*'
    r"|(?P<goes_on>\\\n)|(?P<opens>[(\[{])|(?P<closes>[)\]}])|(?P<ends>\n)",
    re.S,
)


def whole(lines: Sequence[str], first: int, last: int) -> tuple[int, int]:
    """The indices of the first line of the statement that line `first` is in, and of the last one of that of `last`;
    of an `if` or a loop, of its head. A line in a longer text, such as a docstring, is quoted by itself, and so is one
    of a statement that does not end."""
    found = [first, last]
    row = begun = depth = 0
    for piece in _PIECE.finditer("\n".join(lines) + "\n"):
        kind = piece.lastgroup
        if kind == "long":
            end = row + piece[0].count("\n")
            if row <= last <= end and row < end:
                break
            begun = first + 1 if row <= first <= end and row < end else begun
            row = end
        elif kind == "opens":
            depth += 1
        elif kind == "closes":
            depth -= 1
        elif kind == "goes_on":
            row += 1
        elif kind == "ends":
            if depth <= 0:
                if begun <= first <= row:
                    found[0] = begun
                if begun <= last <= row:
                    found[1] = row
                    break
                begun, depth = row + 1, 0
            row += 1
    return found[0], found[1]
