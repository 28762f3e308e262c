"""The words of a built page: what stands there to be read, without code, drawings, controls and what only repeats."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

# Elements, and classes of ours and of the theme, that hold no words of their own.
NO_WORDS = set("svg pre button script style template nav".split())
NO_WORDS_OF = set(
    "headerlink drift-badges claim-in-line claim-proof claim-marks claim-drawn claim-test claim-verdict claim-line "
    "post-head post-end print-note "
    "replay path-recorded path-heads path-foot path-sr symptoms-list rows-groups steps excerpt-place engine-map pseudo "
    "md-tags md-content__button md-source-file notebook-head highlight-ipynb jp-InputPrompt jp-OutputArea".split()
)
_BLOCK = set(
    "p li ul ol dl dt dd div section table tr td th thead tbody figure figcaption details summary h1 h2 h3 h4".split()
)
_BLANKS = re.compile(r"\s+")


def words(node: LexborNode | None) -> str:
    """The text of an element as one line; "" for none."""
    said: list[str] = []
    if node is not None:
        _say(node, said)
    return one_line(said)


def one_line(pieces: list[str]) -> str:
    return _BLANKS.sub(" ", "".join(pieces)).strip()


def classes(node: LexborNode) -> list[str]:
    return (node.attributes.get("class") or "").split()


def spoken(node: LexborNode) -> Iterator[LexborNode]:
    """The children of an element, text among them, without those that hold no words."""
    return (child for child in node.iter(include_text=True) if child.tag == "-text" or _has_words(child))


def blank(node: LexborNode) -> str:
    """What parts an element's text from that around it."""
    return " " if node.tag in _BLOCK else ""


def _has_words(node: LexborNode) -> bool:
    if node.tag in NO_WORDS or not {"data-search-exclude", "hidden"}.isdisjoint(node.attributes):
        return False
    return NO_WORDS_OF.isdisjoint(classes(node))


def _say(node: LexborNode, said: list[str]) -> None:
    for child in spoken(node):
        if child.tag == "-text":
            said.append(child.text_content or "")
        else:
            said.append(blank(child))
            _say(child, said)
            said.append(blank(child))
