"""A real notebook through mkdocs-jupyter: what it brings along is gone, what it says is there."""

import base64
import json

import pytest

from scripts.browser import benchmark_sites
from scripts.common.errors import SiteError
from scripts.prepare import html_checks, notebook_pages

HOSTS = ("http://", "https://", "//cdn")


@pytest.fixture(scope="module")
def converted(tmp_path_factory) -> str:
    from mkdocs_jupyter.convert import nb2html

    path = tmp_path_factory.mktemp("notebook") / "01_x.ipynb"
    notebook = benchmark_sites._notebook()
    notebook["cells"][1]["outputs"].append({"output_type": "stream", "name": "stdout", "text": "printed\n"})
    notebook["cells"][0]["source"] += "\n\nWritten `as` **Markdown**."
    path.write_text(json.dumps(notebook))
    return nb2html(str(path))


def test_styles_scripts_and_other_hosts_are_gone(converted):
    assert len(converted) > 300_000 and "<style" in converted and "cdnjs" in converted, (
        "the fixture is not the real thing"
    )
    trimmed = notebook_pages.trimmed(converted)
    assert len(trimmed) < 60_000
    for gone in ("<style", "<script", "<link", "clipboard", "In [", "jp-Collapser"):
        assert gone not in trimmed
    addresses = trimmed.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not any(host in addresses for host in HOSTS)


def test_text_code_output_and_headings_stay(converted):
    trimmed = notebook_pages.trimmed(converted)
    assert "<strong>Markdown</strong>" in trimmed and "printed" in trimmed and "<table>" in trimmed
    assert trimmed.count('<pre tabindex="0">') >= 9
    assert trimmed.count("value_0") == 8, "code must stand there once"
    assert '<a class="headerlink" href="#question-1"' in trimmed and 'id="question-1"' in trimmed
    html_checks.check(trimmed, "experiments/01_x.ipynb")


def test_figures_are_those_that_the_site_publishes_and_one_that_is_none_is_named(converted):
    trimmed = notebook_pages.trimmed(converted)
    assert trimmed.count("data:image/svg+xml") == 4
    made = notebook_pages.with_figures(trimmed, "experiments/01_x.ipynb")
    assert made.count('alt="Figure below: Question ') == 4
    told = notebook_pages.with_figures(trimmed, "experiments/01_x.ipynb", ("<picture>1</picture>",))
    assert told.count("<picture>1</picture>") == 1 and told.count('alt="Figure below: ') == 3
    assert told.count("data:image/svg+xml") == 3
    bad = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><script/></svg>").decode()
    with pytest.raises(SiteError, match=r"experiments/01_x\.ipynb: holds <script>"):
        notebook_pages.with_figures(f'<img alt="" src="data:image/svg+xml;base64,{bad}">', "experiments/01_x.ipynb")


def test_the_tags_still_pair(converted):
    trimmed = notebook_pages.trimmed(converted)
    for tag in ("div", "pre", "span", "table", "svg"):
        assert trimmed.count(f"<{tag}") == trimmed.count(f"</{tag}>"), tag


def test_head_escapes_and_links():
    head = notebook_pages.head("01_a&b.ipynb", "https://example.org/s.py", "../../posts/01/")
    assert "01_a&amp;b.ipynb" in head and 'href="../../posts/01/"' in head
    assert "the post" not in notebook_pages.head("x.ipynb", "", "")
