"""What folds in a browser: it opens in place without a script, one card of a claim at a time, and links open it."""

import io
import shutil
import urllib.parse
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from scripts.measured import figure_files
from tests.conftest import serve_folder
from tests.scripts.fixtures.rendered import html_of
from tests.scripts.fixtures.several_hosts import on_hosts, share
from tests.scripts.fixtures.small_site import SVG, Site

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
STYLES = ("picture-grammar", "excerpt", "claim", "claim-hosts", "call-path", "folds", "pseudo")
HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Folds</title>'
    '<meta name="viewport" content="width=device-width"><style>html{font-size:125%}'
    "body{--si-soft:#f7f6f2;margin:1rem;font-size:.8rem}body[data-md-color-scheme=slate]{--si-soft:#262933;"
    "background:#1f2129;color:#dde1ec;--md-default-bg-color:#1f2129;--md-typeset-a-color:#9dbcf7}"
    "body[data-md-color-scheme=slate] a{color:#9dbcf7}</style>"
)
PAGE = """# Folds

/// result | wait
Measured: it waits {{wait.share}} of its time.
///

As *expected* {{mark:wait}}, see [the line](#step-L7), [the settings](#set), [the hop](#path-chat-step).

//// sides
/// pseudo | vllm
    title: The loop
for r in running:  # first
    give(r)
///
/// excerpt | step
    folded: true
///
////

/// path | chat
    folded: true
///

/// details | Settings
    attrs: {id: set}
Text with a [link](#folds).
///

<p style="height: 90rem"></p>

## Evidence

/// claim | wait
    alt: A bar.
    folded: true
///
"""
# Something to see in the figure, at a place of its own.
BAR = SVG.replace('<use xlink:href="#m"/>', '<rect x="0" y="0" width="90" height="30" style="fill: #c00"/>').replace(
    '<rect width="9" height="9"/>', '<rect width="45" height="30"/>'
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("small"))
    site.write_figure(BAR)
    site.save_claims([on_hosts(site, [True, False, True], [share(61.238), share(58.0), share(66.66)])])
    body = html_of(site, PAGE).replace("../../posts/01-one-request/#", "#").replace("../../assets/", "assets/")
    folder = tmp_path_factory.mktemp("site")
    for place, text in figure_files.files(site.root).items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text, "utf-8")
    for name in STYLES:
        shutil.copy(ROOT / f"docs/assets/css/blocks/{name}.css", folder)
    for name in ("folds", "excerpt", "claim-report"):
        shutil.copy(ROOT / f"docs/assets/js/blocks/{name}.js", folder)
    links = "".join(f'<link rel="stylesheet" href="{name}.css">' for name in STYLES)
    scripts = '<script src="excerpt.js"></script><script defer src="folds.js"></script>'
    scripts += '<script defer src="claim-report.js"></script>'
    (folder / "index.html").write_text(
        f'{HEAD}{links}{scripts}</head><body><main class="md-typeset">{body}</main></body></html>', "utf-8"
    )
    with serve_folder(folder) as url:
        yield url


@pytest.fixture
def opened(browser, address):
    """opened(fragment, width, script) gives the page there."""
    pages = []

    def opener(fragment: str = "", width: int = 1280, script: bool = True):
        page = browser.new_page(viewport={"width": width, "height": 900}, java_script_enabled=script)
        page.goto(address + fragment)
        pages.append(page)
        return page

    yield opener
    for page in pages:
        page.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_line_opens_to_the_card_in_place_and_without_a_script_to_what_leads_there(opened, script):
    page = opened(script=script)
    line, evidence = page.locator("details.result"), page.locator("#claim-wait")
    assert line.locator("> .claim").is_hidden() and evidence.is_hidden()
    line.locator("> summary").click()
    assert line.locator("> .claim .claim-sentence").is_visible()
    if script:
        assert line.locator(".claim-figure img").is_visible() and line.locator(".claim-marks").is_visible()
        assert line.locator("[id]").count() == 0, "an address would be there twice"
        for _ in range(2):
            line.locator("> summary").click()
        assert line.locator(".claim-figure").count() == 1
    else:
        line.locator(".claim-all a").click()
        assert evidence.locator(".claim-figure img").is_visible() and line.locator("> .claim").is_hidden()
        line.locator("> summary").click()
    evidence.locator("xpath=..").locator("> summary").click()
    assert evidence.is_visible() and line.locator("> .claim").is_hidden(), "two cards of one claim are open"


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("fragment", ["#claim-wait", "#step-L7", "#step-one", "#path-chat-step", "#set"])
def test_an_address_inside_a_fold_opens_it(opened, fragment, script):
    page = opened(fragment, script=script)
    page.locator(fragment).wait_for(state="visible", timeout=3000)
    assert page.locator(fragment).bounding_box()["y"] < 900


