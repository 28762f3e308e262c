"""The map and the strip on a page: a list that leads to posts and functions, and what is refused."""

import pytest

from scripts.catalog import engine_map
from tests.scripts.fixtures.small_site import MAP, Site, one_line
from tests.scripts.render.test_measured_blocks import render


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_each_box_leads_to_its_section_and_to_its_function(site):
    soup = render(site, "/// map\n///\n", page="map.md")
    items = soup.select("li.map-box")
    assert [item["id"] for item in items] == ["box-send", "box-step", "box-forward"]
    assert [[a["href"] for a in item.select("a")] for item in items] == [
        [
            "../posts/01-one-request/#one-request",
            "https://github.com/vllm-project/vllm/blob/v0.32.0/vllm/front.py#L13",  # its hop has no excerpt
        ],
        ["../posts/01-one-request/#one-request", "../posts/01-one-request/#step"],
        ["../posts/01-one-request/#corrections", "https://github.com/vllm-project/vllm/blob/v0.32.0/vllm/core.py#L14"],
    ]
    (picture,) = soup.select("svg.picture-svg")
    assert picture["aria-hidden"] == "true" and "Request over ZMQ" in picture.text


def test_without_css_the_list_reads_as_the_way(site):
    soup = render(site, "/// map\n///\n", page="map.md")
    assert [" ".join(item.text.split()) for item in soup.select("li.map-box")] == [
        "API server: Send <it> (post 1) send sends Request over ZMQ",
        "Engine core: One step (post 1) step",
        "GPU: Forward pass (post 1) forward_gpu",
    ]


def test_the_small_map_has_no_addresses_of_its_own(site):
    soup = render(site, "/// map | small\n///\n", page="index.md")
    assert not soup.select("[id]") and len(soup.select(".map-box a")) == 3
    assert soup.select_one(".map-box a")["href"] == "./posts/01-one-request/#one-request"


def test_a_strip_lights_the_boxes_of_its_post(site):
    site.write("docs/posts/02-second.md", "# Second\n")
    other = MAP.replace('post = "01-one-request"', 'post = "02-second"', 1)
    site.write(engine_map.FILE, other.replace('section = "one-request"', 'section = "second"', 1))
    soup = render(site, "/// strip\n///\n", page="posts/02-second.md")
    (lit,) = soup.select(".is-lit")
    assert lit.a["href"] == "../../posts/02-second/#second" and lit.a["title"] == "Send <it>"
    assert soup.select_one(".map-here a")["href"] == "../../map/" and not soup.select("svg")


def test_the_legend_names_every_sign(site):
    soup = render(site, "/// map | legend\n///\n", page="map.md")
    assert all(soup.select(f".r{number}.prompt") for number in range(1, 9))
    assert all(soup.select(f".swatch.{sign}") for sign in ("decode", "wait", "shared"))


@pytest.mark.parametrize(
    ("page", "text", "parts"),
    [
        ("map.md", "/// map | tall\n///\n", ("docs/map.md: map 'tall'", "no such form")),
        ("map.md", "/// strip\n///\n", ("docs/map.md: strip", "no box of this page")),
        ("map.md", "/// strip | 02\n///\n", ("takes no id",)),
    ],
)
def test_what_is_not_there_is_one_line(site, page, text, parts):
    one_line(lambda: render(site, text, page=page), *parts)


def test_a_wrong_map_stops_the_build(site):
    site.write(engine_map.FILE, MAP.replace('hop = "send"', 'hop = "sent"'))
    one_line(lambda: render(site, "/// map\n///\n", page="map.md"), "snippets/map.toml: box 'send'")
    (site.root / engine_map.FILE).unlink()
    one_line(lambda: render(site, "/// map\n///\n", page="map.md"), "docs/map.md: map", "no snippets/map.toml")
