"""Rules of a theme's sheet that match nothing on this site: two fifths of what a first visit got of it.

A theme has rules for all that any site may hold. A selector is left out when it needs a class or an element that no
page has and no script names, or an attribute's value that no page has. What stands in brackets behind a `:` is not
looked at: leaving a rule in costs bytes, leaving one out costs looks.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import tinycss2
from tinycss2.ast import AtRule, Node, QualifiedRule

# A pattern that begins with letters is looked for fast; where the word begins is seen to behind them.
_CLASS = re.compile(r"""class(?<=\bclass)=(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""")
_ELEMENT = re.compile(r"<([A-Za-z][\w-]*)")
_TAG = re.compile(r"<[A-Za-z][^>]*")
_INLINE = re.compile(r"<script[^>]*>(.*?)</script>", re.S)
# A script that makes an element names its class without the dot that a search for one has.
_WORD = re.compile(r"(?<![\w.-])[\w-]+")
_PROPERTY = re.compile(r"(--[\w-]+)\s*:(?:url\((?:\"[^\"]*\"|[^)]*)\)|\"[^\"]*\"|[^;{}\"])*(?=[;}])")
_ASKED = re.compile(r"var\(\s*(--[\w-]+)")
# Only a page's own HTML sets these.
ATTRIBUTES = ("dir", "data-md-color-primary", "data-md-color-accent")
# The theme's script names these, and makes them only where mkdocs.yml asks for it (versions, annotations, tooltips), or
# where a page has tabs or the theme's own search. Classes that a page has are kept whatever they are called.
NOT_MADE = ("md-version", "md-annotation", "md-tooltip", "md-search-result", "tabbed-")
NESTED = ("media", "supports", "layer", "container")


@dataclass
class Used:
    """What occurs on a site: classes, elements, words of its scripts, values of ATTRIBUTES."""

    names: set[str] = field(default_factory=set)
    elements: set[str] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, pages: Iterable[str], scripts: Iterable[str]) -> "Used":
        pages = list(pages)
        tags = _tags(pages)
        quoted = _CLASS.findall(tags)
        words = _words([*scripts, *(script for page in pages for script in _INLINE.findall(page))])
        used = cls({word for word in words if not word.startswith(NOT_MADE)}, words)
        used.names.update(name for found in set(quoted) for name in "".join(found).split())
        used.elements.update(map(str.lower, _ELEMENT.findall(tags)))
        for name in ATTRIBUTES:
            used.values[name] = set(re.findall(rf'{name}(?<=\b{name})="?([\w-]+)', tags))
        return used

    def holds(self, selector: list[Node]) -> bool:
        """Whether something on the site may match `selector`."""
        return all(
            name in (self.names if kind == "class" else self.elements) if kind != "attribute" else self._has(name)
            for kind, name in _needs(selector)
        )

    def _has(self, test: str) -> bool:
        name, _, value = test.partition("=")
        return name not in self.values or not value or value in self.values[name]


def _tags(pages: list[str]) -> str:
    """The opening tags of these pages, each once: most are alike. Pages with a `>` in an attribute are there whole."""
    found: set[str] = set()
    for page in pages:
        tags = set(_TAG.findall(page))
        found |= {page} if any(tag.count('"') % 2 for tag in tags) else tags
    return ">".join(found)


def _words(scripts: list[str]) -> set[str]:
    """The words of scripts and of the data that they fetch, which says the same in quotes again and again."""
    return set(_WORD.findall('"'.join({piece for script in scripts for piece in script.split('"')})))


def _needs(selector: list[Node]) -> Iterator[tuple[str, str]]:
    before = ""
    for token in selector:
        if token.type == "ident" and before == ".":
            yield "class", token.value
        elif token.type == "ident" and before != ":":
            yield "element", token.lower_value
        elif token.type == "[] block":
            yield "attribute", re.sub(r"[\"'\s]", "", tinycss2.serialize(token.content))
        before = token.value if token.type == "literal" else ""


def _selectors(prelude: list[Node]) -> Iterator[list[Node]]:
    one: list[Node] = []
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            yield one
            one = []
        else:
            one.append(token)
    yield one


def without_unused(sheet: str, used: Used) -> str:
    """The sheet with what the site can match, in the same order."""
    return _kept(tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True), used)


def _kept(rules: list[Node], used: Used) -> str:
    kept = []
    for rule in rules:
        if isinstance(rule, QualifiedRule):
            selectors = [tinycss2.serialize(one).strip() for one in _selectors(rule.prelude) if used.holds(one)]
            if selectors:
                kept.append(f"{','.join(selectors)}{{{tinycss2.serialize(rule.content)}}}")
        elif isinstance(rule, AtRule) and rule.lower_at_keyword in NESTED and rule.content is not None:
            inner = _kept(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True), used)
            if inner:
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}")
        else:
            kept.append(rule.serialize())
    return "".join(kept)


def without_unused_properties(sheet: str, others: Iterable[str]) -> str:
    """The sheet without custom properties, most of them icons, that neither it nor `others` asks for."""
    asked = set(_ASKED.findall(sheet)).union(*(_ASKED.findall(text) for text in others))
    return _PROPERTY.sub(lambda match: match[0] if match[1] in asked else "", sheet)
