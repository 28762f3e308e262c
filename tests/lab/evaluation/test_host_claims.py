"""A claim is evaluated on every host that has its records, each by itself; it holds if it holds on all."""

import json
import os
import shutil
import time

import pytest

from experiments.lab.analysis import host_spread, notebook_runner
from experiments.lab.errors import LabError
from experiments.lab.evaluation import committed_claims, host_claims, host_ranges, verify_claims
from experiments.lab.records import record_file
from experiments.lab.records.record_file import Draft, sample

NOTEBOOK = """\
# %%
from pathlib import Path

from experiments.lab.analysis import intervals
from experiments.lab.analysis.claim_book import Book
from experiments.lab.verdicts.verdict import above

book = Book("01", root=Path(__file__).parents[1])


# %%
@book.claim(id="twice", title="Twice", sentence="Slow takes {ratio}.", records=["fast", "slow"], tier="gpu",
            holds=above(1.5, "ratio"), set_by="gpu")
def twice(fast, slow):
    return {"ratio": intervals.ratio(slow.values("ttft"), fast.values("ttft"))}


# %%
@book.claim(id="short", title="Short", sentence="It takes {ms}.", records=["extra"], tier="gpu",
            holds=above(1, "ms"), set_by="gpu")
def short(extra):
    return {"ms": intervals.median(extra.values("ttft"), "ms")}


book.finish()
"""
HOSTS = ("a" * 16, "b" * 16)


