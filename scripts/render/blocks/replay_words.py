"""A state of a replay in words, made of its picture: what stands there without a script.

A picture of each marked moment was a tenth of a page, which nobody with a script saw: the player draws its own.
"""

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scripts.render.page.html import escaped


def words(frame: str) -> str:
    """The frame's labels, each with what stands below it. Bars are said in their labels, the pool in block tables."""
    lines: list[tuple[str, list[str]]] = []
    for node in LexborHTMLParser(frame).css(".rp-label, .rp-node, li"):
        if "rp-label" in _classes(node):
            lines.append((_text(node), []))
        elif lines and not _said_elsewhere(node):
            lines[-1][1].append(_text(node))
    return "".join(
        f'<p class="rp-state">{escaped(label)}{": " if items else ""}{escaped("; ".join(items))}</p>'
        for label, items in lines
    )


def _said_elsewhere(node: LexborNode) -> bool:
    """Whether a node's words are said by another: a list's by its item, a bar's by its label, a tree's by its nodes."""
    if "rp-node" in _classes(node):
        return False
    above = node.parent
    while above is not None:
        if above.tag == "li" or _classes(above) & {"rp-bar", "rp-pool"}:
            return True
        above = above.parent
    return node.css_first(".rp-node") is not None


def _classes(node: LexborNode) -> set[str]:
    return set((node.attributes.get("class") or "").split())


def _text(node: LexborNode) -> str:
    """A node's words in a line; a list in it by its name."""
    parts = []
    for each in node.traverse(include_text=True):
        if each.tag == "-text" and each.text_content and each.text_content.strip():
            parts.append(each.text_content.strip())
        elif (named := each.attributes.get("aria-label")) and each.css_first("li"):
            parts.append(named)
    return " ".join(parts).replace(" :", ":").replace(" ,", ",")
