"""Each kind of page under its own policy: nothing it does is forbidden, and what it does not do is."""

import pytest

from scripts.build import play
from tests.conftest import serve_folder
from tests.scripts.render.blocks.test_play import played  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser
WATCH = """window.forbidden = []; document.addEventListener("securitypolicyviolation",
  (event) => window.forbidden.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`))"""
KINDS = (
    "", "map/", "posts/", "posts/02-scheduler-loop/", "posts/05-prefix-cache-hit/", "symptoms/", "reference/knobs/",
    "reference/drift/", "reference/ledger/", "reference/famous/", "reference/hosts/", "reference/method/",
    "experiments/02_scheduler_loop/", "nowhere/at/all/",
)  # fmt: skip


@pytest.fixture
def watched(browser):
    """watched(url) -> (page, what its policy forbade so far, as the page and its console say)."""
    contexts = []

    def open_it(url: str):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light", bypass_csp=False)
        contexts.append(context)
        context.add_init_script(WATCH)
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text) if "Content Security" in message.text else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(url, wait_until="load")
        return page, lambda: [*page.evaluate("window.forbidden"), *said]

    yield open_it
    for context in contexts:
        context.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_does_nothing_that_its_policy_forbids(watched, full_url, kind):
    page, forbidden = watched(full_url + kind)
    assert page.locator('meta[http-equiv="Content-Security-Policy"]').count() == 1
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.keyboard.press("Home")
    page.wait_for_load_state("networkidle")
    assert forbidden() == []
    assert "Request Sans" in page.evaluate("getComputedStyle(document.body).fontFamily"), "its styles did not arrive"


def test_the_search_finds_and_leads_on(watched, full_url):
    page, forbidden = watched(full_url)
    page.locator(".search-open").click()
    page.locator(".search-field").fill("chunked prefill")
    page.wait_for_selector(".search-results a", timeout=15_000)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.rstrip("/") != full_url.rstrip("/"))
    assert forbidden() == []


def test_a_replay_steps_and_the_choice_of_colours_stays(watched, full_url):
    page, forbidden = watched(f"{full_url}posts/02-scheduler-loop/")
    replay = page.locator(".rp-player").first
    replay.scroll_into_view_if_needed()
    page.locator(".rp-jump a").first.click()
    page.locator(".rp-count").first.filter(has_text="step").wait_for()
    page.locator("label[for=__palette_1]:visible, label[for=__palette_2]:visible").first.click()
    chosen = page.evaluate("document.body.dataset.mdColorScheme")
    page.reload(wait_until="load")
    assert page.evaluate("document.body.dataset.mdColorScheme") == chosen
    assert forbidden() == []


def test_the_ledger_filters(watched, full_url):
    page, forbidden = watched(f"{full_url}reference/ledger/")
    page.locator(".ledger-filter input").first.fill("no such thing anywhere")
    assert page.locator("tbody tr[data-state]:visible").count() == 0
    assert forbidden() == []


def test_the_page_of_a_reader_s_own_requests_has_one_too(watched, tmp_path, played):  # noqa: F811
    play.build(played, tmp_path / "page")
    with serve_folder(tmp_path / "page") as url:
        page, forbidden = watched(url)
        page.click(".rp-jump a[data-step='7']")
        page.locator(".rp-count").filter(has_text="step 7 of 34").wait_for()
        assert page.locator('meta[http-equiv="Content-Security-Policy"]').count() == 1
        assert forbidden() == []


def test_from_a_disk_it_forbids_nothing_either(watched, full_site):
    page, forbidden = watched((full_site / "site/posts/02-scheduler-loop/index.html").as_uri())
    assert "Request Sans" in page.evaluate("getComputedStyle(document.body).fontFamily")
    assert page.evaluate("typeof __md_get") == "function"
    assert forbidden() == []


@pytest.mark.parametrize(
    ("attack", "directive"),
    [
        ("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))",
         "script-src"),
        ("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')", "script-src"),
        ("setTimeout('window.ran = 1')", "script-src"),
        ("document.body.append(Object.assign(document.createElement('script'), {src: 'http://127.0.0.1:9/x.js'}))",
         "script-src"),
        ("new Image().src = 'http://127.0.0.1:9/x.png'", "img-src"),
        ("fetch('http://127.0.0.1:9/x').catch(() => 0)", "connect-src"),
        ("document.body.append(Object.assign(document.createElement('iframe'), {src: 'http://127.0.0.1:9/'}))",
         "frame-src"),
        ("document.head.append(Object.assign(document.createElement('base'), {href: 'http://127.0.0.1:9/'}))",
         "base-uri"),
        ("document.head.append(Object.assign(document.createElement('style'), {textContent: '*{color:red}'}))",
         "style-src"),
    ],
)  # fmt: skip
def test_what_a_stranger_s_text_could_do_is_forbidden(watched, full_url, attack, directive):
    page, forbidden = watched(full_url)
    page.evaluate(f"{attack}; 0")
    for _ in range(50):  # a condition to wait for would be a text to evaluate
        if forbidden():
            break
        page.wait_for_timeout(100)
    assert forbidden()[0].startswith(directive)
    assert page.evaluate("window.ran") is None
