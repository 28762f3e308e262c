"""Who calls what, read from the syntax trees of a small package: the call graph that says nobody jumps."""

import importlib
import sys

import pytest

from tests.lab.fakes.engine_worker import WORKERS

FILES = {
    "__init__.py": "",
    "grammar.py": "class Plain:\n    def try_jump_forward(self):\n        return None\n",
    "wrapper.py": "class Wrapper:\n    def try_jump_forward(self):\n        return self.inner.try_jump_forward()\n",
    "sub/__init__.py": "",
    "sub/loop.py": "NAME = 'try_jump_forward'\n\nasync def step(grammar):\n    return [grammar.try_jump_forward()]\n",
    "demo.py": "def test_main():\n    return try_jump_forward()\n",
}


@pytest.fixture
def jump_calls(monkeypatch):
    """The worker, which finds its neighbours beside it as it does when it is run."""
    monkeypatch.syspath_prepend(WORKERS)
    return importlib.import_module("jump_calls")


@pytest.fixture
def rows(tmp_path, monkeypatch, jump_calls):
    for name, text in FILES.items():
        path = tmp_path / "toyjumps" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    what = {"package": "toyjumps", "names": ["try_jump_forward", "never"]}
    yield what, {row["name"]: row for row in jump_calls.measure("", what)}
    sys.modules.pop("toyjumps", None)


def test_a_call_from_the_loop_is_outside_and_a_wrappers_inside(rows):
    what, rows = rows
    found = rows["try_jump_forward"]
    wrapper = "toyjumps/wrapper.py::Wrapper.try_jump_forward"
    assert found["defined"] == ["toyjumps/grammar.py::Plain.try_jump_forward", wrapper]
    assert found["inside"] == ["toyjumps/demo.py::test_main", wrapper]
    assert found["outside"] == ["toyjumps/sub/loop.py::step"]
    assert found["strings"] == 1 and what["files"] == len(FILES)


def test_a_name_that_nobody_has_is_counted_as_none(rows):
    never = rows[1]["never"]
    assert (never["defined"], never["inside"], never["outside"], never["strings"]) == ([], [], [], 0)


def test_a_package_that_is_not_here_is_a_line(jump_calls):
    with pytest.raises(ValueError, match="nosuchengine is not installed here; run this in its environment"):
        jump_calls.measure("", {"package": "nosuchengine", "names": ["x"]})
