"""What the code imports is named in requirements/site.in, and deptry, which says so, would see it if it were not."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def deptry(folder: Path) -> subprocess.CompletedProcess:
    """deptry on a folder that has a pyproject.toml."""
    command = [ROOT / ".venv/bin/deptry", ".", "--no-ansi"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_import_is_named_and_every_name_is_of_use():
    done = deptry(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def tiny(tmp_path):
    """This repository's settings and requirements beside one module."""
    for name in ("pyproject.toml", "requirements/site.in"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "scripts").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("import made_up_package", "DEP001 'made_up_package' imported but missing"),
        ("import vllm", "DEP001 'vllm' imported but missing"),  # only what runs in an engine may
        ("import httpcore2", "DEP003 'httpcore2' imported but it is a transitive dependency"),
    ],
)
def test_an_import_that_no_requirement_names_is_caught(tiny, line, fault):
    (tiny / "scripts/module.py").write_text(f"{line}\n")
    done = deptry(tiny)
    assert done.returncode == 1 and re.search(rf"scripts/module\.py:1:8: {fault}", done.stdout + done.stderr)


def test_a_requirement_of_no_use_is_caught(tiny):
    (tiny / "requirements/site.in").write_text("jsonschema\n")
    (tiny / "scripts/module.py").write_text("import json\n")
    done = deptry(tiny)
    assert "DEP002 'jsonschema' defined as a dependency but not used" in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["experiments/lab/workers/one.py", "experiments/lab/inject/path/one.py"])
def test_what_runs_in_an_engine_s_interpreter_may_import_its_packages(tiny, name):
    (tiny / name).parent.mkdir(parents=True)
    (tiny / name).write_text("import torch, vllm\n")
    assert "one.py" not in deptry(tiny).stderr


def test_what_is_excused_exists():
    """A folder that moved, or a package that left, takes its excuse along."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["deptry"]
    required = re.findall(r"(?m)^([A-Za-z0-9][\w.-]*)", (ROOT / "requirements/site.in").read_text())
    assert [name for name in settings["per_rule_ignores"]["DEP002"] if name not in required] == []
    ours = [name.replace("\\", "") for name in settings["exclude"] if name.startswith(("experiments/", "tests/"))]
    assert len(ours) == 4 and [name for name in ours if not (ROOT / name).exists()] == []
