"""A post on paper: its length, what is opened, what is named, nothing over anything, and the screen as before."""

import re

import pytest

from scripts.browser import benchmark_sites

pytestmark = pytest.mark.browser
MOST_PAGES = 20
SHEET = 182 * 96 / 25.4  # px between the margins that print.css sets
NUMBERS = range(1, 8)
SOME = (2, 3, 5)  # those with the most code, replays and cards


@pytest.fixture
def post_page(open_page, full_url, full_site):
    """post_page(number, scheme) opens that post."""

    def opener(number: int, scheme: str = "light"):
        return open_page(full_url + benchmark_sites.post_address(full_site, number), scheme=scheme)

    return opener


@pytest.fixture
def printed(post_page):
    """printed(number, scheme) gives that post as it is laid out on paper."""

    def opener(number: int, scheme: str = "light"):
        page = post_page(number, scheme)
        page.set_viewport_size({"width": round(SHEET), "height": 1000})
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        return page

    return opener


@pytest.mark.parametrize("number", NUMBERS)
def test_a_post_is_at_most_twenty_pages(post_page, number):
    sheets = post_page(number).pdf(prefer_css_page_size=True)
    assert 4 < len(re.findall(rb"/Type\s*/Page\b", sheets)) <= MOST_PAGES


@pytest.mark.parametrize("number", SOME)
def test_nothing_lies_over_anything_and_nothing_is_cut(printed, number):
    page = printed(number)
    over = page.evaluate(
        """() => {
          const boxes = [...document.querySelectorAll(".excerpt-code, .excerpt-notes > li")]
            .map((each) => [each, each.getBoundingClientRect()]).filter(([, box]) => box.width && box.height);
          const touch = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
            && a.top < b.bottom - 1 && b.top < a.bottom - 1;
          return boxes.flatMap(([one, a], at) => boxes.slice(at + 1)
            .filter(([other, b]) => !one.contains(other) && touch(a, b)).map(([other]) => one.id + " " + other.id));
        }"""
    )
    assert over == []
    wide = page.evaluate(
        """(width) => [...document.querySelectorAll(".md-content *")]
          .map((each) => [each, each.getBoundingClientRect()]).filter(([each, box]) => box.width
            && box.right > width + 2 && !each.closest("svg, .claim-said, .path-sr, .rp-sr"))
          .map(([each]) => each.outerHTML.slice(0, 90))""",
        SHEET,
    )
    assert wide == []


@pytest.mark.parametrize("number", SOME)
def test_text_is_opened_and_the_rest_is_named_with_its_address(printed, number):
    page = printed(number)
    assert page.locator("details:has(> .fold-body):not([open])").count() == 0
    assert page.locator(":is(.excerpt-fold, .path-fold, .claim-fold) > :not(summary):visible").count() == 0
    lines = page.evaluate(
        """() => [...document.querySelectorAll(":is(.excerpt-fold, .path-fold, .claim-fold) > summary")]
          .map((each) => [each.dataset.at, getComputedStyle(each, "::after").content,
            each.parentElement.contains(document.getElementById(each.dataset.at) || document.body)])"""
    )
    assert len(lines) > 5 and all(inside and f"#{name}" in shown.replace('" "', "") for name, shown, inside in lines)
    assert "a line each here" in page.locator(".print-note:visible").inner_text()


def test_what_a_screen_needs_is_not_printed(printed):
    page = printed(2)
    for name in (
        ".md-header",
        ".md-footer",
        ".md-sidebar",
        ".excerpt-copy",
        ".headerlink",
        ".rp-controls button",
        ".md-top",
    ):
        assert page.locator(f"{name}:visible").count() == 0, name


def test_a_long_line_goes_on_below_with_a_mark(printed):
    page = printed(2)
    page.set_viewport_size({"width": 400, "height": 1000})
    tall = page.evaluate(
        """() => [...document.querySelectorAll(".excerpt-code pre > span")].filter((line) => line.offsetHeight)
          .map((line) => [line.offsetHeight / parseFloat(getComputedStyle(line).lineHeight),
            parseFloat(getComputedStyle(line, "::after").height) / parseFloat(getComputedStyle(line).lineHeight)])"""
    )
    assert any(lines > 1.5 for lines, _ in tall)
    assert all(round(marks) == round(lines) - 1 for lines, marks in tall)


def test_paper_is_white_and_the_screen_is_as_it_was(printed):
    page = printed(2, "dark")
    colours = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('h1')).color]"
    ground, ink = page.evaluate(colours)
    assert ground == "rgb(255, 255, 255)" and ink == "rgb(36, 41, 47)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    assert page.locator("details.fold[open]").count() == 0
