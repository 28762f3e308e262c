"""What `make bench` measures of the pages: what a first visit weighs, what moves, what Lighthouse says of each kind."""

import os
from pathlib import Path

from scripts.browser import benchmark_sites, headless, lighthouse
from scripts.browser.benchmark_figures import Figures
from scripts.common.errors import SiteError

PLAIN = {
    "home": "",
    "the map": "map/",
    "symptoms": "symptoms/",
    "knobs": "reference/knobs/",
    "the ledger": "reference/ledger/",
    "drift": "reference/drift/",
}
# KB of a first visit.
LIMITS = {"a post": 200, "a notebook": 150, "the ledger": 180, "drift": 180, "symptoms": 180}
OTHERS = 140


def kinds(site: Path) -> dict[str, str]:
    """A page of each kind, with its address below the root of the site made in `site`."""
    posts = {"a post": benchmark_sites.post_address(site, 1), "a notebook": benchmark_sites.notebook_address(site, 1)}
    return {"home": "", **posts, **PLAIN}


def measure(figures: Figures, site: Path, with_lighthouse: bool = True) -> None:
    """Adds the figures of the built site in `site`/site."""
    pages = kinds(site)
    try:
        with headless.served(site / "site") as url, headless.chromium() as browser:
            for name, address in pages.items():
                seen = headless.visit(browser, url + address)
                if seen.foreign:
                    raise SiteError(f"bench: {address} asks another host: {seen.foreign[0]}; run `make links`")
                files = f"{len(seen.parts)} files"
                figures.add(_weight(name), "KB", LIMITS.get(name, OTHERS), seen.bytes / 1000, files)
                for width, height in ((1280, 900), (390, 844)):
                    moved = headless.visit(browser, url + address, width, height, slow=True).shift
                    figures.add(f"layout shift of {name}, {width} px, slow line", "", 0.01, moved)
    except SiteError as error:
        if str(error) != headless.NO_CHROMIUM or os.environ.get("REQUIRE_BROWSER") == "1":
            raise
        for name in pages:
            figures.add(_weight(name), "KB", LIMITS.get(name, OTHERS), None, headless.NO_CHROMIUM)
        return
    if with_lighthouse:
        _lighthouse(figures, site, pages)


def _weight(name: str) -> str:
    return f"first visit to {name}, gzip"


def _lighthouse(figures: Figures, site: Path, pages: dict[str, str]) -> None:
    """Points that each kind of page is short of 100; a busy machine costs points of performance."""
    try:
        lighthouse.find()
    except SiteError as error:
        figures.add("Lighthouse, points short of 100", "", None, None, str(error))
        return
    forms: tuple[lighthouse.Form, ...] = ("phone", "desktop")
    with headless.served(site / "site") as url:
        for name, address in pages.items():
            for form in forms:
                short = {key: 100 - score for key, score in lighthouse.scores(url + address, form).items()}
                may = lighthouse.DESKTOP_MISSING if form == "desktop" else lighthouse.CATEGORIES["performance"]
                figures.add(f"Lighthouse, {form}, {name}, short of 100", "points", may, short.pop("performance"))
                figures.add(f"the same, worst of {', '.join(short)}", "points", 0, max(short.values()))
