"""The mark is drawn from its SVG: where the SVG has ink, so has the picture, in its colour."""

import pytest

from scripts.common.errors import SiteError
from scripts.publish import mark
from tests.conftest import ROOT


def test_it_has_the_strokes_and_the_box_of_the_svg():
    image = mark.image(ROOT, 240)
    ink = {
        point: image.getpixel((point[0] * 10, point[1] * 10))
        for point in [(5, 5), (5, 12), (5, 19), (19, 12), (12, 2), (22, 2)]
    }
    assert [ink[point][3] for point in ink] == [255, 255, 255, 255, 0, 0]
    assert ink[5, 5][:3] == (0x5B, 0x8D, 0xEF)
    assert image.getpixel((129, 85))[3] == 255, "the curve"


def test_a_margin_and_a_ground(tmp_path):
    image = mark.image(ROOT, 100, "#ffffff", 0.25)
    assert image.getpixel((20, 50)) == (255, 255, 255, 255) and image.getpixel((70, 50))[0] < 0x80


@pytest.mark.parametrize(("old", "new"), [("<rect", "<circle"), ("c4 0", "q4 0")])
def test_another_drawing_is_said(tmp_path, old, new):
    file = tmp_path / mark.FILE
    file.parent.mkdir(parents=True)
    file.write_text((ROOT / mark.FILE).read_text().replace(old, new))
    with pytest.raises(SiteError, match=r"mark\.svg: .*teach scripts/publish/mark\.py"):
        mark.image(tmp_path, 24)
