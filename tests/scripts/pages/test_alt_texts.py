"""An alternative text goes with the figure that it was written for."""

import pytest

from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.pages import alt_texts
from tests.scripts.fixtures.small_site import PAGE, Site

NAME = "01/wait.svg"


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    alt_texts.keep([NAME], tmp_path)
    return made


def test_every_text_of_the_site_is_that_of_its_figure():
    assert len(alt_texts.written(ROOT)) > 20 and alt_texts.faults(ROOT) == []


def test_another_drawing_another_text_and_a_new_one_are_named(site):
    assert alt_texts.faults(site.root) == []
    figure = site.root / "experiments/figures/01/wait.svg"
    before = figure.read_text()
    figure.write_text(before.replace("90", "91"))
    (line,) = alt_texts.faults(site.root)
    at = PAGE[: PAGE.find("alt:")].count("\n") + 1
    assert line.startswith(f"docs/posts/01-one-request.md:{at}: alt text of {NAME}: was written for another draw")
    alt_texts.keep([NAME], site.root)
    assert alt_texts.faults(site.root) == []
    site.write("docs/posts/01-one-request.md", PAGE.replace("alt: The wait", "alt: The other"))
    assert "is another than was written for it; read both" in alt_texts.faults(site.root)[0]
    (site.root / alt_texts.FILE).unlink()
    assert "has no digest yet" in alt_texts.faults(site.root)[0]


def test_a_name_that_no_block_has_is_refused(site):
    with pytest.raises(SiteError, match="no alt text is of 01/none.svg; there are 01/wait.svg"):
        alt_texts.keep(["01/none.svg"], site.root)
