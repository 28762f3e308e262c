"""Tables and marks where there is little room or no colour: rows on a phone, the measure of prose, forced colours."""

import pytest

pytestmark = pytest.mark.browser
WIDER = """() => [...document.querySelectorAll(".table-scroll:has(> .boxes)")]
  .filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.innerText.slice(0, 60))"""
MEASURE = """(selector) => {
  const prose = document.querySelector("article > p:not([hidden])").getBoundingClientRect().width;
  return [...document.querySelectorAll(selector)].map((line) => line.getBoundingClientRect().width <= prose + 1);
}"""


@pytest.mark.parametrize("page", ["metrics", "reproduce", "architecture", "drift"])
def test_on_a_phone_what_is_told_in_words_is_not_scrolled_sideways(open_page, full_url, page):
    opened = open_page(f"{full_url}reference/{page}/", 390)
    assert opened.locator("table.boxes").count() > 0
    assert opened.evaluate(WIDER) == []


def test_the_calibration_by_host_is_read_on_a_phone_without_scrolling_it(open_page, full_url):
    page = open_page(full_url + "reference/method/", 390)
    table = page.locator("table.calibration-hosts")
    assert table.locator("tbody tr").count() > 1
    assert table.evaluate("(table) => table.scrollWidth <= table.parentElement.clientWidth")
    assert table.evaluate("(table) => parseFloat(getComputedStyle(table).fontSize)") >= 12


def test_a_row_of_the_metrics_says_what_each_cell_is_and_stays_a_row_by_ear(open_page, full_url):
    page = open_page(full_url + "reference/metrics/", 390)
    row = page.locator("table.boxes tbody tr").first
    assert row.get_attribute("role") == "row"
    cells = row.locator("> *").evaluate_all(
        "all => all.map((cell) => [getComputedStyle(cell, '::before').content, cell.getBoundingClientRect().top])"
    )
    assert [name for name, _ in cells][1:] == ['"unit of"', '"client"', '"vLLM"', '"SGLang"']
    assert len({top for _, top in cells}) == len(cells), "each below the other"
    wide = open_page(full_url + "reference/metrics/", 1280).locator("table.boxes tbody tr").first
    assert len(set(wide.locator("> *").evaluate_all("all => all.map((one) => one.getBoundingClientRect().top)"))) == 1


@pytest.mark.parametrize(
    ("page", "lines"),
    [
        ("ledger", ".ledger-counts, .ledger-reviews"),
        ("famous", ".famous-counts"),
        ("drift", "section > .drift-source"),
    ],
)
def test_what_sums_up_a_page_is_no_wider_than_its_text(open_page, full_url, page, lines):
    within = open_page(f"{full_url}reference/{page}/", 1280).evaluate(MEASURE, lines)
    assert within and all(within)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_where_the_system_sets_the_colours_marks_are_lines(open_page, full_url, scheme):
    page = open_page(full_url + "reference/knobs/", scheme=scheme, forced_colors="active")
    row = page.locator("tr[id]").nth(3)
    plain = page.locator("tr[id]").nth(4)
    page.goto(f"{full_url}reference/knobs/#{row.get_attribute('id')}")
    outline = "one => getComputedStyle(one).outlineStyle"
    assert (row.evaluate(outline), plain.evaluate(outline)) == ("solid", "none")
    line = "one => getComputedStyle(one).textDecorationLine"
    page = open_page(full_url + "reference/metrics/", scheme=scheme, forced_colors="active")
    tabs = page.locator(".md-tabs__item .md-tabs__link").evaluate_all(f"all => all.map({line})")
    assert tabs.count("underline") == 1 and "none" in tabs
    verdicts = open_page(full_url + "reference/knobs/", scheme=scheme, forced_colors="active").locator(".claim-verdict")
    signs = verdicts.evaluate_all(
        "all => all.map((one) => one.textContent + getComputedStyle(one, '::before').content)"
    )
    assert len(set(signs)) > 1
