"""A whole post by Tab: each stop is seen and does something; the menu and the search open by keys."""

import pytest

from scripts.browser import benchmark_sites

pytestmark = pytest.mark.browser
MOST_STOPS = 700
STOP = """() => {
  const stop = document.activeElement;
  if (!stop || stop === document.body) return null;
  const box = stop.getBoundingClientRect();
  const acts = stop.matches("a[href], button, summary, input, select, textarea, label[for], .rp-stage")
    || stop.scrollWidth > stop.clientWidth + 1 || stop.scrollHeight > stop.clientHeight + 1;
  // The switch of colours is drawn by the label beside it, which has the ring.
  const seen = stop.matches(".md-option") || (box.width > 0 && box.height > 0
    && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight
    && stop.checkVisibility({ visibilityProperty: true }));
  return { acts, seen, what: stop.outerHTML.slice(0, 120) };
}"""


@pytest.fixture
def post(open_page, full_url, full_site):
    """post(width) opens the second post, which has a replay, much code and the most folds."""

    def opener(width: int):
        return open_page(full_url + benchmark_sites.post_address(full_site, 2), width)

    return opener


def stops(page) -> list[dict]:
    """Every stop of a walk through the page, in order."""
    found = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:
            return found
        found.append(stop)
    raise AssertionError(f"{MOST_STOPS} stops and no end")


@pytest.mark.parametrize("width", [1280, 390])
def test_every_stop_of_a_post_is_seen_and_does_something(post, width):
    page = post(width)
    walked = stops(page)
    assert len(walked) > 200
    assert [stop["what"] for stop in walked if not stop["seen"]] == []
    assert [stop["what"] for stop in walked if not stop["acts"]] == []
    assert page.locator("dialog[open]").count() == 0, "a walk must not open the search"


def test_code_is_a_stop_where_it_scrolls(post):
    page = post(1280)
    told = "all => all.map((box) => [box.scrollWidth > box.clientWidth + 1, box.tabIndex === 0])"
    for width, some in ((1280, False), (390, True)):
        page.set_viewport_size({"width": width, "height": 844})
        page.keyboard.press("Tab")
        boxes = page.locator(".excerpt-code:visible").evaluate_all(told)
        assert len(boxes) > 5 and [scrolls for scrolls, stop in boxes if scrolls != stop] == []
        assert any(scrolls for scrolls, _ in boxes) or not some


@pytest.mark.parametrize("key", ["Enter", " "])
def test_the_menu_opens_by_a_key_and_closes_by_escape(post, key):
    page = post(390)
    menu = page.get_by_role("button", name="Menu", exact=True)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert menu.evaluate("menu => menu === document.activeElement") and menu.get_attribute("aria-expanded") == "false"
    page.keyboard.press(key)
    page.wait_for_function("document.activeElement.closest('.md-sidebar--primary')")
    assert menu.get_attribute("aria-expanded") == "true"
    assert page.evaluate(STOP)["seen"]
    page.keyboard.press("Escape")
    assert menu.evaluate("menu => menu === document.activeElement") and menu.get_attribute("aria-expanded") == "false"


@pytest.mark.parametrize("key", ["Enter", " "])
def test_the_search_opens_by_a_key(post, key):
    page = post(390)
    page.locator(".search-open").focus()
    page.keyboard.press(key)
    page.get_by_role("dialog", name="Search").wait_for()


def test_a_fold_of_a_claim_says_what_is_in_it(post):
    page = post(1280)
    names = page.locator(".claim > details.claim-proof:last-of-type > summary").all_inner_texts()
    texts = page.locator(".claim .claim-proof > summary").evaluate_all(
        "all => all.map((one) => one.textContent.trim())"
    )
    assert len(texts) > 20 and names is not None
    assert any(text.startswith("Values, samples and how to repeat") for text in texts)
    assert not any(text.startswith("NVIDIA") for text in texts)


def test_landmarks_are_few_and_told_apart(post):
    for width in (1280, 390):
        page = post(width)
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        regions = page.locator("section[aria-label], section[aria-labelledby], [role=region]").count()
        assert regions <= 2


@pytest.mark.parametrize("width", [1280, 390])
def test_the_way_back_to_the_top_lies_over_nothing(post, width):
    page = post(width)
    page.mouse.wheel(0, 6000)
    page.wait_for_timeout(300)
    page.mouse.wheel(0, -900)
    page.wait_for_timeout(300)
    over = page.evaluate(
        """() => {
          const top = document.querySelector(".md-top");
          const a = top && top.getBoundingClientRect(), b = document.querySelector("article").getBoundingClientRect();
          return Boolean(a && a.width && a.left < b.right && a.right > b.left);
        }"""
    )
    assert not over
