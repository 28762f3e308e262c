"""The front matter of a page is read, written again, and refused with its line."""

import datetime

import pytest

from scripts.common.errors import SiteError
from scripts.pages import front_matter


def test_it_is_split_off_and_put_back():
    meta, text = front_matter.split("---\ntitle: A\ndate: 2026-11-01\n---\n\n# A\n", "docs/a.md")
    assert meta == {"title": "A", "date": datetime.date(2026, 11, 1)} and text == "# A\n"
    assert front_matter.split(front_matter.whole(meta, text), "x") == (meta, text)


def test_a_value_that_stands_twice_is_written_twice():
    day = datetime.date(2026, 11, 1)
    assert "&" not in front_matter.whole({"created": day, "updated": day, "tags": ["a"]}, "")


def test_a_page_may_have_none():
    assert front_matter.split("# A\n\n---\n", "x") == ({}, "# A\n\n---\n")
    assert front_matter.whole({}, "# A\n") == "# A\n"


def test_one_that_is_no_yaml_is_refused_with_its_line():
    with pytest.raises(SiteError, match=r"docs/a\.md:3: the front matter is no YAML"):
        front_matter.split("---\ntitle: A\nabout: b: c\n---\n", "docs/a.md")
    with pytest.raises(SiteError, match="no list"):
        front_matter.split("---\n- a\n---\n", "docs/a.md")
