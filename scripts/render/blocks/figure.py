"""`/// figure | 01/x.svg`: a drawn figure with its alt text and a caption; both are required."""

import re

from markdown import Markdown
from pymdownx.blocks.block import type_string

from scripts.measured import figure_files
from scripts.render.page import figure_html
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
        drawn = figure_html.figure(self.evidence.root, self.argument, alt, self.root)
        return (
            f'<figure class="measured" id="{name}"><div class="figure-scroll" {figure_files.SCROLLS}>{drawn}</div>'
            f"<figcaption>{caption}</figcaption></figure>"
        )


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, FigureBlock, context)
