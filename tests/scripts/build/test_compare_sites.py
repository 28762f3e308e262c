"""Two sites are compared by what they say, not by how a theme writes it."""

import pytest

from scripts.build import compare_sites
from scripts.build.compare_sites import Difference

PAGE = (
    '<html><head><title>A</title><meta name="description" content="d"></head><body><nav>theirs</nav>'
    '<div class="md-sidebar--secondary"><a class="md-nav__link" href="#a"> A </a></div><article>{article}</article>'
    "</body></html>"
)
ARTICLE = '<a class="md-content__button" href="edit">e</a><h1 id="a">A</h1><p>One <a href="../b/#c">two</a>.</p>'
FEED = "<rss><channel><item><title>{title}</title><link>x</link></item></channel></rss>"


@pytest.fixture
def sites(tmp_path):
    """Two equal sites."""
    for name in ("first", "second"):
        write(tmp_path / name, "p/index.html", PAGE.format(article=ARTICLE))
        write(tmp_path / name, "search/index.json", '{"anchor": ["a", "b"]}')
        write(tmp_path / name, "feed_rss.xml", FEED.format(title="It&#39;s"))
        write(tmp_path / name, "sitemap.xml", "<urlset><url><loc>https://example.org/p/</loc></url></urlset>")
    return tmp_path / "first", tmp_path / "second"


def write(site, name, text):
    (site / name).parent.mkdir(parents=True, exist_ok=True)
    (site / name).write_text(text)


def test_equal_sites_do_not_differ_however_they_are_written(sites):
    other = ARTICLE.replace("../b/", "../../b/").replace("edit", "other").replace("<p>One", "<p>\n One")
    write(sites[1], "p/index.html", PAGE.format(article=other.replace("../../b/", "./../b/")).replace("theirs", "ours"))
    write(sites[1], "feed_rss.xml", FEED.format(title="It&apos;s").replace("<link>", "\n<link>"))
    write(sites[1], "assets/stylesheets/x.css", "a{}")
    assert compare_sites.compare(*sites) == []
    assert set(compare_sites.count([]).values()) == {0}


@pytest.mark.parametrize(
    ("name", "old", "new", "kind", "side"),
    [
        ("p/index.html", 'id="a"', "", "anchor", -1),
        ("p/index.html", "One", "Two", "text", 0),
        ("p/index.html", "../b/#c", "../../b/#c", "link", -1),
        ("p/index.html", 'href="#a"', 'href="#b"', "contents", -1),
        ("p/index.html", 'content="d"', 'content="e"', "head", -1),
        ("search/index.json", '"a", ', "", "search", -1),
        ("feed_rss.xml", "It&#39;s", "Is", "feed", -1),
        ("sitemap.xml", "/p/", "/q/", "sitemap", -1),
    ],
)
def test_each_kind_of_difference_is_found(sites, name, old, new, kind, side):
    text = (sites[1] / name).read_text()
    assert old in text
    write(sites[1], name, text.replace(old, new))
    found = compare_sites.compare(*sites)
    assert {each.kind for each in found} == {kind} and found[0].side == side, found
    assert compare_sites.count(found)[kind] == len(found)


def test_pages_and_files_of_one_site_alone_are_named(sites):
    write(sites[0], "gone/index.html", PAGE.format(article=""))
    write(sites[1], "tags.json", "{}")
    assert compare_sites.compare(*sites) == [
        Difference("page", "", -1, "gone/index.html"),
        Difference("file", "", 1, "tags.json"),
    ]
