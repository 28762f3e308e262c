"""`/// picture | 02/ring`: a hand-made picture, docs/pictures/02/ring.svg, with its alt text and a caption."""

import re

from markdown import Markdown
from pymdownx.blocks.block import type_string

from scripts.pages import pictures
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context


class PictureBlock(PageBlock):
    """The argument is a file below docs/pictures/, without `.svg`; the content is the caption, inline Markdown.

    `fixed` says why the numbers with a unit that are drawn in it are no measurements: they are settings, or chosen for
    the example. A single text of the picture may say so itself, by data-fixed. scripts/catalog/typed_numbers.py asks.
    """

    NAME = "picture"
    OPTIONS = {"alt": ("", type_string), "fixed": ("", type_string)}
    CONTENT = True

    def html(self) -> str:
        alt, caption = self.alt_and_caption()
        tree = pictures.read(self.argument, self.context.root)
        name = "picture-" + re.sub(r"[^a-z0-9]+", "-", self.argument.lower())
        drawn = pictures.inline(tree, alt, name)
        return (
            f'<figure class="picture" id="{name}"><div class="picture-box" tabindex="0" role="group" '
            f'aria-label="picture">{drawn}</div><figcaption>{caption}</figcaption></figure>'
        )


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, PictureBlock, context)
