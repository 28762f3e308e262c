"""Markup that browsers forgive and HTML does not: what a validator would say of the parts of a page that are ours."""

import functools
import re
from collections.abc import Iterator

# Code and drawings have rules of their own; quotes in them are text.
_APART = re.compile(r"<(pre|code|script|style|svg|textarea)\b.*?</\1>|<!--.*?-->", re.S | re.I)
_OPENING = re.compile(r"<([a-zA-Z][\w-]*)((?:\s+[^<>\s=\"'/]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))?)*)\s*/?>")
_UNQUOTED = re.compile(r"[\s\"'][^\s=\"']+=(?![\"'])[^\s>]+")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_ROLE = re.compile(r"\srole=\"([^\"]*)\"")
_OUTLINE = re.compile(r"<(/?)(section|article|h[1-6])\b[^>]*>")
_LIST = re.compile(r"<(/?)(dl|dt)\b[^>]*>")
_HEADING = re.compile(r"<h2\b[^>]*>(.*?)</h2>", re.S)
_LINK = re.compile(r"<a class=\"headerlink\".*?</a>", re.S)
_TAG = re.compile(r"<[^>]*>")
# A list without marks is no list to Safari unless its role says so: `list` stays where it is written.
NEEDLESS = {
    "article": "article",
    "button": "button",
    "main": "main",
    "nav": "navigation",
    "section": "region",
    "table": "table",
    "tbody": "rowgroup",
    "td": "cell",
    "thead": "rowgroup",
    "tr": "row",
}


def faults(html: str) -> list[str]:
    """What is wrong with a page's markup, each in a few words."""
    page = _APART.sub("", html)
    return [*_tags(page), *_without_heading(page), *_terms_twice(page), *_headings_twice(html)]


def _tags(page: str) -> Iterator[str]:
    for name, attributes in _OPENING.findall(page):
        yield from _tag(name.lower(), attributes)


@functools.lru_cache(maxsize=4096)  # most of a page's tags are one of few, as they are written
def _tag(name: str, attributes: str) -> tuple[str, ...]:
    wrong = []
    if found := _UNQUOTED.search(_QUOTED.sub('""', attributes)):
        wrong.append(f"<{name}> has {found[0].strip()} without quotes")
    role = _ROLE.search(attributes)
    if role and (NEEDLESS.get(name) == role[1] or (name == "th" and role[1] in ("columnheader", "rowheader"))):
        wrong.append(f'<{name}> has role="{role[1]}", which it is')
    return tuple(wrong)


def _without_heading(page: str) -> Iterator[str]:
    open_ones: list[list] = []  # [tag, whether a heading was met]
    for match in _OUTLINE.finditer(page):
        end, name = match[1], match[2]
        if name.startswith("h"):
            for each in open_ones:
                each[1] = True
        elif not end:
            open_ones.append([match[0], False])
        elif open_ones:
            tag, headed = open_ones.pop()
            if not headed:
                yield f"{tag[:60]} holds no heading; make it a <div>"


def _terms_twice(page: str) -> Iterator[str]:
    lists: list[set[str]] = []
    for match in _LIST.finditer(page):
        end, name = match[1], match[2]
        if name == "dl":
            if not end:
                lists.append(set())
            elif lists:
                lists.pop()
        elif not end and lists:
            term = " ".join(_TAG.sub("", page[match.end() : page.find("</dt", match.end())]).split())
            if term and term in lists[-1]:
                yield f"<dl> has the term '{term}' twice; give each its own <dl>"
            lists[-1].add(term)


def _headings_twice(html: str) -> Iterator[str]:
    """A merge that kept both sides leaves a section twice."""
    seen: set[str] = set()
    for heading in _HEADING.findall(html):
        words = " ".join(_TAG.sub("", _LINK.sub("", heading)).split())
        if words in seen:
            yield f"two sections are called '{words}'; remove one, or name what tells them apart"
        seen.add(words)
