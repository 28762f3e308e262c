"""Each page once more as Markdown, beside it: `posts/02-scheduler-loop/index.md`, numbers and excerpts filled in."""

from pathlib import Path

from scripts.publish import plain_article
from scripts.publish.built_pages import BuiltPage
from scripts.publish.content_cache import Cache

NAME = "index.md"
# Another text comes out of another converter.
_MADE_BY = b"".join(
    file.read_bytes()
    for file in (Path(__file__), Path(plain_article.__file__), Path(__file__).with_name("article_markdown.py"))
)


def twin(page: BuiltPage, cache: Cache) -> str:
    """The page as Markdown, with its address at the top."""
    article = (page.article.html if page.article is not None else "") or ""
    made = cache.get([_MADE_BY, page.address.encode(), article.encode()], lambda: _made(article, page.address))
    return f"<!-- {page.address} -->\n\n{made.decode()}"


def _made(article: str, address: str) -> bytes:
    from scripts.publish import article_markdown

    return article_markdown.convert(plain_article.plain(article), address).encode()


def write(page: BuiltPage, text: str) -> None:
    """Writes a page's twin, and leads to it from the page's head."""
    page.file.with_name(NAME).write_text(text, "utf-8")
    # The blank: beside a link that is `alternate` to the letter the theme's script asks for a sitemap: a 404 page.
    page.head.append(f'<link rel="alternate " type="text/markdown" href="{NAME}">')
