"""What is far from the screen is laid out late: links land, notes stand as before, nothing is lost."""

import re
import time

import pytest

from scripts.browser import benchmark_sites
from tests.browser.conftest import LATE
from tests.conftest import ROOT

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

# A browser that is never idle, until `idle()`: what is far from the screen stays as it is while a page arrives.
BUSY = """
  const waiting = [];
  globalThis.requestIdleCallback = (then) => waiting.push(then);
  globalThis.idle = () => { for (const then of waiting.splice(0)) then(); };"""
SKIPPED = "[...document.querySelectorAll('figure.excerpt')].some((figure) => figure.skipped)"
OPEN_ALL = "document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SETTLED_S = 15  # of a page with all folds open, beside other tests


@pytest.fixture
def late_and_whole(open_page, full_url, full_site):
    """late_and_whole(folds) -> the second post while the browser is busy, and as if it had been laid out at once."""

    def opened(folds: str):
        pages = []
        for script in (BUSY, AT_ONCE):
            page = open_page("about:blank")
            page.add_init_script(script)
            page.goto(full_url + benchmark_sites.post_address(full_site, 2), wait_until="load")
            page.evaluate("document.fonts.ready")
            if folds == "all open":
                page.evaluate(OPEN_ALL)
            page.wait_for_timeout(300)
            pages.append(page)
        late, whole = pages
        assert late.evaluate(SKIPPED) and not whole.evaluate(SKIPPED)
        return late, whole

    return opened


def same(late, whole, of: str = "") -> None:
    """Waits until the notes of the figures, or of one, stand as they should."""
    until = time.monotonic() + SETTLED_S
    while True:
        found, expected = ([each for each in page.evaluate(OFF) if of in ("", each[0])] for page in (late, whole))
        if found == expected or time.monotonic() > until:
            break
        late.wait_for_timeout(200)
    assert found == expected and (len(found) == 1 if of else len(found) > 4)


@pytest.mark.parametrize("folds", ["as they open", "all open"])
def test_the_notes_that_a_reader_comes_to_stand_as_if_all_had_been_laid_out_at_once(late_and_whole, folds):
    late, whole = late_and_whole(folds)
    names = [name for name, _ in whole.evaluate(OFF)]
    assert len(names) > 4
    for name in names:
        late.evaluate("(name) => document.getElementById(name).scrollIntoView({ behavior: 'instant' })", name)
        same(late, whole, name)


@pytest.mark.parametrize("folds", ["as they open", "all open"])
def test_all_notes_stand_as_if_all_had_been_laid_out_at_once_when_the_browser_was_idle(late_and_whole, folds):
    late, whole = late_and_whole(folds)
    late.evaluate("idle()")
    same(late, whole)


@pytest.mark.parametrize("width", [1280, 390])
def test_what_a_tab_or_a_jump_brings_to_the_screen_s_edge_stays_there(open_page, full_url, full_site, width):
    page = open_page(full_url + benchmark_sites.post_address(full_site, 1), width)
    fold = page.locator("details.path-fold > summary").first
    tops = fold.evaluate(
        f"""async (fold) => {{
          fold.scrollIntoView({{ block: "nearest", behavior: "instant" }});
          const tops = [];
          for (let frames = 0; frames < 10; frames += 2) {{
            tops.push(Math.round(fold.getBoundingClientRect().top));
            await {DRAWN};
          }}
          return tops;
        }}"""
    )
    assert len(set(tops)) == 1 and 0 < tops[0] < page.viewport_size["height"], tops


def test_the_script_lays_out_what_the_sheet_leaves_for_later():
    sheet = (ROOT / "docs/assets/css/off-screen.css").read_text("utf-8")
    assert re.search(r":is\((.+)\) \{\n\s+content-visibility: auto", sheet)[1] == LATE


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
