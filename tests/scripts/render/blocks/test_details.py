"""Text folded below a title, and two blocks side by side."""

import pytest

from scripts.prepare import html_checks
from tests.scripts.fixtures.rendered import refused, rendered
from tests.scripts.fixtures.small_site import Site

PSEUDO = "/// pseudo | vllm\nrun(step)\n///\n"
EXCERPT = "/// excerpt | step\n///\n"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_markdown_stands_below_its_title(site):
    table, claim = "| a |\n| - |\n| 1 |\n\n", "/// claim | wait\n///\n"
    text = f"//// details | The *settings*\n    attrs: {{id: set}}\n\nA `word`.\n\n{table}{claim}////\n"
    fold = rendered(site, text).select_one("details.fold")
    assert fold.summary.em.text == "settings" and not fold.has_attr("open")
    body = fold.select_one("div.fold-body")
    # A link to the fold itself would not open it.
    assert body["id"] == "set" and not fold.has_attr("id")
    assert body.code.text == "word" and body.td.text == "1" and body.select_one("div.claim")
    html_checks.check(str(fold), "docs/x.md")


def test_a_heading_inside_keeps_its_address(site):
    assert rendered(site, "/// details | More\n### A part\n\nText.\n///\n").select_one(".fold-body > h3#a-part")


def test_it_can_be_open(site):
    assert (
        rendered(site, "/// details | More\n    open: true\nText.\n///\n").select_one("details.fold").has_attr("open")
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/// details\nText.\n///\n", "details: has no title; write '/// details | title'"),
        ("/// details | Empty\n///\n", "is empty"),
        ("/// details | A [link](#x)\nText.\n///\n", "holds a link or a value"),
        ("/// details | A\n    colour: red\nText.\n///\n", "unknown option 'colour'; remove it (open, attrs)"),
        ("/// details | A\n    open: perhaps\nText.\n///\n", "option 'open'"),
        ("/// details | A\n    attrs: x\nText.\n///\n", "write attrs as"),
        ("/// details | A\n    no option\nText.\n///\n", "its indented lines are no options"),
        ("/// details | A\nText.\n/// claim | wait\n///\n///\n", "begin and end the outer one with '////'"),
    ],
)
def test_what_is_wrong_is_a_line(site, text, said):
    refused(site, text, said)


@pytest.mark.parametrize("second", [PSEUDO, EXCERPT, EXCERPT.replace("step\n", "step\n    folded: true\n")])
def test_two_blocks_stand_side_by_side(site, second):
    sides = rendered(site, f"//// sides\n{PSEUDO}\n{second}////\n").select_one("div.sides")
    assert len(sides.find_all(recursive=False)) == 2 and sides.find("p", recursive=False) is None


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ("", "holds nothing"),
        (PSEUDO, "holds pseudo; put exactly two"),
        (PSEUDO + PSEUDO + PSEUDO, "holds pseudo, pseudo, pseudo"),
        (PSEUDO + "\nText.\n", "holds pseudo, text"),
        (PSEUDO + "/// claim | wait\n///\n", "holds pseudo, text"),
    ],
)
def test_sides_are_two(site, held, said):
    refused(site, f"//// sides\n{held}////\n", said)
    refused(site, f"//// sides | x\n{PSEUDO}////\n", "takes no")
