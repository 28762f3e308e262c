"""The page of famous numbers: a row a figure, theirs and ours apart, each with what it rests on."""

import pytest

from scripts.common.errors import SiteError
from tests.scripts.catalog.test_famous_numbers import FIGURE, OURS, changed, site
from tests.scripts.fixtures.small_site import FAMOUS
from tests.scripts.render.test_measured_blocks import render as rendered

__all__ = ["site"]  # the fixture


def render(site, text="/// famous\n///\n"):
    return rendered(site, text, page="reference/famous.md")


def cells(site) -> list:
    return render(site).select("tbody td")


def test_a_row_says_all_there_is_to_a_figure(site):
    soup = render(site)
    (section,) = soup.select(".famous > section")
    assert soup.select_one(".famous-groups a")["href"] == f"#{section.h2['id']}" == "#figures-time"
    names = [th.text for th in section.select("thead th")]
    assert names == ["figure", "published", "on what, against what", "here", "verdict"]
    (row,) = section.select("tbody tr")
    assert row["id"] == "famous-third" and row.select_one("th[scope=row] em").text == "wait"
    published, setup, ours, verdict = row.select("td")
    assert [cell["data-label"] for cell in row.select("td")] == names[1:]
    assert (published.strong.text, published.small.text) == ("33%", "one run")
    assert (published.a.text, published.a["href"]) == ("A blog", "https://example.org/blog")
    assert published.time["datetime"] == published.time.text == "2024-05"
    assert published.select_one(".famous-read").text == "read in the original"
    facts = [(each.dt.text, each.dd.text) for each in setup.select("dl > div")]
    assert facts == [("set-up", "a model of 8B on one card"), ("against", "nothing")]
    assert verdict.span["data-verdict"] == "not-on-this-set-up" and verdict.text == "not on this set-upAnother model."
    assert ours.p.text == "It waits 61.2% of the time (60.1 to 62.4%)."


def test_what_is_ours_leads_to_its_claim(site):
    ours = cells(site)[2]
    assert [a["href"] for a in ours.select("a")] == ["../../posts/01-one-request/#claim-wait"] * 3
    (item,) = ours.select("li")
    assert item.a.text == "Waiting dominates" and item.small.text == "A processor, 2 cores"
    assert (item.span.text, item.span["data-holds"]) == ("holds", "true")


def test_a_value_follows_its_claim(site):
    share = {"value": 12.5, "unit": "%", "ci": [12.0, 13.0], "n": 40, "digits": 3}
    site.save_claims([site.changed_claim(values={"share": share}, holds=False)])
    ours = cells(site)[2]
    assert ours.p.text == "It waits 12.5% of the time (12.0 to 13.0%)."
    assert (ours.li.span.text, ours.li.span["data-holds"]) == ("does not hold", "false")


def test_a_claim_that_no_page_shows_is_in_the_ledger(site):
    page = site.root / "docs/posts/01-one-request.md"
    page.write_text(page.read_text("utf-8").replace("/// claim | wait\n///\n", ""), "utf-8")
    assert cells(site)[2].li.a["href"] == "../../reference/ledger/#ledger-claim-wait"


@pytest.mark.parametrize(
    ("verdict", "said"), [("not measured yet", "no measurement yet"), ("cannot be tested here", "no measurement")]
)
def test_what_was_not_measured_says_so_and_why(site, verdict, said):
    changed(site, ("not on this set-up", verdict), (OURS, ""))
    *_, ours, last = cells(site)
    assert ours.text == said and ours.a is None
    assert last.span["data-verdict"] == verdict.replace(" ", "-") and "Another model." in last.text


def test_a_claim_of_the_reason_is_listed_where_nothing_is_measured(site):
    changed(
        site, ("not on this set-up", "not measured yet"), (OURS, ""), ("Another model.", "Now {{wait.share}} & more.")
    )
    *_, ours, last = cells(site)
    assert ours.p.text == "no measurement yet" and ours.li.a.text == "Waiting dominates"
    assert last.text.endswith("Now 61.2% & more.")


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ("copy", "read in a copy of the original: page <b>2</b>"),
        ("second-hand", "second-hand, the original was not read: page <b>2</b>"),
        ("original", "read in the original: page <b>2</b>"),
    ],
)
def test_a_row_says_how_its_source_was_read(site, read, said):
    changed(site, ('"original"', f'"{read}"\nhow = "page <b>2</b>"'))
    small = cells(site)[0].select_one(".famous-read")
    assert (small.text, small["data-read"]) == (said, read)


def test_what_to_mind_stands_beside_the_set_up(site):
    changed(site, ('against = "nothing"', 'against = "nothing"\nmind = "In `one` run."'))
    rows = cells(site)[1].select("dl > div")
    assert rows[2].dt.text == "mind" and rows[2].code.text == "one"


def test_the_page_counts_its_verdicts(site):
    more = FIGURE.replace('"third"', '"half"').replace("not on this set-up", "reproduced")
    again = FIGURE.replace('"third"', '"most"')
    site.write("snippets/famous.toml", FAMOUS + more + again)
    said = render(site).select_one(".famous-counts").text
    assert said == "3 figures from 1 publications: 1 reproduced, 2 not on this set-up."


def test_the_roles_of_a_table_are_left_to_the_script(site):
    assert render(site).select("table[role], table [role]") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/// famous | 06\n///\n", "docs/reference/famous.md: famous '06': takes no id; write '/// famous'"),
        ("/// famous\nprose\n///\n", "docs/reference/famous.md: famous: takes no content"),
    ],
)
def test_the_block_takes_nothing(site, text, said):
    with pytest.raises(SiteError) as caught:
        render(site, text)
    assert str(caught.value).startswith(said)


def test_an_unknown_claim_stops_the_page(site):
    changed(site, ("{{wait.share}}", "{{weight.share}}"))
    with pytest.raises(SiteError) as caught:
        render(site)
    assert str(caught.value).startswith("snippets/famous.toml: figure 'third': claim 'weight'")
