"""The list of posts, and the front matter that the feed needs."""

import datetime

import pytest
from bs4 import BeautifulSoup

from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.measured.claim_reader import Claim
from scripts.pages import reading_order
from scripts.render.blocks.posts import posts_html

HOST = {"label": "H200", "measured": "2026-11-25", "values": {}, "records": []}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "docs/posts").mkdir(parents=True)
    (tmp_path / "experiments").mkdir()
    posts = ['slug = "01-a"\ntitle = "A & B"\nabout = "One."', 'slug = "02-b"\ntitle = "B"\nabout = "Two."']
    (tmp_path / reading_order.FILE).write_text("".join(f"[[post]]\n{post}\n" for post in posts))
    (tmp_path / "docs/posts/01-a.md").write_text("# A")
    (tmp_path / "experiments/01_a.ipynb").write_text("{}")
    return tmp_path


def test_seven_posts_are_listed():
    assert [post.number for post in reading_order.load(ROOT)] == [f"{n:02}" for n in range(1, 8)]


def test_written_and_planned(root):
    first, second = reading_order.load(root)
    assert (first.page, first.notebook) == ("posts/01-a.md", "experiments/01_a.ipynb")
    assert (second.page, second.notebook) == ("", "")
    html = posts_html([first, second], "../")
    assert '<a href="../posts/01-a/">A &amp; B</a>' in html and 'href="../experiments/01_a/"' in html
    assert html.count("planned</span>") == 1 and "02-b/" not in html
    html = posts_html([first, second], "../", notebooks=True)
    assert '<a href="../experiments/01_a/">A &amp; B</a>' in html and 'aria-label="Post: A &amp; B">post' in html


def test_a_notebook_says_what_its_claims_came_to(root):
    def claim(experiment, *verdicts):
        hosts = [{**HOST, "id": f"{at:016x}", "holds": holds} for at, holds in enumerate(verdicts)]
        return Claim("x", experiment, "", {"hosts": hosts})

    claims = [claim("01", False), claim("01", True, True), claim("01", True), claim("01", True, False, True)]
    html = posts_html(reading_order.load(root), "../", notebooks=True, claims=claims)
    soup = BeautifulSoup(html, "html.parser")
    (said,) = soup.select(".posts-verdicts")
    assert said.text == "4 claims on up to 3 hosts. holds: 2, holds on 2 of 3: 1, does not hold: 1"
    assert [one["data-holds"] for one in said.select(".claim-verdict")] == ["true", "some", "false"]


def test_a_post_outside_the_order(root):
    (root / "docs/posts/03-c.md").write_text("# C")
    with pytest.raises(SiteError, match=r"docs/posts/03-c\.md: is in no place of the reading order"):
        reading_order.load(root)


def test_a_list_out_of_order(root):
    file = root / reading_order.FILE
    file.write_text(file.read_text().replace("02-b", "03-b"))
    with pytest.raises(SiteError, match=r"post number 2: needs slug \('02-"):
        reading_order.load(root)
    file.write_text("[[post")
    with pytest.raises(SiteError, match=r"docs/posts/reading-order\.toml: not TOML \(.*\); correct that line"):
        reading_order.load(root)
    file.unlink()
    with pytest.raises(SiteError, match="cannot be read"):
        reading_order.load(root)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('about = "Two."', 'abuot = "Two."', "post '02-b': unknown key 'abuot'; remove it, or use one of slug, title"),
        ('about = "Two."', "", "post '02-b': 'about' is missing; add it"),
        ('about = "Two."', 'about = "Two."\npage = "posts/02-b.md"', "post '02-b': unknown key 'page'; remove it"),
        ('slug = "02-b"\n', "", "post number 2: 'slug' is missing; add it"),
        ('title = "B"', "title = 2", "post '02-b': 'title' must be text; correct or remove it"),
        ("[[post]]", "[[posts]]", "holds [[post]] alone; correct posts"),
    ],
)
def test_the_list_is_read_strictly(root, old, new, said):
    file = root / reading_order.FILE
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(SiteError) as caught:
        reading_order.load(root)
    assert str(caught.value).startswith(f"{reading_order.FILE}: ") and said in str(caught.value)


DAY = datetime.date(2026, 11, 23)


@pytest.mark.parametrize("written", [DAY, {"created": DAY}])
def test_dates_are_completed(written):
    meta = {"title": "A", "description": "B", "date": written}
    reading_order.check_meta(meta, "docs/posts/01-a.md")
    assert meta["date"] == {"created": DAY, "updated": DAY}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"title": ""}, "no title"),
        ({"description": None}, "no description"),
        ({"date": "soon"}, "no date"),
        ({"date": {"created": "soon"}}, "no date"),
        ({"date": {"created": DAY, "updated": DAY - datetime.timedelta(1)}}, "date.updated"),
    ],
)
def test_front_matter_the_feed_cannot_use(change, says):
    meta = {"title": "A", "description": "B", "date": {"created": DAY}} | change
    with pytest.raises(SiteError, match=rf"docs/posts/01-a\.md: .*{says}"):
        reading_order.check_meta(meta, "docs/posts/01-a.md")
