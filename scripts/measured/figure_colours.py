"""The colours of figures, light and dark, as the site's style sheet gives them: a figure that is a file of its own
cannot ask the page for them."""

import re
from pathlib import Path

SHEET = "docs/assets/css/blocks/claim.css"
# What a figure draws with: its ground is that of the card which shows it.
_GROUND, _INK = "--cl-bg", "--cl-fg"
_BLOCK = re.compile(r'^(:root|\[data-md-color-scheme="slate"\]) \{(.*?)^\}', re.M | re.S)
_VARIABLE = re.compile(r"(--[\w-]+):\s*([^;]+);")
_PLAIN = {_GROUND: "#fff", _INK: "#111"}


def palette(root: Path) -> str:
    """The rules of a figure's own style: variables, ink and ground of both schemes. A browser takes those of the scheme
    of the element that shows the figure; the ground makes it readable in one that does not."""
    file = root / SHEET
    found = dict(_BLOCK.findall(file.read_text("utf-8"))) if file.is_file() else {}
    light, dark = (
        dict(_VARIABLE.findall(found.get(head, ""))) for head in (":root", '[data-md-color-scheme="slate"]')
    )
    rules = _rules(_PLAIN | light)
    return rules + (f"@media (prefers-color-scheme:dark){{{_rules(dark)}}}" if dark else "")


def _rules(colours: dict[str, str]) -> str:
    series = "".join(f"{name}:{colour};" for name, colour in colours.items() if name.startswith("--figure-"))
    return f":root{{{series}color:{colours[_INK]}}}.ground{{fill:{colours[_GROUND]}}}"
