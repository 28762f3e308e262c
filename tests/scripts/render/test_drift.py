"""What the site shows of its age: the drift page, the matrix, a post's badge, the ledger, links to other releases."""

import json
import shutil

import pytest
from bs4 import BeautifulSoup

from scripts.build import links
from scripts.catalog import ledger
from scripts.catalog import site_data as standing_on
from scripts.common.errors import SiteError
from scripts.drift import comparison_files
from scripts.render.tables.drift import page_html, page_of
from scripts.render.tables.drift_badges import accuracy_html, badge_html
from scripts.sources import unpacked_sources
from tests.scripts.fixtures.small_site import CORE, FRONT, SOURCES, Site

SLUG = "01-one-request"
ORDER = '[[post]]\nslug = "01-one-request"\ntitle = "One <request>"\nabout = "x"\n'
CHANGED = SOURCES | {CORE: "\n" + SOURCES[CORE].replace("self.schedule()", "self.plan() < 1")}


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    made.write("docs/posts/reading-order.toml", ORDER)
    return made


def evidence(site):
    return standing_on.Evidence(site.root)


def page(site):
    return BeautifulSoup(page_html(evidence(site), "../../"), "html.parser")


def badge(site):
    return BeautifulSoup(badge_html(evidence(site), SLUG, "../../"), "html.parser").select_one(".drift-badge")


def test_a_release_is_a_section_with_its_posts_and_what_to_look_at(site):
    site.release("0.34.0", CHANGED)
    site.compare("0.34.0")
    soup = page(site)
    assert [each["id"] for each in soup.select("section")] == ["drift-vllm-0-34-0", "drift-vllm-0-33-0"]
    first = soup.select_one("section")
    cells = [cell.get_text() for cell in first.select("#drift-vllm-0-34-0-01 :is(th, td)")]
    assert cells == ["One <request>", "3", "4", "2", "0"]
    row = next(row for row in first.select("tr[data-state=changed]") if "excerpt" in row.get_text())
    here, there, _ = [link["href"] for link in row.select("td a")]
    assert here.endswith("/vllm-project/vllm/blob/v0.32.0/vllm/core.py#L6-L7")
    assert there.endswith("/vllm-project/vllm/blob/v0.34.0/vllm/core.py#L7-L8")
    assert row.select_one("th a")["href"] == "../../posts/01-one-request/#step"
    assert "No call path was recorded" in first.get_text()
    assert first.select_one(".drift-source a")["href"] == "../../data/drift/vllm-0.34.0.json"


def test_excerpts_that_no_post_quotes_have_rows_with_addresses_of_their_own():
    rows = [page_of(f"snippets/{name}.toml", {}) for name in ("00-metrics", "00-symptoms")]
    assert rows == [("Metrics", "reference/metrics.md", "00"), ("I see X", "symptoms.md", "symptoms")]
    assert page_of(f"snippets/{SLUG}.toml", {SLUG: "One"}) == ("One", f"posts/{SLUG}.md", "01")


def test_a_changed_piece_leads_to_its_lines_where_both_releases_are_at_hand(site):
    site.release("0.34.0", CHANGED)
    site.compare("0.34.0")
    soup = page(site)
    rows = soup.select("tr[data-state=changed]")
    assert {row.select("td")[-1].select("a")[-1]["href"] for row in rows} == {
        "../../reference/drift/vllm-0.34.0/#excerpt-01-step",
        "../../reference/drift/vllm-0.34.0/#hop-chat-step",
    }
    assert [row.select("td")[-1].select("a")[-1].get_text() for row in rows] == ["+1 −1 lines"] * 2
    assert soup.select("pre, details pre") == [], "all the lines made the overview twice as heavy"


def test_without_the_other_release_the_page_is_the_same_but_for_that(site):
    site.release("0.34.0", CHANGED)
    site.compare("0.34.0")
    with_lines = page(site)
    for folder in (site.root / ".cache/sources").iterdir():
        if folder.is_dir() and folder != unpacked_sources.folder_of(evidence(site).pins["vllm"], site.root):
            shutil.rmtree(folder)
    without = page(site)
    assert without.select('a[href*="drift/vllm-0.34.0/#"]') == []
    links = with_lines.select('a[href*="drift/vllm-0.34.0/#"]')
    assert len(links) == 2
    for link in links:
        link.name, link.string = "span", link.get_text().removesuffix(" lines")
        link.attrs = {"class": "drift-lines"}
    assert str(without) == str(with_lines)


