"""Draws a card, 1200 by 630 pixels: where it belongs, the title, a result in a few bars, what that rests on."""

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from scripts.publish import mark

SIZE = (1200, 630)
LEFT, RIGHT, BOTTOM = 72, 1128, 562
PAPER, INK, QUIET, LINE = "#fbfaf7", "#24292f", "#57606a", "#dcdad3"
VLLM, SGLANG = "#2c66b0", "#b8521c"  # as figures have them; a bar that names no engine is of vLLM's post
FONTS = {
    "plain": "docs/assets/fonts/request-sans-400-normal.woff2",
    "bold": "docs/assets/fonts/request-sans-600-normal.woff2",
}
SERIES = "From Request to Forward Pass"


@dataclass(frozen=True)
class Bar:
    label: str
    value: str  # as it is written
    length: float


@dataclass(frozen=True)
class Picture:
    """What a card says. `whole` is the value of a bar over the whole width; 0 has the longest fill it."""

    kicker: str
    title: str
    says: str
    foot: str
    bars: tuple[Bar, ...] = ()
    whole: float = 0

    @property
    def in_words(self) -> str:
        """The card as an alternative text."""
        values = ", ".join(f"{bar.label} {bar.value}" for bar in self.bars)
        start = f"{self.kicker}: {self.title}" if self.kicker else self.title
        return f"{start}. {self.says}: {values}" if values else f"{start}. {self.says}"


def key(picture: Picture, root: Path) -> list[bytes]:
    """All that a card depends on."""
    files = [Path(__file__), Path(mark.__file__), root / mark.FILE, *(root / name for name in FONTS.values())]
    return [repr(picture).encode(), *(_bytes(file) for file in files)]


def png(picture: Picture, root: Path) -> bytes:
    """The card as a PNG of few colours."""
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    image.paste(sign := mark.image(root, 56), (LEFT - 6, 56), sign)
    draw.text((LEFT + 66, 84), SERIES, INK, _font(root, "bold", 30), anchor="lm")
    draw.text((RIGHT, 84), picture.kicker, QUIET, _font(root, "plain", 30), anchor="rm")
    y = _paragraph(draw, picture.title, 146, _fitting(root, "bold", (68, 58, 48), picture.title, 2), INK, 2)
    y = _paragraph(draw, picture.says, y + 18, _fitting(root, "plain", (36, 32), picture.says, 3), QUIET, 3)
    if picture.bars:
        _bars(draw, picture, y + 26, root)
    draw.line((LEFT, BOTTOM - 28, RIGHT, BOTTOM - 28), LINE, 2)
    draw.text((LEFT, BOTTOM), picture.foot, QUIET, _font(root, "plain", 25), anchor="lm")
    out = BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _bars(draw: ImageDraw.ImageDraw, picture: Picture, top: int, root: Path) -> None:
    """The bars, label on the left, value behind the end."""
    label, number = _font(root, "plain", 30), _font(root, "bold", 44)
    left = LEFT + 28 + round(max(label.getlength(bar.label) for bar in picture.bars))
    room = RIGHT - left - round(max(number.getlength(bar.value) for bar in picture.bars)) - 20
    whole = picture.whole or max(bar.length for bar in picture.bars) or 1
    height = 54 if len(picture.bars) < 3 else 44
    for bar in picture.bars:
        shade = SGLANG if "SGLang" in bar.label else VLLM
        middle = top + height // 2
        draw.text((LEFT, middle), bar.label, INK, label, anchor="lm")
        if picture.whole:
            draw.rectangle((left, top, left + room, top + height), "#efece4")
        end = left + max(4, round(room * bar.length / whole))
        draw.rectangle((left, top, end, top + height), shade)
        draw.text(((left + room if picture.whole else end) + 18, middle), bar.value, shade, number, anchor="lm")
        top += height + 16


def _paragraph(
    draw: ImageDraw.ImageDraw, text: str, top: int, font: ImageFont.FreeTypeFont, ink: str, most: int
) -> int:
    """Text in at most so many lines, the last one cut; returns where it ends."""
    lines = _lines(text, font)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1].rstrip(',;:.')}..."]
    step = round(font.size * 1.28)
    for number, line in enumerate(lines):
        draw.text((LEFT, top + number * step), line, ink, font)
    return top + len(lines) * step


def _lines(text: str, font: ImageFont.FreeTypeFont) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > RIGHT - LEFT - 12 and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _fitting(root: Path, name: str, sizes: tuple[int, ...], text: str, most: int) -> ImageFont.FreeTypeFont:
    """The largest of these sizes in which the text takes at most so many lines, else the smallest."""
    fonts = [_font(root, name, size) for size in sizes]
    return next((font for font in fonts if len(_lines(text, font)) <= most), fonts[-1])


@cache  # to read one takes as long as to draw with it
def _font(root: Path, name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(BytesIO(_bytes(root / FONTS[name])), size)


@cache
def _bytes(file: Path) -> bytes:
    return file.read_bytes()
