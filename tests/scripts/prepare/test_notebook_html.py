"""The quick way to a notebook's HTML gives the page that the long one gives."""

import json
import os

import pytest
from mkdocs_jupyter import convert, nbconvert2
from nbconvert.exporters import templateexporter

from scripts.common.errors import SiteError
from scripts.prepare import notebook_html, notebook_pages

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
CODE = [
    "values = [\"a\", 'b', f\"{1 < 2 and 'x'}\"]  # <b> & &amp; &quot; &#39; \\t\n\n\ndef f():\n\t'''</pre></div>'''",
    "",
    "print('é\u00a0µ')\n%matplotlib inline",
]


@pytest.fixture
def file(tmp_path):
    cells = [
        {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# T\n\n```python\nx = 'a'\n```\n\n![](a.png)"}
    ]
    data = {"text/html": "<table border=\"1\"><tr><td class='b a'>&quot;1&quot;</td></tr></table>", "text/plain": "1"}
    for number, code in enumerate(CODE):
        outputs = [{"output_type": "display_data", "metadata": {}, "data": data}]
        cell = {"cell_type": "code", "id": f"c{number}", "metadata": {}, "execution_count": number}
        cells.append({**cell, "source": code, "outputs": outputs})
    path = tmp_path / "x.ipynb"
    notebook = {"cells": cells, "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook))
    return path


def test_the_page_is_that_of_the_long_way(file):
    long = convert.nb2html(str(file), theme="", custom_mathjax_url="")
    for _ in range(2):  # the second time with compiled templates
        quick = notebook_html.of(file, "x.ipynb")
        assert notebook_pages.trimmed(quick) == notebook_pages.trimmed(long)
    assert "data-code-of-cell" not in quick and "&lt;b&gt; &amp; &amp;amp; &amp;quot; &amp;#39;" in quick


def test_mkdocs_jupyter_is_left_as_it_was(file):
    before = nbconvert2.mk_custom_highlight_code, templateexporter.Environment
    notebook_html.of(file, "x.ipynb")
    file.write_text("no notebook")
    with pytest.raises(Exception, match="JSON|Expecting"):
        notebook_html.of(file, "x.ipynb")
    assert (nbconvert2.mk_custom_highlight_code, templateexporter.Environment) == before


def test_html_in_which_a_cell_s_code_is_missing_or_twice_is_refused(file, monkeypatch):
    real = convert.nb2html
    for change in (lambda html: html.replace("data-code-of-cell", "data-x", 1), lambda html: html + html):
        monkeypatch.setattr(convert, "nb2html", lambda *a, change=change, **k: change(real(*a, **k)))
        with pytest.raises(SiteError, match="^x.ipynb: mkdocs-jupyter writes other HTML than it did"):
            notebook_html.of(file, "x.ipynb")


@pytest.mark.parametrize("value", [None, "0"])
def test_the_environment_is_left_as_it_was(value, monkeypatch):
    name = "NBCONVERT_DISABLE_CONFIG_EXPORTERS"
    monkeypatch.delenv(name, raising=False)
    if value:
        monkeypatch.setenv(name, value)
    notebook_html.converter()
    assert os.environ.get(name) == value
