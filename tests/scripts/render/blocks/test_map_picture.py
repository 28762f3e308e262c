"""Where things are drawn: lanes one below the other, arrows that lead past boxes and not through them."""

import dataclasses
import re

import pytest
from msgspec.structs import replace

from scripts.catalog import engine_map
from scripts.common.paths import ROOT
from scripts.render.blocks.map_picture import WIDTH, Picture
from tests.scripts.fixtures.small_site import Site, one_line


@pytest.fixture
def drawn(tmp_path):
    return engine_map.load(Site(tmp_path).root)["vllm"]


def test_lanes_lie_one_below_the_other_and_hold_their_boxes(drawn):
    picture = Picture(drawn, 50)
    bands = list(picture.bands.values())
    assert all(upper.y + upper.h < lower.y for upper, lower in zip(bands, bands[1:], strict=False))
    assert bands[-1].y + bands[-1].h == picture.height
    for box in drawn.boxes:
        frame, band = picture.frames[box.id], picture.bands[box.lane]
        assert band.y < frame.y and frame.y + frame.h < band.y + band.h and 0 < frame.x < frame.x + frame.w < WIDTH


def test_an_arrow_is_straight_where_it_can_be(drawn):
    picture = Picture(drawn, 50)
    straight = picture.route(drawn.arrows[0])
    assert straight.count("L") == 1 and len({point.split()[0] for point in re.split("[ML]", straight)[1:]}) == 1
    assert picture.route(drawn.arrows[1]).count("L") == 3
    assert picture.route(drawn.arrows[2]).count("L") == 3


def test_an_arrow_through_a_box_is_refused(drawn):
    send, step, forward = drawn.boxes
    between = replace(step, id="between", at=(1, 1))
    lower = replace(step, at=(1, 2))
    picture = Picture(dataclasses.replace(drawn, boxes=(send, between, lower, forward)), 50)
    one_line(lambda: picture.route(drawn.arrows[0]), "arrow 'send' to 'step': leads through a box")


@pytest.mark.parametrize("row", [34, 78])
def test_every_arrow_of_this_site_finds_its_way(row):
    for each in engine_map.load(ROOT).values():
        picture = Picture(each, row)
        svg = picture.svg({box.id: "a & b" for box in each.boxes})
        assert svg.count('class="arrow"') == len(each.arrows) and "a &amp; b" in svg and "style=" not in svg
