"""Each page once more as Markdown, beside it: `posts/02-scheduler-loop/index.md`, numbers and excerpts filled in."""

import re
from pathlib import Path
from urllib.parse import urljoin

from bs4 import Tag
from markdownify import ATX, MarkdownConverter

from scripts.publish import plain_article
from scripts.publish.built_pages import BuiltPage
from scripts.publish.content_cache import Cache

NAME = "index.md"
# Another text comes out of another converter.
_MADE_BY = b"".join(Path(file).read_bytes() for file in (__file__, plain_article.__file__))


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


def twin(page: BuiltPage, cache: Cache) -> str:
    """The page as Markdown, with its address at the top."""
    article = (page.article.html if page.article is not None else "") or ""
    made = cache.get(
        [_MADE_BY, page.address.encode(), article.encode()],
        lambda: convert(plain_article.plain(article), page.address).encode(),
    )
    return f"<!-- {page.address} -->\n\n{made.decode()}"


def write(page: BuiltPage, text: str) -> None:
    """Writes a page's twin, and leads to it from the page's head."""
    page.file.with_name(NAME).write_text(text, "utf-8")
    # The blank: beside a link that is `alternate` to the letter the theme's script asks for a sitemap: a 404 page.
    page.head.append(f'<link rel="alternate " type="text/markdown" href="{NAME}">')
