"""What must not be left in a built page: markup that nothing turned into HTML, and two elements with one address."""

import re

from selectolax.lexbor import LexborHTMLParser

from scripts.common.errors import SiteError
from scripts.prepare import markup_checks

# Code shows markup on purpose; these elements are no text.
_NOT_TEXT = re.compile(r"<(pre|code|script|style|svg|textarea|template)\b.*?</\1>|<!--.*?-->", re.S | re.I)
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


def twice(names: list[str]) -> list[str]:
    """Those of a page's addresses that more than one element has."""
    seen: set[str] = set()
    repeated: list[str] = []
    for name in names:
        if name in seen and name not in repeated:
            repeated.append(name)
        seen.add(name)
    return repeated


def check(html: str, where: str) -> list[str]:
    """The page's addresses. Raises SiteError for a page that is not fit to be shown; `where` is its source file."""
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
    found = addresses(html)
    for name in twice(found):
        raise SiteError(f"{where}: two elements have the address #{name}; rename an excerpt, a heading or a figure")
    return found
