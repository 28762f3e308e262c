"""`/// details | Title`: Markdown folded below its title; `//// sides`: two blocks side by side where there is room."""

import re
from typing import Any
from xml.etree import ElementTree as etree

from markdown import Markdown
from markdown.util import HTML_PLACEHOLDER
from pymdownx.blocks.block import type_boolean

from scripts.common.errors import SiteError
from scripts.render.page.block import CheckedBlock, register_block
from scripts.render.page.build_context import Context

_STASHED = re.compile(HTML_PLACEHOLDER % r"([0-9]+)")
_MADE = {
    '<figure class="excerpt"': "excerpt",
    '<details class="fold excerpt-fold"': "excerpt",
    '<figure class="pseudo"': "pseudo",
}


class DetailsBlock(CheckedBlock):
    """The argument is the title, plain text with inline Markdown but no link: a link inside what is clicked to open it
    is one that a keyboard cannot tell from it. `attrs: {id: some-id}` gives it an address, `open: true` opens it."""

    NAME = "details"
    ASKS = "title"
    TAKES_ATTRS = True
    OPTIONS = {"open": (False, type_boolean)}

    def on_markdown(self) -> str:
        return "block"

    def on_create(self, parent: etree.Element) -> etree.Element:
        if "](" in self.argument or "{{" in self.argument:
            raise SiteError(f"{self.where}: its title holds a link or a value; move it into the text below")
        details = etree.SubElement(
            parent, "details", {"class": "fold"} | ({"open": ""} if self.options["open"] else {})
        )
        etree.SubElement(details, "summary", {"class": "fold-title"}).text = self.argument
        self.body = etree.SubElement(details, "div", {"class": "fold-body"})
        return details

    def on_add(self, block: etree.Element) -> etree.Element:
        return self.body

    def on_end(self, block: etree.Element) -> None:
        name = block.attrib.pop("id", "")
        if name:
            # A link to something inside a fold opens it, a link to the fold itself does not: the address is the body's.
            self.body.set("id", name)
        if not len(self.body) and not (self.body.text or "").strip():
            raise SiteError(f"{self.where}: is empty; write what it holds, or remove it")


class SidesBlock(CheckedBlock):
    """Takes no argument. Holds exactly two blocks, each an excerpt or pseudo-code."""

    NAME = "sides"
    ARGUMENT = False
    OPTIONS: dict[str, Any] = {}

    def on_markdown(self) -> str:
        return "block"

    def on_create(self, parent: etree.Element) -> etree.Element:
        return etree.SubElement(parent, "div", {"class": "sides"})

    def on_end(self, block: etree.Element) -> None:
        held = [self._kind(child) for child in block]
        if len(held) != 2 or not set(held) <= {"excerpt", "pseudo"}:
            what = ", ".join(held) or "nothing"
            raise SiteError(f"{self.where}: holds {what}; put exactly two excerpts or pseudo-codes into it")

    def _kind(self, child: etree.Element) -> str:
        """Which block made `child`: by now its HTML is in the stash and a number stands for it."""
        found = _STASHED.fullmatch(child.text or "")
        html = str(self.md.htmlStash.rawHtmlBlocks[int(found[1])]) if found else ""
        return next((name for start, name in _MADE.items() if html.startswith(start)), "text")


def register(md: Markdown, context: Context) -> None:
    """Adds the blocks."""
    register_block(md, DetailsBlock, context)
    register_block(md, SidesBlock, context)
