"""Further hosts' folders: each holds one host's records of one experiment, of one run; all else is refused."""

import pytest

from experiments.lab.errors import LabError
from experiments.lab.host import host_info
from experiments.lab.records import host_identity
from experiments.lab.records.host_folders import hosts
from tests.lab.fakes import host_records as made

A, B = made.host("GPU-a"), made.host("GPU-b")


def put(root, data, id=None, **more):
    return made.write(root / "experiments/hosts" / (id or data["host"]["id"]), data, **more)


def refused(root, pattern):
    with pytest.raises(LabError, match=pattern) as caught:
        hosts("05", root)
    assert "\n" not in str(caught.value)


def test_hosts_come_by_the_time_of_their_first_record(tmp_path):
    put(tmp_path, made.record(at=A, started="2026-11-29T12:00:00Z"))
    put(tmp_path, made.record(at=B, started="2026-11-29T11:00:00Z"))
    put(tmp_path, made.record("nohits-vllm", at=B, started="2026-11-29T11:30:00Z"))
    put(tmp_path, made.record(at=B, experiment="06"))
    first, second = hosts("05", tmp_path)
    assert (first.id, first.started) == (B["id"], "2026-11-29T11:00:00Z")
    assert first.measurements == ("hits-vllm", "nohits-vllm")
    assert second.id == A["id"] and second.path == tmp_path / "experiments/hosts" / A["id"] / "05"
    assert [one.id for one in hosts("06", tmp_path)] == [B["id"]] and hosts("07", tmp_path) == []


def test_there_need_be_no_further_host(tmp_path):
    assert hosts("05", tmp_path) == []


def test_a_folder_that_is_no_host_is_refused(tmp_path):
    put(tmp_path, made.record(), id="mine")
    refused(tmp_path, "experiments/hosts/mine: is no host's id, 16 hexadecimal digits; move it elsewhere")


def test_a_record_of_another_host_than_its_folder_is_refused(tmp_path):
    put(tmp_path, made.record(at=A))
    put(tmp_path, made.record("nohits-vllm", at=B), id=A["id"])
    refused(tmp_path, f"{A['id']}/05/nohits-vllm.json: is of host {B['id']}; it belongs into that host's folder")


def test_a_record_in_a_wrong_place_is_refused(tmp_path):
    path = put(tmp_path, made.record())
    path.rename(path.with_name("other.json"))
    refused(tmp_path, "05/other.json: is not where it belongs, 05/hits-vllm.json")


def test_an_empty_folder_and_a_cut_record_are_refused(tmp_path):
    path = put(tmp_path, made.record())
    path.write_text(path.read_text()[:-40])
    refused(tmp_path, "05/hits-vllm.json: cannot be read as a record .*; restore it, or import it again")
    path.write_text("{}")
    refused(tmp_path, "05/hits-vllm.json: cannot be read as a record .is no record")
    path.unlink()
    refused(tmp_path, "/05: holds no record; import them again, or remove the folder")


def test_a_call_path_is_no_host_s_measurement(tmp_path):
    put(tmp_path, made.record("path-vllm-gpu", recording={"configuration": "vllm-gpu"}))
    refused(tmp_path, "path-vllm-gpu.json: is the recording of a call path")


@pytest.mark.parametrize(
    ("name", "other"), [("driver", {"driver": "581.0"}), ("boot", {"boot": "another"}), ("cpu", {"cpu": "another"})]
)
def test_two_hosts_with_one_id_in_a_folder_are_refused(tmp_path, name, other):
    put(tmp_path, made.record(at=A))
    put(tmp_path, made.record("nohits-vllm", at={**A, **other}))
    refused(tmp_path, f"nohits-vllm.json: two hosts with one id {A['id']}: host.{name} is .*: measure again")


def test_a_host_that_claims_another_gpu_is_refused(tmp_path):
    put(tmp_path, made.record(at={**A, "gpu": {**A["gpu"], "uuid": "GPU-other"}}))
    refused(tmp_path, "host.id is .*, its GPU, driver and boot give .*: the host claims another GPU; measure again")


def test_two_versions_of_the_lab_are_no_one_run(tmp_path):
    put(tmp_path, made.record())
    put(tmp_path, made.record("nohits-vllm", lab="sha256:" + "c" * 64))
    refused(tmp_path, "nohits-vllm.json: another version of the lab made it than .*hits-vllm.json; measure both again")


def test_the_reference_s_host_is_no_further_host(tmp_path):
    put(tmp_path, made.record(at=A))
    made.write(tmp_path / "experiments/records", made.record("path-vllm-gpu", at=A, recording={"configuration": "x"}))
    assert len(hosts("05", tmp_path)) == 1  # where a call path was recorded makes no number
    made.write(tmp_path / "experiments/records", made.record(at=A))
    refused(tmp_path, f"{A['id']}/05: two hosts with one id: experiments/records/05 is of this host; keep one")


def test_the_id_is_the_one_that_records_are_given(monkeypatch):
    card = {"name": "NVIDIA H200", "uuid": "GPU-x", "memory_bytes": 1, "driver": "580.2"}
    monkeypatch.setattr(host_info, "gpu", lambda: card)
    monkeypatch.setattr(host_info, "cuda_version", lambda: "13.0")
    here = host_info.host()
    assert host_identity.id_of(made.record(at=here)) == here["id"]
    assert host_identity.id_of(made.record(at={**here, "gpu": None})) is None


def test_the_committed_hosts_are_in_order():
    assert [one for number in range(1, 8) for one in hosts(f"{number:02d}")]
