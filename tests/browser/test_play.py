"""The page of `make play` in Chromium: both engines step together, with no question before, wide and narrow."""

import pytest

from scripts.build import play
from tests.browser.test_pages import too_wide, violations
from tests.conftest import serve_folder
from tests.scripts.render.blocks.test_play import played  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (390, "dark")])
def test_both_engines_step_together_and_axe_finds_nothing(browser, tmp_path, played, width, scheme):  # noqa: F811
    play.build(played, tmp_path / "page")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    with serve_folder(tmp_path / "page") as url:
        page.goto(url, wait_until="networkidle")
        assert violations(page) == [] and too_wide(page) == 0
        page.click(".rp-jump a[data-step='7']")
        page.wait_for_function("document.querySelector('.rp-count').textContent === 'step 7 of 34'")
        said = page.inner_text(".rp-said")
        assert "r6 is preempted" in said and "SGLang 0.5.21" in said
        sides = page.locator(".rp-player .rp-stage")
        assert [sides.nth(at).is_visible() for at in (0, 1)] == [True, True]
        assert "preempted" in sides.nth(0).inner_text() and "preempted" not in sides.nth(1).inner_text()
        assert all(each.startswith(url) for each in asked)
    context.close()
