"""The index: written beside the pages, columns of one length, no unit's words whole, and a query that it could not
answer is refused in one line."""

import json
import re

import pytest

from scripts.catalog import search_queries
from scripts.common.errors import SiteError
from scripts.publish import search_index, steps
from scripts.publish.search_units import Unit

LONG = " ".join(f"word{number} scheduler_output scheduling schedules" for number in range(100))
PAGE = f"""<article><h1>Home</h1><p>Lead.</p><h2 id=a>Part</h2><p>{LONG} last_word</p>
<h2 id=corrections>Corrections</h2><p>{LONG}</p></article>"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site/reference/ledger").mkdir(parents=True)
    (tmp_path / "site/index.html").write_text(PAGE)
    (tmp_path / "site/reference/ledger/index.html").write_text(PAGE)
    return tmp_path / "site"


def published(site, root) -> dict:
    steps.publish(site, root)
    return json.loads((site / search_index.PLACE).read_text())


def test_the_columns_tell_of_the_same_units(site, tmp_path):
    index = published(site, tmp_path)
    assert {len(index[name]) for name in ("page", "kind", "anchor", "title", "names", "text")} == {4}
    assert index["anchor"] == ["", "a", "corrections", ""]
    assert [index["kinds"][kind] for kind in index["kind"]] == ["page", "section", "aside", "page"]
    assert [index["pages"][page]["url"] for page in index["page"]] == ["", "", "", "reference/ledger/"]


def test_a_unit_shows_its_first_words_and_is_looked_up_by_the_rest(site, tmp_path):
    shown, rest = published(site, tmp_path)["text"][1].split("\n")
    assert LONG.startswith(shown) and search_index.SHOWN - 20 < len(shown) <= search_index.SHOWN
    words = rest.split(" ")
    assert "last_word" in words and len(words) == len(set(words)) < 110
    assert "schedules" not in words, "a word that begins as one that is shown"


def test_corrections_are_found_by_their_title_alone(site, tmp_path):
    assert published(site, tmp_path)["text"][2] == ""


@pytest.mark.parametrize(
    ("page", "anchor", "kind"),
    [
        ("reference/elsewhere/", "lora-adapters", "elsewhere"),
        ("reference/metrics/", "throughput", "metric"),
        ("experiments/02_scheduler_loop/", "a-burst", "notes"),
        ("posts/02-scheduler-loop/", "limits", "aside"),
        ("posts/02-scheduler-loop/", "a-burst", "section"),
    ],
)
def test_what_a_section_is_worth_depends_on_its_page(page, anchor, kind):
    assert search_index.kind(Unit(page, anchor, "section", "T")) == kind


def test_a_query_for_what_the_search_does_not_have_is_refused(site, tmp_path):
    (tmp_path / "snippets").mkdir()
    (tmp_path / search_queries.FILE).write_text('[[query]]\nask = "part"\nfirst = "#gone"\n')
    with pytest.raises(
        SiteError, match="query 'part': the search has no '#gone'; name another place of the first page"
    ):
        steps.publish(site, tmp_path)
    assert not (site / search_index.PLACE).exists()


def test_the_index_has_a_name_that_changes_with_what_it_holds(site, tmp_path):
    page = site / "index.html"
    link = '<template><link rel="search-index" href="search/index.json"></template><p>search/index.json'
    page.write_text(page.read_text() + link)
    names = []
    for text in ("{}", "{ }"):
        (site / "search").mkdir(exist_ok=True)
        (site / search_index.PLACE).write_text(text)
        page.write_text(re.sub(r"search/index\.\w+\.json", search_index.PLACE, page.read_text()))
        search_index.rename(site, tmp_path)
        (made,) = (site / "search").iterdir()
        assert re.fullmatch(r"index\.[0-9a-f]{8}\.json", made.name)
        assert f'href="search/{made.name}"' in page.read_text() and "<p>search/index.json" in page.read_text()
        names.append(made.name)
    assert len(set(names)) == 2
    search_index.rename(site, tmp_path)  # a site without a search
