"""The site's mark as pixels, from docs/assets/img/mark.svg: for cards and for icons.

The mark is lines, curves and one rounded box, so this reads what it is made of and not SVG at large.
"""

import re
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw

from scripts.common.errors import SiteError

FILE = "docs/assets/img/mark.svg"
GRID = 24  # the drawing is so many units wide
FINE = 8  # drawn so much larger, then made small: Pillow draws hard edges
Point = tuple[float, float]


def image(root: Path, size: int, ground: str | None = None, margin: float = 0) -> Image.Image:
    """The mark in a square of `size` pixels, on a ground or on none, with a margin of that share on each side."""
    side = size * FINE
    drawn = Image.new("RGBA", (side, side), ground or (0, 0, 0, 0))
    draw = ImageDraw.Draw(drawn)
    scale, shift = side * (1 - 2 * margin) / GRID, side * margin

    def at(point: Point) -> Point:
        return shift + point[0] * scale, shift + point[1] * scale

    colour, width, strokes, box, round_by = _read((root / FILE).read_text("utf-8"))
    for stroke in strokes:
        draw.line([at(point) for point in stroke], colour, round(width * scale), joint="curve")
        for x, y in map(at, (stroke[0], stroke[-1])):
            half = width * scale / 2
            draw.ellipse((x - half, y - half, x + half, y + half), colour)
    draw.rounded_rectangle((*at(box[0]), *at(box[1])), round_by * scale, colour)
    return drawn.resize((size, size), Image.Resampling.LANCZOS)


@cache
def _read(text: str) -> tuple[str, float, list[list[Point]], tuple[Point, Point], float]:
    """Colour, width and points of the strokes, corners of the box and how round they are. Raises SiteError."""
    group = re.search(r'<g [^>]*stroke="(#\w+)"[^>]*stroke-width="([\d.]+)"', text)
    box = re.search(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" rx="([\d.]+)"', text)
    strokes = [stroke for path in re.findall(r'<path d="([^"]+)"', text) for stroke in _strokes(path)]
    if group is None or box is None or not strokes:
        raise SiteError(f"{FILE}: is no longer strokes and a box; teach scripts/publish/mark.py its new form")
    x, y, width, height, corner = map(float, box.groups())
    return group[1], float(group[2]), strokes, ((x, y), (x + width, y + height)), corner


def _strokes(path: str) -> list[list[Point]]:
    """The points of each stroke of a path of M, h and c."""
    strokes: list[list[Point]] = []
    for letter, numbers in re.findall(r"([a-zA-Z])([^a-zA-Z]*)", path):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if letter == "M":
            strokes.append([(values[0], values[1])])
        elif letter == "h":
            x, y = strokes[-1][-1]
            strokes[-1].append((x + values[0], y))
        elif letter == "c":
            x, y = strokes[-1][-1]
            given = [(x + values[at], y + values[at + 1]) for at in (0, 2, 4)]
            strokes[-1] += [_curve(((x, y), *given), step / 24) for step in range(1, 25)]
        else:
            raise SiteError(f"{FILE}: its path has '{letter}'; teach scripts/publish/mark.py to draw it")
    return strokes


def _curve(points: tuple[Point, ...], t: float) -> Point:
    """The point of a cubic curve at t, from 0 to 1."""
    weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
    x, y = (sum(weight * point[axis] for weight, point in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y
