"""The manifest names icons that are there, of the sizes it says; each page names the manifest."""

import json

from PIL import Image
from selectolax.lexbor import LexborHTMLParser

from scripts.publish import icons


def test_the_manifest_and_its_icons(built_site):
    manifest = json.loads((built_site / icons.MANIFEST).read_text())
    assert manifest["name"] == "From Request to Forward Pass" and manifest["start_url"] == "."
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        with Image.open(built_site / icon["src"]) as image:
            assert f"{image.width}x{image.height}" == icon["sizes"]
    with Image.open(built_site / icons.TOUCH) as image:
        assert image.size == (180, 180) and image.convert("RGBA").getextrema()[3] == (255, 255), "it shows through"
    page = LexborHTMLParser((built_site / "reference/knobs/index.html").read_text())
    named = {rel: page.css_first(f"link[rel={rel}]").attributes["href"] for rel in ("manifest", "apple-touch-icon")}
    assert named == {"manifest": f"../../{icons.MANIFEST}", "apple-touch-icon": f"../../{icons.TOUCH}"}
