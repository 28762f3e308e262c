"""A replay in Chromium: buttons, keys, addresses, the deciding line, no script, no data, less motion, both schemes."""

import shutil
from pathlib import Path

import markdown
import pytest

from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from tests.browser.test_pages import violations
from tests.conftest import serve_folder
from tests.scripts.fixtures.small_replays import BLOCK, STATES, add
from tests.scripts.fixtures.small_site import PAGE, Site

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
STYLES = ("claim", "excerpt", "call-path", "replay")
HEAD = (
    '<!doctype html><html lang="en" dir="ltr"><head><meta charset="utf-8"><title>Replay</title>'
    '<meta name="viewport" content="width=device-width"><style>html{font-size:125%}'
    "body{margin:1rem;font-size:.8rem}body[data-md-color-scheme=slate]{background:#1e2129;color:#e2e4e9;"
    "--md-default-bg-color:#1e2129}[dir=ltr] .md-typeset ol li ul{margin-left:.625em}"  # as Material has it
    "body[data-md-color-scheme=slate] a{color:#9dbcf7}</style>"
    '<script>document.documentElement.classList.add("scripted")</script>'
)
SCRIPTS = '<script src="../../excerpt.js"></script><script defer src="../../replay.js"></script>'


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page of each kind, posts/<kind>/, with the project's own styles and scripts, and the data beside it."""
    folder = tmp_path_factory.mktemp("site")
    for name in STYLES:
        shutil.copy(ROOT / f"docs/assets/css/blocks/{name}.css", folder)
    for name in ("excerpt", "replay"):
        shutil.copy(ROOT / f"docs/assets/js/blocks/{name}.js", folder)
    links = "".join(f'<link rel="stylesheet" href="../../{name}.css">' for name in STYLES)
    for kind in STATES:
        site = Site(tmp_path_factory.mktemp(kind))
        add(site, kind)
        context = Context(root=site.root, repo_url="https://example.org/me/site")
        context.start_page("posts/01-one-request.md")
        text = f"# Toy\n{BLOCK}\nBelow.\n{{: #below }}\n\n" + PAGE.split("---\n", 2)[2].split("\n", 1)[1]
        body = markdown.markdown(text, extensions=["attr_list", PageExtension(context)])
        page = folder / "posts" / kind / "index.html"
        page.parent.mkdir(parents=True)
        ((place, data),) = context.replay_data.items()
        body = body.replace(place, place.replace("few", kind))
        page.write_text(
            f"{HEAD}{links}{SCRIPTS}</head><body><main class='md-typeset'>{body}</main></body></html>", "utf-8"
        )
        file = folder / place.replace("few", kind)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(data, "utf-8")
    with serve_folder(folder) as url:
        yield url


