"""A published figure: both forms, with the page's colours and font inside, as light as it can be, loading nothing."""

import re

import pytest

from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.measured import figure_files
from tests.scripts.fixtures.small_site import SVG, Site

SIDES = {"x": "1.23", "y": "2", "width": "3", "height": "4", "x1": "5", "y1": "6", "x2": "7", "y2": "8", "cx": "9"}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def made(site, svg):
    site.write_figure(svg)
    return figure_files.forms(site.root, "01/wait.svg")


def test_lengths_lose_a_decimal_and_keep_their_order(site):
    """They came in a set's order, which differs from one build to the next, and so did every page with a figure."""
    drawn = " ".join(f'{key}="{value}"' for key, value in SIDES.items())
    wide, _ = made(site, f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect {drawn}/></svg>')
    rect = re.search(r"<rect (x=[^>]*?) ?/>", wide.text)
    assert rect and dict(re.findall(r'(\w+)="([^"]*)"', rect[1])) == SIDES | {"x": "1.2"}
    assert re.findall(r"(\w+)=", rect[1]) == list(SIDES)


def test_what_nobody_sees_is_left_out(site):
    heavy = SVG.replace("<use ", '<g id="axes_1" transform="rotate(-0 3.5 4)"><path id="n" d="M 1.23456 7"/></g><use ')
    wide, _ = made(site, heavy)
    assert re.findall(r' id="(\w+)"', wide.text) == ["m", "c"] and "made by a library" not in wide.text
    assert '<g><path d="M 1.2 7"' in wide.text and 'href="#m"' in wide.text and "url(#c)" in wide.text


def test_a_figure_holds_colours_of_both_schemes_and_the_font(site):
    assert "prefers-color-scheme" not in made(site, SVG)[0].text and "@font-face" not in made(site, SVG)[0].text
    for name in (figure_files.FONT, "docs/assets/css/blocks/claim.css"):
        file = site.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((ROOT / name).read_bytes())
    text = made(site, SVG)[0].text
    assert "@media (prefers-color-scheme:dark){:root{--figure-vllm:" in text and "data:font/woff2;base64," in text
    assert "http" not in text.replace("http://www.w3.org/", "")


def test_a_name_says_what_is_in_the_file_and_the_size_how_large_it_is_shown(site):
    wide, phone = made(site, SVG)
    assert re.fullmatch(r"assets/figures/01/wait\.[0-9a-f]{8}\.svg", wide.address)
    assert re.fullmatch(r"assets/figures/01/wait-phone\.[0-9a-f]{8}\.svg", phone.address)
    assert (wide.width, wide.height, phone.width, phone.height) == (153, 51, 117, 39)
    assert made(site, SVG.replace("M0 0", "M1 0"))[0].address != wide.address


def test_a_figure_without_its_drawing_for_phones_is_refused(site):
    (site.root / "experiments/figures/01/wait-phone.svg").unlink()
    with pytest.raises(SiteError, match=r"^experiments/figures/01/wait-phone\.svg: no such figure; draw it"):
        figure_files.files(site.root)


def test_a_renamed_figure_is_missed_under_the_name_that_it_had(site):
    folder = site.root / "experiments/figures/01"
    (folder / "wait.svg").rename(folder / "Wait.svg")
    with pytest.raises(SiteError, match=r"^experiments/figures/01/wait\.svg: no such figure"):
        figure_files.files(site.root)


def test_every_figure_of_the_site_has_both():
    names = figure_files.names(ROOT)
    assert len(names) >= 29 and len(figure_files.files(ROOT)) == 2 * len(names)
