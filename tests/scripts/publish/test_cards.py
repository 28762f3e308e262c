"""Each page's card: a post's shows a result out of its claims, and each page names its own picture in words."""

import re

import pytest
from msgspec import structs
from PIL import Image

from scripts.common.errors import SiteError
from scripts.pages import reading_order
from scripts.publish import built_pages, cards
from tests.conftest import ROOT

GOOD = '[[card]]\npost = "01-a"\nclaim = "c"\nsays = "s"\nbars = { x = "X" }\n'


@pytest.fixture
def listed(tmp_path, monkeypatch):
    monkeypatch.setattr(
        cards.reading_order, "load", lambda root: [reading_order.Post("01-a", "A", "about", "posts/01-a.md", "")]
    )
    (tmp_path / "snippets").mkdir()
    (tmp_path / "experiments/claims").mkdir(parents=True)
    return tmp_path / "snippets/cards.toml"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("01-a", "02-b"), "post '02-b' is not known; use one of 01-a"),
        (GOOD + GOOD, "two cards are called that"),
        (GOOD.replace("says", "tells"), "unknown key 'tells'"),
        ("[[card", "not TOML"),
    ],
)
def test_a_card_that_does_not_fit_is_said(listed, tmp_path, text, says):
    listed.write_text(text)
    with pytest.raises(SiteError, match=rf"^snippets/cards.toml: [^\n]*{says}"):
        cards.headlines(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"claim": "none"}, "claim 'none' is not known"), ({"bars": {"other": "x"}}, "bars: 'other' is not known")],
)
def test_a_claim_or_value_that_is_not_there_is_said(wrong, says):
    headline = cards.headlines(ROOT)["02-scheduler-loop"]
    with pytest.raises(SiteError, match=rf"card '02-scheduler-loop': {says}"):
        cards._claim(ROOT, structs.replace(headline, **wrong))


def test_every_post_has_a_headline():
    assert set(cards.headlines(ROOT)) == {post.slug for post in reading_order.load(ROOT)}


def test_every_page_has_a_card_of_its_own_and_says_it_in_words(built_site):
    pages = built_pages.read(built_site, ROOT)
    named = {}
    for page in pages:
        (picture,), (words,) = (
            [meta.attributes["content"] for meta in page.tree.css(f'meta[property="{name}"]')]
            for name in ("og:image", "og:image:alt")
        )
        assert picture.startswith(page.site)
        named[picture] = words
        with Image.open(built_site / picture.removeprefix(page.site)) as image:
            assert image.size == (1200, 630) and image.format == "PNG"
    assert len(named) == len(set(named.values())) == len(pages)
    post = next(words for picture, words in named.items() if "02-scheduler" in picture)
    assert re.search(r"^Post 2 of 7: The scheduler loop\. .*: vLLM [\d,.]+\sms, SGLang [\d,.]+\sms$", post)
    assert sum(file.stat().st_size for file in (built_site / cards.FOLDER).iterdir()) < 1_000_000
