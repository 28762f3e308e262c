"""The lines that read differently in another release: which pieces show them, where each stands, what is refused."""

import shutil

import pytest
from bs4 import BeautifulSoup

from scripts.catalog.site_data import Evidence
from scripts.render.tables import drift_lines
from scripts.sources import unpacked_sources
from tests.scripts.fixtures.rendered import refused, rendered
from tests.scripts.fixtures.small_site import CORE, SOURCES, Site

LONGER = "\n".join(f"        self.wait({number})" for number in range(drift_lines.LONG))
CHANGED = SOURCES | {CORE: "\n" + SOURCES[CORE].replace("self.schedule()", "self.plan() < 1")}
PAGE = "reference/drift/vllm-0.34.0.md"
NEEDLESS = "/// drift-lines | {}\n///\n"


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    made.release("0.34.0", CHANGED)
    made.compare("0.34.0")
    return made


def page(site) -> BeautifulSoup:
    return rendered(site, NEEDLESS.format("vllm-0.34.0/01-one-request"), PAGE)


def test_each_changed_piece_has_an_address_both_places_and_its_lines(site):
    soup = page(site)
    assert [heading["id"] for heading in soup.select("h3")] == ["excerpt-01-step", "hop-chat-step"]
    assert [link["href"] for link in soup.select("h3 a")] == [
        "../../../posts/01-one-request/#step",
        "../../../posts/01-one-request/#path-chat-step",
    ]
    here, there = [link["href"] for link in soup.select_one(".drift-source").select("a")]
    assert here.endswith("/v0.32.0/vllm/core.py#L6-L7") and there.endswith("/v0.34.0/vllm/core.py#L7-L8")
    lines = soup.select_one(".drift-diff")
    assert lines.select_one(".drift-plus").get_text().strip() == "+    return self.plan() < 1"
    assert lines.select_one(".drift-minus").get_text().strip() == "-    return self.schedule()"


def test_the_overview_and_the_page_agree_on_the_address(site):
    comparison = Evidence(site.root).comparisons[0]
    shown = [entry for entry in comparison.data["entries"] if drift_lines.are_shown(entry)]
    anchors = {heading["id"] for heading in page(site).select("h3")}
    assert {drift_lines.url(entry, comparison) for entry in shown} == {
        f"reference/drift/vllm-0.34.0/#{anchor}" for anchor in anchors
    }


def test_what_changed_too_much_is_left_to_the_release_itself(site):
    site.release(
        "0.35.0", SOURCES | {CORE: SOURCES[CORE].replace("    def step(self):", f"    def step(self):\n{LONGER}")}
    )
    entries = site.compare("0.35.0")["entries"]
    long = [entry for entry in entries if entry["added"] + entry["removed"] >= drift_lines.LONG]
    assert long and not any(map(drift_lines.are_shown, [entry | {"added": drift_lines.LONG + 1} for entry in long]))
    assert not any(drift_lines.are_shown(entry) for entry in entries if entry["state"] != "changed")


def test_what_cannot_be_shown_is_said_in_a_line(site):
    refused(
        site, NEEDLESS.format("vllm-0.99.0/01-one-request"), "snippets/drift/vllm-0.99.0.json", "make drift", page=PAGE
    )
    other = next(c.data["to"]["sha256"] for c in Evidence(site.root).comparisons if c.version == "0.34.0")
    shutil.rmtree(unpacked_sources.cache_folder(site.root) / other[:16])
    refused(site, NEEDLESS.format("vllm-0.34.0/01-one-request"), "are not here", "make drift", page=PAGE)
