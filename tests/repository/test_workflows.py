"""The weekly report: an issue is opened once, and extended while it is open."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
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
