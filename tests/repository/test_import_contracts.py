"""Imports go one way only, and a bare import among the workers finds what it names."""

import ast
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
SUITES = ROOT / "experiments/lab/suites"
WORKERS = ROOT / "experiments/lab/workers"


def test_every_contract_is_kept():
    done = subprocess.run(
        [ROOT / ".venv/bin/lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[done.stdout.find("Contracts\n") :] + done.stderr


def test_every_experiment_is_in_the_contracts_that_name_them():
    there = {f"experiments.lab.suites.{path.parent.name}" for path in SUITES.glob("exp*/__init__.py")}
    about = [contract for contract in CONTRACTS if "xperiment" in contract["name"]]
    named = [set(contract.get("modules") or contract["forbidden_modules"]) for contract in about]
    assert named == [there, there]


def bare_imports() -> list[tuple[str, str, str]]:
    """(file, module, name) of what workers and the tests' workers import from a folder beside the entry scripts: an
    engine's interpreter has no package `experiments`, so no contract sees these."""
    found = []
    for path in [*WORKERS.rglob("*.py"), ROOT / "tests/lab/fakes/sglang_probe.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ("headless", "worker_kit"):
                found += [(path.name, str(node.module), alias.name) for alias in node.names]
    return found


def names_of(module: str) -> set[str]:
    """What can be imported from a module or package below the workers' folder."""
    path = WORKERS / module.replace(".", "/")
    if path.is_dir():
        return {each.stem for each in path.glob("*.py")}
    names = set()
    for node in ast.walk(ast.parse(path.with_suffix(".py").read_text())):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return names


def test_what_workers_import_from_beside_them_is_there():
    imports = bare_imports()
    assert len(imports) > 30
    assert [each for each in imports if each[2] not in names_of(each[1])] == []


@pytest.mark.parametrize("worker", sorted(path.stem for path in WORKERS.glob("*.py") if path.stem != "__init__"))
def test_a_worker_imports_nothing_that_its_interpreter_does_not_have(worker):
    """By the names that files had before they lay in folders, an entry script would import what is nowhere."""
    nodes = list(ast.walk(ast.parse((WORKERS / f"{worker}.py").read_text())))
    modules = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    modules += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    assert {name.partition(".")[0] for name in modules} & {path.stem for path in WORKERS.glob("*/*.py")} == set()
