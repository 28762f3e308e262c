"""A stored digest leads to the commit that gives it, by the rule that the lab of that commit had."""

import functools
import hashlib
import json
import shutil
import subprocess

import pytest

from experiments.lab import __main__ as lab
from experiments.lab.errors import LabError
from experiments.lab.records import digest_history, source_digest
from tests.lab.records.test_git_commit import AS

OLD = '''
import hashlib


def source_digest(experiment=None):
    return "sha256:" + hashlib.sha256(f"{experiment} of old".encode()).hexdigest()
'''


def git(root, *words) -> str:
    done = subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(root, subject: str) -> str:
    git(root, "add", ".")
    git(root, *AS, "commit", "-qm", subject)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A repository with a lab of an older layout, then today's, then a change: its root, the commits' ids by these
    names, and the digest of experiment 05 in the second."""
    root = tmp_path_factory.mktemp("clone")
    git(root, "init", "-q")
    (root / "experiments/lab/suites").mkdir(parents=True)
    (root / "experiments/lab/suites/s03.py").write_text("")
    (root / "experiments/lab/records.py").write_text(OLD)
    ids = {"old": commit(root, "An older lab")}
    shutil.rmtree(root / "experiments/lab")
    shutil.copytree(source_digest.LAB, root / "experiments/lab", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "experiments/lab/workers/vllm_cache.py").open("a").write("# of the clone\n")
    ids["today"] = commit(root, "Today's")
    digest = source_digest.digest_of(root / "experiments/lab", "05")
    (root / "experiments/lab/workers/vllm_cache.py").open("a").write("# and changed\n")
    ids["changed"] = commit(root, "Changed")
    (root / "page.md").write_text("nothing of the lab")
    ids["page"] = commit(root, "A page")
    return root, ids, digest


def hold(root, digest: str, **more) -> None:
    path = root / "experiments/records/05/cache-vllm.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"lab": digest, "started": "2026-11-24T02:25:00Z", **more}))


def test_a_digest_leads_to_the_first_commit_that_gives_it(clone):
    root, ids, digest = clone
    line = digest_history.find(digest, root)
    assert line.startswith(f"{digest}: commit {ids['today']} of 20") and "experiment 05, measurements (Today's)" in line
    assert digest_history.find(digest[7:15], root) == line  # its first digits do


def test_an_older_lab_is_asked_by_its_own_rule(clone):
    root, ids, _ = clone
    digest = "sha256:" + hashlib.sha256(b"03 of old").hexdigest()
    assert f"commit {ids['old']}" in digest_history.find(digest, root)
    assert "experiment 03, measurements (An older lab)" in digest_history.find(digest, root)


def test_the_commit_that_a_record_names_is_asked_first(clone):
    root, ids, digest = clone
    hold(root, digest, commit={"id": ids["today"], "clean": True})
    asked = []
    digest_history.find(digest, root, lambda done, total: asked.append((done, total)))
    assert asked == [(0, 1)]


def test_a_named_commit_counts_although_it_changed_nothing_of_the_lab_and_an_unknown_one_does_not(clone):
    root, ids, _ = clone
    digest = source_digest.digest_of(root / "experiments/lab", "05")
    hold(root, digest, commit={"id": ids["page"], "clean": True})
    assert f"commit {ids['page']}" in digest_history.find(digest, root)
    hold(root, digest, commit={"id": "12" * 20, "clean": True})
    assert f"commit {ids['changed']}" in digest_history.find(digest, root)


def test_a_digest_of_no_commit_is_one_line_that_names_its_record(clone, capsys, monkeypatch):
    root, _, _ = clone
    digest = "sha256:" + "12" * 32
    hold(root, digest)
    monkeypatch.setattr(digest_history, "find", functools.partial(digest_history.find, root=root))
    assert lab.main(["digest", "--find", digest]) == 1
    assert capsys.readouterr().err == (
        f"{digest}: none of 3 commits has a lab of this digest; "
        "experiments/records/05/cache-vllm.json was measured with sources that were not committed\n"
    )


@pytest.mark.parametrize("word", ["nope", "sha256:12", "g" * 64])
def test_what_is_no_digest_is_refused(word):
    with pytest.raises(LabError, match="is no digest; give sha256: and its 64 digits"):
        digest_history.find(word)


def test_digits_of_two_digests_are_refused(clone):
    root, _, _ = clone
    hold(root, "sha256:" + "ab" * 32)
    (root / "experiments/records/05/other.json").write_text(
        (root / "experiments/records/05/cache-vllm.json").read_text().replace("abab\"", "abac\"")
    )
    with pytest.raises(LabError, match="abababab: 2 digests of records begin so"):
        digest_history.find("abababab", root)


def test_without_a_repository_there_is_nothing_to_search(tmp_path):
    with pytest.raises(LabError, match="the commits cannot be searched; run it with git"):
        digest_history.find("12" * 32, tmp_path)


def test_the_command_prints_what_is_here(capsys, clone):
    assert lab.main(["digest", "--exp", "05"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"05 measurements: {source_digest.source_digest('05')}"
    assert lines[1] == f"05 call path: {source_digest.source_digest('05', True)}"
    assert lab.main(["digest", "--exp", "99"]) == 1
    assert "no experiment '99'; there are: 01, " in capsys.readouterr().err
    assert "the tree that is here, experiment 05" in digest_history.find(source_digest.source_digest("05"), clone[0])
