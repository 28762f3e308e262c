"""A hand-made picture on a page: inlined, with alt text and caption, its numbers vouched for."""

import pytest

from scripts.catalog import typed_numbers
from scripts.common.errors import SiteError
from tests.scripts.fixtures.rendered import refused, rendered
from tests.scripts.fixtures.small_site import Site

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 40" width="680"><defs><clipPath id="c"><rect/></clipPath>'
    '</defs>\n\n<g clip-path="url(#c)"><rect id="a" class="r1 prompt" width="9"/></g><use href="#a"/>'
    '<path class="arrow" fill="none" stroke="currentColor"/><text class="label">64 tokens</text></svg>'
)
BLOCK = "/// picture | 01/ring\n    alt: A ring, {{wait.share}}.\nThe *ring*: {{wait.share}}.\n///\n"


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    site.write("docs/pictures/01/ring.svg", SVG)
    return site


def test_it_is_part_of_the_page(site):
    figure = rendered(site, BLOCK).select_one("figure.picture")
    assert figure["id"] == "picture-01-ring" and figure.figcaption.em.text == "ring"
    assert figure.figcaption.a["class"] == ["value"]
    svg = figure.svg
    assert svg["class"] == ["picture-svg"] and svg["aria-label"] == "A ring, 61.2%." and not svg.has_attr("width")
    assert svg.use["href"] == "#picture-01-ring-a" == f"#{svg.g.rect['id']}"
    assert svg.g["clip-path"] == "url(#picture-01-ring-c)"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    alt: A ring, {{wait.share}}.\n", "", "has no alt text"),
        ("The *ring*: {{wait.share}}.\n", "", "has no caption"),
    ],
)
def test_what_is_wrong_is_a_line(site, old, new, said):
    refused(site, BLOCK.replace(old, new), said)


def test_a_picture_that_is_not_there(site):
    with pytest.raises(SiteError, match=r"^docs/pictures/01/rung\.svg: no such picture"):
        rendered(site, BLOCK.replace("01/ring", "01/rung"))


def marked(site):
    return [(number.file, number.text, number.kind, number.why) for number in typed_numbers.in_pictures(site.root)]


def test_a_number_in_it_is_typed_unless_the_block_or_the_text_says_why(site):
    rendered(site, BLOCK)
    file = "docs/pictures/01/ring.svg"
    assert marked(site) == [(file, "64 tokens", "", "")]
    rendered(site, BLOCK.replace("    alt", "    fixed: the small pool\n    alt"))
    assert marked(site) == [(file, "64 tokens", "fixed", "the small pool")]
    site.write(file, SVG.replace('class="label"', 'class="label" data-fixed="the setting"'))
    assert marked(site) == [(file, "64 tokens", "fixed", "the setting")]
    assert typed_numbers.problems(typed_numbers.in_pictures(site.root), {}) == []
    assert "data-fixed" not in str(rendered(site, BLOCK))
