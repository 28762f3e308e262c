"""A notebook's figures are told in the words of the page that shows them, and one that is told nowhere is named."""

import json

import pytest

from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.pages import figure_texts

SAID = "Two bars, the first twice as high as the second."
CLAIM = f"/// claim | wait\n    folded: true\n    alt: {SAID}\n///\n"
PAGE = f"{CLAIM}\n/// figure | 01/other.svg\n    alt: {SAID} Again.\n///\n"


@pytest.fixture
def notebook(tmp_path):
    """notebook(page, shown) writes a small site whose notebook draws two figures, and gives the notebook."""

    def write(page: str = PAGE, shown: int = 2):
        claims = {"claims": [{"id": "wait", "figure": "figures/01/wait.svg"}, {"id": "none", "figure": None}]}
        source = [f'@book.figure("{name}.svg", height=3, phone=4)\ndef draw(): ...\n' for name in ("wait", "other")]
        output = {"data": {"image/svg+xml": "<svg/>"}}
        cells = [{"cell_type": "markdown", "source": '@book.figure("no.svg")'}]
        cells += [{"cell_type": "code", "source": [text], "outputs": [output] * (shown // 2)} for text in source]
        for name, text in (
            ("docs/posts/01-x.md", page),
            ("experiments/claims/01.json", json.dumps(claims)),
            ("experiments/01_x.ipynb", json.dumps({"cells": cells})),
        ):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, "utf-8")
        return tmp_path / "experiments/01_x.ipynb"

    return write


def test_the_words_of_the_page_are_those_of_the_notebook(notebook, tmp_path):
    assert figure_texts.of_notebook(notebook(), tmp_path) == (SAID, f"{SAID} Again.")
    assert figure_texts.check(notebook(), tmp_path) == 2


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("", "figure wait.svg has no text for who does not see it"),
        (PAGE.replace(f"{SAID}\n", "\n", 1), "figure wait.svg has no text"),
        (PAGE.replace(f"{SAID}\n", "Figure below: what a step is made of\n", 1), "figure wait.svg has 'Figure below"),
        (PAGE.replace(f"{SAID}\n", "Two bars.\n", 1), "figure wait.svg has 'Two bars.', which does not say"),
    ],
)
def test_a_figure_without_words_is_refused(notebook, tmp_path, page, says):
    with pytest.raises(SiteError, match=says) as caught:
        figure_texts.check(notebook(page), tmp_path)
    assert str(caught.value).startswith("experiments/01_x.ipynb: ")


def test_a_figure_that_is_drawn_otherwise_is_refused(notebook, tmp_path):
    with pytest.raises(SiteError, match="shows 4 figures and draws 2"):
        figure_texts.check(notebook(shown=4), tmp_path)


def test_every_figure_of_every_notebook_is_told():
    notebooks = sorted((ROOT / "experiments").glob("0*.ipynb"))
    assert sum(figure_texts.check(file, ROOT) for file in notebooks) >= 29


def test_a_notebook_that_shows_another_figure_than_its_file_is_refused(notebook, tmp_path):
    made, file = notebook(), tmp_path / "experiments/figures/01/wait.svg"
    file.parent.mkdir(parents=True)
    file.write_text("<svg/>\n")
    assert figure_texts.check(made, tmp_path) == 2
    file.write_text("<svg><g/></svg>\n")
    with pytest.raises(SiteError, match="^experiments/01_x.ipynb: shows another wait.svg than experiments/figures"):
        figure_texts.check(made, tmp_path)
