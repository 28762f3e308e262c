"""Types are said and checked: of every function in the packages at the bottom, wherever they are said in the rest."""

import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MYPY = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
# Changing one of these means saying the types of every function in it.
STRICT = {"scripts.common", "scripts.quotes", "scripts.sources", "scripts.drift"}
STRICT |= {"experiments.formats", "experiments.lab.records"}


def test_mypy_finds_nothing():
    done = subprocess.run([ROOT / ".venv/bin/mypy"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_packages_at_the_bottom_say_the_types_of_every_function():
    strict = [one for one in MYPY["overrides"] if one.get("disallow_untyped_defs")]
    assert len(strict) == 1 and set(strict[0]["module"]) == {f"{package}.*" for package in STRICT}
    for package in STRICT:
        assert (ROOT / package.replace(".", "/") / "__init__.py").is_file()
