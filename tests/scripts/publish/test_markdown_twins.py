"""A page's Markdown says what the page says: no word of the argument is lost, and its links hold anywhere."""

import collections
import re

import pytest
from bs4 import BeautifulSoup

from scripts.publish import built_pages, markdown_twins, plain_article
from scripts.publish.built_pages import BuiltPage
from scripts.publish.content_cache import Cache
from tests.conftest import ROOT

PAGE = "https://example.org/posts/01-a/"
# What a text cannot hold, said once more and not taken from the code: controls, drawings, navigation, second copies.
NO_ARGUMENT = (
    "svg, script, style, button, input, .headerlink, .md-tags, .md-content__button, .page-tools, .cite, .rp-player, "
    ".rp-stage, .path-heads, .result > .claim-in-line, .excerpt-code summary, nav.engine-map, "
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


def convert(markup: str) -> str:
    return markdown_twins.convert(plain_article.plain(f"<article>{markup}</article>"), PAGE)


def words(text: str) -> collections.Counter:
    return collections.Counter(re.findall(r"[^\W_]+", text))


@pytest.mark.parametrize("place", PLACES)
def test_no_word_of_a_page_is_lost(built_site, place):
    soup = BeautifulSoup((built_site / place / "index.html").read_text(), "html.parser").find("article")
    for node in soup.select(NO_ARGUMENT):
        node.decompose()
    for node in soup.find_all("wbr"):
        node.unwrap()
    text = (built_site / place / "index.md").read_text()
    soup.smooth()
    # Tags part words, or not: what is a word in both readings of the HTML is one.
    asked = words(soup.get_text("")) & words(soup.get_text(" "))
    said = words(re.sub(r"\]\([^)\s]*\)", "]", text))
    lost = {word: count - said[word] for word, count in asked.items() if said[word] < count}
    assert len(asked) > 200 and lost == {}


def test_the_page_leads_to_its_twin_and_the_twin_to_the_page(built_site):
    text = (built_site / "posts/02-scheduler-loop/index.md").read_text()
    html = (built_site / "posts/02-scheduler-loop/index.html").read_text()
    assert '<link rel="alternate" type="text/markdown" href="index.md">' in html
    assert text.startswith("<!-- ") and "/posts/02-scheduler-loop/ -->\n\n# The scheduler loop" in text
    assert "{{" not in text and "<span" not in text and "\n///" not in text
    links = re.findall(r"\]\(([^)\s]*)\)", text)
    assert len(links) > 300 and [link for link in links if not link.startswith("https://")] == []


def test_an_excerpt_is_its_place_its_code_and_its_notes():
    text = convert(
        '<figure class="excerpt" id="e"><figcaption>'
        '<span class="excerpt-crumb">class A <span aria-hidden="true">></span>'
        ' b()</span> <a href="https://x.org/a.py#L1">v/<wbr>a.py:1</a> <button>Copy</button></figcaption>'
        '<div class="excerpt-code"><pre><span id="e-L1"><a data-n="1" href="#e-L1"></a><i>def</i> b():'
        '<a class="excerpt-mark" href="#n" data-n="1"></a>\n</span></pre><details><summary>1 folded</summary>'
        "<pre>    *x*\n</pre></details></div>"
        '<ol class="excerpt-notes"><li><a href="#e-L1">line 1</a> It is.</li></ol></figure>'
    )
    assert "**class A > b()** [v/a.py:1](https://x.org/a.py#L1)" in text
    assert "```python\ndef b():\n    *x*\n```" in text
    assert f"1. [line 1]({PAGE}#e-L1) It is." in text and "Copy" not in text


def test_a_result_names_its_verdict_and_its_claim_and_the_copy_goes():
    text = convert(
        '<details class="result"><summary><span>Measured: <b>7</b> of 9.</span> '
        '<span class="claim-verdict">holds</span>'
        '</summary><section class="claim claim-in-line"><p class="claim-to"><a href="#claim-a">A</a></p><p>Again.</p>'
        "</section></details>"
    )
    assert text == f"**Measured: 7 of 9. holds [claim]({PAGE}#claim-a)**\n"


def test_a_figure_is_its_text_and_a_table_a_table():
    text = convert(
        '<figure id="f"><svg role="img" aria-label="Bars &amp; lines"><text>1</text></svg></figure><svg><path/></svg>'
        "<table><caption>Cap</caption><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td>"
        '<td><span class="claim-verdict" data-holds="false"></span>2</td></tr></tbody></table>'
    )
    assert f"[Figure: Bars & lines]({PAGE}#f)" in text
    assert "Cap\n\n| a | b |\n| --- | --- |\n| 1 | ✗ 2 |" in text


def test_a_hop_is_a_line():
    text = convert(
        '<ol><li class="path-hop"><span class="path-role">worker</span><a href="#x"><code>A.b</code></a>'
        '<span class="path-does">runs</span><span class="path-foot"><a href="#y">a.py:1</a>'
        '<span class="path-badges"><span>seen on </span>'
        '<span class="path-badge">GPU</span><span class="path-badge">CPU</span></span></span></li></ol>'
    )
    assert text == f"1. worker: [`A.b`]({PAGE}#x): runs ([a.py:1]({PAGE}#y) seen on GPU CPU)\n"


def test_of_the_strip_only_the_lit_boxes_stay():
    text = convert(
        '<nav class="engine-map"><p>You are here</p><ol><li class="map-box">a</li>'
        '<li class="map-box is-lit">b</li></ol></nav>'
    )
    assert text == "You are here\n\n1. b\n"


def test_a_twin_is_made_once(tmp_path, monkeypatch):
    head = '<link rel="canonical" href="https://example.org/x/">'
    page = BuiltPage(
        tmp_path / "index.html", "x/", tmp_path, f"<html><head>{head}</head><article><h1>A</h1></article></html>"
    )
    first = markdown_twins.twin(page, Cache(tmp_path, "markdown"))
    assert first == "<!-- https://example.org/x/ -->\n\n# A\n"
    monkeypatch.setattr(markdown_twins, "convert", None)
    assert markdown_twins.twin(page, Cache(tmp_path, "markdown")) == first


def test_every_page_has_one(built_site):
    pages = built_pages.read(built_site, ROOT)
    assert len(pages) > 25
    assert [page.place for page in pages if not page.file.with_name("index.md").is_file()] == []