@pytest.mark.parametrize("fragment", ["#claim-wait", "#step-L7", "#path-chat-step", "#set"])
def test_a_link_opens_a_fold_again_that_was_closed_since(opened, fragment):
    page = opened(fragment)
    page.locator(fragment).wait_for(state="visible")
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = false; })")
    page.locator(f"a[href$='{fragment}']:visible").first.click()
    page.locator(fragment).wait_for(state="visible", timeout=3000)


def test_the_figure_is_drawn_in_both_places_with_what_clips_it(opened):
    page = opened()
    for fold, image in (
        ("details.result", ".claim-in-line .figure-img"),
        ("details.claim-fold", "#claim-wait .figure-img"),
    ):
        page.locator(f"{fold} > summary").click()
        page.wait_for_function("(image) => image.complete && image.naturalWidth", arg=page.query_selector(image))
        box = page.locator(image).bounding_box()
        middle = page.evaluate("scrollY") + box["y"] + box["height"] / 2
        shot = page.screenshot(clip={"x": box["x"], "y": middle, "width": box["width"], "height": 1}, full_page=True)
        colours = row(shot)
        assert colours[len(colours) // 4] == (204, 0, 0), fold
        assert colours[3 * len(colours) // 4] != (204, 0, 0), f"{fold}: nothing is clipped"


def row(png: bytes) -> list:
    """The colours of a picture that is one pixel high."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return [image.getpixel((x, 0)) for x in range(image.width)]


def test_the_figure_has_one_name_in_both_places(opened):
    page = opened()
    for fold in ("details.result", "details.claim-fold"):
        page.locator(f"{fold} > summary").click()
        assert page.get_by_role("img", name="A bar.", exact=True).count() == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_notes_of_a_folded_excerpt_stay_in_it(opened, width):
    page = opened(width=width)
    assert page.locator(".excerpt-notes:visible").count() == 0
    page.locator(".excerpt-fold > summary").click()
    note = page.locator("#step-one")
    note.wait_for(state="visible")
    assert page.evaluate("document.querySelector('#step-one').closest('.excerpt') !== null")


def test_two_stand_side_by_side_where_there_is_room(opened):
    for width, beside in ((1280, True), (390, False)):
        page = opened(width=width)
        one, other = page.locator(".sides > .pseudo").bounding_box(), page.locator(".sides > details").bounding_box()
        assert (one["x"] < other["x"]) is beside and (one["y"] < other["y"]) is not beside
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_report_has_what_the_card_says_and_rests_on(opened):
    page = opened("#claim-wait")
    link = page.locator("#claim-wait a.claim-report")
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    for _ in range(2):  # a second click adds nothing
        page.locator("details.claim-fold a.claim-report").evaluate("(link) => link.click()")
        filled = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(link.get_attribute("href")).query))
        assert filled["claim"] == "wait" and filled["template"] == "claim.yml"
        assert filled["says"].startswith("A request waits 61.2%") and "Verdict: holds on" in filled["says"]
        assert filled["records"].splitlines()[0] == "experiments/records/01/ttft.json"
        assert len(filled["records"].splitlines()) == 3


@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_axe_finds_nothing_serious_in_closed_or_open_folds(opened, scheme):
    page = opened()
    page.evaluate(f"document.body.dataset.mdColorScheme = '{scheme}'")
    for fold in ("", ".result", ".claim-fold, .fold"):
        if fold:
            page.evaluate(f"document.querySelectorAll('details:is({fold})').forEach((each) => {{ each.open = true; }})")
        found = Axe().run(page).response["violations"]
        wrong = [
            f"{fold} {each['id']}: {each['nodes'][0]['html']}"
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
        assert not wrong, "\n".join(wrong)
