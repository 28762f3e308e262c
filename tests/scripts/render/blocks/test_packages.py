"""`/// packages`: a row a package, and a picture that says in words what it shows."""

import markdown
from bs4 import BeautifulSoup

from scripts.catalog.import_graph import Package
from scripts.common.paths import ROOT
from scripts.render.blocks.packages import picture
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension

ROWS = [
    Package("top", "First.", 2, {"middle": 3, "bottom": 1}, 0),
    Package("middle", "Second.", 1, {"bottom": 30}, 1),
    Package("bottom", "Third.", 1, {}, 2),
]


def test_the_picture_has_a_box_a_package_and_an_arc_an_import():
    svg = BeautifulSoup(picture("toy", ROWS), "html.parser").svg
    assert [text.string for text in svg.find_all("text")] == ["top", "middle", "bottom"]
    assert len(svg.select(".import-graph-arcs path:not(.import-graph-head)")) == 3
    assert svg["aria-label"] == (
        "3 packages of toy from top to bottom, 3 arcs from a package to one that it imports, every one downwards."
    )


def test_an_arc_upwards_is_said():
    wrong = [*ROWS[:2], Package("bottom", "Third.", 1, {"top": 1}, 2)]
    assert "4 arcs" in picture("toy", wrong) and "1 of them upwards." in picture("toy", wrong)


def test_the_page_shows_the_packages_of_this_code():
    context = Context(root=ROOT)
    context.start_page("reference/architecture.md")
    html = markdown.Markdown(extensions=[PageExtension(context)]).convert("/// packages | scripts\n///\n")
    rows = BeautifulSoup(html, "html.parser").select("tbody tr")
    assert "quotes" in [row.td.text for row in rows] and len(rows) >= 10
