"""`/// map`: a request's way through each engine, a box a recorded function; `/// map | small` the same for the home
page, `/// map | legend` the picture grammar; `/// strip`: the map in a line, with the boxes of this post lit.

Boxes are one ordered list, which CSS puts into lanes on a wide screen: without it, the list is the map.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from markdown import Markdown

from scripts.catalog import engine_map, map_check
from scripts.catalog.engine_map import GPU, Box, EngineMap
from scripts.catalog.site_data import Evidence
from scripts.common.errors import SiteError
from scripts.pages.references import page_url
from scripts.render.blocks.map_picture import Picture
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.html import Html, escaped
from scripts.render.page.templates import render

PAGE = "map.md"
ROWS = {"full": (78, 17), "small": (31, 7)}  # the height of a row, between lanes; in thousandths of the width
SHOWS = {
    "queue": ("r5 wait", "r6 wait"),
    "pool": ("r1", "r1", "r2 shared", "", ""),
    "gpu": ("r3 prompt", "r1 decode", "r2 decode"),
}


@dataclass(frozen=True)
class Shown:
    """A box as the page has it. `lane_name` is said where the list comes into another lane than the box before."""

    box: Box
    lane: str
    new_lane: bool
    url: str
    post: str
    symbol: str
    name: Html
    code_url: str
    crosses: str
    style: str
    lit: bool


class MapBlock(PageBlock):
    """The argument is `small` or `legend`, or nothing for the whole map."""

    NAME = "map"
    ARGUMENT = None

    def html(self) -> str:
        form = self.argument or "full"
        if form == "legend":
            return render("map_legend.html")
        if form not in ROWS:
            raise SiteError("the map has no such form; write '/// map', or '/// map | small' or '/// map | legend'")
        return map_html(checked(self.evidence), self.evidence, self.root, form)


class StripBlock(PageBlock):
    """Takes no argument: the post is the page's."""

    NAME = "strip"
    ARGUMENT = False

    def html(self) -> str:
        maps = checked(self.evidence)
        post = Path(self.context.page).stem
        if not engine_map.boxes_of(maps, post):
            raise SiteError(f'the map has no box of this page; add one with post = "{post}" to {engine_map.FILE}')
        return map_html(maps, self.evidence, self.root, "strip", post)


@functools.lru_cache(maxsize=1)  # a quarter of a second, and every post has a strip
def checked(evidence: Evidence) -> dict[str, EngineMap]:
    """The map. Raises SiteError for the first thing that was not recorded so, or leads nowhere."""
    maps = engine_map.load(evidence.root)
    if not maps:
        raise SiteError(f"there is no {engine_map.FILE}; write one, or drop the block")
    if wrong := map_check.problems(maps, evidence):
        raise SiteError(wrong[0])
    return maps


def map_html(maps: dict[str, EngineMap], evidence: Evidence, root: str, form: str, post: str = "") -> str:
    """The map in one of its forms; in a strip the boxes of `post` are lit."""
    parts = []
    for each in maps.values():
        picture = Picture(each, *ROWS.get(form, ROWS["full"]))
        boxes = _shown(each, evidence, root, picture, post)
        sent = {shown.box.id: shown.crosses for shown in boxes if shown.crosses} if form == "full" else {}
        pin = evidence.pins[each.id]
        parts.append(
            {"engine": each.id, "pin": pin, "boxes": boxes, "height": picture.height, "svg": picture.svg(sent)}
        )
    return render("engine_map.html", form=form, parts=parts, cells=SHOWS, map_url=root + page_url(PAGE), post=post)


def _shown(each: EngineMap, evidence: Evidence, root: str, picture: Picture, post: str) -> list[Shown]:
    names = {lane.id: lane.name for lane in each.lanes}
    shown: list[Shown] = []
    for box in each.boxes:
        path = evidence.paths[box.path]
        hop = map_check.hop_of(box, evidence.paths)
        located = evidence.locator(each.id)(hop.symbol, hop.id, hop.line, hop.nth)
        home = evidence.home_of("excerpt", hop.excerpt, path.manifest) if hop.excerpt else None
        permalink = evidence.pins[each.id].permalink(hop.file, located.at or located.line)
        last = hop.name.rpartition(".")[2]
        shown.append(
            Shown(
                box=box,
                lane=names[box.lane],
                new_lane=not shown or shown[-1].box.lane != box.lane,
                url=f"{root}{page_url(f'posts/{box.post}.md')}#{box.section}",
                post=str(int(box.post[:2])),
                symbol=f"{hop.name} in {hop.file}",
                name=Html(escaped(last).replace("_", "_<wbr>").removesuffix("<wbr>")),
                code_url=root + home if home else permalink,
                crosses=_plain(hop.crosses) if box.lane != GPU else "",
                style=picture.style(box),
                lit=box.post == post,
            )
        )
    return shown


def _plain(text: str) -> str:
    """Inline Markdown without its marks: an SVG's text has none."""
    return text.replace("`", "")


def register(md: Markdown, context: Context) -> None:
    """Adds the blocks."""
    register_block(md, MapBlock, context)
    register_block(md, StripBlock, context)
