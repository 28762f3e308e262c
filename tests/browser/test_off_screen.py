"""What is far from the screen is laid out late: links land, notes stand as before, nothing is lost."""

import time

import pytest

from scripts.browser import benchmark_sites

pytestmark = pytest.mark.browser
# Of each note beside code: how far it is from the line it speaks of. Of what is in a closed fold, nothing.
OFF = """() => [...document.querySelectorAll("figure.excerpt[data-ready]")]
  .filter((figure) => figure.placed === "beside" && !figure.closest("details:not([open])"))
  .map((figure) => [figure.id, figure.notes.map((note) => {
    const line = document.getElementById(`${figure.id}-L${note.dataset.first}`);
    const fold = line.closest(".excerpt-code details:not([open])");
    return Math.round(note.getBoundingClientRect().top - (fold || line).getBoundingClientRect().top);
  })])"""
# A browser that lays out all of a page at once.
AT_ONCE = """
  for (const kind of [Element, HTMLElement]) delete kind.prototype.oncontentvisibilityautostatechange;
  new MutationObserver((_, watch) => {
    if (!document.head) return;
    watch.disconnect();
    const style = document.createElement("style");
    style.textContent = "* { content-visibility: visible !important }";
    document.head.append(style);
  }).observe(document, { childList: true, subtree: true });"""

DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SETTLED_S = 15  # of a page with all folds open, beside other tests


def walk(page):
    """Scrolls to the end, as a reader does."""
    page.evaluate("scrollTo(0, 0)")
    for _ in range(200):
        page.mouse.wheel(0, 800)
        page.wait_for_timeout(30)
        page.evaluate(DRAWN)  # on a busy machine a frame takes longer than that
        if page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 2"):
            return
    raise AssertionError("the page has no end")


@pytest.mark.parametrize("folds", ["as they open", "all open"])
def test_notes_stand_as_if_all_had_been_laid_out_at_once(open_page, full_url, full_site, folds):
    address = full_url + benchmark_sites.post_address(full_site, 2)
    late, whole = open_page(address), open_page("about:blank")
    whole.add_init_script(AT_ONCE)
    whole.goto(address, wait_until="load")
    for page in (late, whole):
        page.evaluate("document.fonts.ready")
        if folds == "all open":
            page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        page.wait_for_timeout(300)
    skipped = "[...document.querySelectorAll('figure.excerpt')].some((figure) => figure.skipped)"
    assert late.evaluate(skipped) and not whole.evaluate(skipped)
    walk(late)
    until = time.monotonic() + SETTLED_S
    while (found := late.evaluate(OFF)) != (expected := whole.evaluate(OFF)) and time.monotonic() < until:
        late.wait_for_timeout(200)
    assert len(found) > 4 and found == expected


@pytest.mark.parametrize("width", [1280, 390])
def test_a_link_lands_on_its_heading_past_what_was_never_laid_out(open_page, full_url, full_site, width):
    address = full_url + benchmark_sites.post_address(full_site, 2)
    page = open_page(address, width)
    names = page.evaluate("[...document.querySelectorAll('article h2[id]')].map((heading) => heading.id)")
    assert len(names) >= 5
    for name in names[2:-1:2]:
        fresh = open_page(f"{address}#{name}", width)
        fresh.wait_for_timeout(500)
        top = fresh.evaluate("(id) => document.getElementById(id).getBoundingClientRect().top", name)
        assert 0 <= top < 140, f"#{name} is at {top:.0f} px"


def test_a_line_in_a_fold_that_was_never_open_is_landed_on(open_page, full_url, full_site):
    address = full_url + benchmark_sites.post_address(full_site, 2)
    page = open_page(address)
    name = page.evaluate("document.querySelectorAll('.excerpt-fold:not([open]) .excerpt-code pre > span[id]')[30].id")
    for url in (f"{address}#{name}", address):
        page = open_page(url)
        if "#" not in url:
            link = "document.body.append(Object.assign(document.createElement('a'), { id: 'to', href: `#${id}` }))"
            page.evaluate(f"(id) => {{ {link}; document.getElementById('to').click(); }}", name)
        page.wait_for_timeout(600)
        assert 0 < page.evaluate("(id) => document.getElementById(id).getBoundingClientRect().top", name) < 880


def test_text_far_below_is_found_and_printed(open_page, full_url, full_site):
    page = open_page(full_url + benchmark_sites.post_address(full_site, 2))
    skipped = "[...document.querySelectorAll('figure.excerpt')].filter((figure) => !figure.closest('details')).at(-1)"
    word = page.evaluate(f"{skipped}.querySelector('.excerpt-crumb').textContent")
    page.evaluate("scrollTo(0, 0)")
    assert page.evaluate("(word) => find(word, true)", word), "the browser's own search does not reach it"
    page.emulate_media(media="print")
    assert page.evaluate(f"getComputedStyle({skipped}).contentVisibility") == "visible"
