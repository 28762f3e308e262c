"""Where the boxes, lanes and arrows of an engine's map are drawn, in units of a thousandth of the picture's width.

Lanes lie one below the other, each as tall as its boxes need; columns are time, the same in every lane.
"""

from dataclasses import dataclass

from scripts.catalog.engine_map import FILE, GPU, Arrow, Box, EngineMap
from scripts.common.errors import SiteError
from scripts.render.page.html import Html, escaped

WIDTH, GUTTER, HEAD, BETWEEN = 1000, 20, 15, 17  # a lane's head holds its name; what crosses is written between lanes
EDGE = 4  # of a lane below its last row


@dataclass(frozen=True)
class Frame:
    """A rectangle: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.w / 2, self.y + self.h / 2


class Picture:
    """One engine's picture; `row` is the height of a row with the room below it."""

    def __init__(self, drawn: EngineMap, row: float, between: float = BETWEEN):
        self.drawn, self.row = drawn, row
        self.columns = max(box.at[0] for box in drawn.boxes)
        self.column = WIDTH / self.columns
        self.bands: dict[str, Frame] = {}
        top = 0.0
        for lane in drawn.lanes:
            rows = max((box.at[1] for box in drawn.boxes if box.lane == lane.id), default=1)
            height = HEAD + rows * row + EDGE
            self.bands[lane.id] = Frame(0, top, WIDTH, height)
            top += height + between
        self.height = top - between
        self.frames = {box.id: self._frame(box) for box in drawn.boxes}

    def style(self, box: Box) -> str:
        """Where a box stands, in per cent of the picture."""
        frame = self.frames[box.id]
        sizes = (("x", frame.x, WIDTH), ("y", frame.y, self.height), ("w", frame.w, WIDTH), ("h", frame.h, self.height))
        return ";".join(f"--{name}:{part / whole:.2%}" for name, part, whole in sizes)

    def svg(self, crosses: dict[str, str]) -> Html:
        """Lanes and arrows; `crosses` says what goes to another process, by the box that sends it."""
        bands = "".join(
            f'<rect class="lane {"gpu" if lane.id == GPU else "cpu"}" x="0" y="{band.y:g}" width="{WIDTH}" '
            f'height="{band.h:g}" rx="3"/><text class="map-name" x="8" y="{band.y + 12:g}">{escaped(lane.name)}'
            f' <tspan class="map-about">{escaped(lane.about)}</tspan></text>'
            for lane in self.drawn.lanes
            for band in [self.bands[lane.id]]
        )
        arrows = "".join(f'<path class="arrow" d="{self.route(arrow)}"/>' for arrow in self.drawn.arrows)
        written = "".join(self._crosses(arrow, crosses) for arrow in self.drawn.arrows)
        return Html(
            f'<svg class="picture-svg map-arrows" viewBox="0 0 {WIDTH} {self.height:g}" aria-hidden="true" '
            f'focusable="false">{bands}{arrows}{written}</svg>'
        )

    def route(self, arrow: Arrow) -> str:
        """The arrow's path: straight where it can be, else by the gutter beside one of its ends.

        Raises SiteError for one that no such way leads past the other boxes.
        """
        start, end = self.frames[arrow.start], self.frames[arrow.end]
        (sx, sy), (ex, ey) = start.middle, end.middle
        if arrow.back:
            over = min(start.y, end.y) - (self.row - start.h) / 2 - 3
            points = [(sx, start.y), (sx, over), (ex, over), (ex, end.y)]
            return _line(points)
        if sx == ex:
            return self._free(
                arrow, [(sx, start.y + start.h if ey > sy else start.y), (ex, end.y if ey > sy else end.y + end.h)]
            )
        right = ex > sx
        out, into = (start.x + start.w, end.x) if right else (start.x, end.x + end.w)
        if sy == ey:
            return self._free(arrow, [(out, sy), (into, ey)])
        beside = GUTTER / 2 if right else -GUTTER / 2
        for middle in (into - beside, out + beside):
            points = [(out, sy), (middle, sy), (middle, ey), (into, ey)]
            if self._clear(arrow, points):
                return _line(points)
        return self._free(arrow, points)

    def _frame(self, box: Box) -> Frame:
        column, row = box.at
        top = self.bands[box.lane].y + HEAD + (row - 1) * self.row
        space = self.row * 0.14
        return Frame((column - 1) * self.column + GUTTER / 2, top + space / 2, self.column - GUTTER, self.row - space)

    def _free(self, arrow: Arrow, points: list[tuple[float, float]]) -> str:
        if not self._clear(arrow, points):
            raise SiteError(f"{FILE}: arrow '{arrow.start}' to '{arrow.end}': leads through a box; move one of them")
        return _line(points)

    def _clear(self, arrow: Arrow, points: list[tuple[float, float]]) -> bool:
        """Whether no box but the two lies in the way."""
        others = [frame for name, frame in self.frames.items() if name not in (arrow.start, arrow.end)]
        for (ax, ay), (bx, by) in zip(points, points[1:], strict=False):
            left, right, top, bottom = min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)
            for box in others:
                if left < box.x + box.w and right > box.x and top < box.y + box.h and bottom > box.y:
                    return False
        return True

    def _crosses(self, arrow: Arrow, crosses: dict[str, str]) -> str:
        """What an arrow carries, written beside it where it leaves its lane."""
        lanes = {box.id: box.lane for box in self.drawn.boxes}
        said = crosses.get(arrow.start)
        if not said or lanes[arrow.start] == lanes[arrow.end]:
            return ""
        band, down = self.bands[lanes[arrow.start]], self.frames[arrow.end].y > self.frames[arrow.start].y
        x = self.frames[arrow.start].middle[0]
        y = band.y + band.h + 12 if down else band.y - 5
        side, beside = (" end", -7) if x > WIDTH * 0.7 else ("", 7)
        return f'<text class="map-crosses{side}" x="{x + beside:g}" y="{y:g}">{escaped(said)}</text>'


def _line(points: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.4g} {y:.4g}" for x, y in points)
