"""`python -m scripts.browser.screenshot`: retakes the README's picture, after numbers or looks changed."""

import argparse
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image

from scripts.browser import headless
from scripts.build import build_site
from scripts.common.errors import run_cli
from scripts.common.paths import ROOT

PICTURE = ROOT / "docs/assets/img/post.png"
POST = "posts/01-request-lifecycle/"


def main() -> None:
    argparse.ArgumentParser(
        prog="python -m scripts.browser.screenshot", description=__doc__.partition(": ")[2]
    ).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        build_site.build(site)
        with headless.chromium() as browser, headless.served(site) as url:
            page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="light")
            page.goto(url + POST, wait_until="networkidle")
            picture = page.screenshot()
    # A palette is a third of the size and looks the same: the page is text and flat colour.
    Image.open(BytesIO(picture)).convert("RGB").quantize(128).save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    run_cli(main)