@pytest.fixture
def opened(browser, address):
    """opened(kind, width, fragment, **options of the context) gives the page, its replay's data fetched."""
    contexts = []

    def opener(kind="scheduler", width=1280, fragment="", ready=True, before=None, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        if before:
            before(page)
        page.goto(f"{address}posts/{kind}/{fragment}")
        if ready:
            page.wait_for_function("'ready' in document.querySelector('.replay').dataset")
        return page

    yield opener
    for context in contexts:
        context.close()


def count(page, text: str) -> None:
    page.wait_for_function("text => document.querySelector('.rp-count').textContent === text", arg=text)


def test_buttons_step_and_say_what_happened(opened):
    page = opened()
    count(page, "step 1 of 2")
    page.get_by_role("button", name="Step forward").click()
    count(page, "step 2 of 2")
    assert page.locator(".rp-player .rp-queue").nth(2).locator(".rp-chip").all_inner_texts() == ["r1", "r2"]
    assert page.get_by_role("status").inner_text() == ("Step 2 of 2: r1, r2 leaves 1, 2; r1 arrives with 1,200.")
    assert page.locator(".rp-player .rp-said .rp-mark").inner_text() == "It is gone."
    assert page.locator(".rp-jump a[aria-current]").get_attribute("data-step") == "2"
    page.get_by_role("button", name="First step").click()
    count(page, "step 0 of 2")
    assert page.locator(".rp-player .rp-said").inner_text() == "Nothing has happened yet."
    page.get_by_role("button", name="Step back").click()
    count(page, "step 0 of 2")


def test_play_goes_to_the_end_and_stops(opened):
    page = opened()
    page.get_by_role("button", name="First step").click()
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").wait_for()
    count(page, "step 2 of 2")
    page.get_by_role("button", name="Play").wait_for()


def test_keys(opened):
    page = opened()
    page.locator(".rp-player .rp-stage").focus()
    for key, wanted in (("ArrowRight", 2), ("Home", 0), ("ArrowRight", 1), ("ArrowLeft", 0), ("End", 2)):
        page.keyboard.press(key)
        count(page, f"step {wanted} of 2")
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    page.get_by_role("button", name="Pause").wait_for()
    page.keyboard.press(" ")
    page.get_by_role("button", name="Play").wait_for()
    page.get_by_role("slider", name="Step").focus()
    page.keyboard.press("End")
    count(page, "step 2 of 2")
    page.keyboard.press("ArrowLeft")
    count(page, "step 1 of 2")


def test_a_replay_that_an_address_opens_is_seen_whole(opened):
    page = opened()
    page.set_viewport_size({"width": 1280, "height": 600})
    page.evaluate(
        """() => {
          const figure = document.getElementById("replay-few");
          document.body.style.paddingBottom = "2000px";
          figure.style.marginTop = `${280 - figure.getBoundingClientRect().top}px`;  // its picture is cut
          location.hash = "#replay-few-gone";
        }"""
    )
    count(page, "step 2 of 2")
    top = page.evaluate("document.getElementById('replay-few').getBoundingClientRect().top")
    assert 0 <= top < 100


def test_an_address_opens_its_moment_and_lights_the_deciding_line(opened):
    page = opened(fragment="#replay-few-gone")
    count(page, "step 2 of 2")
    assert page.locator("#step-L7.is-decided").count() == 1
    top = page.evaluate("document.getElementById('replay-few').getBoundingClientRect().top")
    assert 0 <= top < 450
    page.locator(".rp-jump a").first.click()
    count(page, "step 1 of 2")
    assert page.url.endswith("#replay-few-here")
    page.get_by_role("button", name="First step").click()
    count(page, "step 0 of 2")
    assert page.locator(".is-decided").count() == 0
    page.locator(".rp-jump a").first.click()
    count(page, "step 1 of 2")
    page.locator(".rp-player .rp-said a.rp-line").click()
    assert page.url.endswith("#step-L7")


@pytest.mark.parametrize("kind", list(STATES))
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_can_be_touched_and_moves_nothing_below(opened, kind, width):
    page = opened(kind, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for control in page.locator(".rp-controls :is(button, input), .rp-jump a").all():
        box = control.bounding_box()
        assert box["height"] >= 44 and box["width"] >= 44
    tops = set()
    for n in (0, 1, 2):
        page.locator(".rp-controls input").fill(str(n))
        count(page, f"step {n} of 2")
        tops.add(page.evaluate("document.getElementById('below').getBoundingClientRect().top + scrollY"))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert len(tops) == 1


@pytest.mark.parametrize("kind", list(STATES))
@pytest.mark.parametrize("scheme", ["default", "slate"])
@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_can_read_it(opened, kind, scheme, width):
    page = opened(kind, width, reduced_motion="reduce")
    page.evaluate("scheme => { document.body.dataset.mdColorScheme = scheme; }", scheme)
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_everybody_can_read_the_moments_without_a_script(opened, scheme):
    page = opened(ready=False, java_script_enabled=False)
    assert page.locator(".rp-player").is_hidden()
    moments = page.locator(".rp-moments > li")
    assert moments.count() == 2 and moments.first.is_visible()
    assert "The first is here." in moments.first.inner_text()
    assert moments.first.locator(".rp-state").first.is_visible()
    assert "Waiting" in moments.first.inner_text()


def test_where_the_data_does_not_come_the_moments_stand_there(opened):
    page = opened(ready=False, before=lambda page: page.route("**/data/replays/*", lambda route: route.abort()))
    page.locator(".rp-moments > li").first.wait_for()
    assert page.locator(".rp-player").is_hidden()


def test_the_data_is_fetched_only_by_who_comes_near(opened):
    asked = []
    page = opened(
        ready=False,
        before=lambda page: page.add_init_script(
            "addEventListener('DOMContentLoaded', () => { document.body.style.paddingTop = '4000px'; });"
        ),
    )
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(300)
    assert not any("data/replays" in url for url in asked)
    with page.expect_request("**/data/replays/01-scheduler.json"):
        page.locator("#replay-few").scroll_into_view_if_needed()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_things_move_only_for_who_wants_motion(opened, motion):
    page = opened("blocks", reduced_motion=motion)
    page.get_by_role("button", name="Step forward").click()
    count(page, "step 2 of 2")
    moving = page.evaluate("document.getAnimations().length")
    assert moving == 0 if motion == "reduce" else moving > 0


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_before_a_reader_steps(opened, width):
    page = opened("tree", width)
    heights = set()
    for _ in range(5):
        heights.add(page.evaluate("document.getElementById('replay-few').getBoundingClientRect().height"))
        page.wait_for_timeout(60)
    assert len(heights) == 1


def test_a_moment_chosen_on_the_page_scrolls_nothing(opened):
    page = opened(width=390)
    page.evaluate("scrollTo(0, document.getElementById('replay-few').getBoundingClientRect().top + scrollY + 40)")
    before = page.evaluate("scrollY")
    page.evaluate("[...document.querySelectorAll('.rp-jump a')].at(-1).click()")
    count(page, "step 2 of 2")
    page.wait_for_timeout(100)
    assert page.evaluate("scrollY") == before
