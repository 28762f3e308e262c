"""The tables of Markdown as a page shows them: in a box that scrolls, or, on a phone, a row below the other."""

import re

from selectolax.lexbor import LexborHTMLParser

from scripts.render.page.html import escaped_code

_TABLE = re.compile(r'<table(?: border="1")?(?: class="dataframe")?>(.*?</table>)', re.S)
_NAMELESS = re.compile(r"<thead>\s*<tr[^>]*>\s*<th[^>]*>\s*</th>")
_EMPTY_HEAD = re.compile(r"<th[^>]*>\s*</th>")
_FIRST_CELL = re.compile(r"(<tr[^>]*>\s*)<td([^>]*)>(.*?)</td>", re.S)
_WORD = re.compile(r"[^\W\d_]{3}")
COLUMNS = range(3, 8)  # of a table whose rows can be boxes; docs/assets/css/tables/boxes.css names as many cells
LONG = 40  # characters of a cell, on the average, that are too many for the third of a phone


def dressed(html: str) -> str:
    """Each plain table in a box of its own that scrolls sideways where it is narrow, by keyboard too.

    Material's script does the box, but only once it runs, and out of a keyboard's reach. A table told in words is read
    row by row, and is not to be scrolled for that; numbers are compared along a column and stay one below the other.
    """
    return _TABLE.sub(lambda table: _dressed(table[1]), html)


def _dressed(table: str) -> str:
    heads = _heads(table)
    kind = f'data boxes" style="{_columns(heads)}' if heads else "data"
    box = '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table class="{}">{}</div>'
    return box.format(kind, _named_rows(table))


def _heads(table: str) -> list[str]:
    """The names of the columns of a table that is told in words; none of any other."""
    tree = LexborHTMLParser(f"<table>{table}")
    heads = [_words(head.text()) for head in tree.css("thead th")]
    cells = [_words(cell.text()) for cell in tree.css("tbody tr > :not(:first-child)")]
    if len(heads) not in COLUMNS or not cells or len(tree.css("thead tr")) != 1:
        return []
    told = sum(bool(_WORD.search(cell)) for cell in cells) >= len(cells) / 2
    wide = len(heads) > COLUMNS.start or sum(map(len, cells)) >= LONG * len(cells)
    return heads if told and wide else []


def _words(text: str) -> str:
    return " ".join(text.split())


def _columns(heads: list[str]) -> str:
    """The names of all columns but the first as a style that boxes.css shows."""
    strings = (re.sub(r"['\"\\]", lambda sign: f"\\{ord(sign[0]):x} ", head) for head in heads[1:])
    return escaped_code(";".join(f"--c{number}:'{string}'" for number, string in enumerate(strings, 2)))


def _named_rows(table: str) -> str:
    """The rows of a table whose first column has no name are named by their first cell: who hears a cell hears that."""
    if not _NAMELESS.search(table):
        return table
    head, mark, body = table.partition("</thead>")
    body = _FIRST_CELL.sub(r'\g<1><th scope="row"\g<2>>\g<3></th>', body)
    return _EMPTY_HEAD.sub("<td></td>", head) + mark + body  # a corner that heads nothing
