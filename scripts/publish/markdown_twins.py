"""Each page once more as Markdown, beside it: `posts/02-scheduler-loop/index.md`, numbers and excerpts filled in."""

import functools
from pathlib import Path

from scripts.common.content_cache import Cache
from scripts.publish import plain_article
from scripts.publish.built_pages import BuiltPage

NAME = "index.md"
# Another text comes out of another converter.
_MADE_BY = b"".join(
    file.read_bytes()
    for file in (Path(__file__), Path(plain_article.__file__), Path(__file__).with_name("article_markdown.py"))
)


def twin(page: BuiltPage, cache: Cache) -> str:
    """The page as Markdown, with its address at the top."""
    article = (page.article.html if page.article is not None else "") or ""
    key = [_MADE_BY, page.address.encode(), article.encode()]
    made = cache.get(key, lambda: _made(plain_article.plain(article), page.address, cache))
    return f"<!-- {page.address} -->\n\n{made.decode()}"


def _made(article: str, address: str, cache: Cache) -> bytes:
    """The Markdown of a plain article, section by section: an edit changes one of them."""
    from scripts.publish import article_markdown

    parts = [
        cache.get(
            [_MADE_BY, b"section", address.encode(), part.encode()],
            functools.partial(article_markdown.converted, part, address),
        )
        for part in plain_article.sections(article)
    ]
    return b"\n".join(part for part in parts if part.strip()) or b"\n"


def write(page: BuiltPage, text: str) -> None:
    """Writes a page's twin, and leads to it from the page's head."""
    page.file.with_name(NAME).write_text(text, "utf-8")
    # The blank: beside a link that is `alternate` to the letter the theme's script asks for a sitemap: a 404 page.
    page.head.append(f'<link rel="alternate " type="text/markdown" href="{NAME}">')