def test_a_guess_is_marked_and_named_with_its_new_symbol(site):
    site.release("0.34.0", {"vllm/loop/core.py": SOURCES[CORE], FRONT: SOURCES[FRONT]})
    site.compare("0.34.0")
    text = page(site).select_one("section").get_text()
    assert "a guess: found by its text" in text and "vllm/loop/core.py" in text


def test_a_badge_says_how_much_reads_the_same(site):
    found = badge(site)
    assert found.get_text() == "vLLM 0.33.0: all 9 unchanged" and found["data-state"] == "kept"
    assert found["href"] == "../../reference/drift/#drift-vllm-0-33-0-01"
    site.release("0.34.0", CHANGED | {FRONT: SOURCES[FRONT].partition("async def answer")[0]})
    site.compare("0.34.0")
    found = badge(site)
    assert found.get_text() == "vLLM 0.34.0: 6 of 9 unchanged, 2 changed, 1 gone" and found["data-state"] == "changed"


def test_a_badge_says_what_is_not_compared(site):
    site.write(
        "snippets/01-one-request.toml",
        site.manifest.replace(
            "[[setting]]",
            '[[excerpt]]\nid = "pick"\nengine = "vllm"\npath = "vllm/core.py"\nsymbol = "Core.schedule"\n[[setting]]',
        ),
    )
    assert badge(site).get_text() == "vLLM 0.33.0: 9 of 10 unchanged, 1 not compared"


def test_without_anything_newer_the_pin_is_the_newest(site):
    (site.root / "snippets/drift/vllm-0.33.0.json").unlink()
    assert badge(site).get_text() == "vLLM 0.32.0 is the newest"
    site.release("0.31.0", SOURCES)
    site.compare("0.31.0")
    assert badge(site).get_text() == "vLLM 0.32.0 is the newest"
    assert "vLLM 0.31.0" in page(site).get_text()


def test_a_post_without_quotes_has_no_badge(site):
    assert badge_html(evidence(site), SLUG, "../../").count("drift-badges") == 1
    assert badge_html(evidence(site), "02-other", "../../") == ""


def test_nothing_compared_is_said(site):
    (site.root / "snippets/drift/vllm-0.33.0.json").unlink()
    assert "make drift" in page(site).get_text()
    assert "make drift" in accuracy_html(None)


def test_the_matrix_names_what_matters():
    matrix = {state: dict.fromkeys(comparison_files.STATES, 0) for state in comparison_files.STATES}
    matrix["moved"]["gone"], matrix["gone"]["gone"] = 1, 7
    made = {"matrix": matrix, "right": 7, "labels": 8, "not_on_the_site": 5, "harmful": 0}
    soup = BeautifulSoup(accuracy_html(made), "html.parser")
    assert "7 of 8 as labelled by hand" in soup.caption.get_text() and "0 changed or gone" in soup.caption.get_text()
    rows = {row.th.get_text(): [cell.get_text() for cell in row.select("td")] for row in soup.select("tbody tr")}
    assert rows["moved"] == ["0", "0", "0", "1"] and rows["gone"][3] == "7"


def test_the_ledger_has_the_newest_release_of_excerpts_and_hops_alone(site):
    site.release("0.34.0", CHANGED)
    site.compare("0.34.0")
    made = ledger.document(evidence(site))
    found = {entry["id"]: entry.get("newest") for entry in made["entries"]}
    assert found["01/step"] == {
        "release": "vLLM 0.34.0",
        "state": "changed",
        "told": "reference/drift/#drift-vllm-0-34-0",
    }
    assert found["chat/send"]["state"] == "same" and found["wait"] is None


def test_a_link_to_another_release_is_checked_against_its_comparison(site):
    entry = site.compare("0.33.0")["entries"][0]["now"]
    address = "https://github.com/vllm-project/vllm/blob/v0.33.0/{path}#L{first}-L{last}".format(**entry)
    known = evidence(site)
    for text, count in ((address, 0), (address.replace("#L", "#L1"), 1), (address.replace("0.33.0", "0.9.9"), 1)):
        found = links.permalinks(f'<a href="{text}">', known.pins)
        assert len(links.wrong_permalinks(found, known.sources, comparison_files.places(site.root))) == count, text


def test_an_accuracy_file_that_is_none_is_one_line(site):
    site.write("snippets/drift/accuracy.json", json.dumps({"matrix": {}}))
    with pytest.raises(SiteError, match="snippets/drift/accuracy.json: cannot be read"):
        comparison_files.accuracy(site.root)
