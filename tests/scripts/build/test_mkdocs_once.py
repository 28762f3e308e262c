"""`mkdocs` for one build: what it says and how it ends are MkDocs' own."""

import subprocess
import sys

import pytest

from scripts.common.paths import ROOT


@pytest.mark.parametrize(("nav", "status", "says"), [("index.md", 0, ""), ("missing.md", 1, "missing.md")])
def test_it_builds_and_tells_what_is_wrong(tmp_path, nav, status, says):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# Here\n")
    (tmp_path / "mkdocs.yml").write_text(f"site_name: x\nnav: [{nav}]\n")
    command = [
        sys.executable,
        "-m",
        "scripts.build.mkdocs_once",
        "build",
        "--strict",
        "-f",
        str(tmp_path / "mkdocs.yml"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == status and says in done.stderr
