"""Terms in place: by pointer, keyboard and tap; without a script a link; in the margin where a wide screen has one."""

import pytest

from scripts.pages import reading_order

pytestmark = pytest.mark.browser
OVER = """() => {
  const boxesOf = where => [...document.querySelectorAll(where)].map(e => e.getBoundingClientRect());
  const wider = 'figure, section, nav, div, table, details';
  const boxes = boxesOf('.term-beside'), others = boxesOf(`.md-content__inner > :is(${wider})`);
  const meet = (a, b) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const hits = boxes.flatMap((a, i) => [...others, ...boxes.slice(i + 1)].filter(b => meet(a, b)));
  const edge = document.querySelector('.md-content').getBoundingClientRect().right;
  return { count: boxes.length, hits: hits.length, wide: Math.max(...boxes.map(b => b.right)) - edge };
}"""


@pytest.fixture(scope="module")
def second(full_url, full_site):
    return f"{full_url}posts/{reading_order.load(full_site)[1].slug}/"


def note(page):
    return page.locator(".term-note")


def test_a_pointer_opens_a_definition_which_stays_while_it_is_read(open_page, second):
    page = open_page(second, 1100)
    term = page.locator("a.term").first
    term.hover()
    note(page).wait_for(state="visible")
    assert len(note(page).inner_text()) > 20
    note(page).hover()
    page.wait_for_timeout(400)
    assert note(page).is_visible()
    page.mouse.move(5, 5)
    note(page).wait_for(state="hidden")


def test_a_keyboard_opens_it_and_escape_closes_it(open_page, second):
    page = open_page(second, 1100)
    page.locator("a.term").first.focus()
    assert note(page).is_visible() and note(page).get_attribute("role") == "tooltip"
    assert page.evaluate("document.activeElement.getAttribute('aria-describedby')") == note(page).get_attribute("id")
    page.keyboard.press("Escape")
    assert note(page).is_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reference/glossary/#*")


def test_a_tap_explains_and_the_next_one_follows(open_page, second):
    page = open_page(second, 390, has_touch=True)
    term = page.locator("a.term").first
    term.tap()
    assert note(page).is_visible() and page.url == second
    box = note(page).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    page.locator("h2").first.tap()
    assert note(page).is_hidden()
    term.tap()
    term.tap()
    page.wait_for_url("**/reference/glossary/#*")


def test_without_a_script_a_term_is_a_link_to_its_entry(open_page, second):
    page = open_page(second, java_script_enabled=False)
    term = page.locator("a.term").first
    anchor = term.get_attribute("href").rpartition("#")[2]
    term.click()
    assert page.locator(f"dt[id='{anchor}']").is_visible()


@pytest.mark.parametrize("width", [1280, 1920])
def test_a_wide_screen_has_definitions_beside_the_text_and_over_nothing(open_page, second, width):
    page = open_page(second, width)
    page.wait_for_selector(".term-beside")
    seen = page.evaluate(OVER)
    assert page.locator(":is(ul, ol) > .term-beside").count() == 0, "a list holds items alone"
    assert seen["count"] >= 8 and seen["hits"] == 0 and seen["wide"] <= 0
    page.evaluate("document.querySelectorAll('details.result').forEach(result => result.open = true)")
    page.wait_for_timeout(200)
    assert page.evaluate(OVER)["hits"] == 0, "an opened result lies under a definition"
    page.set_viewport_size({"width": 900, "height": 900})
    page.wait_for_timeout(500)
    assert page.locator(".term-beside").count() == 0


def test_a_flag_stays_in_one_line(open_page, second):
    page = open_page(second, 390)
    broken = (
        "[...document.querySelectorAll('.flag')].filter(f => f.getClientRects().length > 1).map(f => f.textContent)"
    )
    assert page.locator(".flag").count() > 10 and page.evaluate(broken) == []
    assert page.locator("a.knob").count() > 5
