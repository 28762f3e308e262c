"""What stands between a block's first line and its text is read as pymdownx reads it."""

import pytest
import yaml

from scripts.render.page import extension


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1\nb: [x, 'y: z']\n",
        "a: &x {b: 2001-02-03}\nc: *x\n",
        "- a",
        "a",
        "a: b: c",
        "a: 2001-13-45",
        "a: *x",
        "{",
    ],
)
def test_options_are_those_of_the_slow_loader(text):
    try:
        slow = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        slow = "none"
    assert extension.options(text) == ({} if slow is None else slow if isinstance(slow, dict) else None)


def test_blocks_are_read_by_it():
    assert extension.blocks.get_frontmatter is extension.options
