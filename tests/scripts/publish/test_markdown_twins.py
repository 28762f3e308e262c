"""A page's Markdown says what the page says: no word of the argument is lost, and its links hold anywhere."""

import collections
import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from scripts.common.content_cache import Cache
from scripts.publish import article_markdown, built_pages, markdown_twins
from scripts.publish.built_pages import BuiltPage
from tests.conftest import ROOT

PAGE = "https://example.org/posts/01-a/"
# What a text cannot hold, said once more and not taken from the code: controls, drawings, navigation, second copies.
NO_ARGUMENT = (
    "[hidden], svg, script, style, button, input, .headerlink, .md-tags, .md-content__button, .page-tools, .cite, "
    ".rp-player, .rp-stage, .path-heads, .result > .claim-in-line, .excerpt-code summary, nav.engine-map, "
    ".cp-answers, .excerpt-mark"
)
PLACES = (
    "posts/01-request-lifecycle/",
    "posts/02-scheduler-loop/",
    "posts/04-radix-cache/",
    "posts/07-structured-output/",
    "symptoms/",
    "reference/knobs/",
    "reference/glossary/",
    "experiments/02_scheduler_loop/",
)


def words(text: str) -> collections.Counter:
    return collections.Counter(re.findall(r"[^\W_]+", text))


@pytest.mark.parametrize("place", PLACES)
def test_no_word_of_a_page_is_lost(built_site, place):
    article = LexborHTMLParser((built_site / place / "index.html").read_text()).css_first("article")
    for node in article.css(NO_ARGUMENT):
        node.decompose()
    for node in article.css("wbr"):
        node.unwrap()
    article.merge_text_nodes()
    text = (built_site / place / "index.md").read_text()
    # Tags part words, or not: what is a word in both readings of the HTML is one.
    asked = words(article.text()) & words(article.text(separator=" "))
    said = words(re.sub(r"\]\([^)\s]*\)", "]", text))
    lost = {word: count - said[word] for word, count in asked.items() if said[word] < count}
    assert len(asked) > 200 and lost == {}


def test_the_page_leads_to_its_twin_and_the_twin_to_the_page(built_site):
    text = (built_site / "posts/02-scheduler-loop/index.md").read_text()
    html = LexborHTMLParser((built_site / "posts/02-scheduler-loop/index.html").read_text())
    assert html.css_first('link[rel~=alternate][type="text/markdown"]').attributes["href"] == "index.md"
    assert text.startswith("<!-- ") and "/posts/02-scheduler-loop/ -->\n\n# The scheduler loop" in text
    assert "{{" not in text and "<span" not in text and "\n///" not in text
    links = re.findall(r"\]\(([^)\s]*)\)", text)
    assert len(links) > 300 and [link for link in links if not link.startswith("https://")] == []


def test_a_twin_is_made_once(tmp_path, monkeypatch):
    head = '<link rel="canonical" href="https://example.org/x/">'
    page = BuiltPage(
        tmp_path / "index.html", "x/", tmp_path, f"<html><head>{head}</head><article><h1>A</h1></article></html>"
    )
    first = markdown_twins.twin(page, Cache(tmp_path, "markdown"))
    assert first == "<!-- https://example.org/x/ -->\n\n# A\n"
    monkeypatch.setattr(article_markdown, "convert", None)
    assert markdown_twins.twin(page, Cache(tmp_path, "markdown")) == first


def test_every_page_has_one(built_site):
    pages = built_pages.read(built_site, ROOT)
    assert len(pages) > 25
    assert [page.place for page in pages if not page.file.with_name("index.md").is_file()] == []
