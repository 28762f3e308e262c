"""A page is parsed once for the steps that read it, and no tree outlives them."""

from scripts.publish import page_trees

PAGE = "<article><h1>A</h1></article>"


def test_a_page_is_parsed_once_until_all_are_let_go():
    page_trees.forget()
    tree = page_trees.of(PAGE)
    assert page_trees.of("".join(list(PAGE))) is tree and tree.css_first("h1").text() == "A"
    page_trees.forget()
    assert page_trees.of(PAGE) is not tree


def test_another_text_is_another_tree():
    assert page_trees.of(PAGE) is not page_trees.of(PAGE.replace("A", "B"))
