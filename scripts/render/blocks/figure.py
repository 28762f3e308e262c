"""`/// figure | 01/x.svg`: a drawn figure with its alt text and a caption; both are required."""

import re

from markdown import Markdown
from pymdownx.blocks.block import type_string

from scripts.measured import inline_figures
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context


class FigureBlock(PageBlock):
    """The argument is a file below experiments/figures/; the content is the caption, inline Markdown."""

    NAME = "figure"
    OPTIONS = {"alt": ("", type_string)}
    CONTENT = True

    def html(self) -> str:
        alt, caption = self.alt_and_caption()
        name = "figure-" + re.sub(r"[^a-z0-9]+", "-", self.argument.removesuffix(".svg").lower())
        drawn = inline_figures.inline(self.evidence.root, self.argument, alt, name)
        return (
            f'<figure class="measured" id="{name}"><div class="figure-scroll" {inline_figures.SCROLLS}>{drawn}</div>'
            f"<figcaption>{caption}</figcaption></figure>"
        )


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, FigureBlock, context)
