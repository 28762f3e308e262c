"""`/// calibration` and `/// calibration-hosts`: the tables by kind and by host, or a line where there is none yet."""

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


HOSTS = "/// calibration-hosts\n///\n"


def test_the_table_of_hosts_has_a_row_a_host_with_its_processors(tmp_path):
    write(tmp_path, DATA)
    soup = page(tmp_path, HOSTS)
    assert [cell.text for cell in soup.select("thead th")] == ["host left out", "GPU", "processor", "counts", "all"]
    rows = [[" ".join(cell.text.split()) for cell in row.select("th, td")] for row in soup.select("tbody tr")]
    assert rows == [
        ["H200 db2c 16 processors", "132 of 140", "88 of 90", "-", "220 of 230"],
        ["H200 0a54 32 processors", "9 of 10", "40 of 60", "-", "49 of 70"],
        ["H200 8c2d 32 processors", "-", "-", "-", "-"],
    ]
    assert soup.find("a") is None  # there is no page of hosts


def test_a_host_leads_to_its_section_on_the_page_of_hosts(tmp_path):
    write(tmp_path, DATA)
    (tmp_path / "docs/reference").mkdir(parents=True)
    (tmp_path / "docs/reference/hosts.md").write_text("# Hosts\n")
    links = page(tmp_path, HOSTS).select("tbody a")
    assert [(link.text, link["href"]) for link in links][1:] == [
        ("H200 0a54", "../../reference/hosts/#host-0a54f8ff9f9b4fe7"),
        ("H200 8c2d", "../../reference/hosts/#host-8c2d5c13daafa861"),
    ]


@pytest.mark.parametrize("text", ["/// calibration\n///\n", HOSTS])
def test_without_a_file_it_says_so_in_a_line(tmp_path, text):
    soup = page(tmp_path, text)
    assert soup.text.strip() == calibration.MISSING and soup.table is None


def test_a_wrong_file_or_block_names_the_page(tmp_path):
    with pytest.raises(SiteError, match="docs/reference/method.md: calibration 'x': takes no id"):
        page(tmp_path, "/// calibration | x\n///\n")
    write(tmp_path, "{")
    with pytest.raises(SiteError, match="docs/reference/method.md: calibration: experiments/calibration.json: cannot"):
        page(tmp_path)
