"""`/// post-head` and `/// post-end`: a post says where it stands and what it rests on, and nothing of it is typed."""

import datetime

import markdown
import pytest
from bs4 import BeautifulSoup

from scripts.common.errors import SiteError
from scripts.pages import reading_order
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from tests.scripts.fixtures.small_site import PAGE, ROOT, Site

ORDER = "".join(
    f'[[post]]\nslug = "{slug}"\ntitle = "{title}"\nabout = "x"\n'
    for slug, title in [("01-one-request", "One <request>"), ("02-more", "More"), ("03-planned", "Planned")]
)
DAY = datetime.date(2026, 11, 23)
META = {"answer": "It is `quick`: {{wait.share}}.", "date": {"created": DAY, "updated": DAY}, "tags": ["KV cache"]}
BLOCKS = ("/// post-head\n///\n", "/// post-end\n///\n")


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    made.write("docs/posts/reading-order.toml", ORDER)
    made.write("docs/posts/02-more.md", "# More\n\n## Corrections\n\nNone yet.\n")
    made.write("CITATION.cff", "authors:\n  - name: The writers\n")
    return made


def render(site, block, page="posts/01-one-request.md", **changed):
    context = Context(root=site.root)
    context.start_build()
    context.start_page(page, META | changed)
    context.manifest = None  # of which nothing is used here
    return BeautifulSoup(markdown.markdown(block, extensions=[PageExtension(context)]), "html.parser")


def facts(soup):
    return [fact.get_text(" ", strip=True) for fact in soup.select(".post-facts > li")]


def test_a_head_says_where_the_post_stands_and_what_it_rests_on(site):
    head = render(site, BLOCKS[0])
    assert head.select_one(".post-answer").get_text().startswith("It is quick: ")
    assert "{{" not in head.get_text()
    said = facts(head)
    assert said[:2] == ["1 of 2", "vLLM 0.32.0"] and said[2].startswith("measured on ")
    assert said[3:] == ["1 min to read", "The writers", "23 November 2026", "no corrections yet"]
    ways = {link["rel"][0]: (link["href"], link.get_text(" ", strip=True)) for link in head.select(".post-ways a")}
    assert ways == {"next": ("../../posts/02-more/", "Next More")}, "a planned post is no neighbour"


def test_the_last_correction_is_the_last_change_and_a_reader_is_led_to_it(site):
    text = PAGE.replace("None yet.", "- **2026-11-25.** So.\n- **2026-11-24.** And so.")
    site.write("docs/posts/01-one-request.md", text)
    head = render(site, BLOCKS[0], author="Somebody Else")
    assert facts(head)[4:] == ["Somebody Else", "23 November 2026", "changed 25 November 2026", "2 corrections"]
    assert head.select_one(".post-facts a")["href"] == "#corrections"


def test_an_end_has_the_age_of_the_code_and_the_tags(site):
    end = render(site, BLOCKS[1])
    assert "vLLM" in end.select_one(".drift-badge").get_text()
    assert [(tag["href"], tag.get_text()) for tag in end.select(".md-tag")] == [
        ("../../reference/tags/#tag:kv-cache", "KV cache")
    ]


@pytest.mark.parametrize(
    ("block", "page", "changed", "said"),
    [
        (0, "posts/01-one-request.md", {"answer": " "}, "post-head: the front matter has no answer; write 'answer:"),
        (0, "posts/01-one-request.md", {"answer": "so " * 31}, "has 31 words; say it in 30"),
        (0, "index.md", {}, "docs/index.md: post-head: stands below the title of a post alone"),
        (1, "index.md", {}, "docs/index.md: post-end: ends a post alone; remove it here"),
    ],
)
def test_what_is_missing_is_one_line(site, block, page, changed, said):
    with pytest.raises(SiteError) as caught:
        render(site, BLOCKS[block], page, **changed)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_nobody_to_name_is_an_error(site):
    (site.root / "CITATION.cff").write_text("title: x\n")
    with pytest.raises(SiteError, match=r"CITATION\.cff: names no author; write 'authors:'"):
        render(site, BLOCKS[0])


def test_every_post_of_the_site_begins_and_ends_so():
    for post in reading_order.load(ROOT):
        text = (ROOT / "docs" / post.page).read_text("utf-8")
        title = text.index("\n# ")
        assert text[title + 1 :].split("\n", 1)[1].lstrip().startswith(BLOCKS[0]), post.slug
        assert text.endswith(BLOCKS[1]), post.slug
