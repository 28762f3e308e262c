"""A compare in Chromium: the question first, then both runs in step; no script, no data, both schemes, both widths."""

import shutil
from pathlib import Path

import markdown
import pytest

from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from tests.browser.test_pages import violations
from tests.browser.test_replay import HEAD, count
from tests.conftest import serve_folder
from tests.scripts.fixtures import small_runs
from tests.scripts.fixtures.small_runs import COMPARE
from tests.scripts.fixtures.small_site import PAGE, Site

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
STYLES = ("picture-grammar", "claim", "excerpt", "call-path", "replay", "compare")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with a compare, the project's own styles and script, and the data beside it."""
    folder, site = tmp_path_factory.mktemp("site"), Site(tmp_path_factory.mktemp("source"))
    small_runs.add(site, "run-a")
    small_runs.add(site, "run-b", change=lambda run: run["setup"].update(budget=16))
    site.write("snippets/01-one-request.toml", site.manifest + COMPARE)
    for name in STYLES:
        shutil.copy(ROOT / f"docs/assets/css/blocks/{name}.css", folder)
    shutil.copy(ROOT / "docs/assets/js/blocks/replay.js", folder)
    context = Context(root=site.root, repo_url="https://example.org/me/site")
    context.start_page("posts/01-one-request.md")
    text = PAGE.split("---\n", 2)[2] + "\n/// compare | half\n    alt: Two runs.\n///\n"
    body = markdown.markdown(text, extensions=["attr_list", PageExtension(context)])
    links = "".join(f'<link rel="stylesheet" href="../../{name}.css">' for name in STYLES)
    page = folder / "posts/x/index.html"
    page.parent.mkdir(parents=True)
    script = '<script defer src="../../replay.js"></script>'
    page.write_text(f"{HEAD}{links}{script}</head><body><main class='md-typeset'>{body}</main></body></html>", "utf-8")
    for place, data in context.replay_data.items():
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(data, "utf-8")
    with serve_folder(folder) as url:
        yield f"{url}posts/x/"


@pytest.fixture
def opened(browser, address):
    contexts = []

    def opener(width=1280, fragment="", before=None, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        if before:
            before(page)
        page.goto(address + fragment)
        return page

    yield opener
    for context in contexts:
        context.close()


def test_nothing_is_given_away_before_an_answer(opened):
    page = opened()
    assert page.locator(".rp-player").is_hidden() and page.locator(".cp-answer").is_hidden()
    assert page.locator(".rp-moments").is_hidden()
    page.get_by_role("button", name="sooner").click()
    count(page, "step 2 of 3")
    assert page.locator(".cp-verdict").inner_text() == 'You said "sooner". It is: later.'
    assert page.locator(".cp-answer p").is_visible()
    assert page.locator(".rp-player .rp-stage").count() == 2
    page.get_by_role("button", name="Step forward").click()
    count(page, "step 3 of 3")
    assert page.locator(".cp-verdict").inner_text().startswith("You said")  # steps are told elsewhere
    assert page.locator(".rp-player [role=status]").inner_text().startswith("Step 3 of 3")


def test_the_right_answer_is_said_to_be_right_and_counts_once(opened):
    page = opened()
    page.get_by_role("button", name="later").click()
    assert page.locator(".cp-verdict").inner_text() == "Right. It is: later."
    page.get_by_role("button", name="sooner").click(force=True)
    assert page.locator(".cp-verdict").inner_text() == "Right. It is: later."


def test_who_wants_no_question_is_shown_it(opened):
    page = opened()
    page.get_by_role("button", name="just show it").click()
    assert page.locator(".cp-verdict").inner_text() == "It is: later."
    assert page.locator(".rp-player").is_visible()


def test_an_address_opens_its_moment(opened):
    page = opened(fragment="#compare-half-end")
    count(page, "step 3 of 3")
    assert page.locator(".rp-player").is_visible()


@pytest.mark.parametrize("scheme", ["default", "slate"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_can_be_touched_and_read(opened, width, scheme):
    page = opened(width, reduced_motion="reduce")
    page.evaluate("scheme => { document.body.dataset.mdColorScheme = scheme; }", scheme)
    assert violations(page) == []
    for control in page.locator("[data-answer]").all():
        assert control.bounding_box()["height"] >= 44
    page.get_by_role("button", name="later").click()
    count(page, "step 2 of 3")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
    one, other = (stage.bounding_box() for stage in page.locator(".rp-player .rp-stage").all())
    assert (one["y"] == other["y"]) == (width == 1280)  # beside each other, or one below the other


@pytest.mark.parametrize("scripts", [True, False])
def test_without_a_script_or_its_data_question_answer_and_moments_stand_there(opened, scripts):
    if scripts:
        page = opened(before=lambda page: page.route("**/data/replays/*", lambda route: route.abort()))
        page.locator("#compare-half").scroll_into_view_if_needed()
    else:
        page = opened(java_script_enabled=False)
    page.locator(".rp-moments > li").first.wait_for()
    assert page.locator(".rp-player").is_hidden() and page.locator(".cp-answers").is_hidden()
    assert page.locator(".cp-plain").inner_text() == "One of: sooner; later."
    assert page.locator(".cp-answer p").is_hidden()
    page.locator(".cp-answer summary").click()
    assert page.locator(".cp-answer p").is_visible()
    assert page.locator(".rp-moments .cp-label").count() == 4
