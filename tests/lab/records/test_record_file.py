"""Records with anything missing, unknown or no number are refused; a record is written whole or not at all."""

import json
import os
import time

import pytest

from experiments.lab.errors import LabError, NotMeasured
from experiments.lab.records import import_records, record_file
from experiments.lab.records.record_file import Draft, Record, sample


def finished(name="rate", **more):
    samples = [sample("ttft", "ms", [1.5, 2.5], engine="vllm", prompt_tokens=128)]
    return record_file.finish(Draft(name, {"seed": 7}, samples, **more), "01", time.time(), 1.25)


def test_what_is_written_is_read_back(tmp_path):
    record, packed = finished(columns={"t_ns": [1, 2, 3], "symbol": ["a", "b", "c"]})
    path = record_file.write(tmp_path, record, packed)
    found = Record(path)
    assert path == tmp_path / "01/rate.json"
    assert found.data == record and found.columns["t_ns"] == [1, 2, 3]
    assert found.values("ttft", prompt_tokens=128) == [1.5, 2.5]
    assert found.data["workload"] == {"seed": 7} and found.data["engine"] is None and found.data["host"]["id"]
    assert sorted(p.name for p in path.parent.iterdir()) == ["rate.columns.json.gz", "rate.json"]


def test_columns_have_the_same_bytes_again():
    columns = {"t_ns": [1, 2]}
    first = finished(columns=columns)[1]
    time.sleep(1.1)  # gzip's own time stamp counts seconds
    assert finished(columns=columns)[1] == first


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_none_is_refused_on_writing(bad):
    with pytest.raises(
        LabError, match=r"rate: samples\[0\].values\[1\] is (nan|inf|-inf); a value that was not measured"
    ):
        record_file.finish(Draft("rate", {"seed": 1}, [sample("x", "ms", [1.0, bad])]), "01", 0, 0)
    with pytest.raises(LabError, match="rate columns: .*left out"):
        finished(columns={"x": [bad]})


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999"])
def test_a_number_that_is_none_is_refused_on_reading(tmp_path, text):
    path = record_file.write(tmp_path, *finished())
    path.write_text(path.read_text().replace("1.5", text))
    with pytest.raises(LabError, match="01/rate.json: "):
        Record(path)


def test_an_unknown_unit_names_the_known_ones():
    with pytest.raises(LabError, match=r"rate: samples\[0\].unit: 'furlongs' is not known \(known: s, ms, "):
        record_file.finish(Draft("rate", {"seed": 1}, [sample("x", "furlongs", [1])]), "01", 0, 0)


@pytest.mark.parametrize("field", ["host", "started", "samples", "lab", "command", "engine", "workload", "wall_s"])
def test_a_missing_field_is_named(tmp_path, field):
    record, _ = finished()
    del record[field]
    path = tmp_path / "01/rate.json"
    path.parent.mkdir()
    path.write_text(json.dumps(record))
    fault = f"01/rate.json: record: field {field} is missing; restore it or measure it again"
    with pytest.raises(LabError, match=fault):
        Record(path)


def test_an_unknown_field_is_refused():
    record, _ = finished()
    with pytest.raises(LabError, match="'colour' was unexpected"):
        record_file.validate({**record, "colour": 1}, "rate")


def test_a_path_of_the_host_is_refused():
    for command in (["python", "--model", "/" + "home/me/m"], ["--x=/" + "srv/y"]):
        with pytest.raises(LabError, match="is a path of this host"):
            finished(command=command)


def test_an_absent_record_is_told_from_a_broken_one(tmp_path):
    with pytest.raises(NotMeasured, match="rate.json: not measured"):
        Record(tmp_path / "01" / "rate.json")


def test_a_column_file_that_is_gone_or_another_is_refused(tmp_path):
    path = record_file.write(tmp_path, *finished(columns={"x": [1]}))
    columns = path.with_name("rate.columns.json.gz")
    columns.write_bytes(columns.read_bytes() + b" ")
    with pytest.raises(LabError, match="has another digest"):
        Record(path)
    columns.unlink()
    with pytest.raises(LabError, match="is not there"):
        Record(path)


def test_columns_of_different_length_are_refused():
    with pytest.raises(LabError, match="differ in length"):
        finished(columns={"x": [1], "y": [1, 2]})


def test_a_record_over_the_limit_is_not_written(tmp_path):
    record, _ = record_file.finish(Draft("big", {"seed": 1}, [sample("x", "ms", [0.123456789] * 90_000)]), "01", 0, 0)
    with pytest.raises(LabError, match="big: .* bytes with its columns, at most 1,000,000"):
        record_file.write(tmp_path, record, None)
    assert not list(tmp_path.rglob("*.json"))


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = record_file.write(tmp_path, *finished())
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _fd: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError):
        record_file.write(tmp_path, *finished())
    assert path.read_bytes() == before and [p.name for p in path.parent.iterdir()] == ["rate.json"]


def test_a_record_is_current_only_on_its_host_and_by_this_lab(tmp_path):
    record, _ = finished()
    path = record_file.write(tmp_path, record, None)
    assert record_file.is_current(path, "01", record["host"]["id"], {})
    assert not record_file.is_current(path, "01", "0" * 16, {})
    path.write_text(path.read_text().replace(record["lab"], "sha256:" + "0" * 64))
    assert not record_file.is_current(path, "01", record["host"]["id"], {})


def test_records_come_home_validated(tmp_path):
    away, home = tmp_path / "away", tmp_path / "home"
    record_file.write(away, *finished(columns={"x": [1]}))
    written = import_records.bring_home(away, home)
    assert written == [home / "01/rate.json"] and Record(written[0]).columns == {"x": [1]}


def test_one_bad_record_keeps_all_away(tmp_path):
    away, home = tmp_path / "away", tmp_path / "home"
    record_file.write(away, *finished())
    bad = record_file.write(away, *finished("zero"))
    bad.write_text(bad.read_text().replace('"ms"', '"parsec"'))
    with pytest.raises(LabError, match="01/zero.json: .*'parsec' is not known"):
        import_records.bring_home(away, home)
    assert not home.exists()
    with pytest.raises(LabError, match="holds no records"):
        import_records.bring_home(tmp_path, home)


def test_a_record_says_by_which_rule_its_medians_were_made():
    record, _ = finished()
    assert record["statistics"] == "median/2"
    older = {key: value for key, value in record.items() if key != "statistics"}
    record_file.validate(older, "rate")
    with pytest.raises(LabError, match=r"rate: statistics: 'middle' is not known \(known: median/2\)"):
        record_file.validate({**record, "statistics": "middle"}, "rate")
