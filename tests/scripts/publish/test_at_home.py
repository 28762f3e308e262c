"""All of it together on the built site: what a page is given, and a notebook's own description."""

from selectolax.lexbor import LexborHTMLParser

from scripts.publish import at_home, built_pages
from scripts.publish.built_pages import BuiltPage
from tests.conftest import ROOT


def test_a_project_that_nobody_cites_is_left_alone(tmp_path):
    (tmp_path / "index.html").write_text("<html></html>")
    at_home.step(tmp_path, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["index.html"]


def test_an_opening_is_whole_sentences(tmp_path):
    first = "This is a first sentence that is long enough to be taken for one of a description."
    page = BuiltPage(
        tmp_path, "", tmp_path, f"<article><p>a.ipynb · script</p><p>{first} Second. {'Third ' * 60}.</p></article>"
    )
    assert at_home.opening(page) == f"{first} Second."


def test_every_page_has_a_description_of_its_own(built_site):
    pages = built_pages.read(built_site, ROOT)
    told = {page.place: page.description for page in pages}
    assert len(set(told.values())) == len(pages) and all(told.values())
    for page in pages:
        assert page.tree.css_first('meta[property="og:description"]').attributes["content"]
    assert all(60 < len(told[page.place]) < 320 for page in pages if page.is_notebook)


def test_buttons_do_nothing_without_a_script_and_so_are_hidden(built_site):
    page = LexborHTMLParser((built_site / "posts/02-scheduler-loop/index.html").read_text())
    buttons = page.css("button[data-copy-page]")
    assert len(buttons) == 2 and all("hidden" in button.attributes for button in buttons)
    assert page.css_first('.page-tools a[href="index.md"]').text() == "This page as Markdown"
