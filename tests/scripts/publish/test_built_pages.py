"""The pages of a built site: what each is, and what is added to it in its place."""

import pytest

from scripts.common.errors import SiteError
from scripts.publish import built_pages

PAGE = """<html><head><title>x</title><meta name="description" content="About &amp; more">
<meta property="og:title" content="A page"><meta property="og:image" content="old.png">
<link rel="canonical" href="https://example.org/site/{place}"></head>
<body><article><p>text</p></article><footer></footer></body></html>"""


@pytest.fixture
def site(tmp_path):
    for place in ("", "reference/x/", "posts/02-b/", "posts/01-a/", "map/", "experiments/01_a/"):
        (tmp_path / "site" / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / place / "index.html").write_text(PAGE.replace("{place}", place))
    for name in ("docs/index.md", "docs/posts/01-a.md", "experiments/01_a.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("---\ntitle: T\ntags: [a]\n---\ntext")
    return tmp_path / "site"


def test_pages_come_in_a_reader_s_order_with_their_sources(site, tmp_path):
    (site / "old/").mkdir()
    (site / "old/index.html").write_text('<meta http-equiv="refresh" content="0; url=../new/">')
    pages = built_pages.read(site, tmp_path)
    assert [page.place for page in pages] == [
        "", "map/", "posts/01-a/", "posts/02-b/", "reference/x/", "experiments/01_a/",
    ]  # fmt: skip
    assert [page.source for page in pages] == [
        "docs/index.md", "", "docs/posts/01-a.md", "", "", "experiments/01_a.ipynb",
    ]  # fmt: skip
    post = pages[2]
    assert post.is_post and not pages[1].is_post and pages[5].is_notebook
    assert post.address == "https://example.org/site/posts/01-a/" and post.site == "https://example.org/site/"
    assert (post.up, post.title, post.description) == ("../../", "A page", "About & more")
    assert post.meta == {"title": "T", "tags": ["a"]} and pages[1].meta == {} and pages[5].meta == {}


def test_what_is_added_stands_in_its_place(site, tmp_path):
    page = built_pages.read(site, tmp_path)[0]
    page.head.append("<link id=head>")
    page.end.append("<p>end</p>")
    page.foot.append("<script></script>")
    page.tell("og:image", 'new "one".png')
    page.tell("og:image:alt", "words")
    page.write()
    text = page.file.read_text()
    assert "old.png" not in text and text.count("og:image") == 2
    assert 'content="new &quot;one&quot;.png"' in text
    assert '<meta property="og:image:alt" content="words">\n</head>' in text
    assert "<p>text</p><p>end</p></article>" in text and "<footer></footer><script></script></body>" in text


def test_a_page_without_an_address_is_said(site, tmp_path):
    (site / "map/index.html").write_text("<html></html>")
    with pytest.raises(SiteError, match=r"map/index.html: has no canonical address; set site_url"):
        _ = built_pages.read(site, tmp_path)[1].address
