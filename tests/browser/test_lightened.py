"""A page that was made smaller looks as before: every element at its place, of its size, in its colours."""

import pytest

from scripts.browser import headless

pytestmark = pytest.mark.browser
# All folds open, and all laid out: what is closed or far away has rules, too.
OPEN = """const style = document.createElement('style');
  style.textContent = '* { content-visibility: visible !important }';
  document.head.append(style);
  document.querySelectorAll('details').forEach((fold) => { fold.removeAttribute('name'); fold.open = true; })"""
LOOKS = """() => [...document.body.querySelectorAll('*')].map((each) => {
  const box = each.getBoundingClientRect(), style = getComputedStyle(each), half = (n) => Math.round(2 * n) / 2;
  return [each.tagName, each.id, ...each.classList, half(box.x), half(box.y + scrollY), half(box.width),
    half(box.height), style.color, style.backgroundColor, style.fill, style.borderTopColor, style.fontFamily,
    style.fontSize, style.fontWeight, style.fontStyle, style.display, style.visibility, style.cursor].join(' '); })"""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_every_element_looks_as_before(browser, full_site, addresses, width, scheme):
    wrong = {}
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.route("**/*.woff2", lambda route: route.abort())  # one that comes late is left for the next page
    page = context.new_page()
    with headless.served(full_site / "heavy") as heavy, headless.served(full_site / "site") as light:
        for address in addresses:
            looks = []
            for url in (heavy, light):
                page.goto(url + address, wait_until="load")
                page.evaluate(f"() => {{ {OPEN} }}")
                page.wait_for_function(
                    "[...document.querySelectorAll('figure.excerpt')].every((each) => !each.skipped)"
                )
                page.wait_for_timeout(300)  # notes are placed anew
                looks.append(page.evaluate(LOOKS))
            before, after = looks
            assert len(before) > 80
            changed = [(one, other) for one, other in zip(before, after, strict=False) if one != other]
            if changed or len(before) != len(after):
                wrong[address] = (len(before), len(after), changed[:3])
    context.close()
    assert wrong == {}
