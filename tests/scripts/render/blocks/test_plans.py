"""`/// plans`: claims that can be compared beside the reference, a section a plan; nothing where none was measured."""

import pytest

from tests.scripts.fixtures import plan_of_24gb
from tests.scripts.fixtures.small_site import Site
from tests.scripts.render.blocks.test_claim_plans import part, words


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_nothing_shows_where_no_plan_was_measured(site):
    assert words(part(site, "/// plans\n///\n")) == ""


def test_the_page_lists_claims_that_can_be_compared(site):
    plan_of_24gb.save(site, [plan_of_24gb.planned(site, holds=False)])
    page = part(site, "/// plans\n///\n")
    assert page.h2["id"] == "plan-24gb" and page.h2.text == "A 24 GB plan"
    assert "Qwen3-0.6B shape in place of the reference's shape" in words(page)
    assert "0 of 1 verdicts are the reference's. 1 differs: Waiting dominates." in words(page)
    rows = [[words(cell) for cell in row.select("th, td")] for row in page.select("tbody tr")]
    assert rows == [
        ["Waiting dominates"],
        ["verdict", "holds", "does not hold"],
        ["share", "61.2% (60.2 to 62.2%)", "44.0% (43.0 to 45.0%)"],
        ["steps", "40", "40"],
    ]


def test_a_verdict_that_its_intervals_leave_open_differs_from_none(site):
    plan_of_24gb.save(site, [plan_of_24gb.planned(site, holds=False, by_values=True)])
    page = part(site, "/// plans\n///\n")
    said = "verdicts are the reference's. 1 is not settled: the values agree with the claim, but their intervals"
    assert said in words(page) and "differs" not in words(page)
    assert words(page.select("tbody tr td:last-child")[0]) == "not settled, intervals too wide"
    card = part(site, "/// claim | wait\n///\n").select_one(".claim-plan summary .claim-verdict")
    assert (words(card), card["data-holds"]) == ("not settled, intervals too wide", "some")
