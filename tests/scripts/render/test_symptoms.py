"""The page of symptoms: links first, then an entry each that can be read alone, with its heading and address."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from scripts.common.errors import SiteError
from scripts.publish import page_text
from scripts.render.page import templates
from tests.scripts.catalog.test_symptoms import changed, site
from tests.scripts.fixtures.small_site import SYMPTOMS
from tests.scripts.render.test_measured_blocks import render as rendered

__all__ = ["site"]  # the fixture

ENTRY = "/// symptom | slow-pick\n///\n"


def render(site, text=ENTRY):
    return rendered(site, text, page="symptoms.md")


def parts(soup) -> dict:
    return {part.dt.text: part.dd for part in soup.select(".symptom-part")}


def test_an_entry_says_all_there_is_to_it(site):
    soup = render(site)
    heading = soup.select_one("section.symptom > h3")
    assert heading["id"] == "slow-pick" and heading.em.text == "slow"
    assert heading.a["href"] == "#slow-pick"
    assert soup.select_one(".symptom-says").text == "Also said: “slow pick”"
    assert soup.select_one(".symptom-answer").text == "It is. Pick less."
    found = parts(soup)
    assert list(found) == ["You read", "Look at", "Why", "Change", "If not that", "Shown by"]
    assert found["You read"].code.text == "return self.schedule()"
    assert found["You read"].small.text == "vLLM, line that decides it"
    assert found["You read"].a["href"] == "../posts/01-one-request/#step-L7"
    assert found["Look at"].em.text == "it"
    assert found["Why"].a["href"] == "../posts/01-one-request/#step" and found["Why"].a.text == "post 1"
    assert found["Why"].select("a")[1]["href"] == "../map/#box-step"
    assert found["Why"].text == "It picks. It is slow.Explained in post 1.On the map: vLLM: One step."
    assert found["Change"].strong.text == "vLLM"
    assert found["Change"].a["href"] == "../reference/knobs/#knob-pick" and found["Change"].code.text == "--pick"
    assert "61.2% of the time." in found["Change"].text and found["Change"].small is None
    assert found["Shown by"].a["href"] == "../posts/01-one-request/#claim-wait"
    assert found["Shown by"].select_one(".claim-verdict").text == "holds"


def test_a_post_s_heading_names_the_place(site):
    page = site.root / "docs/posts/01-one-request.md"
    page.write_text(
        page.read_text("utf-8").replace("/// excerpt", "## Where is `it` entered? {#it}\n\n/// excerpt"), "utf-8"
    )
    assert parts(render(site))["Why"].a.text == "post 1, Where is it entered?"


def test_what_nothing_shows_says_so(site):
    text = SYMPTOMS.replace("waits {{wait.share}} of the time", "waits").replace('["wait"]', "[]")
    site.write("snippets/symptoms.toml", text)
    found = parts(render(site))
    assert (
        found["Shown by"].text
        == "No measurement on this site shows it. What stands here was read in the pinned source."
    )
    assert found["Change"].small.text == "Not measured here."


def test_a_change_need_not_be_of_a_knob(site):
    changed(site, 'knob = "pick"\n', "")
    assert parts(render(site))["Change"].a["href"] == "../posts/01-one-request/#claim-wait"


def test_the_list_leads_to_every_entry_and_the_search_finds_the_entry_alone(site):
    soup = render(site, "/// symptoms\n///\n")
    assert [(a["href"], a.text) for a in soup.select("li a")] == [("#slow-pick", "The pick is slow")]
    assert soup.select_one(".symptoms-group").text == "At start"
    assert all(each.has_attr("data-search-exclude") for each in soup.select("p, ul"))
    said = page_text.words(LexborHTMLParser(str(render(site))).body)
    for words in ("The pick is slow", "slow pick", "return self.schedule()", "It is something else."):
        assert words in said


def test_an_unknown_symptom_stops(site):
    with pytest.raises(SiteError) as caught:
        render(site, "/// symptom | slow-peck\n///\n")
    assert "symptom 'slow-peck': is not in snippets/symptoms.toml; use one of slow-pick" in str(caught.value)


def test_what_a_file_says_is_text(site):
    bad = "<script>alert(1)</script>"
    shown = templates.render("symptoms.html", groups={}, inline=str)
    assert shown.startswith("<div")
    changed(site, 'title = "At start"', f'title = "{bad}"')
    assert render(site, "/// symptoms\n///\n").select("script") == []


def test_a_section_is_named_once(site):
    changed(site, 'read = ["01/step"]', 'read = ["01/step", "01/step"]')
    assert "Explained in post 1." in parts(render(site))["Why"].text


def test_a_record_shows_it_where_no_claim_does(site):
    text = SYMPTOMS.replace("waits {{wait.share}} of the time", "has {{record:01/ttft#host.cores}} cores")
    site.write("snippets/symptoms.toml", text.replace('["wait"]', "[]"))
    shown = parts(render(site))["Shown by"]
    assert (shown.text, shown.a["href"]) == ("a record: 01/ttft", "../data/records/01/ttft.json")
