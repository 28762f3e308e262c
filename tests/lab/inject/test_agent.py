"""What the injection brings into an engine's process: nothing of the driver but the names of the engines' packages."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.lab.host import engine_table
from experiments.lab.inject.control import Injection
from tests.lab.fakes import fake_engine
from tests.lab.fakes.traced_program import VERSIONS, Program

INJECT = Path(__file__).resolve().parents[3] / "experiments/lab/inject"
IN_THE_ENGINE = [path for path in INJECT.rglob("*.py") if path.name != "control.py"]


def run(folder, mode, code):
    """What `code` prints in an interpreter that is injected like an engine's, with the fake engine on its path."""
    fake_engine.write(folder / "packages")
    injected = Injection(folder / "inject").env(mode, [])
    path = f"{injected['PYTHONPATH']}:{folder / 'packages'}"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **injected, "PYTHONPATH": path}, cwd="/",
                          capture_output=True, text=True, check=False, timeout=60)  # fmt: skip
    assert not done.returncode and "lab injection" not in done.stderr, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("mode", ["trace", "stages"])
def test_nothing_of_the_driver_is_loaded_into_an_engine(tmp_path, mode):
    loaded = run(tmp_path, mode, "import sglang, sys; print(*sys.modules)")
    assert "_lab_inject.agent" in loaded
    assert not [name for name in loaded if name.split(".")[0] == "experiments"]


@pytest.mark.parametrize("path", IN_THE_ENGINE, ids=lambda path: path.name)
def test_what_runs_in_an_engine_imports_the_standard_library_and_itself_at_the_top(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            assert node.module.split(".")[0] in {*sys.stdlib_module_names, "torch", "_lab_inject"}, node.lineno
        elif isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= sys.stdlib_module_names, node.lineno
    hidden = [node for function in ast.walk(tree) if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
              for node in ast.walk(function) if isinstance(node, ast.ImportFrom) and node.level]  # fmt: skip
    assert not hidden, "an import of our own inside a function"


def test_a_part_of_the_tracer_does_not_need_the_agent():
    code = "import sys, experiments.lab.inject.calls.tracer; print(*sys.modules)"
    root = INJECT.parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert "experiments.lab.inject.agent" not in done.stdout.split()


def test_the_packages_are_those_of_the_engines_file(tmp_path):
    folders = run(tmp_path, "trace", "from _lab_inject.calls import code_names as c; print(*c.FOLDERS.values())")
    assert folders == [engine.sources for engine in engine_table.table().engines.values()] == ["vllm", "python/sglang"]


FORKS = """
    import os, sys, time
    def at_once(): pass
    def in_parent(): pass
    def setup(): pass
    def exercise(what):
        read, write = os.pipe()
        pid = os.fork()
        if not pid:
            at_once()
            os.write(write, b"done")
            if what == "ends": sys.exit()
            if what == "is killed": os._exit(0)
            time.sleep(30)
        in_parent()
        os.read(read, 4)
        if what != "stays": os.waitpid(pid, 0)
        return pid
    """


@pytest.fixture(params=VERSIONS)
def forking(request, tmp_path):
    with Program(tmp_path, FORKS, request.param) as program:
        yield program


def entered_by(lines):
    """(name, pid) of what the module's functions entered while armed."""
    found = [line for line in lines if line.get("phase") == "request"]
    return {(line["symbol"].partition("::")[2], line["pid"]) for line in found}


@pytest.mark.parametrize("how", ["stays", "ends"])
def test_what_a_child_forked_while_armed_does_at_once_is_recorded(forking, how):
    (child,) = forking.armed(how)
    assert {("at_once", int(child)), ("in_parent", forking.process.pid)} <= entered_by(forking.injection.read())
    assert forking.injection.lost() == []


def test_a_process_that_took_its_entries_with_it_is_said(forking):
    (child,) = forking.armed("is killed")
    assert forking.injection.lost() == [f"all of process {child}, which ended while it was recorded"]
