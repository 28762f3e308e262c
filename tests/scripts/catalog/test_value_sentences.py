"""Where the values of claims stand in a page: its sentences, its tables' cells with what heads them."""

import pytest

from scripts.catalog import value_sentences
from scripts.catalog.value_sentences import Sentence


def of(text):
    return [(each.line, each.text) for each in value_sentences.of_page(text, "docs/a.md")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "One. It is {{wait.a}}{fixed: x}, so. Two {{wait.b}}.",
            [(1, "It is {{wait.a}}, so."), (1, "Two {{wait.b}}.")],
        ),
        (
            "It\nis [a\nlink](b.md#c(d)) of\n{{ wait.a.hosts }}\nat most.",
            [(4, "It is [a link of {{ wait.a.hosts }} at most.")],
        ),
        ("- {{wait.a}}\n- b\n- {{wait.b}}", [(1, "- {{wait.a}}"), (3, "- {{wait.b}}")]),
        (
            "/// result | wait\n    title: {{wait.a}}\nIt is {{wait.b}}.\n///",
            [(2, "title: {{wait.a}}"), (3, "It is {{wait.b}}.")],
        ),
        (
            "# {{wait.a}}\n\n```\n{{wait.a}}\n```\n<!-- {{wait.a}} -->\n{{record:01/a#b.c}} {{mark:wait}}",
            [(1, "# {{wait.a}}")],
        ),
    ],
)
def test_each_sentence_with_a_value_has_its_line(text, found):
    assert of(text) == found


def test_a_cell_is_read_with_its_row_and_its_column():
    text = (
        "|  | vLLM | SGLang |\n|---|:---:|---|\n| wait | {{a.v}} | {{a.s}} |\n| way | none | {{a.w}}. So |\n\n{{a.v}}"
    )
    assert of(text) == [
        (3, "wait: vLLM {{a.v}} | wait: SGLang {{a.s}}"), (4, "way: SGLang {{a.w}}. So"), (6, "{{a.v}}")
    ]  # fmt: skip
    assert of("| of | n |\n|--|--|\n| {{a.v}} | {{a.s}} |") == [(3, "of {{a.v}} | n {{a.s}}")]


def test_the_catalogs_texts_are_read_too(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "snippets").mkdir()
    toml = '[[a]]\nsays = "Nothing here. It is {{wait.a}}."\n[[a]]\nmore = ["no", "\\"Quoted\\" {{wait.b}}"]\n'
    (tmp_path / "snippets/a.toml").write_text(toml)
    (tmp_path / "docs/a.md").write_text("{{wait.a}}")
    assert value_sentences.load(tmp_path) == [
        Sentence("docs/a.md", 1, "{{wait.a}}"),
        Sentence("snippets/a.toml", 2, "It is {{wait.a}}."),
        Sentence("snippets/a.toml", 4, '"Quoted" {{wait.b}}'),
    ]
