"""A page is parsed once for the steps that read it, and again when its text is another."""

from scripts.publish import page_trees

PAGE = "<article><h1>A</h1></article>"


def test_a_page_is_parsed_once():
    tree = page_trees.of(PAGE)
    assert page_trees.of("".join(list(PAGE))) is tree and tree.css_first("h1").text() == "A"


def test_another_text_is_another_tree():
    assert page_trees.of(PAGE) is not page_trees.of(PAGE.replace("A", "B"))


def test_no_more_are_kept_than_a_site_has_pages_and_some():
    for number in range(page_trees.KEPT + 5):
        page_trees.of(f"<p>{number}</p>")
    assert page_trees.of.cache_info().currsize == page_trees.KEPT
