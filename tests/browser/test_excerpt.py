"""Excerpts in a real browser: copying, notes, folds, keyboard, contrast, nothing that moves."""

import shutil
from pathlib import Path

import markdown
import pytest
from axe_playwright_python.sync_playwright import Axe

from scripts.quotes import update_digests
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from tests.conftest import serve_folder
from tests.scripts.fixtures.toy_engine import ENGINE, MANIFEST, make_toy

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
LINES = ENGINE.split("\n")
FIRST = LINES.index("        # Running requests first.") + 1
FOLD = LINES.index("            request = self.queue.pop(0)") + 1
LONG = "A note with so many words that it takes several lines and would lie over the next one if nobody looked. " * 2
QUOTES = (
    MANIFEST.replace('to = "done += 1"\n', 'fold = [["request = self.queue.pop(0)", "continue"]]\n').replace(
        "One *budget*.", LONG
    )
    + """
[[excerpt.note]]
id = "near"
at = "budget -= request.tokens\\ndone += 1\\n# Then what waits."
text = "Close below."

[[excerpt.note]]
id = "folded"
at = "if request.stopped:"
text = "Inside the fold."
"""
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with one excerpt and the project's own style and script, the script in the head as on the site."""
    toy = make_toy(tmp_path_factory.mktemp("toy"))
    toy.install()
    toy.write_manifest(QUOTES)
    update_digests.pin_excerpts("01-toy", toy.root)
    context = Context(root=toy.root)
    context.start_page("posts/01-toy.md")
    body = markdown.Markdown(extensions=[PageExtension(context)]).convert(
        "# Toy\n\nText.\n\n/// excerpt | step-first\n///\n\nAfter."
    )
    site = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "docs/assets/css/blocks/excerpt.css", site)
    shutil.copy(ROOT / "docs/assets/js/blocks/excerpt.js", site)
    (site / "index.html").write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Toy</title>'
        '<meta name="viewport" content="width=device-width">'
        "<style>html{font-size:125%}body{margin:1rem;font-size:.8rem}"
        "body[data-md-color-scheme=slate]{background:#1e2129;color:#e2e4e9;--md-default-bg-color:#1e2129}"
        "body[data-md-color-scheme=slate] a{color:#9dbcf7}</style>"
        '<link rel="stylesheet" href="excerpt.css"><script src="excerpt.js"></script></head>'
        f"<body><main>{body}</main></body></html>"
    )
    with serve_folder(site) as url:
        yield url


@pytest.fixture
def opened(browser, address):
    """Opens the page at a width; `script=False` without JavaScript, `at` with a fragment."""
    contexts = []

    def open_page(width=1300, script=True, at=""):
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(
            "window.moved = []; new PerformanceObserver((list) => { for (const e of list.getEntries())"
            " moved.push(e.value) }).observe({type: 'layout-shift', buffered: true})"
        )
        page.goto(address + at)
        return page

    yield open_page
    for context in contexts:
        context.close()


def box(page, selector):
    return page.locator(selector).bounding_box()


def line(number):
    return f"#step-first-L{number}"


def test_the_button_copies_the_code_and_no_numbers(opened):
    page = opened()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click(".excerpt-copy")
    page.wait_for_function("document.querySelector('.excerpt-copy').textContent === 'Copied'")
    copied = page.evaluate("navigator.clipboard.readText()")
    expected = [each.removeprefix("        ") for each in LINES[FIRST - 1 : LINES.index("if LIMIT:") - 2]]
    assert copied.split("\n")[:-1] == expected  # the folded lines too


def test_copying_works_where_the_page_may_not_use_the_clipboard_object(opened):
    page = opened()
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.click(".excerpt-copy")
    page.wait_for_function("document.querySelector('.excerpt-copy').textContent === 'Copied'")


def test_selecting_code_selects_no_number(opened):
    page = opened()
    text = page.evaluate(
        "getSelection().selectAllChildren(document.querySelector('.excerpt pre')), getSelection().toString()"
    )
    assert text.rstrip("\n").split("\n") == [each[8:] for each in LINES[FIRST - 1 : FOLD - 1]]


def test_wide_notes_stand_beside_their_lines_and_none_over_another(opened):
    page = opened(1300)
    code = box(page, ".excerpt-code")
    notes = [box(page, f"#step-first-{name}") for name in ("budget", "near", "folded")]
    assert all(note["x"] >= code["x"] + code["width"] for note in notes)
    assert abs(notes[0]["y"] - box(page, line(FIRST + 2))["y"]) < 12
    ordered = sorted(notes, key=lambda note: note["y"])
    for above, below in zip(ordered, ordered[1:], strict=False):
        assert above["y"] + above["height"] <= below["y"] + 1
    assert notes[2]["y"] + notes[2]["height"] <= max(code["y"] + code["height"], notes[2]["y"] + notes[2]["height"])


