"""`/// post-end`, a post's last lines: what became of the quoted code in newer releases, and the post's tags."""

import re

from markdown import Markdown

from scripts.common.errors import SiteError
from scripts.pages import reading_order
from scripts.render.page import templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.html import Html
from scripts.render.tables.drift_badges import badge_html

TAGS = "reference/tags/"  # below the site's root


class PostEndBlock(PageBlock):
    """Takes no argument."""

    NAME = "post-end"
    ARGUMENT = False

    def html(self) -> str:
        if not reading_order.is_post(self.context.page):
            raise SiteError("ends a post alone; remove it here")
        badges = badge_html(self.evidence, self.context.post, self.root)
        tags = [(tag, f"{self.root}{TAGS}#{anchor(tag)}") for tag in self.context.meta.get("tags", [])]
        return templates.render("post_end.html", badges=Html(badges), tags=tags)


def anchor(tag: str) -> str:
    """The tag's address on the page of tags, as the theme makes it."""
    return "tag:" + re.sub(r"[^\w-]+", "-", tag.strip().lower())


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, PostEndBlock, context)
