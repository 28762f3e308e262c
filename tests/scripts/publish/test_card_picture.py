"""How a card is drawn: nothing over the edge or over the line at its foot, bars as long as their values."""

import io

import pytest
from PIL import Image

from scripts.publish import card_picture, cards, mark
from scripts.publish.card_picture import Bar, Picture
from tests.conftest import ROOT

LONG = "A title that goes on and on until nobody reads it any more, and then goes on for as long again, as titles may"


def drawn(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(card_picture.png(picture, ROOT))).convert("RGB")


def inked(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    """Whether anything but paper is in the box."""
    paper = Image.new("RGB", (1, 1), card_picture.PAPER).getpixel((0, 0))
    return any(
        max(abs(a - b) for a, b in zip(colour, paper, strict=True)) > 24
        for _, colour in image.crop(box).getcolors(1 << 20)
    )


@pytest.mark.parametrize(
    "picture",
    [
        Picture("Post 1 of 7", "Short", "says", "foot"),
        Picture("Post 1 of 7", LONG, f"{LONG}. {LONG}. {LONG}.", "foot"),
        Picture("k", "Two", "says", "foot", (Bar("vLLM", "1", 1), Bar("SGLang", "2", 2))),
        Picture("k", "Three", "says so much", "f", tuple(Bar(f"SGLang, bar {n}", "37.5%", n) for n in (1, 2, 3)), 100),
    ],
)
def test_nothing_runs_over(picture):
    image = drawn(picture)
    assert image.size == card_picture.SIZE
    assert inked(image, (60, 50, 700, 110)) and inked(image, (60, 140, 700, 220))
    assert not inked(image, (0, 0, 60, 630)) and not inked(image, (1140, 0, 1200, 630))
    assert not inked(image, (60, card_picture.BOTTOM - 40, 1140, card_picture.BOTTOM - 30)), "the text reaches the line"


def test_what_we_publish_does_not_run_over(built_site):
    for file in (built_site / cards.FOLDER).iterdir():
        image = Image.open(file).convert("RGB")
        assert not inked(image, (60, card_picture.BOTTOM - 36, 1140, card_picture.BOTTOM - 30)), file.name
        assert not inked(image, (1140, 0, 1200, 630)), file.name


def test_bars_have_the_lengths_of_their_values():
    image = drawn(Picture("k", "t", "s", "f", (Bar("vLLM", "1", 1), Bar("SGLang", "2", 2))))
    lengths = {}
    for name, shade in (("one", card_picture.VLLM), ("two", card_picture.SGLANG)):
        wanted = Image.new("RGB", (1, 1), shade).getpixel((0, 0))
        rows = [
            sum(max(abs(a - b) for a, b in zip(image.getpixel((x, y)), wanted, strict=True)) < 12 for x in range(1200))
            for y in range(0, 630, 6)
        ]
        lengths[name] = max(rows)
    assert lengths["two"] == pytest.approx(2 * lengths["one"], rel=0.05)


def test_it_is_drawn_again_when_what_it_shows_changes():
    a, b = (card_picture.key(Picture("k", title, "s", "f"), ROOT) for title in "ab")
    assert a != b and a[1:] == b[1:] and (ROOT / mark.FILE).read_bytes() in a