def test_a_note_that_grows_later_lies_over_no_other(opened):
    # As by a typeface that arrives after the page is drawn.
    page = opened(1300)
    tops = "[...document.querySelectorAll('.excerpt-notes > li')].map((note) => note.getBoundingClientRect())"
    before = page.evaluate(tops)
    page.evaluate("document.getElementById('step-first-budget').style.fontSize = '1.6em'")
    page.wait_for_timeout(200)
    after = page.evaluate(tops)
    assert after[0]["height"] > before[0]["height"] + 30
    for above, below in zip(after, after[1:], strict=False):
        assert above["bottom"] <= below["top"] + 1
    # Where they stand is where they would have been put at once.
    page.evaluate("dispatchEvent(new Event('resize')); document.querySelector('figure').style.width = '99.9%'")
    page.wait_for_timeout(200)
    again = page.evaluate(tops)
    assert [round(box["top"]) for box in again] == [round(box["top"]) for box in after]


def test_narrow_notes_stand_below_their_line(opened):
    page = opened(390)
    marked, after = box(page, line(FIRST + 2)), box(page, "details")
    note = box(page, "#step-first-budget")
    assert marked["y"] + marked["height"] - 1 <= note["y"] and note["y"] + note["height"] <= after["y"] + 1
    assert note["x"] >= 0 and note["x"] + note["width"] <= 390
    folded = box(page, "#step-first-folded")
    assert page.locator("#step-first-folded").evaluate("note => note.checkVisibility()")
    assert folded["y"] >= after["y"] + after["height"] - 1, "the note of a closed fold stands below the fold"
    page.click("details > summary")
    assert box(page, "#step-first-folded")["y"] >= box(page, line(FOLD + 1))["y"]
    assert box(page, "#step-first-folded")["y"] < box(page, line(FOLD + 2))["y"]


def test_notes_change_sides_with_the_width(opened):
    page = opened(1300)
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_selector(".excerpt-code .excerpt-notes")
    page.set_viewport_size({"width": 1300, "height": 900})
    page.wait_for_selector(".excerpt-body > .excerpt-notes")
    assert page.locator(".excerpt-code .excerpt-notes").count() == 0
    assert page.locator(".excerpt-notes > li").evaluate_all("all => all.map(each => each.id)") == [
        "step-first-budget",
        "step-first-near",
        "step-first-folded",
    ]


@pytest.mark.parametrize("width", [390, 1300])
def test_without_a_script_the_notes_are_one_ordered_list(opened, width):
    page = opened(width, script=False)
    assert page.locator("ol.excerpt-notes").count() == 1 and page.locator("ol.excerpt-notes > li").count() == 3
    assert page.locator("#step-first-budget").is_visible() and page.locator(".excerpt-copy").is_hidden()
    page.click("details > summary")
    assert page.locator(line(FOLD)).is_visible()


@pytest.mark.parametrize("how", ["hover", "focus", "mark"])
def test_hover_and_focus_light_a_notes_lines(opened, how):
    page = opened(1300)
    assert page.locator("pre .is-noted, pre.is-noted").count() == 0
    if how == "hover":
        page.hover("#step-first-near")
    elif how == "focus":
        page.focus("#step-first-near > a")
    else:
        page.focus(".excerpt-mark[href='#step-first-near']")
    lit = page.locator("pre > .is-noted").evaluate_all("all => all.map(each => each.id)")
    start = FOLD + 3
    assert lit == [f"step-first-L{start + index}" for index in range(3)]
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    assert page.locator("pre > .is-noted").count() == 0


def test_an_address_inside_a_fold_opens_it(opened):
    page = opened(at=line(FOLD + 1))
    page.wait_for_selector("details[open]")
    assert page.locator(line(FOLD + 1)).is_visible()
    page = opened()
    page.evaluate(f"location.hash = 'step-first-L{FOLD}'")
    page.wait_for_selector("details[open]")


def test_everything_is_reached_by_keyboard(opened):
    page = opened(1300)
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.className || document.activeElement.tagName"))
    assert {"excerpt-copy", "excerpt-code", "excerpt-mark", "SUMMARY"} <= set(reached)
    # The line numbers, one link each, are not in the way.
    assert page.evaluate("[...document.querySelectorAll('pre > span > a:first-child')].every(a => a.tabIndex === -1)")


@pytest.mark.parametrize("width", [390, 1300])
def test_nothing_moves_and_the_page_does_not_scroll_sideways(opened, width):
    page = opened(width)
    page.wait_for_timeout(300)
    assert sum(page.evaluate("moved")) < 0.01
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [390, 1300])
@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_axe_finds_nothing_serious(opened, width, scheme):
    page = opened(width)
    page.evaluate(f"document.body.dataset.mdColorScheme = '{scheme}'")
    page.click("details > summary")
    page.hover("#step-first-near")
    found = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert not found, [(each["id"], [node["html"][:100] for node in each["nodes"]]) for each in found]
