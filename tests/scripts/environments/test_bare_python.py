"""What runs before any package is installed needs the standard library and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FIRST = [
    "environment",
    "engine_environments",
    "clean",
    "installer",
    "pip_complaints",
    "pip_settings",
    "requirement_locks",
]
FOREIGN = """
import importlib, sys, sysconfig
from pathlib import Path
importlib.import_module(sys.argv[1])
places = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")] + [Path.cwd() / "scripts"]
places += [Path.cwd() / "experiments/formats", Path.cwd() / "experiments/__init__.py"]
files = {name: module.__file__ for name, module in sys.modules.items() if getattr(module, "__file__", None)}
inside = lambda file: any(Path(file).resolve().is_relative_to(place) for place in places)
print([name for name, file in files.items() if "site-packages" in file or not inside(file)])
"""


def bare(*words: str) -> subprocess.CompletedProcess:
    """Python without site-packages, from the repository's root."""
    command = [sys.executable, "-S", "-E", "-B", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", FIRST)
def test_it_imports_nothing_that_is_to_be_installed(name):
    done = bare("-c", FOREIGN, f"scripts.environments.{name}")
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_no_package_can_be_imported_there():
    assert "No module named 'packaging'" in bare("-c", "import packaging").stderr


@pytest.mark.parametrize("name", ["environment", "engine_environments"])
def test_the_commands_start(name):
    done = bare("-m", f"scripts.environments.{name}", "--help")
    assert done.returncode == 0 and done.stdout.startswith("usage: ")


def test_every_module_of_the_package_is_one_of_them():
    names = {path.stem for path in (ROOT / "scripts/environments").glob("*.py")} - {"__init__"}
    assert names == set(FIRST)
