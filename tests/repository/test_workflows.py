"""Workflows may do what they need and no more, run what was looked at, and say what they find in an issue, once."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.y*ml"))
# Each action at the commit of its release's tag, as the action's own repository has it.
ACTIONS = {
    "actions/checkout": "08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
    "actions/setup-python": "a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0",
    "actions/cache": "0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0",
    "actions/upload-pages-artifact": "7b1f4a764d45c48632c6b24a0339c27f5614fb0b # v4.0.0",
    "actions/deploy-pages": "d6db90164ac5ed86f2b6aed7e0febac5b3c0c03e # v4.0.5",
}
# What a job may write, and to whom it may say who it is; all others read.
WRITES = {
    ("pages", "deploy"): {"pages": "write", "id-token": "write"},
    ("weekly", "links"): {"contents": "read", "issues": "write"},
    ("weekly", "drift"): {"contents": "read", "issues": "write"},
    ("weekly", "audit"): {"contents": "read", "issues": "write"},
    ("weekly", "test-all"): {"contents": "read", "issues": "write"},
}
# Stands for GitHub's client: notes its arguments, and answers a listing with $OPEN_ISSUE.
GH = '#!/bin/sh\necho "$@" >> "$GH_LOG"\ncase "$2" in list) printf "%s" "$OPEN_ISSUE" ;; esac\n'


@pytest.mark.parametrize(("open_issue", "expected"), [("", "issue create"), ("7", "issue comment 7")])
def test_report_opens_or_extends(tmp_path, open_issue, expected):
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "report.md").write_text("text")
    env = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "GH_LOG": str(tmp_path / "log"),
        "OPEN_ISSUE": open_issue,
        "GITHUB_REPOSITORY": "somebody/something",
    }
    subprocess.run(["bash", ROOT / ".github/report.sh", "A title", tmp_path / "report.md"], env=env, check=True)
    calls = (tmp_path / "log").read_text().splitlines()
    assert len(calls) == 2
    assert calls[0].startswith("issue list") and calls[1].startswith(expected)
    assert "--repo somebody/something" in calls[1] and "--body-file" in calls[1]


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request):
    """(name, text, what it says) of each workflow."""
    text = request.param.read_text()
    return request.param.stem, text, yaml.safe_load(text)


def steps_of(data):
    return [step for job in data["jobs"].values() for step in job["steps"]]


def test_the_workflows_are_there():
    assert {path.stem for path in WORKFLOWS} == {"ci", "pages", "weekly"}


def test_a_job_may_read_and_write_what_it_needs_and_no_more(workflow):
    name, _, data = workflow
    assert data["permissions"] in ({}, {"contents": "read"})
    for job, said in data["jobs"].items():
        assert said.get("permissions", {"contents": "read"}) == WRITES.get((name, job), {"contents": "read"}), job
        assert said["timeout-minutes"] <= 120 and said["runs-on"] == "ubuntu-24.04", job


def test_no_workflow_runs_a_stranger_s_code_with_our_rights(workflow):
    """`pull_request_target` and `workflow_run` do; a title or a branch's name in a script is run as one."""
    _, text, data = workflow
    assert set(data[True]) <= {"push", "pull_request", "schedule", "workflow_dispatch"}  # `on` is a yes in YAML 1.1
    assert "secrets." not in text
    assert [step["run"] for step in steps_of(data) if "${{" in step.get("run", "")] == []


def test_each_action_is_the_commit_that_was_looked_at(workflow):
    _, text, data = workflow
    lines = re.findall(r"(?m)^\s*(?:- )?uses: (.+)$", text)
    assert len(lines) == sum("uses" in step for step in steps_of(data))
    for line in lines:
        action, _, commit = line.partition("@")
        assert ACTIONS.get(action) == commit, line
        assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", commit), line


def test_a_checkout_leaves_no_token_behind(workflow):
    found = [step for step in steps_of(workflow[2]) if step.get("uses", "").startswith("actions/checkout@")]
    assert [step for step in found if step["with"].get("persist-credentials") is not False] == []


def test_the_locks_are_audited_every_week():
    data = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text())
    assert data[True]["schedule"] == [{"cron": "17 5 * * 1"}]
    runs = [step.get("run", "") for step in data["jobs"]["audit"]["steps"]]
    assert "bash .github/audit.sh report.md" in runs
    assert re.search(r"(?m)^pip-audit==[\d.]+ \\$", (ROOT / "requirements/audit.txt").read_text())


# Stands for pip-audit: notes which lock it was asked for, and finds a fault in one.
AUDIT = '#!/bin/sh\necho "$@" >> log\ncase "$*" in *"$BAD"*) echo "| tiny | a fault |"; exit 1 ;; esac\n'


@pytest.mark.parametrize(("bad", "status"), [("two.txt", 1), ("nothing", 0)])
def test_each_lock_is_looked_up_and_what_is_found_is_told(tmp_path, bad, status):
    (tmp_path / "requirements").mkdir()
    for name in ("one.in", "one.txt", "two.in", "two.txt", "three.in", "three.txt", "notes.txt"):
        (tmp_path / "requirements" / name).touch()
    (tmp_path / "audit").write_text(AUDIT)
    (tmp_path / "audit").chmod(0o755)
    command = ["bash", ROOT / ".github/audit.sh", "report.md", "./audit"]
    env = {**os.environ, "BAD": bad}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    asked = (tmp_path / "log").read_text().splitlines()
    assert [line.split()[-1] for line in asked] == [f"requirements/{name}.txt" for name in ("one", "three", "two")]
    assert all("--require-hashes --disable-pip" in line for line in asked)
    assert done.returncode == status
    found = "### requirements/two.txt\n\n| tiny | a fault |\n\n" if status else ""
    assert (tmp_path / "report.md").read_text() == done.stdout == found


def test_a_tool_that_is_not_there_is_no_clean_audit(tmp_path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/one.in").touch()
    command = ["bash", ROOT / ".github/audit.sh", "report.md", "./audit"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "requirements/one.txt" in (tmp_path / "report.md").read_text()
