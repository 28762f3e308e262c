"""`/// figure | 01/x.svg`: a drawn figure with its alt text and a caption; both are required."""

import re

from markdown import Markdown
from pymdownx.blocks.block import type_string

from scripts.common.errors import SiteError
from scripts.measured import inline_figures
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.inline_values import filled


class FigureBlock(PageBlock):
    """The argument is a file below experiments/figures/; the content is the caption, inline Markdown."""

    NAME = "figure"
    OPTIONS = {"alt": ("", type_string)}
    CONTENT = True

    def html(self) -> str:
        alt = self.options["alt"].strip()
        if not alt:
            raise SiteError(f"{self.where}: has no alt text; add '    alt: what it shows' below its first line")
        if not self.content:
            raise SiteError(f"{self.where}: has no caption; write inside the block what to take away from it")
        name = "figure-" + re.sub(r"[^a-z0-9]+", "-", self.argument.removesuffix(".svg").lower())
        drawn = inline_figures.inline(self.evidence.root, self.argument, filled(alt, self.evidence), name)
        caption = self.context.inline(" ".join(self.content.split()))
        return (
            f'<figure class="measured" id="{name}"><div class="figure-scroll" {inline_figures.SCROLLS}>{drawn}</div>'
            f"<figcaption>{caption}</figcaption></figure>"
        )


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, FigureBlock, context)
