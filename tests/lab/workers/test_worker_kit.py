"""The driving side imports of the workers only what needs no engine, and both sides import it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.lab.workers.worker_kit import streams

LAB = Path(__file__).resolve().parents[3] / "experiments/lab"
WORKERS = "experiments.lab.workers"


def imports(path: Path) -> set:
    """The modules that a file imports, by their whole names; those that it takes from a package too. Of a relative
    import, its file's name after a dot."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            names |= {f"{base}.{alias.name}" for alias in node.names if file_of(f"{base}.{alias.name}")} or {base}
    return names


def file_of(name: str) -> Path | None:
    path = LAB.parents[1].joinpath(*name.split(".")).with_suffix(".py")
    return path if path.is_file() else None


def taken_by_the_driver() -> set:
    """The files of the workers that something outside of them imports."""
    outside = (path for path in LAB.rglob("*.py") if not path.is_relative_to(LAB / "workers"))
    names = {name for path in outside for name in imports(path) if name.startswith(WORKERS)}
    assert all(file_of(name) for name in names), names
    return {file_of(name) for name in names}


def test_the_driver_takes_only_modules_of_worker_kit_that_need_the_standard_library_alone():
    taken = taken_by_the_driver()
    assert LAB / "workers/worker_kit/streams.py" in taken
    seen = set()
    while taken:
        path = taken.pop()
        seen.add(path)
        assert path.parent == LAB / "workers/worker_kit", f"the driving side imports {path.relative_to(LAB)}"
        for name in imports(path):
            if name.startswith("."):
                taken |= {path.parent / f"{name[1:]}.py"} - seen
            else:
                assert name.partition(".")[0] in sys.stdlib_module_names, f"{path.name} imports {name}"


SIDES = {
    "driver": (LAB.parents[1], "experiments.lab.workers.worker_kit.streams"),
    "worker": (LAB / "workers", "worker_kit.streams"),
}


@pytest.mark.parametrize("side", SIDES)
def test_streams_are_the_same_from_either_side(side):
    """A worker finds them beside its script, the driver by their place in the repository; neither has them twice."""
    folder, name = SIDES[side]
    code = (
        f"import importlib, sys; sys.path.insert(0, {str(folder)!r}); kit = importlib.import_module({name!r})\n"
        "print(kit.prompt(kit.none(1, 1, 5, 2)[0], {}), [m for m in sys.modules if m.endswith('worker_io')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    expected = streams.prompt(streams.none(1, 1, 5, 2)[0], {})
    assert done.stdout == f"{expected} {[name.replace('streams', 'worker_io')]}\n"


def test_no_module_imports_itself_in_two_ways():
    assert [path.name for path in LAB.rglob("*.py") if "__package__" in path.read_text("utf-8")] == []
