"""What must not be left in a built page: markup that nothing turned into HTML, and two elements with one address."""

import re

from selectolax.lexbor import LexborHTMLParser

from scripts.common.errors import SiteError
from scripts.prepare import markup_checks

# Code shows markup on purpose; these elements are no text.
_NOT_TEXT = re.compile(r"<(pre|code|script|style|svg|textarea|template)\b.*?</\1>|<!--.*?-->", re.S | re.I)
_TABLE = re.compile(r'<table(?: border="1")?(?: class="dataframe")?>(.*?</table>)', re.S)
_NAMELESS = re.compile(r"<thead>\s*<tr[^>]*>\s*<th[^>]*>\s*</th>")
_FIRST_CELL = re.compile(r"(<tr[^>]*>\s*)<td([^>]*)>(.*?)</td>", re.S)
_TAG = re.compile(r"<[^>]*>")
LEFTOVER = re.compile(
    r"(?<!:)///[^\n]{0,40}|\{\{[^\n]{0,40}|\{(?:fixed|quoted)\b[^\n]{0,40}|\[\[(?:TOC|excerpt)\b|^```.{0,20}", re.M
)
_SUMMARY = re.compile(r"<summary\b.*?</summary>", re.S)
_CONTROL = re.compile(r"<(?:a|button|input|select)\b")


def leftovers(html: str) -> list[str]:
    """The pieces of unconverted markup in a page's text."""
    text = _TAG.sub(" ", _NOT_TEXT.sub(" ", html))
    return [piece[0].strip() for piece in LEFTOVER.finditer(text)]


def addresses(html: str) -> list[str]:
    """The fragments that lead to an element of the page, in its order."""
    return [name for node in LexborHTMLParser(html).css("[id]") if (name := node.attributes["id"])]


def twice(html: str) -> list[str]:
    """Addresses that more than one element of the page has."""
    seen: set[str] = set()
    repeated: list[str] = []
    for name in addresses(html):
        if name in seen and name not in repeated:
            repeated.append(name)
        seen.add(name)
    return repeated


def check(html: str, where: str) -> None:
    """Raises SiteError for a page that is not fit to be shown; `where` is its source file."""
    for summary in _SUMMARY.finditer(html):
        if control := _CONTROL.search(summary[0]):
            words = " ".join(_TAG.sub(" ", summary[0]).split())
            raise SiteError(
                f"{where}: what opens the fold '{words[:40]}' holds {control[0]}>; "
                "put the link into what the fold holds, a keyboard cannot tell the two apart here"
            )
    for piece in leftovers(html):
        raise SiteError(
            f"{where}: '{piece}' was left on the page as text; correct the block, the reference or the mark"
        )
    for fault in markup_checks.faults(html):
        raise SiteError(f"{where}: {fault}")
    for name in twice(html):
        raise SiteError(f"{where}: two elements have the address #{name}; rename an excerpt, a heading or a figure")


def scrolling_tables(html: str) -> str:
    """Each plain table in a box of its own that scrolls sideways where it is narrow, by keyboard too.

    Material's script does the box, but only once it runs, and out of a keyboard's reach.
    """
    box = '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table class="data">{}</div>'
    return _TABLE.sub(lambda table: box.format(_named_rows(table[1])), html)


def _named_rows(table: str) -> str:
    """The rows of a table whose first column has no name are named by their first cell: who hears a cell hears that."""
    if not _NAMELESS.search(table):
        return table
    return _FIRST_CELL.sub(r'\g<1><th scope="row"\g<2>>\g<3></th>', table)
