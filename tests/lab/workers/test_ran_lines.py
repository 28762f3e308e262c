"""Lines are seen as they run, per step, without changing what is watched."""

import hashlib
import sys
import textwrap

import pytest

from experiments.lab.workers.worker_kit.ran_lines import RanLines


@pytest.fixture
def toy(tmp_path, monkeypatch):
    folder = tmp_path / "toyengine"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "loop.py").write_text(textwrap.dedent("""\
        class Loop:
            def step(self, full):
                if full:
                    taken = "preempt"
                else:
                    taken = "admit"
                return taken

            @staticmethod
            def other():
                return 1


        number = len
        """))
    monkeypatch.syspath_prepend(tmp_path)
    yield folder / "loop.py"
    for name in [name for name in sys.modules if name.startswith("toyengine")]:
        del sys.modules[name]


def test_each_take_has_the_lines_since_the_last(toy):
    with RanLines(["toyengine.loop:Loop.step", "toyengine.loop:Loop.other"]) as ran:
        from toyengine.loop import Loop

        assert Loop().step(True) == "preempt"
        first = ran.take()
        Loop().step(False)
        Loop.other()
        second = ran.take()
        assert ran.take() == {}
    assert first == {"toyengine/loop.py::Loop.step": [3, 4, 7]}
    assert second == {"toyengine/loop.py::Loop.step": [3, 6, 7], "toyengine/loop.py::Loop.other": [11]}
    Loop().step(True)
    assert ran.take() == {}, "it goes on watching after its end"


def test_the_file_is_named_with_its_digest(toy):
    ran = RanLines(["toyengine.loop:Loop.step"])
    assert ran.files() == {"toyengine/loop.py": hashlib.sha256(toy.read_bytes()).hexdigest()}


@pytest.mark.parametrize("name", ["toyengine.loop:Loop.gone", "toyengine.nowhere:step", "toyengine.loop:number"])
def test_a_function_that_cannot_be_watched_is_refused(toy, name):
    with pytest.raises(ValueError, match=name):
        RanLines([name])


def test_who_traced_before_goes_on(toy):
    def mine(*_):
        return None

    before = sys.gettrace()
    sys.settrace(mine)
    try:
        with RanLines(["toyengine.loop:Loop.step"]):
            pass
        assert sys.gettrace() is mine
    finally:
        sys.settrace(before)
