"""What a reader does: follows addresses, copies code, reads without a script, walks by keyboard, switches colours."""

import pytest

from scripts.pages import reading_order

pytestmark = pytest.mark.browser


def test_every_fragment_on_a_post_has_its_place(open_page, full_url, post):
    page = open_page(full_url + post)
    found = page.evaluate(
        """() => { const links = [...document.querySelectorAll('.excerpt a[href^="#"]')];
        const dead = links.map(a => a.hash).filter(hash => !document.getElementById(hash.slice(1)));
        return { count: links.length, dead }; }"""
    )
    assert found["count"] > 20 and found["dead"] == []


def test_an_address_of_a_line_opens_its_fold_and_shows_it(open_page, full_url, post):
    page = open_page(full_url + post)
    line = page.evaluate("document.querySelector('.excerpt details:not([open]) pre > span')?.id")
    if line is None:
        pytest.skip("this post folds nothing")
    page = open_page(f"{full_url}{post}#{line}")
    page.wait_for_function("id => document.getElementById(id).closest('details').open", arg=line)
    top = page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", line)
    assert 0 <= top < 900


def test_a_note_s_address_marks_its_lines(open_page, full_url, post):
    page = open_page(full_url + post)
    note = page.locator(".excerpt-notes > li").first
    note.hover()
    lit = page.evaluate("document.querySelectorAll('.excerpt pre > span.is-noted').length")
    assert lit >= 1


def test_copy_takes_the_code_without_numbers(open_page, full_url, post):
    page = open_page(full_url + post, permissions=["clipboard-read", "clipboard-write"])
    figure = page.locator("figure.excerpt").first
    figure.locator(".excerpt-copy").click()
    page.wait_for_function("document.querySelector('.excerpt-copy').textContent === 'Copied'")
    copied = page.evaluate("navigator.clipboard.readText()")
    shown = figure.evaluate(
        "figure => [...figure.querySelectorAll('pre > span')].map(line => line.textContent).join('')"
    )
    assert copied == shown and len(copied) > 20
    first = figure.locator("pre > span").first.get_attribute("id").rpartition("-L")[2]
    assert not copied.lstrip().startswith(first)


def test_selecting_code_selects_no_number(open_page, full_url, post):
    page = open_page(full_url + post)
    text = page.evaluate(
        """() => { const pre = document.querySelector('.excerpt pre'); const range = document.createRange();
        range.selectNodeContents(pre); getSelection().removeAllRanges(); getSelection().addRange(range);
        return { text: getSelection().toString(), number: pre.querySelector('span').id.split('-L').at(-1) }; }"""
    )
    assert text["text"].strip() and text["number"] not in text["text"].split()


@pytest.mark.parametrize("width", [1280, 390])
def test_everything_is_there_without_a_script(open_page, full_url, post, width):
    page = open_page(full_url + post, width, java_script_enabled=False)
    assert page.locator("h1").is_visible()
    assert page.locator("figure.excerpt pre > span").first.is_visible()
    notes = page.locator(".excerpt-notes > li")
    assert notes.count() >= 1 and notes.first.is_visible()
    assert page.locator(".excerpt-copy").first.is_hidden(), "a copy button that cannot copy"
    assert page.locator("article details > summary:visible").count() >= 1


def test_keyboard_reaches_content_and_code(open_page, full_url, post):
    page = open_page(full_url + post)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.classList.contains('md-skip')")
    reached = set()
    for _ in range(300):  # a call path's links come before the first excerpt
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.className.split(' ')[0] || document.activeElement.tagName"))
        if {"md-tabs__link", "excerpt-code", "excerpt-copy"} <= reached:
            break
    assert {"md-tabs__link", "excerpt-code", "excerpt-copy"} <= reached, reached


def test_palette_switches_and_stays(open_page, full_url):
    page = open_page(full_url, scheme="light")
    scheme = "document.body.dataset.mdColorScheme"
    seen = [page.evaluate(scheme)]
    for _ in range(2):
        page.locator("form[data-md-component=palette] label:not([hidden])").click()
        seen.append(page.evaluate(scheme))
    assert seen == ["default", "default", "slate"]
    page.reload()
    assert page.evaluate(scheme) == "slate"


def test_home_has_every_post_in_order_and_says_on_one_screen_where_to_begin(open_page, full_url, full_site):
    page = open_page(full_url)
    titles = [title.strip() for title in page.locator("ol.posts .posts-title").all_inner_texts()]
    assert titles == [post.title for post in reading_order.load(full_site)]
    assert page.get_by_role("heading", name="Why you can trust it").is_visible()
    for entrance in ("Start with post 1", "I see X: start from", "See the map"):
        box = page.get_by_role("link", name=entrance).first.bounding_box()
        assert box and box["y"] + box["height"] < 720, entrance


def test_previous_next_edit_and_feed(open_page, full_url, post):
    page = open_page(full_url + post)
    assert page.locator("a.md-footer__link--prev").count() == 1 and page.locator("a.md-footer__link--next").count() == 1
    assert "/edit/main/docs/posts/01-" in page.get_attribute("a.md-content__button[rel=edit]", "href")
    feed = page.get_attribute("link[type='application/rss+xml']", "href")
    answer = page.request.get(full_url + post + feed)
    assert answer.ok and answer.text().count("<item>") == 7


@pytest.mark.parametrize("width", [1280, 390])
def test_a_number_leads_to_the_address_of_its_line_and_code_does_not(open_page, full_url, post, width):
    page = open_page(full_url + post, width)
    line = page.locator("figure.excerpt:visible pre > span").nth(2)
    name = line.get_attribute("id")
    line.scroll_into_view_if_needed()
    line.click(position={"x": 120, "y": 6})
    assert page.evaluate("location.hash") == ""
    line.click(position={"x": 12, "y": 6})
    assert page.evaluate("location.hash") == f"#{name}"
    assert page.evaluate("(id) => document.getElementById(id).matches(':target')", name)


def test_back_to_top_is_a_button_and_no_pillar(open_page, full_url, post):
    page = open_page(full_url + post)
    for y in (4000, 3500):  # it comes when a reader turns back
        page.evaluate("(y) => scrollTo(0, y)", y)
        page.wait_for_timeout(300)
    button = page.locator(".md-top")
    button.wait_for(state="visible", timeout=3000)
    assert button.bounding_box()["height"] < 60
