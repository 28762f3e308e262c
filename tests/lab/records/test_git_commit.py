"""A record names the commit that measured, and says when the sources were other ones; without git it names none."""

import shutil
import subprocess

import pytest

from experiments.lab.records import git_commit, record_file
from experiments.lab.records.record_file import Draft, sample

AS = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")


@pytest.fixture
def clone(tmp_path):
    (tmp_path / "experiments/lab").mkdir(parents=True)
    (tmp_path / "experiments/lab/a.py").write_text("A = 1\n")
    for words in (("init", "-q"), ("add", "."), (*AS, "commit", "-qm", "one")):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    git_commit.commit.cache_clear()
    yield tmp_path
    git_commit.commit.cache_clear()


def now(root):
    git_commit.commit.cache_clear()
    return git_commit.commit(root)


def test_a_commit_is_named_in_full_and_clean_until_the_lab_changes(clone):
    head = subprocess.run(["git", "-C", clone, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert now(clone) == {"id": head.stdout.strip(), "clean": True}
    (clone / "experiments/records").mkdir()
    (clone / "experiments/records/new.json").write_text("{}")  # as measuring does
    assert now(clone)["clean"]
    (clone / "experiments/lab/b.py").write_text("B = 1\n")  # not added
    assert not now(clone)["clean"]
    (clone / "experiments/lab/b.py").unlink()
    (clone / "experiments/lab/a.py").write_text("A = 2\n")
    assert not now(clone)["clean"]


def test_without_a_repository_or_git_there_is_none(clone, monkeypatch):
    inside = clone / "experiments"  # a copy of the files inside another repository
    assert now(inside) is None
    monkeypatch.setenv("GIT_DIR", str(clone / "nothing"))  # of a hook that runs this
    assert now(clone)["clean"]
    shutil.rmtree(clone / ".git")
    assert now(clone) is None
    monkeypatch.setenv("PATH", str(clone))
    assert now(clone) is None


def test_a_record_holds_it_and_older_ones_need_not():
    record, _ = record_file.finish(Draft("rate", {"seed": 7}, [sample("x", "ms", [1.0])]), "01", 0, 0)
    assert record["commit"] is None or len(record["commit"]["id"]) == 40
    record_file.validate({**record, "commit": None}, "rate")
    record_file.validate({key: value for key, value in record.items() if key != "commit"}, "rate")
