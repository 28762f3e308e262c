"""Where am I: a post says its place in the series, its neighbours and contents on any screen; its lines can be read."""

import io

import pytest
from PIL import Image

from experiments.lab.analysis import figure_forms
from scripts.pages import reading_order
from tests.browser.test_off_screen import DRAWN

pytestmark = pytest.mark.browser
SCREENS = (390, 1280, 1920)
# Characters of each line of the text that another line follows: the last of a paragraph is as long as it happens to be.
LINES = """() => [...document.querySelectorAll('.md-content__inner > p')].flatMap(paragraph => {
  const lines = new Map(), range = document.createRange();
  const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT,
    node => node.parentElement.closest('.term-beside') ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (let at = 0; at < node.length; at++) {
      range.setStart(node, at); range.setEnd(node, at + 1);
      const box = range.getBoundingClientRect();
      if (box.width) lines.set(Math.round(box.bottom / 14), (lines.get(Math.round(box.bottom / 14)) ?? 0) + 1);
    }
  return [...lines.entries()].sort((a, b) => a[0] - b[0]).map(line => line[1]).slice(0, -1);
})"""


# Headings below whose words there is room for another line, which only the unseen link to them can stand on.
EMPTY_LINES = """() => [...document.querySelectorAll(':is(h1, h2, h3, h4):has(> .headerlink)')].filter(heading => {
  const words = document.createRange();
  words.selectNodeContents(heading); words.setEndBefore(heading.querySelector('.headerlink'));
  return heading.getBoundingClientRect().bottom - words.getBoundingClientRect().bottom > 12;
}).map(heading => heading.textContent)"""


def slugs(full_site):
    return [post.slug for post in reading_order.load(full_site)]


def lengths(page):
    page.evaluate("document.fonts.ready")
    return sorted(page.evaluate(LINES))


