"""`/// calibration`: the table by kind, or a line where there is none yet."""

import markdown
import pytest
from bs4 import BeautifulSoup

from scripts.common.errors import SiteError
from scripts.measured import calibration
from scripts.render.page import data_files
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from tests.scripts.measured.test_calibration import DATA, write


def page(root, text="/// calibration\n///\n"):
    context = Context(root=root)
    context.start_page("reference/method.md")
    return BeautifulSoup(markdown.markdown(text, extensions=[PageExtension(context)]), "html.parser")


def test_the_table_has_a_row_a_kind_and_one_of_all(tmp_path):
    write(tmp_path, DATA)
    soup = page(tmp_path)
    assert [cell.text for cell in soup.select("thead th")] == [
        "kind", "values", "left-out predictions", "inside", "coverage", "median half width",
    ]
    rows = [[cell.text for cell in row.select("th, td")] for row in soup.select("tbody tr")]
    assert rows[0] == ["time that the GPU sets", "50", "150", "141", "94.0%", "±13%"]
    assert [row[0] for row in rows][1:] == [
        "count, where some are 0 or negative, single readings",
        "ratio of what the processor sets, in points of a percentage",
        "all kinds",
    ]
    published = {place for _, place in data_files.files(tmp_path)}
    assert soup.a["href"].removeprefix("../../") in published


def test_without_a_file_it_says_so_in_a_line(tmp_path):
    soup = page(tmp_path)
    assert soup.text.strip() == calibration.MISSING and soup.table is None


def test_a_wrong_file_or_block_names_the_page(tmp_path):
    with pytest.raises(SiteError, match="docs/reference/method.md: calibration 'x': takes no id"):
        page(tmp_path, "/// calibration | x\n///\n")
    write(tmp_path, "{")
    with pytest.raises(SiteError, match="docs/reference/method.md: calibration: experiments/calibration.json: cannot"):
        page(tmp_path)
