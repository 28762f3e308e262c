"""Hosts come from the reference's records and from what the lab filed; what is not as it was filed is no host."""

import pytest

from experiments.formats import host_index
from scripts.common.errors import SiteError
from scripts.measured import host_reader, record_reader
from tests.scripts.fixtures.small_site import FURTHER as ID
from tests.scripts.fixtures.small_site import Site, base_record, filed

PINS = {"vllm": "0.32.0"}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def hosts(site, pins=PINS):
    return {host.id: host for host in host_reader.load(site.root, record_reader.load_all(site.root, pins), pins)}


def test_a_host_of_the_reference_has_its_records_and_recordings(site):
    (host,) = hosts(site).values()
    one = host.measured["01"]
    assert one.measurements == ["experiments/records/01/ttft.json"] and len(one.recordings) == 2
    assert host.by == [None] and host.days and host.engines


def test_a_further_host_stands_beside_it_with_who_sent_it(site):
    filed(site, by="ada")
    filed(site, experiment="05")
    found = hosts(site)
    assert len(found) == 2
    host = found[ID]
    assert host.card == "NVIDIA L4" and host.by == ["ada", None] and host.days == ["2026-11-30", "2026-11-30"]
    assert host.measured["05"].measurements == [f"experiments/hosts/{ID}/05/ttft.json"]


def test_an_edited_record_and_a_lost_host_stop_the_build(site):
    path = filed(site)
    path.write_text(path.read_text().replace("2.5", "2.6"))
    with pytest.raises(SiteError, match=f"experiments/hosts/{ID}/01/ttft.json: was edited or cut since it was filed"):
        hosts(site)
    path.unlink()
    with pytest.raises(SiteError, match="one host's records are missing"):
        hosts(site)
    (site.root / host_index.file()).write_text("{")
    with pytest.raises(SiteError, match="index.json: cannot be read"):
        hosts(site)


def test_a_host_of_another_release_stops_the_build(site):
    record = base_record("ttft")
    filed(site, engine={**record["engine"], "version": "0.33.0"})
    with pytest.raises(SiteError, match=f"measured on vllm 0.33.0, .* or remove .*: .* hosts --drop {ID}/01"):
        hosts(site)
    assert host_reader.faults(site.root, PINS, "05") == []


def test_all_hosts_records_count_for_the_limit(site, monkeypatch):
    monkeypatch.setattr(record_reader, "TOTAL_LIMIT", host_index.bytes_of(site.root) + 100)
    assert record_reader.load_all(site.root, PINS)
    filed(site)
    with pytest.raises(SiteError, match="experiments/records, experiments/hosts, .* bytes in all, at most"):
        record_reader.load_all(site.root, PINS)
