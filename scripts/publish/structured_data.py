"""What a page is, for programs: schema.org's types as JSON-LD.

It stands at the end of the page, near the corrections that it repeats, where packing makes it small."""

import json
from typing import Any

from scripts.publish import page_dates
from scripts.publish.built_pages import BuiltPage
from scripts.publish.citation import Author, Citation, writers_of

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
SECTIONS = {"posts/": "Posts", "reference/": "Reference", "experiments/": "Experiments"}


def _crumbs(page: BuiltPage) -> dict[str, Any]:
    steps = [("Home", page.site)]
    section = f"{page.place.partition('/')[0]}/"
    if section in SECTIONS and page.place != section:
        steps.append((SECTIONS[section], page.site + section))
    if page.place:
        steps.append((page.title, page.address))
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": at, "name": name, "item": where}
            for at, (name, where) in enumerate(steps, 1)
        ],
    }


def _author(author: Author) -> dict[str, str]:
    return {"@type": "Person" if author.is_person else "Organization", "name": author.name}


def of(page: BuiltPage, cited: Citation, image: str) -> dict[str, Any]:
    """The page's data: an article of a series for a post, a page of the site for any other."""
    site = {"@type": "WebSite", "@id": f"{page.site}#site", "name": cited.short, "url": page.site}
    thing: dict[str, Any] = {
        "@type": "TechArticle" if page.is_post else "WebPage" if page.place else "WebSite",
        "@id": f"{page.address}#page" if page.place else f"{page.site}#site",
        "url": page.address,
        "name": page.title,
        "description": page.description,
        "image": image,
        "inLanguage": "en",
        "license": LICENCE,
    }
    if (changed := page_dates.changed(page)) is not None:
        thing["dateModified"] = changed.isoformat()
    if page.place:
        thing["isPartOf"] = site
    if page.is_post:
        series = {"@type": "CreativeWorkSeries", "@id": f"{page.site}posts/#series", "name": cited.short}
        thing |= {
            "headline": page.title,
            "mainEntityOfPage": page.address,
            "author": [_author(author) for author in writers_of(page, cited)],
            "isPartOf": [series | {"url": f"{page.site}posts/"}, site],
            "position": int(page.place.partition("/")[2][:2]),
            "keywords": [str(tag) for tag in page.meta.get("tags", ())],
            "correction": [
                {"@type": "CorrectionComment", "datePublished": each.date.isoformat(), "text": each.text}
                for each in page_dates.corrections(page)
            ],
        }
        if (created := page_dates.created(page)) is not None:
            thing["datePublished"] = created.isoformat()
    return {"@context": "https://schema.org", "@graph": [thing, _crumbs(page)]}


def tag(data: dict[str, Any]) -> str:
    """The element for the page; what stands in it cannot end it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>'