def measured(folder, host, name, base, boot="boot"):
    """A record as if it had been made on that host."""
    draft = Draft(name, {"seed": 1}, [sample("ttft", "ms", [base + i / 10 for i in range(6)])])
    record, packed = record_file.finish(draft, "01", time.time(), 1)
    record["host"] |= {"id": host, "boot": boot, "gpu": None}
    record_file.write(folder, record, packed)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository with a reference and two further hosts: `twice` holds on two of three, `short` has one host."""
    monkeypatch.setattr(host_spread, "LEAST_VALUES", 1)
    folder = tmp_path / "experiments"
    (folder / "records").mkdir(parents=True)
    (folder / "01_test.py").write_text(NOTEBOOK)
    for name, base in (("fast", 10.0), ("slow", 20.0), ("extra", 3.0)):
        measured(folder / "records", "0" * 16, name, base)
    for host, slow in zip(HOSTS, (22.0, 11.0), strict=True):
        for name, base in (("fast", 10.0), ("slow", slow)):
            measured(folder / "hosts" / host, host, name, base, boot=host)
    write(tmp_path)
    return tmp_path


def write(root):
    notebook_runner.evaluate("01", "reference", root)
    host_claims.write("01", root)
    host_ranges.write(root)


def committed(root):
    return {claim["id"]: claim for claim in committed_claims.reference_claims("01", root)}


def test_each_host_has_its_values_and_verdict_and_the_claim_holds_if_all_do(root):
    claims = committed(root)
    twice = claims["twice"]
    assert [host["id"] for host in twice["hosts"]] == ["0" * 16, *HOSTS]
    assert [host["holds"] for host in twice["hosts"]] == [True, True, False] and twice["holds"] is False
    assert twice["hosts"][0]["values"] == twice["values"]
    assert twice["hosts"][2]["values"]["ratio"]["value"] == pytest.approx(11.25 / 10.25)
    assert twice["hosts"][1]["records"][0]["path"] == f"experiments/hosts/{HOSTS[0]}/01/fast.json"
    assert [host["id"] for host in claims["short"]["hosts"]] == ["0" * 16] and claims["short"]["holds"] is True


def test_a_range_is_written_for_what_several_hosts_measured_and_says_its_kind(root):
    claims = committed(root)
    low, high = (claims["twice"]["range"]["ratio"][end] for end in ("low", "high"))
    assert low < 11.25 / 10.25 and high > 2.0 and claims["twice"]["range"]["ratio"]["kind"] == "ratio-gpu"
    calibration = json.loads((root / "experiments/calibration.json").read_text())
    assert calibration["total"]["left_out"] == 3
    first = calibration["hosts"][0]
    assert (first["id"], first["claims"], first["left_out"]) == ("0" * 16, 2, 1)  # of `short` there is no other host
    assert first["label"].partition(",")[0] and first["cores"] == len(os.sched_getaffinity(0))
    assert sum(host["left_out"] for host in calibration["hosts"]) == 3
    for host in calibration["hosts"]:  # the ratio is of what the GPU sets
        assert host["set_by"]["gpu"] == {name: host[name] for name in ("left_out", "inside")}
        assert host["set_by"]["processor"] == host["set_by"]["count"] == {"left_out": 0, "inside": 0}


@pytest.mark.parametrize(("boots", "left_out"), [
    (("boot", "boot", "other"), [1]),  # the third is foretold by both cards, and neither of them by the third alone
    (("boot", "boot", "boot"), []),  # one machine
    (("unknown", "unknown", "unknown"), [1, 1, 1]),  # such a boot says nothing of machines
])
def test_cards_of_one_machine_are_left_out_together(root, boots, left_out):
    places = [f"experiments/{name}" for name in ("records/01", *(f"hosts/{host}/01" for host in HOSTS))]
    for place, boot in zip(places, boots, strict=True):
        for path in (root / place).glob("*.json"):
            path.write_text(json.dumps(json.loads(path.read_text()) | {"host": {"boot": boot, "cores": 32}}))
    host_ranges.write(root)
    hosts = json.loads((root / "experiments/calibration.json").read_text())["hosts"]
    assert [host["left_out"] for host in hosts if host["left_out"]] == left_out
    assert {host["cores"] for host in hosts} == {32}


def test_a_host_whose_record_does_not_say_its_processors_is_an_error_that_names_it(root):
    path = root / "experiments/hosts" / HOSTS[1] / "01/fast.json"
    path.write_text(json.dumps({"host": {"boot": "b"}}))
    with pytest.raises(LabError, match=f"experiments/hosts/{HOSTS[1]}/01/fast.json: does not say its host's proc"):
        host_ranges.differences(root)


def test_a_kind_of_too_few_values_has_no_range_and_is_listed_without_predictions(root, monkeypatch):
    monkeypatch.setattr(host_spread, "LEAST_VALUES", 2)
    host_ranges.write(root)
    assert committed(root)["twice"]["range"] == {} and host_ranges.differences(root) == []
    (gpu, kind) = json.loads((root / "experiments/calibration.json").read_text())["kinds"]
    assert (gpu["kind"], kind["kind"], kind["values"], kind["left_out"]) == ("gpu", "ratio-gpu", 1, 0)
    assert "between" not in kind and "factor" not in kind


def test_claims_ranges_and_calibration_as_written_are_found_so(root):
    assert verify_claims.evaluated_again("01", root) == (2, [])
    assert host_ranges.differences(root) == []


@pytest.mark.parametrize(("change", "line"), [
    (lambda claim: claim["hosts"].pop(), f"host {HOSTS[1]} is new"),
    (lambda claim: claim["hosts"][1].update(holds=False), f"on host {HOSTS[0]} holds is True now, was False"),
    (lambda claim: claim["hosts"][2]["values"]["ratio"].update(value=9.0), f"on host {HOSTS[1]} ratio is 1.09"),
    (lambda claim: claim["hosts"][2]["records"][0].update(sha256="0" * 64), f"on host {HOSTS[1]} records differs"),
    (lambda claim: claim.update(holds=True), "holds is False now, was True"),
])
def test_a_further_hosts_entry_changed_by_hand_is_found(root, change, line):
    claims = committed_claims.reference_claims("01", root)
    change(claims[0])
    committed_claims.write("01", claims, root)
    (found,) = verify_claims.evaluated_again("01", root)[1]
    assert line in found and found.startswith("experiments/claims/01.json: claim twice: ")


def test_a_range_and_a_calibration_changed_by_hand_are_found(root):
    claims = committed_claims.reference_claims("01", root)
    claims[0]["range"]["ratio"]["low"] = 0.1
    committed_claims.write("01", claims, root)
    path = root / "experiments/calibration.json"
    path.write_text(path.read_text().replace('"left_out": 3', '"left_out": 4'))
    assert host_ranges.differences(root) == [
        "experiments/claims/01.json: claim twice: its range for other hosts differs; write it again: make experiments",
        "experiments/calibration.json: is not what the claims give; write it again: make experiments",
    ]


def test_a_hosts_count_or_processors_changed_by_hand_are_found(root):
    path = root / "experiments/calibration.json"
    written = path.read_text()
    for change in ({"cores": 999}, {"left_out": 2}, {"set_by": {}}, {"label": "NVIDIA H100"}):
        calibration = json.loads(written)
        calibration["hosts"][1] |= change
        path.write_text(json.dumps(calibration))
        (line,) = host_ranges.differences(root)
        assert line.startswith("experiments/calibration.json: is not what the claims give")


def test_a_host_that_lacks_one_of_a_claims_records_is_an_error_that_names_it(root):
    (root / f"experiments/hosts/{HOSTS[0]}/01/slow.json").unlink()
    with pytest.raises(LabError, match=f"experiments/hosts/{HOSTS[0]}/01: lacks a record that claim twice rests on"):
        verify_claims.evaluated_again("01", root)


def test_a_host_without_the_experiment_is_no_host_of_its_claims(root):
    shutil.rmtree(root / f"experiments/hosts/{HOSTS[1]}/01")
    write(root)
    assert [host["id"] for host in committed(root)["twice"]["hosts"]] == ["0" * 16, HOSTS[0]]
    assert committed(root)["twice"]["holds"] is True


def test_a_claim_of_records_of_two_hosts_is_an_error(root):
    measured(root / "experiments/records", "c" * 16, "slow", 20.0)
    with pytest.raises(LabError, match="rests on records of 2 hosts"):
        notebook_runner.evaluate("01", "verify", root)
