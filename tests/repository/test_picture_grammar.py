"""The picture grammar's stylesheet: a request has the replays' colour everywhere, and what is drawn can be seen."""

import colorsys
import re
from pathlib import Path

import pytest

from scripts.render.blocks.replay_frames import HUES

ROOT = Path(__file__).resolve().parents[2]
SHEET = (ROOT / "docs/assets/css/blocks/picture-grammar.css").read_text("utf-8")
REQUESTS = [f"r{number}" for number in range(1, 9)]


def scheme(head: str) -> dict[str, str]:
    """The variables of a rule, by name."""
    rule = SHEET[SHEET.index(f"\n{head} {{") :].partition("}")[0]
    return dict(re.findall(r"--pg-(\w+): ([^;]+);", rule))


def luminance(red: float, green: float, blue: float) -> float:
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def hex_colour(text: str) -> tuple[float, float, float]:
    digits = text.strip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def of_hue(hue: int, pair: str) -> tuple[float, float, float]:
    saturation, lightness = (int(part.strip("%")) / 100 for part in pair.split())
    return colorsys.hls_to_rgb(hue / 360, lightness, saturation)


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    light, dark = sorted((luminance(*one), luminance(*other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_a_request_has_the_hue_that_the_replays_give_it():
    hues = {name: int(re.search(rf"^\.{name} \{{ --h: (\d+); \}}$", SHEET, re.M)[1]) for name in REQUESTS}
    assert tuple(hues.values()) == HUES[:8]
    replay = (ROOT / "docs/assets/css/blocks/replay.css").read_text("utf-8")
    for name in ("tint", "edge", "fill"):
        assert re.findall(rf"--rp-{name}: ([^;]+);", replay) == [f"var(--pg-{name})"]


@pytest.mark.parametrize("head", [":root", '[data-md-color-scheme="slate"]'])
def test_names_can_be_read_on_every_colour_and_edges_stand_out(head):
    known = scheme(head)
    ground = hex_colour(known["bg"])
    for hue in HUES[:8]:
        for name in ("tint", "fill"):
            assert contrast(hex_colour(known["fg"]), of_hue(hue, known[name])) >= 4.5, (hue, name)
        # A tick, an outline and a hatch are seen by their edge alone: on the page, and on the colour inside it.
        assert contrast(of_hue(hue, known["edge"]), ground) >= 3, hue
        assert contrast(of_hue(hue, known["edge"]), of_hue(hue, known["tint"])) >= 2.5, hue
    for name in ("bg", "soft"):
        for text in ("fg", "quiet"):
            assert contrast(hex_colour(known[text]), hex_colour(known[name])) >= 4.5
        assert contrast(hex_colour(known["line"]), hex_colour(known[name])) >= 2.9


def test_every_hatch_that_the_sheet_names_is_among_the_patterns():
    patterns = (ROOT / "theme/partials/picture-patterns.html").read_text("utf-8")
    named = re.findall(r'url\("#hatch-(\w+)"\)', SHEET)
    assert named == [*REQUESTS, "any"]
    assert all(f'"{name}"' in patterns for name in named)
    assert 'url("#picture-arrow")' in SHEET and 'id="picture-arrow"' in patterns


def test_text_that_may_stand_on_a_request_has_the_colour_that_can_be_read_there():
    for name in ("label", "small"):
        assert re.search(rf"^\.picture-svg \.{name} \{{ fill: var\(--pg-fg\);", SHEET, re.M)
