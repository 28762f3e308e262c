"""The table of KV bytes a token: the multiplication in full, and the server beside it."""

from tests.scripts.catalog.test_kv_bytes import MODEL
from tests.scripts.fixtures.small_site import Site, base_record
from tests.scripts.render.test_measured_blocks import render


def test_a_row_has_the_sum_and_what_follows_from_it(tmp_path):
    site = Site(tmp_path)
    data = base_record("pool")
    data["command"] += ["--kv-cache-memory-bytes", "960000"]
    data["samples"] = [{"name": "pool", "unit": "tokens", "labels": {}, "values": [9984]}]
    site.save_record("pool", data)
    site.write("snippets/models.toml", MODEL + 'record = "01/pool"\n')
    soup = render(site, "/// kv-bytes\n///\n", page="symptoms.md")
    (row,) = soup.select("tbody tr")
    assert row.th.text == "Small, bfloat16"
    assert [cell.text for cell in row.select("td")] == ["2 × 3 × 2 × 4 × 2", "96", "11,184,810", "0.000732 GiB"]
    check = soup.select_one(".kv-bytes-check")
    assert "given 960,000 bytes for Small, vLLM said 9,984 tokens; the multiplication gives 10,000." in check.text
    assert check.a["href"] == "../data/records/01/pool.json"
