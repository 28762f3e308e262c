"""A quoted figure keeps the words that carry it: its bound, its "about", and no others."""

import pytest

from scripts.catalog import quoted_words, typed_numbers
from tests.scripts.fixtures.small_site import FAMOUS, Site


@pytest.fixture
def said_of(tmp_path):
    """What is said of a sentence of a page, where the figure was published in these words."""
    site = Site(tmp_path)

    def faults(sentence, figure, kind="single"):
        site.write("snippets/famous.toml", FAMOUS.replace('"33%"', f'"{figure}"').replace('"single"', f'"{kind}"'))
        return quoted_words.faults(typed_numbers.in_line(sentence, "docs/a.md", 3), tmp_path)

    return faults


KEPT = (
    ("latency up to 2x{quoted: blog} lower", "up to 2x and up to 2.5x"),
    ("2x{quoted: blog} at most, throughput up to 2.5x{quoted: blog}", "up to 2x and up to 2.5x"),
    ("a cost of less than a 0.3%{quoted: blog}", "under 0.3%"), ("under\n0.3%{quoted: blog} of it", "less than 0.3%"),
    ("less than one per cent{quoted: blog}", "less than 1%"), ("~20%{quoted: blog}", "about 20%"),
    ("**up to** 2x{quoted: blog}", "up to 2x"), ("from 50%{quoted: blog} to 99%{quoted: blog}", "50% to 99%"),
    ("50 to 99%{quoted: blog} over its benchmarks", "50% to 99%"), ("takes 2 ms{quoted: blog}", "about 50 µs and 2 ms"),
    ("up to 2x{fixed: the length}", "2x"), ("35%{quoted: blog}", "33%"), ("at least 2x{quoted: blog}", "more than 2x"),
)  # fmt: skip


@pytest.mark.parametrize(("sentence", "figure"), KEPT, ids=[each[0] for each in KEPT])
def test_words_that_are_kept_pass(said_of, sentence, figure):
    assert said_of(sentence, figure) == []


LOST = (
    ("latency 2x{quoted: blog} lower and up to 2.5x{quoted: blog}", "up to 2x and up to 2.5x", "without 'up to'"),
    ("up to 2x{quoted: blog} and 2.5x{quoted: blog}", "up to 2x and up to 2.5x", "without 'up to'"),
    ("It is up to you. 2x{quoted: blog} is theirs", "up to 2x", "without 'up to'"),
    ("at least 2x{quoted: blog}", "up to 2x", "without 'up to'"), ("20%{quoted: blog}", "about 20%", "without 'about'"),
    ("One per cent{quoted: blog} of it", "less than 1%", "without 'less than'"),
    ("up to 33%{quoted: blog}", "33%", "with 'up to', which is not theirs"),
    ("~2x{quoted: blog}", "2x", "with '~', which is not theirs"),
)  # fmt: skip


@pytest.mark.parametrize(("sentence", "figure", "said"), LOST, ids=[each[0] for each in LOST])
def test_words_that_are_lost_or_added_are_one_line(said_of, sentence, figure, said):
    (line,) = said_of(sentence, figure)
    assert (
        line.startswith("docs/a.md:3: '")
        and said in line
        and f"'third' in snippets/famous.toml says {figure!r}" in line
    )


def test_a_best_case_may_be_called_one(said_of):
    assert said_of("up to 2.6x{quoted: blog}", "2.6x", "best") == []
