"""Tables of Markdown: each in a box, those told in words as rows on a phone, a nameless column's cells as names."""

import pytest
from bs4 import BeautifulSoup

from scripts.prepare import plain_tables

CHOICE = "take a larger pool and fewer requests at once, or wait"


def table(heads: list[str], *rows: list[str]) -> str:
    head = "".join(f"<th>{cell}</th>" for cell in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table>\n<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{body}</tbody>\n</table>"


def dressed(html: str):
    return BeautifulSoup(plain_tables.dressed(html), "html.parser").table


def test_tables_get_a_box_that_a_keyboard_reaches():
    plain, theirs = "<table>\n<tr><td>1</td></tr></table>", '<table border="1" class="dataframe"></table>'
    made = plain_tables.dressed(plain + "<table class='ours'><tr></tr></table>" + theirs)
    assert made.count('<div class="table-scroll" tabindex="0"') == 2
    assert "<table class='ours'>" in made and made.count("</div>") == 2


@pytest.mark.parametrize(
    ("heads", "row", "boxes"),
    [
        (["you see", "look at", "vLLM", "SGLang"], ["a wait", "the queue", "less", "more of <code>x</code>"], True),
        (["what", "vLLM", "SGLang"], ["a wait", CHOICE, CHOICE], True),
        (["what", "vLLM", "SGLang"], ["a wait", "the queue", "the list"], False),
        (["what", "it says"], ["a wait", CHOICE], False),
        (["step", "1", "2", "3"], ["vLLM, prompt", "8,128", "p1 1", "7,616"], False),
        (["key", "vLLM", "least", "most"], ["budget", "--max-num-batched-tokens", "1", "the pool"], True),
    ],
)
def test_a_table_told_in_words_can_be_read_row_by_row(heads, row, boxes):
    found = dressed(table(heads, row))
    assert found["class"] == (["data", "boxes"] if boxes else ["data"])
    if boxes:
        assert found["style"] == ";".join(f"--c{at}:'{head}'" for at, head in enumerate(heads[1:], 2))


def test_the_name_of_a_column_is_a_string_whatever_it_holds():
    found = dressed(
        table(["a", "the default's <b>\n x", 'say "A &amp; B\\"', "d"], ["one", "two words", "red", "blue"])
    )
    assert found["style"] == r"--c2:'the default\27 s x';--c3:'say \22 A & B\5c \22 ';--c4:'d'"


def test_no_head_or_two_of_them_is_no_table_of_rows():
    words = ["some words", "more words", "other words", "last words"]
    for html in (
        table(words, words).replace("thead", "tbody"),
        table(words, words).replace("</thead>", "<tr></tr></thead>"),
    ):
        assert dressed(html)["class"] == ["data"]


def test_rows_of_a_table_whose_first_column_has_no_name_are_named_by_their_first_cell():
    nameless, named = (plain_tables.dressed(table([name, "b"], ["x", "y"])) for name in ("", "a"))
    assert '<tr><th scope="row">x</th><td>y</td></tr>' in nameless
    assert "<td>x</td>" in named
    assert "<tr><td></td><th>b</th></tr>" in nameless, "a head that is empty heads nothing"
