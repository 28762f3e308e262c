"""A card with a plan for smaller cards: a verdict of its own and a second column; nothing where none was measured."""

import markdown
import pytest
from bs4 import BeautifulSoup

from scripts.catalog import ledger, site_data
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from tests.scripts.fixtures import plan_of_24gb
from tests.scripts.fixtures.several_hosts import IDS
from tests.scripts.fixtures.small_site import Site


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def part(site, text="/// claim | wait\n///\n"):
    context = Context(root=site.root, repo_url="https://example.org/me/site")
    context.start_build()
    context.start_page("posts/other.md")
    return BeautifulSoup(markdown.markdown(text, extensions=[PageExtension(context)]), "html.parser")


def words(tag):
    return " ".join(tag.text.split())


def test_nothing_shows_where_no_plan_was_measured(site):
    assert part(site).select(".claim-plan") == [] and "plan" not in part(site).select_one("div.claim").text


def test_a_card_has_the_plans_verdict_and_its_values_beside_the_reference(site):
    site.write("snippets/labels.toml", '[wait]\nshare = "waiting, of the first token"\n')
    plan_of_24gb.save(site, [plan_of_24gb.planned(site, holds=False)])
    card = part(site).select_one("div.claim")
    (fold,) = card.select(".claim-plan")
    assert words(fold.summary) == "A 24 GB plan, Qwen3-0.6B shape, on H200 a639: does not hold"
    assert fold.summary.select_one(".claim-verdict")["data-holds"] == "false" and card["data-holds"] == "true"
    heads = [words(head) for head in fold.select("thead th")]
    assert heads == ["name", "reference, A processor 0123", "24 GB plan, H200 a639"]
    rows = [[words(cell) for cell in row.select("th, td")] for row in fold.select("tbody tr")]
    assert rows == [
        ["waiting, of the first token", "61.2% (60.2 to 62.2%)", "44.0% (43.0 to 45.0%)"],
        ["steps", "40", "40"],
    ]
    (link,) = fold.select("p a")
    assert link["href"] == f"../../data/plans/24gb/{IDS[1]}/01/ttft.json"
    assert card.select(".claim-marks") == []  # the plan's host is none of the claim's


def test_a_verdict_on_times_is_not_given(site):
    plan_of_24gb.save(site, [plan_of_24gb.planned(site, comparable=False)])
    (fold,) = part(site).select(".claim-plan")
    assert words(fold.summary).endswith("on H200 a639: no verdict, which would rest on times")
    assert fold.summary.select(".claim-verdict") == []


def test_the_ledger_has_the_plans_line(site):
    plan_of_24gb.save(site, [plan_of_24gb.planned(site)])
    (entry,) = [each for each in ledger.entries(site_data.of(site.root)) if each["kind"] == "claim"]
    assert entry["detail"].endswith(". 24 GB plan, Qwen3-0.6B shape: holds; share 44.0%; steps 40")
    assert (entry["state"], entry["hosts"]) == ("holds", 1)