@pytest.mark.parametrize("width", [1280, 1920])
def test_a_line_of_the_text_has_60_to_75_characters_of_17_to_18_px(open_page, full_url, full_site, width):
    for slug in (slugs(full_site)[1], slugs(full_site)[4]):
        page = open_page(f"{full_url}posts/{slug}/", width)
        found = lengths(page)
        assert len(found) > 40
        low, median, high = (found[len(found) * part // 100] for part in (10, 50, 95))
        assert low >= 60 and 64 <= median <= 72 and high <= 76, (slug, low, median, high)
        size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.md-content__inner > p')).fontSize)")
        assert 17 <= size <= 18


@pytest.mark.parametrize("width", SCREENS)
def test_the_series_is_below_the_header_and_the_own_post_is_marked(open_page, full_url, full_site, width):
    posts = reading_order.load(full_site)
    page = open_page(f"{full_url}posts/{posts[2].slug}/", width)
    if width == 390:
        page.get_by_text("3 of 7").first.click()
    links = page.locator(".series a:visible")
    assert [link.split(" ", 1)[1] for link in links.all_inner_texts()] == [post.title for post in posts]
    marked = page.locator(".series a[aria-current=page]:visible")
    assert marked.count() == 1 and marked.inner_text() == f"3 {posts[2].title}"
    top = page.locator("h1").bounding_box()["y"]
    assert links.first.bounding_box()["y"] < top or width == 390
    links.last.click()
    page.wait_for_url(f"**/posts/{posts[6].slug}/")


def test_a_phone_has_series_and_contents_one_tap_away_wherever_one_reads(open_page, full_url, post):
    page = open_page(full_url + post, 390)
    page.evaluate("scrollTo({ top: 9000, behavior: 'instant' })")
    page.locator(".series-bar summary", has_text="Contents").click()
    link = page.locator(".series-bar nav:visible a", has_text="Corrections")
    link.click()
    assert page.url.endswith("#corrections")
    assert page.locator(".series-bar nav:visible").count() == 0, "the contents lie over what they led to"
    heading = page.locator("#corrections").bounding_box()
    bar = page.locator(".series").bounding_box()
    assert bar["y"] + bar["height"] <= heading["y"] + 1, "the heading is behind the bar"
    page.locator(".series-bar summary").first.click()
    page.keyboard.press("Escape")
    assert page.locator(".series-bar nav:visible").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.parametrize("width", [390, 1280])
def test_neighbours_are_named_at_both_ends_and_the_series_ends_with_its_last_post(
    open_page, full_url, full_site, width
):
    posts = reading_order.load(full_site)
    for at, (before, after) in {1: (posts[0], posts[2]), 6: (posts[5], None)}.items():
        page = open_page(f"{full_url}posts/{posts[at].slug}/", width)
        for box in (".post-ways", ".md-footer__inner"):
            links = page.locator(f"{box} a")
            named = [before.title] + ([after.title] if after else [])
            assert links.count() == len(named), box
            for link, title in zip(links.all(), named, strict=True):
                assert title in link.inner_text()
                cut = (
                    "a => [a, ...a.querySelectorAll('*')].some(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1)"
                )
                assert not link.evaluate(cut), title


@pytest.mark.parametrize("width", SCREENS)
def test_the_first_screen_says_what_the_post_is(open_page, full_url, full_site, width):
    page = open_page(f"{full_url}posts/{slugs(full_site)[5]}/", width)
    facts = page.locator(".post-facts").inner_text()
    for said in ("6 of 7", "vLLM 0.", "SGLang 0.", "H200", "min to read", "2026", "correction"):
        assert said in facts
    box = page.locator(".post-head").bounding_box()
    assert box["y"] + box["height"] < 900
    assert page.locator(".md-content__inner > .md-tags").count() == 0
    end = page.locator(".post-end")
    assert end.locator(".drift-badge").count() == 2 and end.locator(".md-tag").count() >= 3
    assert end.bounding_box()["y"] > page.locator("#corrections").bounding_box()["y"]


@pytest.mark.parametrize("width", [820, 1280])
def test_a_call_path_is_a_line_until_it_is_opened_and_its_lanes_keep_their_heads(open_page, full_url, full_site, width):
    page = open_page(f"{full_url}posts/{slugs(full_site)[0]}/", width)
    assert page.locator("details.path-fold").first.bounding_box()["height"] < 120
    page.locator("details.path-fold > summary").first.click()
    page.locator("details.path-fold[open] .path-hop").first.wait_for()
    page.evaluate(DRAWN)
    page.evaluate("scrollBy({ top: 1200, behavior: 'instant' })")
    head = page.locator(".path-heads").first.bounding_box()
    assert 40 <= head["y"] <= 120, "the heads have scrolled away"


UNITS = {390: figure_forms.PHONE, 1280: figure_forms.WIDE, 1920: figure_forms.WIDE}


@pytest.mark.parametrize(("width", "least", "most"), [(390, 12, 17), (1280, 16, 18), (1920, 16, 18)])
def test_the_type_of_a_chart_is_read_on_a_phone_and_as_tall_as_the_text_elsewhere(
    open_page, full_url, full_site, width, least, most
):
    form = UNITS[width]
    for slug in slugs(full_site):
        page = open_page(f"{full_url}posts/{slug}/", width)
        page.evaluate(
            "document.querySelectorAll('details').forEach(fold => { fold.removeAttribute('name'); fold.open = true; })"
        )
        page.evaluate("document.querySelectorAll('.figure-img').forEach(image => { image.loading = 'eager'; })")
        page.wait_for_function("[...document.querySelectorAll('.figure-img')].every(image => image.naturalWidth)")
        found = page.evaluate(
            "[...document.querySelectorAll('.figure-img')].map(image => [image.currentSrc, image.clientWidth])"
        )
        assert all(("-phone." in source) == (form is figure_forms.PHONE) for source, _ in found), found
        sizes = [form.type * shown / form.width for _, shown in found]
        assert len(sizes) >= 3 and least <= min(sizes) and max(sizes) <= most, sizes
        if width == 390:
            boxes = "[...document.querySelectorAll('.claim-figure')]"
            assert page.evaluate(f"{boxes}.filter(box => box.scrollWidth > box.clientWidth + 1).length") == 0
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        page.close()


def test_a_chart_costs_nothing_until_it_is_seen_and_follows_the_scheme_of_the_page(open_page, full_url, full_site):
    asked = []
    page = open_page(f"{full_url}posts/{slugs(full_site)[1]}/", 1280)
    page.on("request", lambda request: asked.append(request.url))
    page.reload(wait_until="networkidle")
    assert [url for url in asked if "/figures/" in url] == []
    grounds = {}
    page.locator("details.claim-fold:has(.figure-img) > summary").first.click()
    image = page.locator("details.claim-fold .figure-img").first
    image.scroll_into_view_if_needed()
    page.wait_for_function("(image) => image.complete && image.naturalWidth", arg=image.element_handle())
    for scheme in ("default", "slate"):
        page.evaluate(f"document.body.dataset.mdColorScheme = '{scheme}'")
        shot = Image.open(io.BytesIO(image.screenshot())).convert("RGB")
        grounds[scheme] = shot.getpixel((3, shot.height // 2))
    assert min(grounds["default"]) > 200 and max(grounds["slate"]) < 80, grounds


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)])
def test_answer_and_first_picture_are_on_the_first_screen_of_every_post(open_page, full_url, full_site, width, height):
    for slug in slugs(full_site):
        page = open_page(f"{full_url}posts/{slug}/", width)
        boxes = [page.locator(part).first.bounding_box() for part in (".post-answer", ".engine-map")]
        answer, picture = (box["y"] + box["height"] for box in boxes)
        assert answer < picture <= height * 1.1, (slug, answer, picture)  # all but its last row, on a small phone
        page.close()


def test_no_heading_ends_in_an_empty_line(open_page, full_url, full_site):
    for slug in slugs(full_site):
        page = open_page(f"{full_url}posts/{slug}/", 390)
        assert page.evaluate(EMPTY_LINES) == [], slug
        page.close()
