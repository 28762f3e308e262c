"""Records of a plan for smaller cards are filed below its name, whole; a mixture of plans is refused in one line."""

import os
from pathlib import Path

import pytest

from experiments.formats import host_index, record_format
from experiments.lab import __main__ as command
from experiments.lab.errors import LabError
from experiments.lab.host import config
from experiments.lab.records import further_host, host_filing, host_folders, plan_records
from experiments.lab.suites.common import plan
from tests.lab.fakes import host_records as made
from tests.lab.fakes.host_records import HERE, THERE, everything, theirs

SMALL = {"name": "Qwen3-0.6B shape", "weights": "random", "dtype": "bfloat16"}
PLACE = f"24gb/{THERE['id']}/05"
WORKER = ["python", "experiments/lab/workers/vllm_cost.py"]


def planned(measurement="hits-vllm", name="24gb", **fields):
    return theirs(measurement, **{"model": SMALL, "workload": {"seed": 1, "plan": name}, **fields})


@pytest.fixture
def root(tmp_path):
    return made.repository(tmp_path / "site")


def folder(above, *records):
    for data in records:
        made.write(above / "out", data, {"x": [1]})
    return above / "out"


def filed(root, source):
    return [host_filing.put(one, root) for one in further_host.from_folder(source, root)]


def refused(root, source, pattern):
    before = everything(root)
    with pytest.raises(LabError, match=pattern) as caught:
        filed(root, source)
    assert "\n" not in str(caught.value) and everything(root) == before


def test_the_plans_are_those_of_the_suites():
    assert {one.name: one.shape for one in plan.PLANS if one.small} == plan_records.SHAPES


def test_records_of_a_plan_are_filed_whole_below_its_name(root, tmp_path):
    """What was measured without a server is of every plan, and of the reference's model."""
    cost = theirs("cost", command=WORKER)
    vocab = planned("masks", model={**SMALL, "name": "Qwen3-0.6B shape with Qwen's vocabulary"})
    (there,) = filed(root, folder(tmp_path, planned(), planned("nohits-vllm"), vocab, cost))
    assert there == root / "experiments/plans" / PLACE and len(list(there.iterdir())) == 8
    assert host_index.faults(root) == [] and host_index.read(root) == {}
    assert list(host_index.read(root, host_index.PLANS)) == [PLACE]
    (found,) = host_folders.below(Path("experiments/plans/24gb"), "05", root)
    assert found.id == THERE["id"] and host_folders.hosts("05", root) == []


def test_one_host_may_have_measured_both_with_a_plan_and_without(root, tmp_path):
    """The reference's own host too: nothing of a plan is compared with it as a further host's."""
    filed(root, folder(tmp_path / "a", theirs()))
    filed(root, folder(tmp_path / "b", planned()))
    filed(root, folder(tmp_path / "c", planned(name="16gb")))
    filed(root, folder(tmp_path / "d", planned(at=HERE)))
    assert len(host_index.places(root)) == 1 and len(host_index.places(root, folder=host_index.PLANS)) == 3


def test_the_same_host_and_experiment_twice_is_refused(root, tmp_path):
    source = folder(tmp_path, planned())
    filed(root, source)
    refused(
        root, source, f"{PLACE}: experiments/plans/{PLACE} has this host's records already, of one run; one is kept"
    )


@pytest.mark.parametrize(("other", "line"), [
    (planned("b", "16gb"), "is of plan 24gb, b.json of plan 16gb: records of two plans; measure all of one again"),
    (theirs("b"), "hits-vllm.json: is of plan 24gb, b.json of a large card: records of two plans"),
    (planned("b", model=made.MODEL), "b.json: was measured on Qwen3-8B shape, and plan 24gb is of the Qwen3-0.6B"),
    (planned("b", model={**SMALL, "weights": "real"}), "b.json: measured on Qwen3-0.6B shape .real weights., the ref"),
    (planned("b", at=made.host("GPU-3")), "hits-vllm.json: records of two hosts"),
    (planned("b", engine={**made.record()["engine"], "version": "0.33.0"}), "b.json: measured on vllm 0.33.0"),
])  # fmt: skip
def test_what_does_not_belong_to_the_others_is_one_line(root, tmp_path, other, line):
    refused(root, folder(tmp_path, planned(), other), line)


