"""What makes the site at home where it is read, quoted and shared: Markdown, citations, cards, feeds, a sitemap.

One step, because all of it reads the same pages; each matter has a module of its own.
"""

import re
from pathlib import Path

from scripts.common import content_cache
from scripts.common.content_cache import Cache
from scripts.publish import (
    built_pages,
    cards,
    citation,
    feeds,
    icons,
    llms_texts,
    markdown_twins,
    page_dates,
    sitemap,
    structured_data,
)
from scripts.publish.built_pages import BuiltPage

LONGEST = 220  # signs of a description
_EDIT = re.compile(r'<a [^>]*rel="edit"[^>]*>')
# Two sheets, one before the other.
_SHEETS = "M8 7h12v15H8zM4 17V2h12"
_ICON = (
    '<svg viewBox="0 0 24 24" aria-hidden="true">'
    f'<path fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" d="{_SHEETS}"/></svg>'
)


def step(site: Path, root: Path) -> None:
    """Adds all of it to the built site. A site whose project has no CITATION.cff is of nobody and is left as it is."""
    if not (root / citation.FILE).is_file():
        return
    page_dates.look_again()
    citation.check(root)
    cited = citation.load(root)
    pages = built_pages.read(site, root)
    _describe_notebooks(pages)
    drawn = cards.write(site, pages, root, Cache(root, "cards"))
    texts = Cache(root, "markdown")
    twins = {page.place: markdown_twins.twin(page, texts) for page in pages}
    for page in pages:
        image = page.site + drawn[page.place].place
        page.foot.append(structured_data.tag(structured_data.of(page, cited, image)))
        page.head += [*feeds.links(page), *icons.links(page)]
        markdown_twins.write(page, twins[page.place])
        if page.is_post:
            page.end.append(citation.block(page, cited))
        _copy_buttons(page)
    llms_texts.write(site, pages, twins, cited.short)
    feeds.write(site, pages, cited, {place: pages[0].site + card.place for place, card in drawn.items()})
    sitemap.write(site, pages)
    icons.write(site, root, cited.short, pages[0].description)
    for page in pages:
        page.write()
    content_cache.drop_old(root)


def _describe_notebooks(pages: list[BuiltPage]) -> None:
    """A notebook has no front matter: what it begins with says what it is about."""
    for page in pages:
        if page.is_notebook and (said := opening(page)):
            page.description = said
            page.tell("description", said)
            page.tell("og:description", said)


def opening(page: BuiltPage) -> str:
    """The sentences of a page's first real paragraph that fit a description."""
    paragraphs = page.article.css("p:not([hidden])") if page.article is not None else []
    text = next((words for node in paragraphs if len(words := " ".join(node.text().split())) > 80), "")
    said = ""
    for sentence in re.split(r"(?<=[.?!]) (?=[A-Z]|vLLM)", text):
        if said and len(said) + len(sentence) >= LONGEST:
            break
        said = f"{said} {sentence}".strip()
    return said


def _copy_buttons(page: BuiltPage) -> None:
    """A button beside the one that edits, and one at the end; a script shows them, for without it they do nothing."""
    button = f'<button type="button" data-copy-page="{markdown_twins.NAME}" hidden'
    page.text = _EDIT.sub(
        lambda edit: (
            f'{button} class="md-content__button md-icon copy-page" title="Copy this page as Markdown">{_ICON}'
            f"</button>{edit[0]}"
        ),
        page.text,
        count=1,
    )
    page.end.append(
        f'<p class="page-tools">{button} class="copy-page">Copy as Markdown</button> '
        f'<a href="{markdown_twins.NAME}">This page as Markdown</a></p>'
    )
    page.head.append(f'<script defer src="{page.up}assets/js/copy-page.js"></script>')
