"""Filing is one move and one list: what fails leaves nothing, and what was laid there by hand is checked."""

import os

import pytest

from experiments.formats import host_index
from experiments.lab.errors import LabError
from experiments.lab.records import further_host, host_filing
from tests.lab.fakes import host_records as made
from tests.lab.fakes.host_records import THERE, everything, theirs

PLACE = f"{THERE['id']}/05"


@pytest.fixture
def root(tmp_path):
    return made.repository(tmp_path / "site")


def one_of(folder, root):
    made.write(folder / "out", theirs(), {"x": [1]})
    (one,) = further_host.from_folder(folder / "out", root)
    return one


@pytest.mark.parametrize("call", ["rename", "replace"])
def test_a_disk_that_is_full_leaves_nothing(root, tmp_path, monkeypatch, call):
    one, before = one_of(tmp_path, root), everything(root)
    real = getattr(os, call)

    def full(source, target, *more):
        if str(target).endswith((PLACE, "index.json")):
            raise OSError(28, "No space left on device")
        return real(source, target, *more)

    monkeypatch.setattr(os, call, full)
    with pytest.raises(LabError, match="/05: cannot be written .*No space left.*; nothing was imported"):
        host_filing.put(one, root)
    assert everything(root) == before and not (root / host_index.FOLDER / THERE["id"]).exists()
    monkeypatch.undo()
    assert host_filing.put(one, root).is_dir()


def test_another_experiment_of_a_host_is_kept_when_the_next_fails(root, tmp_path, monkeypatch):
    host_filing.put(one_of(tmp_path, root), root)
    made.write(tmp_path / "more", theirs(experiment="06"))
    (next_one,) = further_host.from_folder(tmp_path / "more", root)
    before = everything(root)
    monkeypatch.setattr(os, "rename", lambda *_: (_ for _ in ()).throw(OSError(13, "Permission denied")))
    with pytest.raises(LabError, match="nothing was imported"):
        host_filing.put(next_one, root)
    assert everything(root) == before


def test_what_was_laid_there_by_hand_is_checked_and_listed(root, tmp_path):
    made.write(root / host_index.FOLDER / THERE["id"], theirs(), {"x": [1]})
    assert "is in no list" in host_index.faults(root)[0]
    assert host_filing.accept(root) == [PLACE] and host_index.faults(root) == []
    assert host_filing.accept(root) == []


@pytest.mark.parametrize(
    ("data", "pattern"),
    [(theirs(lab=made.LAB, engine={**made.record()["engine"], "version": "0.33.0"}), "measured on vllm 0.33.0"),
     (made.record(at=made.host("GPU-here")), "is of host|is of this host already")],
)  # fmt: skip
def test_what_may_not_be_there_is_not_listed(root, data, pattern):
    made.write(root / host_index.FOLDER / data["host"]["id"], data)
    with pytest.raises(LabError, match=pattern):
        host_filing.accept(root)
    assert not (root / host_index.file()).exists()


@pytest.mark.parametrize("stray", ["page.html", "notes.md", "x.json.gz", "a\u202eb.json.gz", "folder"])
def test_what_belongs_to_no_record_is_not_listed_with_them(root, stray):
    folder = made.write(root / host_index.FOLDER / THERE["id"], theirs(), {"x": [1]}).parent
    (folder / stray).mkdir() if stray == "folder" else (folder / stray).write_text("<script>")
    with pytest.raises(LabError, match="belongs to no record; remove it$") as caught:
        host_filing.accept(root)
    assert str(caught.value).isprintable() and not (root / host_index.file()).exists()


def test_a_host_s_experiment_is_dropped_from_folder_and_list(root, tmp_path):
    host_filing.put(one_of(tmp_path, root), root)
    host_filing.drop(PLACE, root)
    assert host_index.read(root) == {} and not (root / host_index.FOLDER / THERE["id"]).exists()
    with pytest.raises(LabError, match=f"{PLACE}: no such records in experiments/hosts; there are: none"):
        host_filing.drop(PLACE, root)


def test_a_list_that_cannot_be_read_is_one_line(root, tmp_path):
    one = one_of(tmp_path, root)
    (root / host_index.FOLDER).mkdir(exist_ok=True)
    (root / host_index.file()).write_text("{")
    with pytest.raises(LabError, match="experiments/hosts/index.json: cannot be read"):
        host_filing.put(one, root)
