"""Links of the Markdown lead to what a browser finds, as MkDocs would have it, or are refused."""

import pytest
from mkdocs.utils import get_relative_url

from scripts.common.errors import SiteError
from scripts.prepare.links import Fragment, Names, relative

PAGES = ("index.md", "posts/index.md", "posts/01-a.md", "reference/x.md", "experiments/01_a.ipynb")


def names(page: str) -> Names:
    found = Names(PAGES, ("assets/a.png",))
    found.start_page(page, f"docs/{page}")
    return found


@pytest.mark.parametrize(
    ("page", "link", "address"),
    [
        ("index.md", "posts/01-a.md#b", "posts/01-a/#b"),
        ("posts/01-a.md", "../index.md", "../../"),
        ("posts/01-a.md", "index.md", "../"),
        ("posts/01-a.md", "01-a.md#c", "./#c"),
        ("posts/01-a.md", "../experiments/01_a.ipynb", "../../experiments/01_a/"),
        ("reference/x.md", "../assets/a.png", "../../assets/a.png"),
        ("reference/x.md", "#here", "#here"),
        ("reference/x.md", "https://example.org/a.md#b", "https://example.org/a.md#b"),
        ("reference/x.md", "mailto:a@example.org", "mailto:a@example.org"),
    ],
)
def test_a_link_becomes_an_address(page, link, address):
    assert names(page).address(link) == address


@pytest.mark.parametrize("link", ["gone.md", "/posts/01-a.md", "posts/", "../index.md"])
def test_a_link_to_nothing_is_refused_with_its_page(link):
    with pytest.raises(SiteError, match=r"docs/index\.md: the link"):
        names("index.md").address(link)


def test_fragments_are_kept_to_be_looked_for():
    found = names("posts/01-a.md")
    found.address("#b")
    found.address("../reference/x.md#c")
    assert found.fragments == [
        Fragment("posts/01-a.md", "b", "#b"),
        Fragment("reference/x.md", "c", "../reference/x.md#c"),
    ]


@pytest.mark.parametrize("page", ["", "posts/", "posts/01-a/", "reference/x/"])
@pytest.mark.parametrize("target", ["", "posts/", "posts/01-a/", "posts/01-b/", "assets/a.png", "data/x/y.json"])
def test_ways_are_those_of_mkdocs(page, target):
    assert relative(target, page) == get_relative_url(target or "./", page)  # as it calls the home page
