"""Every page in Chromium, at both widths, light and dark: it shows, fits, can be read by everyone, asks nobody else."""

import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from selectolax.lexbor import LexborHTMLParser

from scripts.browser import headless
from scripts.pages import reading_order
from tests.browser.conftest import SCHEMES, SIZES

pytestmark = pytest.mark.browser
AXE = Axe()
MOST = 200_000  # bytes of a first visit to a post
# Colours go with the scheme, names and sizes with the width: two of the four see both of each, in half the time.
AXE_AT = {(1280, "light"), (390, "dark")}


def colours(png: bytes) -> int:
    """How many colours a screenshot has; a blank page has one or two."""
    return len(Image.open(io.BytesIO(png)).convert("RGB").getcolors(1 << 24))


def violations(page) -> list:
    """What axe finds, however slight it calls it, with the element."""
    found = AXE.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:120]} {node['failureSummary'][:200]}" for rule in found for node in rule["nodes"]
    ]


def too_wide(page) -> int:
    """By how many pixels the page can be scrolled sideways."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.timeout(900)  # thirty pages, while two other processes want the same two cores
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", SIZES)
def test_every_page(browser, full_url, addresses, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": SIZES[width]}, color_scheme=scheme)
    asked, failed, wrong = [], [], {}
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    for address in addresses:
        page.goto(full_url + address, wait_until="load")
        problems = []
        if colours(page.screenshot()) < 16:
            problems.append("the screenshot is blank")
        if too_wide(page) > 0:
            problems.append(f"scrolls {too_wide(page)} px sideways")
        if page.evaluate("getComputedStyle(document.body).fontFamily").split(",")[0].strip('"') != "Request Sans":
            problems.append("styles are missing")
        if (width, scheme) in AXE_AT:
            problems += violations(page)
        if problems:
            wrong[address] = problems
    context.close()
    assert wrong == {}
    assert failed == []
    assert [url for url in asked if not url.startswith((full_url, "data:", "blob:"))] == []


def test_the_checks_can_fail(open_page, full_url):
    page = open_page(full_url, 390)
    page.set_content("<html lang=en><title>x</title><body style='margin:0;background:#fff'></body></html>")
    assert colours(page.screenshot()) < 16
    page.set_content("<div style='width:900px'>wide</div><img src=x><p style='color:#ccc;background:#fff'>pale</p>")
    assert too_wide(page) > 0
    assert {rule.split(":")[0] for rule in violations(page)} >= {"image-alt", "color-contrast"}
    page.set_content("<main><h1>x</h1><nav><a href=a>a</a></nav><nav><a href=b>b</a></nav></main>")
    assert "landmark-unique" in {rule.split(":")[0] for rule in violations(page)}


def test_the_parts_of_the_open_menu_are_told_apart(open_page, full_url):
    page = open_page(full_url + "reference/reproduce/", 390)
    page.get_by_role("button", name="Menu", exact=True).click()
    page.locator("label[for=__nav_6]").first.wait_for()
    assert violations(page) == []
    names = page.locator(".md-sidebar--primary label.md-nav__link").all_text_contents()
    assert names and all(name.strip() for name in names), "a stop of the keyboard without a word"


@pytest.mark.parametrize(("kind", "limit"), [("post", MOST), ("notebook", 150_000)])
def test_first_visit_is_light_and_still(browser, visited_url, request, kind, limit):
    address = visited_url + request.getfixturevalue(kind)
    seen = headless.visit(browser, address)
    assert seen.foreign == []
    assert len(seen.parts) >= 8, "too few files to be believed"
    assert [url for url in seen.parts if url.startswith(address) and url.endswith("sitemap.xml")] == [], "a 404 page"
    assert seen.bytes <= limit, sorted(seen.parts.items(), key=lambda part: -part[1])[:6]
    for width, height in SIZES.items():
        moved = headless.visit(browser, address, width, height, slow=True)
        assert moved.shift < 0.01, f"{kind} at {width} px moves by {moved.shift:.3f}"


def test_no_post_is_heavier(browser, visited_url, full_site):
    """The posts that were told anew are the heaviest; the first alone said nothing of them."""
    posts = [post.slug for post in reading_order.load(full_site)]
    bytes_of = {slug: headless.visit(browser, f"{visited_url}posts/{slug}/").bytes for slug in posts}
    assert {slug: size for slug, size in bytes_of.items() if size > MOST} == {}


def test_the_ledger_s_filter_moves_nothing(browser, visited_url):
    for width, height in SIZES.items():
        assert headless.visit(browser, f"{visited_url}reference/ledger/", width, height, slow=True).shift < 0.01


def test_fonts_are_the_site_s_own_and_preloaded(open_page, full_url, post):
    page = open_page(full_url + post)
    page.wait_for_function("document.fonts.status === 'loaded'")
    loaded = page.evaluate(
        "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family.replaceAll('\"', ''))"
    )
    assert {"Request Sans", "Request Mono"} <= set(loaded)


def test_the_italic_is_preloaded_where_a_page_has_it(full_site):
    """It came too late for the first page of a visit, which then had another family's."""
    for page in full_site.rglob("index.html"):
        tree = LexborHTMLParser(page.read_text("utf-8"))
        preloaded = {(link.attributes["href"] or "").rpartition("/")[2] for link in tree.css("link[rel=preload]")}
        assert ("request-sans-400-italic.woff2" in preloaded) == bool(tree.css("article em")), page


def test_the_404_page_works_at_any_depth(open_page, full_url):
    page = open_page(full_url + "a/b/c/d/")
    assert page.title().startswith(("404", "From Request"))
    with page.expect_navigation():
        page.click("text=All posts in reading order")
    assert page.url == full_url