def test_a_plan_that_the_lab_does_not_know_is_one_line(root, tmp_path):
    source = folder(tmp_path, planned(name="32gb"))
    refused(root, source, "hits-vllm.json: is of plan 32gb, which this lab does not know .known: 16gb, 24gb.; measure")


def test_another_host_of_its_id_and_too_much_are_refused(root, tmp_path, monkeypatch):
    filed(root, folder(tmp_path / "a", planned()))
    renamed = {**THERE, "gpu": {**THERE["gpu"], "name": "NVIDIA H100"}}
    refused(root, folder(tmp_path / "b", theirs(at=renamed)), f"two hosts with one id {THERE['id']}")
    monkeypatch.setattr(record_format, "TOTAL", host_index.bytes_of(root) + 100)
    refused(root, folder(tmp_path / "c", planned(experiment="06")), "24gb/.*/06: with it all records have")


def test_a_disk_that_is_full_leaves_nothing(root, tmp_path, monkeypatch):
    source, real = folder(tmp_path, planned()), os.replace

    def full(source, target, *more):
        if str(target).endswith("plans/index.json"):
            raise OSError(28, "No space left on device")
        return real(source, target, *more)

    monkeypatch.setattr(os, "replace", full)
    refused(root, source, f"experiments/plans/{PLACE}: cannot be written .*No space left.*; nothing was imported")
    assert not (root / "experiments/plans/24gb").exists()


def test_what_was_laid_there_by_hand_is_checked_and_listed(root):
    made.write(root / f"experiments/plans/24gb/{THERE['id']}", planned())
    assert host_index.faults(root)[0].startswith(f"experiments/plans/{PLACE}: is in no list")
    assert host_filing.accept(root) == [PLACE] and host_index.faults(root) == []
    assert host_filing.accept(root) == [] and not (root / host_index.file()).exists()


@pytest.mark.parametrize(("there", "data", "belongs"), [
    ("plans/24gb", planned(name="16gb"), f"plans/16gb/{THERE['id']}/05"),
    ("plans/24gb", theirs(), f"hosts/{THERE['id']}/05"),
    ("hosts", planned(), f"plans/{PLACE}"),
])  # fmt: skip
def test_what_lies_in_another_plans_folder_is_not_listed(root, there, data, belongs):
    made.write(root / f"experiments/{there}/{THERE['id']}", data)
    with pytest.raises(LabError, match=f"experiments/{there}/.*/05: its records belong into experiments/{belongs}"):
        host_filing.accept(root)
    assert not list(root.rglob("index.json"))


def test_the_commands_import_list_and_drop(root, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(config, "ROOT", root)
    source = str(folder(tmp_path, planned()))
    assert command.main(["import", source, "--host", "--check"]) == 0
    assert f"2 files may be filed as experiments/plans/{PLACE}" in capsys.readouterr().out
    assert command.main(["import", source, "--host"]) == 0
    assert command.main(["hosts"]) == 0
    assert "1 records  NVIDIA H200, driver 580.1, plan 24gb" in capsys.readouterr().out
    assert command.main(["hosts", "--drop", PLACE]) == 0
    assert capsys.readouterr().out == "no further host\n" and not (root / "experiments/plans/24gb").exists()
    assert command.main(["hosts", "--drop", PLACE]) == 1
    assert f"{PLACE}: no such records in experiments/plans; there are: none" in capsys.readouterr().err


def test_a_plans_records_are_no_reference(root, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(config, "ROOT", root)
    before = everything(root)
    assert command.main(["import", str(folder(tmp_path, theirs("a"), planned("b"))), "--reference"]) == 1
    assert "b.json: is of plan 24gb, and the reference of a large card; import the folder with --host" in (
        capsys.readouterr().err
    )
    assert everything(root) == before
