"""Icons of the sizes that phones and browsers ask for, drawn from the mark, and the manifest that names them."""

import functools
import json
from io import BytesIO
from pathlib import Path

from scripts.common.content_cache import Cache
from scripts.publish import mark
from scripts.publish.built_pages import BuiltPage
from scripts.publish.card_picture import PAPER

MANIFEST = "manifest.webmanifest"
TOUCH = "assets/img/apple-touch-icon.png"
# File, pixels, the mark's margin as a share of the side, what a phone may do with it.
ICONS = (
    (TOUCH, 180, 0.14, "any"),
    ("assets/img/icon-192.png", 192, 0.08, "any"),
    ("assets/img/icon-512.png", 512, 0.08, "any"),
    ("assets/img/icon-512-maskable.png", 512, 0.22, "maskable"),  # a phone may cut all but the middle four fifths
)


def _png(root: Path, size: int, margin: float) -> bytes:
    out = BytesIO()
    mark.image(root, size, PAPER, margin).convert("RGB").quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def write(site: Path, root: Path, name: str, about: str) -> None:
    """Writes the icons and the manifest of a site of this name."""
    drawn = Cache(root, "cards")
    key = [Path(mark.__file__).read_bytes(), Path(__file__).read_bytes(), (root / mark.FILE).read_bytes()]
    for place, size, margin, _ in ICONS:
        data = drawn.get([*key, place.encode()], functools.partial(_png, root, size, margin))
        (site / place).parent.mkdir(parents=True, exist_ok=True)
        (site / place).write_bytes(data)
    manifest = {
        "name": name,
        "short_name": "Forward Pass",
        "description": about,
        "lang": "en",
        "start_url": ".",
        "scope": ".",
        "display": "browser",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            {"src": place, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for place, size, _, purpose in ICONS
            if place != TOUCH
        ],
    }
    (site / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")


def links(page: BuiltPage) -> list[str]:
    """What names them in a page's head. Material's script adds the colour of a phone's bar, by the scheme."""
    return [
        f'<link rel="manifest" href="{page.up}{MANIFEST}">',
        f'<link rel="apple-touch-icon" sizes="180x180" href="{page.up}{TOUCH}">',
    ]
