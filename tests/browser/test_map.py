"""The map in Chromium: boxes hold their names, nothing is cut off, and a reader without a script has all of it."""

import pytest

from scripts.catalog import engine_map
from scripts.common.paths import ROOT
from tests.browser.conftest import SCHEMES, SIZES

pytestmark = pytest.mark.browser

# Boxes whose text is taller or wider than the room inside their edges, or that stand outside the page.
CUT_OFF = """() => [...document.querySelectorAll(".map-box")].filter((box) => {
  const inside = document.createRange(); inside.selectNodeContents(box);
  const shown = [...box.querySelectorAll(".map-text, .map-code, .map-cells")].filter((one) => one.offsetParent)
    .filter((one) => getComputedStyle(one).clipPath === "none").map((one) => one.getBoundingClientRect());
  const frame = box.getBoundingClientRect(), edge = getComputedStyle(box);
  const bottom = frame.bottom - parseFloat(edge.borderBottomWidth), top = frame.top + parseFloat(edge.borderTopWidth);
  return frame.right > innerWidth || shown.some((one) => one.width && (one.top < top || one.bottom > bottom
    || one.left < frame.left || one.right > frame.right));
}).map((box) => box.textContent.trim())"""


@pytest.fixture(scope="module")
def boxes() -> int:
    return sum(len(each.boxes) for each in engine_map.load(ROOT).values())


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", SIZES)
def test_the_map_can_be_read(open_page, site_url, boxes, width, scheme, script):
    page = open_page(site_url + "map/", width, scheme, java_script_enabled=script)
    assert page.locator(".map-box:visible").count() == boxes
    wide = width == 1280
    assert page.locator(".map-arrows:visible").count() == (2 if wide else 0)
    assert page.locator(".map-lane:visible").count() == 0 if wide else page.locator(".map-lane:visible").count() > 2
    if script:
        assert page.evaluate(CUT_OFF) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", SIZES)
def test_home_has_it_small(open_page, site_url, boxes, width):
    page = open_page(site_url, width)
    assert page.locator(".map-box:visible").count() == boxes
    assert page.evaluate(CUT_OFF) == []


@pytest.mark.parametrize("width", SIZES)
def test_a_strip_shows_the_names_of_its_post_alone(open_page, site_url, width):
    page = open_page(site_url + "posts/04-radix-cache/", width)
    lit = page.locator(".engine-map .is-lit")
    assert {lit.nth(at).locator(".map-text").inner_text() for at in range(lit.count())} >= {"Radix tree"}
    assert page.evaluate(CUT_OFF) == []
    targets = page.evaluate(
        "() => [...document.querySelectorAll('.engine-map a.map-label')].map((one) => one.getBoundingClientRect())"
        ".map((one) => Math.min(one.width, one.height))"
    )
    assert min(targets) >= 24  # WCAG 2.2, target size


def test_a_box_leads_to_its_post(open_page, site_url):
    page = open_page(site_url + "map/")
    page.locator("#box-vllm-waiting .map-label").click()
    assert page.url.endswith("/posts/02-scheduler-loop/#where-is-the-code-entered")
