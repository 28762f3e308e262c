"""The feeds: of posts, of posts and their corrections as they change, and the first as JSON.

feed_rss_created.xml   RSS 2.0, an item a post
feed_rss_updated.xml   RSS 2.0, an item a post and one a day on which a post was corrected
feed.json              JSON Feed 1.1, the posts
"""

import datetime
import html
import json
import re
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

from scripts.publish import page_dates, plain_article
from scripts.publish.built_pages import BuiltPage
from scripts.publish.citation import Citation, writers_of

CREATED, UPDATED, JSON = "feed_rss_created.xml", "feed_rss_updated.xml", "feed.json"
_ATOM = "http://www.w3.org/2005/Atom"
_DC = "http://purl.org/dc/elements/1.1/"
_HREF = re.compile(r'(<a [^>]*?href=")([^"]*)"')
_CONTENT = "http://purl.org/rss/1.0/modules/content/"


@dataclass(frozen=True)
class Item:
    """One entry. `name` tells it from all others for ever; `summary` is text, `content` HTML."""

    name: str
    address: str
    title: str
    summary: str
    content: str
    date: datetime.date
    changed: datetime.date
    authors: tuple[str, ...]
    tags: tuple[str, ...] = ()
    image: str = ""


def in_short(page: BuiltPage) -> str:
    """The HTML of what a post says in short: all below its first second-level heading, up to the next."""
    article = page.article
    node = article.css_first("h2") if article is not None else None
    parts: list[str] = []
    node = node.next if node is not None else None
    while node is not None and node.tag != "h2":
        if node.tag in ("p", "ul", "ol"):
            parts.append(node.html or "")
        node = node.next
    plain = plain_article.plain("".join(parts))
    # A reader's program knows no page that an address could be relative to.
    return _HREF.sub(lambda link: f'{link[1]}{html.escape(urljoin(page.address, html.unescape(link[2])))}"', plain)


def _names(page: BuiltPage, cited: Citation) -> tuple[str, ...]:
    return tuple(author.name for author in writers_of(page, cited))


def posts(pages: list[BuiltPage], cited: Citation, images: dict[str, str]) -> list[Item]:
    """The posts, newest first."""
    items = []
    for page in pages:
        created = page_dates.created(page)
        if not page.is_post or created is None:
            continue
        items.append(
            Item(
                page.address,
                page.address,
                page.title,
                page.description,
                f"<p>{html.escape(page.description)}</p>{in_short(page)}",
                created,
                page_dates.changed(page) or created,
                _names(page, cited),
                tuple(str(tag) for tag in page.meta.get("tags", ())),
                images.get(page.place, ""),
            )
        )
    return sorted(items, key=lambda item: (item.date, item.address), reverse=True)


def updates(pages: list[BuiltPage], cited: Citation, images: dict[str, str]) -> list[Item]:
    """The posts, and for each day on which one was corrected what was; newest first."""
    items = posts(pages, cited, images)
    for page in pages:
        if not page.is_post:
            continue
        days: dict[datetime.date, list[str]] = {}
        for each in page_dates.corrections(page):
            days.setdefault(each.date, []).append(each.text)
        for day, texts in days.items():
            listed = "".join(f"<li>{html.escape(text)}</li>" for text in texts)
            address = f"{page.address}#corrections"
            title = f"Corrected: {page.title}"
            name = f"{address}-{day}"
            items.append(
                Item(name, address, title, " ".join(texts), f"<ul>{listed}</ul>", day, day, _names(page, cited))
            )
    return sorted(items, key=lambda item: (item.date, item.name), reverse=True)


def _day(date: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(date, datetime.time(), datetime.UTC)


def rss(items: list[Item], home: BuiltPage, cited: Citation, name: str) -> bytes:
    """An RSS 2.0 document; `name` is its file."""
    for prefix, space in (("atom", _ATOM), ("dc", _DC), ("content", _CONTENT)):
        ElementTree.register_namespace(prefix, space)
    root = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(root, "channel")

    def add(parent: ElementTree.Element, tag: str, text: str = "", **attributes: str) -> None:
        ElementTree.SubElement(parent, tag, attributes).text = text or None

    add(channel, "title", cited.short + (", with corrections" if name == UPDATED else ""))
    add(channel, "link", home.site)
    add(channel, "description", home.description)
    add(channel, f"{{{_ATOM}}}link", href=home.site + name, rel="self", type="application/rss+xml")
    add(channel, "language", "en")
    add(channel, "docs", "https://www.rssboard.org/rss-specification")
    if items:
        add(channel, "lastBuildDate", format_datetime(_day(max(item.changed for item in items)), usegmt=True))
    for item in items:
        entry = ElementTree.SubElement(channel, "item")
        add(entry, "title", item.title)
        add(entry, "link", item.address)
        add(entry, "guid", item.name, isPermaLink="true" if item.name == item.address else "false")
        add(entry, "pubDate", format_datetime(_day(item.date), usegmt=True))
        for author in item.authors:
            add(entry, f"{{{_DC}}}creator", author)
        for tag in item.tags:
            add(entry, "category", tag)
        add(entry, "description", item.summary)
        add(entry, f"{{{_CONTENT}}}encoded", item.content)
    ElementTree.indent(root)
    return ElementTree.tostring(root, "utf-8", xml_declaration=True) + b"\n"


def json_feed(items: list[Item], home: BuiltPage, cited: Citation) -> dict[str, Any]:
    """A JSON Feed 1.1 document."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": cited.short,
        "home_page_url": home.site,
        "feed_url": home.site + JSON,
        "description": home.description,
        "icon": f"{home.site}assets/img/icon-512.png",
        "favicon": f"{home.site}assets/img/favicon.png",
        "language": "en",
        "authors": [{"name": author.name} for author in cited.authors],
        "items": [
            {
                "id": item.name,
                "url": item.address,
                "title": item.title,
                "summary": item.summary,
                "content_html": item.content,
                "date_published": _day(item.date).isoformat(),
                "date_modified": _day(item.changed).isoformat(),
                "authors": [{"name": name} for name in item.authors],
                **({"tags": list(item.tags)} if item.tags else {}),
                **({"image": item.image} if item.image else {}),
            }
            for item in items
        ],
    }


def write(site: Path, pages: list[BuiltPage], cited: Citation, images: dict[str, str]) -> None:
    """Writes the three files; `images` are the posts' cards by their place."""
    home = next(page for page in pages if not page.place)
    listed = posts(pages, cited, images)
    (site / CREATED).write_bytes(rss(listed, home, cited, CREATED))
    (site / UPDATED).write_bytes(rss(updates(pages, cited, images), home, cited, UPDATED))
    text = json.dumps(json_feed(listed, home, cited), ensure_ascii=False, indent=1)
    (site / JSON).write_text(text + "\n", "utf-8")


LINKS = (
    (CREATED, "application/rss+xml", "Posts"),
    (UPDATED, "application/rss+xml", "Posts and corrections"),
    (JSON, "application/feed+json", "Posts"),
)


def links(page: BuiltPage) -> list[str]:
    """What leads a page's reader to the feeds."""
    return [
        f'<link rel="alternate" type="{kind}" title="{title}" href="{page.up}{name}">' for name, kind, title in LINKS
    ]
