"""A notebook's headings stand by themselves, its anchors stay, and it is converted once."""

import json
import re

import pytest

from scripts.common.errors import SiteError
from scripts.prepare import headings, notebook_html, notebook_pages, notebooks
from tests.scripts.fixtures.prepared import add_pages
from tests.scripts.fixtures.small_site import Site

NAME = "experiments/01_one.ipynb"


@pytest.fixture
def file(tmp_path):
    return add_pages(Site(tmp_path)).root / NAME


def test_headings_stand_outside_of_the_cells_and_all_anchors_stay(file, tmp_path):
    html = notebooks.page(file, tmp_path, NAME)
    text = headings.as_markdown(html)
    assert re.findall(r"(?m)^#+ .*$", text) == ["# One &amp; <em>all</em> {#one-all}", "## More {#more}"]
    before = notebook_pages.page(notebooks.converted(file, tmp_path), NAME)
    assert set(re.findall(r' id="([^"]+)"', before)) == set(re.findall(r' id="([^"]+)"', html))
    assert html.count("<div") == html.count("</div>") and "jupyter-wrapper" not in html
    assert notebooks.title(html, NAME) == "One &amp; all"


def test_it_is_converted_once_until_it_changes(file, tmp_path, monkeypatch):
    notebooks.page(file, tmp_path, NAME)
    from mkdocs_jupyter import convert

    calls = []
    real = convert.nb2html
    monkeypatch.setattr(convert, "nb2html", lambda *a, **k: calls.append(a) or real(*a, **k))
    notebooks.page(file, tmp_path, NAME)
    assert calls == []
    file.write_text(file.read_text().replace("More `text`", "Other `text`"))
    assert "Other <code>text</code>" in notebooks.page(file, tmp_path, NAME) and len(calls) == 1
    assert len(list((tmp_path / notebooks.CACHE).iterdir())) == 1


def test_one_without_a_title_is_refused(file, tmp_path):
    document = json.loads(file.read_text())
    document["cells"][0]["source"] = "## No title"
    file.write_text(json.dumps(document))
    with pytest.raises(SiteError, match=rf"{NAME}: has no title"):
        notebooks.title(notebooks.page(file, tmp_path, NAME), NAME)


def test_html_of_another_shape_is_refused(file, tmp_path, monkeypatch):
    monkeypatch.setattr(notebook_pages, "page", lambda html, *_: html.replace("jp-InputArea", "other"))
    with pytest.raises(SiteError, match="other HTML than it did"):
        notebooks.page(file, tmp_path, NAME)


def test_one_is_converted_before_processes_fork_where_any_needs_it(file, tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(
        notebook_html, "of", lambda file, *a, real=notebook_html.of: made.append(file.name) or real(file, *a)
    )
    others = [file.with_name(f"0{number}_other.ipynb") for number in (2, 3)]
    for other in others:
        other.write_text(file.read_text())
    notebooks.converted(file, tmp_path)
    made.clear()
    notebooks.load([file, *others], tmp_path)
    assert made == ["02_other.ipynb"]
    notebooks.converted(others[1], tmp_path)
    made.clear()
    notebooks.load([file, *others], tmp_path)
    assert made == []


def test_what_is_wrong_with_it_is_left_to_its_page(file, tmp_path, monkeypatch):
    def wrong(*_):
        raise SiteError("wrong")

    monkeypatch.setattr(notebook_html, "of", wrong)
    notebooks.load([file], tmp_path)
    with pytest.raises(SiteError, match="^wrong$"):
        notebooks.page(file, tmp_path, NAME)
