"""Notebooks written from their cells are those that mkdocs-jupyter writes; what is not of these kinds is left to it."""

import json

import pytest

from scripts.common.paths import ROOT
from scripts.prepare import notebook_cells, notebook_html, notebook_pages, notebooks

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
PROSE = """\
# “Quoted”, *told* `code`: it's "9 %" - née

One line
and another ~~not~~, http://example.org and [a link](../x.md#y "no").

- one
- two

  2. three

a | b
1 | `x > "y"`

Term
: what it is

> said

    indented "code"

### Last ###
"""
CODE = """\
@f
def f(a):
\t\'\'\'It's <b> & "é".\'\'\'


    return a < 1 and f'{a!r}' or b'\\x00' if 0x1F else lambda: $
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="1"><text>é &amp; "x"</text></svg>'
DRAWN = {
    "output_type": "display_data",
    "metadata": {},
    "data": {"image/svg+xml": SVG.splitlines(True), "text/plain": "x"},
}
PRINTED = {"output_type": "stream", "name": "stdout", "text": ["a <b> & \"c\" 'd'\n", "  é\n"]}


def prose(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source, *outputs):
    return {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": source, "outputs": list(outputs)}


def notebook(*cells, kernel=KERNEL):
    named = [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)]
    return {"cells": named, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def cells_of(html):
    """The page's cells as the site takes them."""
    found = notebooks._OUTER.search(notebook_pages.trimmed(html))
    return found[1]


def assert_same(document, tmp_path):
    file = tmp_path / "x.ipynb"
    file.write_text(json.dumps(document))
    assert cells_of(notebook_cells.of(document)) == cells_of(notebook_html.of(file, "x.ipynb"))


def test_each_kind_of_cell_is_as_mkdocs_jupyter_writes_it(tmp_path):
    plain = PROSE.replace(' "no"', "")
    cells = [prose(plain), code(CODE), code("1", DRAWN, PRINTED), prose("x"), prose(["a\n", "b"]), code("2", PRINTED)]
    document = notebook(*cells)
    assert notebook_cells.knows(document)
    assert_same(document, tmp_path)
    assert_same(notebook(code("1"), *reversed(cells)), tmp_path)


@pytest.mark.parametrize("file", sorted((ROOT / "experiments").glob("*.ipynb")), ids=lambda file: file.stem[:2])
def test_the_notebooks_of_this_project_are_known_and_the_same(file, tmp_path):
    document = json.loads(file.read_text("utf-8"))
    assert notebook_cells.knows(document)
    assert_same(document, tmp_path)


@pytest.mark.parametrize(
    "source",
    [
        "a $x$",
        "\\begin{x}y\\end{x}",
        "\\\\(x\\\\)",
        "a <b>c</b>",
        "a &amp; b",
        "![](x.png)",
        "```python\nx\n```",
        "~~~\nx\n~~~",
        "#x",
        "a  \nb",
        PROSE,
        "[x]: y 'z'",
        "- [ ] x",
        "a | b\n--|:-:\n1 | 2",
        "| a |\n| :-- |",
        "x\n\n* * *",
        " \n",
    ],
)
def test_prose_that_nbconvert_reads_otherwise_is_not_known(source):
    assert not notebook_cells.knows(notebook(prose(source)))


@pytest.mark.parametrize(
    "cell",
    [
        code(" "),
        code("1", {**PRINTED, "name": "stderr"}),
        code("1", {**PRINTED, "text": "\x1b[31mred\x1b[0m"}),
        code("1", {**DRAWN, "data": {"text/html": "<b>x</b>", "text/plain": "x"}}),
        code("1", {**DRAWN, "metadata": {"image/svg+xml": {"isolated": True}}}),
        code("1", {**DRAWN, "output_type": "execute_result", "execution_count": 1}),
        code("1", {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}),
        code("1") | {"metadata": {"tags": ["x"]}},
        prose("x") | {"attachments": {"a.png": {"image/png": ""}}},
        prose("x") | {"cell_type": "raw"},
    ],
)
def test_a_cell_of_another_kind_is_not_known(cell):
    assert not notebook_cells.knows(notebook(cell))
    assert not notebook_cells.knows(notebook(prose("x"), cell))


def test_a_notebook_of_another_language_or_without_names_of_cells_is_not_known():
    assert not notebook_cells.knows(notebook(prose("x"), kernel={**KERNEL, "language": "r"}))
    assert not notebook_cells.knows({"cells": [prose("x")], "metadata": {"kernelspec": KERNEL}})
