"""The site that the browser tests open: the real one, filled up to seven posts and notebooks as `make bench` does.

So these tests have a post and a notebook to look at, whatever is written.
"""

import re
import shutil
from pathlib import Path

import pytest

from scripts.browser import benchmark_sites, headless
from scripts.build import build_site
from scripts.publish import steps
from scripts.publish.steps import lighten
from tests.conftest import ROOT, made_once

SCHEMES = ("light", "dark")
SIZES = {1280: 900, 390: 844}
LATE = re.search(r'const LATE = "(.+)";', (ROOT / "docs/assets/js/off-screen.js").read_text("utf-8"))[1]
# Until then a block that comes near takes its true height, and what was to be clicked is pushed away.
LAID_OUT = f"""() => [...document.querySelectorAll("{LATE}")].every(
  (block) => block.closest("details:not([open])") || getComputedStyle(block).contentVisibility !== "auto")"""


@pytest.fixture(scope="session")
def full_site(tmp_path_factory) -> Path:
    """The folder of a built site with seven posts and seven notebooks, published at the sub-path it is served below.

    Its `site` is as visitors get it, its `heavy` the same before it was made smaller. `steady` differs from `site` in
    that a page waits for its typefaces: a visitor's does without one that takes longer than a tenth of a second, as on
    a busy machine many do, and then its lines break elsewhere.
    """

    def keep_then_lighten(site: Path, root: Path) -> None:
        shutil.copytree(site, root / "heavy")
        lighten(site, root)

    def build(folder: Path) -> None:
        benchmark_sites.make(folder / "ours")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SITE_URL", f"http://127.0.0.1{headless.PREFIX}")
            patch.setattr(steps, "lighten", keep_then_lighten)
            build_site.build(folder / "ours/site", folder / "ours")
        wait_for_typefaces(shutil.copytree(folder / "ours/site", folder / "ours/steady"))

    return made_once(tmp_path_factory, "full", build) / "ours"


def wait_for_typefaces(site: Path) -> None:
    changed = 0
    for sheet in (site / "assets/css").glob("*.css"):
        text = sheet.read_text("utf-8")
        sheet.write_text(text.replace("font-display:optional", "font-display:block"), "utf-8")
        changed += "font-display:optional" in text
    assert changed, "no sheet names typefaces"


@pytest.fixture(scope="session")
def full_url(full_site) -> str:
    """The address of that site, served compressed below a sub-path; its pages wait for their typefaces."""
    with headless.served(full_site / "steady") as url:
        yield url


@pytest.fixture(scope="session")
def visited_url(full_site) -> str:
    """The address of that site as a visitor gets it."""
    with headless.served(full_site / "site") as url:
        yield url


@pytest.fixture(scope="session")
def addresses(full_site) -> list:
    """Every page below the site's root; of the posts and notebooks made for the test, one each is enough."""
    site = full_site / "site"
    found = sorted(page.parent.relative_to(site).as_posix() for page in site.rglob("index.html"))
    found = ["" if name == "." else f"{name}/" for name in found]
    keep = {benchmark_sites.post_address(full_site, 1), benchmark_sites.notebook_address(full_site, 1)}
    many = {benchmark_sites.post_address(full_site, n) for n in range(1, 8)}
    many |= {benchmark_sites.notebook_address(full_site, n) for n in range(1, 8)}
    assert len(found) >= 20
    return [name for name in found if name not in many - keep] + ["nowhere/at/all/"]


@pytest.fixture(scope="session")
def post(full_site) -> str:
    return benchmark_sites.post_address(full_site, 1)


@pytest.fixture(scope="session")
def notebook(full_site) -> str:
    return benchmark_sites.notebook_address(full_site, 1)


@pytest.fixture
def open_page(browser):
    """open_page(url, width=1280, scheme="light", **context options) -> a Playwright page, loaded and all laid out."""
    contexts = []

    def open_it(url: str, width: int = 1280, scheme: str = "light", **options):
        context = browser.new_context(
            viewport={"width": width, "height": SIZES.get(width, 900)}, color_scheme=scheme, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(url, wait_until="load")
        if options.get("java_script_enabled", True):
            page.wait_for_function(LAID_OUT)
        return page

    yield open_it
    for context in contexts:
        context.close()
