"""An excerpt holds whole statements: where one begins and ends, and what is left as it is."""

import pytest

from scripts.quotes.excerpts import check_all
from scripts.quotes.statement_ends import whole

CODE = '''\
    def f(self):
        """A longer text (which

        may be quoted by a line.
        """
        call(
            one,  # not the end )
            [two,

             three],
        ); after()
        if (
            a
            and b
        ):
            x = 1
        # a comment (

        y = \\
            2
'''.split("\n")


@pytest.mark.parametrize(
    ("at", "statement"),
    [
        (0, (0, 0)),
        (3, (3, 3)),  # in a docstring
        (5, (5, 10)),
        (7, (5, 10)),
        (8, (5, 10)),
        (10, (5, 10)),
        (12, (11, 14)),  # the head of an `if`
        (14, (11, 14)),
        (15, (15, 15)),
        (16, (16, 16)),
        (17, (17, 17)),
        (18, (18, 19)),
    ],
)
def test_a_line_belongs_to_a_statement(at, statement):
    assert whole(CODE, at, at) == statement


@pytest.mark.parametrize("lines", [["call(", "  one,"], ["  a", " b", "c"], ["'"]])
def test_what_is_no_python_stays(lines):
    last = len(lines) - 1
    assert whole(lines, last, last) == (last, last)


def test_an_excerpt_goes_from_one_statement_to_the_end_of_another():
    assert whole(CODE, 7, 12) == (5, 14)
    assert whole(CODE, 3, 8) == (3, 10), "of a docstring a line, of the call all"
    assert whole(CODE, 7, 18) == (5, 19)


def test_no_committed_excerpt_ends_with_an_open_bracket():
    for excerpt in check_all():
        assert not excerpt.lines[-1].split("#")[0].rstrip().endswith(("(", "[", ",")), excerpt.excerpt.where
