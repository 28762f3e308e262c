"""The feeds as a reader's program reads them: whole summaries, authors, stable names, corrections as updates."""

import json
import xml.etree.ElementTree as ElementTree

import feedparser
from selectolax.lexbor import LexborHTMLParser

from scripts.publish import citation, feeds
from scripts.publish.feeds import CREATED, JSON, UPDATED


def read(data: bytes) -> feedparser.FeedParserDict:
    found = feedparser.parse(data, sanitize_html=False)
    assert not found.bozo and found.version == "rss20", found.get("bozo_exception")
    return found


def test_a_post_has_its_summary_its_author_and_addresses_that_hold_anywhere(post, home, project):
    cited = citation.load(project)
    found = read(feeds.rss(feeds.posts([home, post], cited, {}), home, cited, CREATED))
    (entry,) = found.entries
    assert (entry.title, entry.link, entry.id) == ("Loops & {more}", post.address, post.address)
    assert entry.summary == "About & more" and entry.published == "Fri, 20 Nov 2026 00:00:00 GMT"
    assert [author.name for author in entry.authors] == ["The contributors", "Ada Byron"]
    assert [tag.term for tag in entry.tags] == ["x", "y"]
    content = entry.content[0].value
    assert '<a href="https://example.org/site/posts/01-a/#x">a</a>' in content and "Not this" not in content
    assert found.feed.title == "A Series" and found.feed.link == "https://example.org/site/"


def test_corrections_of_a_day_are_an_update_with_a_name_of_its_own(post, home, project):
    cited = citation.load(project)
    found = read(feeds.rss(feeds.updates([home, post], cited, {}), home, cited, UPDATED))
    update, entry = found.entries
    assert update.title == "Corrected: Loops & {more}" and update.published.startswith("Sat, 28 Nov 2026")
    assert update.link == f"{post.address}#corrections" and update.id == f"{post.address}#corrections-2026-11-28"
    assert update.content[0].value == "<ul><li>It was a &lt;/script&gt; and is b.</li><li>Another.</li></ul>"
    assert entry.id == post.address


def test_json_feed(post, home, project):
    cited = citation.load(project)
    items = feeds.posts([home, post], cited, {post.place: "https://example.org/card.png"})
    feed = feeds.json_feed(items, home, cited)
    assert feed["version"] == "https://jsonfeed.org/version/1.1" and feed["feed_url"].endswith(JSON)
    (item,) = feed["items"]
    assert item["id"] == item["url"] == post.address and item["image"] == "https://example.org/card.png"
    assert (item["date_published"], item["date_modified"]) == ("2026-11-20T00:00:00+00:00", "2026-11-28T00:00:00+00:00")
    assert item["authors"] == [{"name": "The contributors"}, {"name": "Ada Byron"}] and item["tags"] == ["x", "y"]


def test_the_built_feeds(built_site):
    created, updated = (read((built_site / name).read_bytes()) for name in (CREATED, UPDATED))
    assert len(created.entries) == 7
    assert all(len(entry.content[0].value) > len(entry.summary) + 300 for entry in created.entries)
    assert len(updated.entries) > 7 and len({entry.id for entry in updated.entries}) == len(updated.entries)
    assert all(entry.link.startswith("http") and entry.author for entry in updated.entries)
    days = [entry.published_parsed for entry in updated.entries]
    assert days == sorted(days, reverse=True)
    assert "href=&quot;../" not in (built_site / CREATED).read_text()
    post = LexborHTMLParser((built_site / "posts/02-scheduler-loop/index.html").read_text())
    linked = [link.attributes["href"] for link in post.css("link[rel=alternate][title]")]
    assert linked == [f"../../{name}" for name in (CREATED, UPDATED, JSON)]
    assert len(json.loads((built_site / JSON).read_text())["items"]) == 7
    assert ElementTree.fromstring((built_site / CREATED).read_text()).tag == "rss"
