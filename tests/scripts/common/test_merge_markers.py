"""A merge's markers are found in every kind of file, at a line's beginning alone."""

import pytest

from scripts.common import merge_markers

FOUND = {
    "ours": "a\n<<<<<<< HEAD\nb\n",
    "without a name": "a\n<<<<<<<\nb\n",
    "base, of diff3": "a\n||||||| 1a2b3c4\nb\n",
    "theirs": "a\n>>>>>>> a-branch\nb\n",
    "the middle, left alone": "a\n=======\nb\n",
    "a notebook's line": '{"source": [\n   "<<<<<<< HEAD\\n",\n "b"]}\n',
    "a notebook's middle": '{"source": [\n   "=======\\n",\n "b"]}\n',
    "other line ends": "a\r\n<<<<<<< HEAD\r\nb\r\n",
}
NONE = {
    "in a sentence": "it wrote <<<<<<< HEAD\n",
    "longer": "<<<<<<<<<<\n==========\n",
    "a table": "a ======= b\n",
    "quoted text in a test": 'x = "a <<<<<<< b"\n',
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_found_with_the_line(text):
    marked = merge_markers.in_text(text.encode(), "a.toml")
    assert marked and (marked.line, marked.count) == (2, 1)
    assert str(marked).startswith("a.toml:2: merge marker '") and "\n" not in str(marked)


@pytest.mark.parametrize("text", NONE.values(), ids=NONE)
def test_no_marker(text):
    assert merge_markers.in_text(text.encode(), "a.md") is None


def test_one_line_a_file_and_what_is_measured_here_is_passed_over(tmp_path):
    for name in ("docs/a.md", "experiments/local/a.json", "docs/b.woff2", "mkdocs.yml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<<<<<<< a\n=======\n>>>>>>> b\n")
    assert [(one.file, one.count) for one in merge_markers.scan(tmp_path)] == [("mkdocs.yml", 3), ("docs/a.md", 3)]
