"""A title of a page's head fits what a search engine shows, where it can."""

import pytest

from scripts.prepare import head_title

SITE = "From Request to Forward Pass"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Metrics", f"Metrics - {SITE}"),
        (SITE, SITE),
        ("", SITE),
        ("A" * 60, "A" * 60),
        (f"{'A' * 40}, {'b' * 20}, {'c' * 20}", f"{'A' * 40}, {'b' * 20}"),
        ("A" * 80, "A" * 80),
    ],
)
def test_a_title_is_cut_at_its_commas(title, shown):
    assert head_title.of(title, SITE) == shown
