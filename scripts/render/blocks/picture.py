"""`/// picture | 02/ring`: a hand-made picture, docs/pictures/02/ring.svg, with its alt text and a caption."""

import re

from markdown import Markdown
from pymdownx.blocks.block import type_string

from scripts.common.errors import SiteError
from scripts.pages import pictures
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.inline_values import filled


class PictureBlock(PageBlock):
    """The argument is a file below docs/pictures/, without `.svg`; the content is the caption, inline Markdown.

    `fixed` says why the numbers with a unit that are drawn in it are no measurements: they are settings, or chosen for
    the example. A single text of the picture may say so itself, by data-fixed. scripts/catalog/typed_numbers.py asks.
    """

    NAME = "picture"
    OPTIONS = {"alt": ("", type_string), "fixed": ("", type_string)}
    CONTENT = True

    def html(self) -> str:
        alt = self.options["alt"].strip()
        if not alt:
            raise SiteError(f"{self.where}: has no alt text; add '    alt: what it shows' below its first line")
        if not self.content:
            raise SiteError(f"{self.where}: has no caption; write inside the block what to take away from it")
        tree = pictures.read(self.argument, self.context.root)
        name = "picture-" + re.sub(r"[^a-z0-9]+", "-", self.argument.lower())
        drawn = pictures.inline(tree, filled(alt, self.evidence), name)
        caption = self.context.inline(" ".join(self.content.split()))
        return (
            f'<figure class="picture" id="{name}"><div class="picture-box" tabindex="0" role="group" '
            f'aria-label="picture">{drawn}</div><figcaption>{caption}</figcaption></figure>'
        )


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, PictureBlock, context)
