"""Records: read and validated; every bad one stops with a line that names file, field and remedy."""

import json

import pytest

from scripts.common.errors import SiteError
from scripts.measured import record_reader
from tests.scripts.fixtures.small_site import Site, base_record

PINS = {"vllm": "0.32.0"}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def refused(site, *parts, pins=PINS):
    with pytest.raises(SiteError) as caught:
        record_reader.load_all(site.root, pins)
    text = str(caught.value)
    assert "\n" not in text
    for part in parts:
        assert part in text, text


def test_a_whole_record_is_read_with_its_digest_and_columns(site):
    found = record_reader.load_all(site.root, PINS)
    assert [record.path.rpartition("/")[2] for record in found] == [
        "path-vllm-cpu.json",
        "path-vllm-gpu.json",
        "ttft.json",
    ]
    assert found[2].at("samples.0.values.1") == 2.5
    assert len(found[2].sha256) == 64
    assert found[0].columns["symbol"][0] == "vllm/core.py::Core.loop"
    assert set(record_reader.recordings(found)) == {"vllm-gpu", "vllm-cpu"}


def test_an_unknown_field_lists_what_there_is(site):
    record = record_reader.load_all(site.root, PINS)[2]
    with pytest.raises(SiteError, match=r"ttft.json: has no field host.gpus .*cpu"):
        record.at("host.gpus")


@pytest.mark.parametrize("field", ["engine", "host", "samples", "workload", "lab", "started"])
def test_a_missing_field_is_named(site, field):
    data = base_record("ttft")
    del data[field]
    site.save_record("ttft", data)
    refused(site, "experiments/records/01/ttft.json", field, "missing", "measure it again")


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_finite_number_is_refused(site, constant):
    text = json.dumps(base_record("ttft")).replace("2.5", constant)
    site.list_files(site.write("experiments/records/01/ttft.json", text))
    refused(site, "ttft.json", "not a")


def test_an_unknown_unit_is_refused_with_the_known_ones(site):
    data = base_record("ttft")
    data["samples"][0]["unit"] = "furlong"
    site.save_record("ttft", data)
    refused(site, "ttft.json", "samples[0].unit", "furlong", "ms")


def test_an_unknown_engine_is_refused_with_the_known_ones(site):
    data = base_record("ttft")
    data["engine"]["name"] = "trt"
    site.save_record("ttft", data)
    refused(site, "ttft.json", "engine.name: 'trt' is not known (known: vllm, sglang)")


def test_a_damaged_file_is_refused(site):
    site.record.write_text(site.record.read_text()[:-9])
    refused(site, "ttft.json")


def test_a_column_file_with_another_digest_is_refused(site):
    file = site.root / "experiments/records/01/path-vllm-gpu.entries.json.gz"
    file.write_bytes(file.read_bytes() + b"\0")
    refused(site, "path-vllm-gpu.entries.json.gz: was edited or cut since it was measured; restore it")
    site.list_files(file)
    refused(site, "path-vllm-gpu.json", "path-vllm-gpu.entries.json.gz", "digest")


def test_a_record_that_says_another_name_than_its_file_s_is_refused(site):
    site.save_record("late", base_record("ttft"))
    refused(site, "late.json: is 01/ttft.json by its own words; a record is never renamed, restore it")


def test_a_column_file_that_is_gone_is_refused(site):
    (site.root / "experiments/records/01/path-vllm-gpu.entries.json.gz").unlink()
    refused(site, "path-vllm-gpu.json", "missing")


def test_a_column_file_that_no_record_names_is_refused(site):
    site.write("experiments/records/01/stray.json.gz", "x")
    refused(site, "stray.json.gz", "no record names")


def test_a_record_of_another_release_is_refused(site):
    refused(site, "0.32.0", "0.33.0", "measure again at the pin", pins={"vllm": "0.33.0"})
    assert record_reader.load_all(site.root, {"sglang": "0.5.21"})


def test_sizes_are_limited(site, monkeypatch):
    monkeypatch.setattr(record_reader, "RECORD_LIMIT", 500)
    refused(site, "at most 500")
    monkeypatch.setattr(record_reader, "RECORD_LIMIT", 10**6)
    monkeypatch.setattr(record_reader, "TOTAL_LIMIT", 500)
    refused(site, "experiments/records", "in all", "at most 500")


def test_a_configuration_recorded_twice_is_refused(site):
    found = record_reader.load_all(site.root, PINS)
    with pytest.raises(SiteError, match="recorded in"):
        record_reader.recordings(found + found)


def test_the_rates_of_the_card_are_optional_and_checked(site):
    rates = {"matmul": [700.0], "copy": [4000.0], "side": 8192, "copy_bytes": 4096, "at": "2026-11-24T02:45:00Z"}
    site.save_record("ttft", {**base_record("ttft"), "probes": rates})
    assert record_reader.load_all(site.root, PINS)[2].at("probes.copy.0") == 4000.0
    site.save_record("ttft", {**base_record("ttft"), "probes": {**rates, "copy": [-1]}})
    refused(site, "ttft.json", "probes.copy[0]")
