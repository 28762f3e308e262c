"""An article's plain HTML as Markdown, by markdownify: a tenth of a second to load, for pages that changed alone."""

import re
from urllib.parse import urljoin

from bs4 import Tag
from markdownify import ATX, MarkdownConverter


class _Converter(MarkdownConverter):
    """markdownify's, with addresses that hold wherever the text is pasted."""

    def __init__(self, page: str) -> None:
        super().__init__(
            heading_style=ATX,
            bullets="-",
            escape_underscores=False,
            escape_misc=False,
            code_language_callback=lambda pre: pre.get("data-language") or "",
        )
        self.page = page

    def convert_a(self, el: Tag, text: str, parent_tags: set) -> str:
        words = " ".join(text.split())
        target = el.get("href")
        if not words or not isinstance(target, str) or "_noformat" in parent_tags or "pre" in parent_tags:
            return text
        return f"[{words}]({urljoin(self.page, target)})"

    def convert_summary(self, el: Tag, text: str, parent_tags: set) -> str:
        return f"\n\n**{' '.join(text.replace('**', '').split())}**\n\n"

    def convert_caption(self, el: Tag, text: str, parent_tags: set) -> str:
        return f"{' '.join(text.split())}\n\n"

    def convert_div(self, el: Tag, text: str, parent_tags: set) -> str:
        return text if "_inline" in parent_tags else f"\n\n{text}\n\n"

    convert_li_p = None


def convert(article: str, page: str) -> str:
    """Markdown of plain HTML; `page` is the address that its links are relative to."""
    text = _Converter(page).convert(article)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip() + "\n"


def converted(article: str, page: str) -> bytes:
    """The same in bytes."""
    return convert(article, page).encode()
