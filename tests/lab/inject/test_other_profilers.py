"""The program under the tracer has profilers and tracers of its own: they get what they would get, and the tracer too.

What cannot be recorded is said.
"""

import pytest

from experiments.lab.inject.control import InjectionError
from tests.lab.fakes.traced_program import VERSIONS, Program, entries

PARTS = """
    import cProfile, os, sys, threading, time

    def during(): return 1
    def after(): return 2
    def in_new_thread(): return 3

    class Other:
        "A profiler and tracer of the program: it notes whom it saw."
        def __init__(self): self.seen = set()
        def profile(self, frame, event, arg): self.seen.add(frame.f_code.co_name)
        def trace(self, frame, event, arg):
            self.seen.add(frame.f_code.co_name)
            return self.trace
        def answer(self): return sorted(self.seen & {"during", "after", "in_new_thread"})

    class S: before = None

    def setup(): pass

    def new_thread():
        thread = threading.Thread(target=in_new_thread)
        thread.start(); thread.join()

    def exercise(what):
        other = Other()
        if what == "profile":
            sys.setprofile(other.profile); during(); sys.setprofile(None); after()
        elif what == "trace":
            sys.settrace(other.trace); during(); sys.settrace(None); after()
        elif what == "cProfile":
            profiler = cProfile.Profile()
            profiler.enable(); during(); profiler.disable(); after()
            return sorted({entry.code.co_name for entry in profiler.getstats() if hasattr(entry.code, "co_name")}
                          & {"during", "after"})
        elif what == "both":
            sys.settrace(other.trace); sys.setprofile(other.profile); during(); new_thread()
            sys.setprofile(None); sys.settrace(None); time.sleep(0.2); after()
        elif what == "two at a time":
            sys.setprofile(other.profile); sys.settrace(other.trace); during()
            sys.settrace(None); after(); sys.setprofile(None); new_thread()
        elif what == "threading.setprofile":
            threading.setprofile(other.profile); new_thread(); threading.setprofile(None); after()
        elif what == "threading.settrace":
            threading.settrace(other.trace); new_thread(); threading.settrace(None); after()
        elif what == "fails":
            def fails(frame, event, arg):
                if event == "call": raise LookupError("the program's own")
            sys.setprofile(fails)
            try: during()
            except LookupError: pass
            after()
            return sys.getprofile()
        elif what == "begin before":
            S.before = other
            sys.setprofile(other.profile); threading.setprofile(other.profile)
            return None
        elif what == "while before":
            during(); new_thread(); after()
            return sys.getprofile() == S.before.profile, threading.getprofile() == S.before.profile, S.before.answer()
        elif what == "end before":
            same = sys.getprofile() == S.before.profile, threading.getprofile() == S.before.profile
            sys.setprofile(None); threading.setprofile(None)
            return same
        elif what == "free":
            sys.monitoring.free_tool_id(4)
        elif what == "none":
            return sys.getprofile(), sys.gettrace()
        return other.answer()
    """
WATCHED = {"lines": [["vllm/parts.py", "during"], ["vllm/parts.py", "after"]]}


@pytest.fixture(scope="module", params=VERSIONS)
def program(request, tmp_path_factory):
    with Program(tmp_path_factory.mktemp("p"), PARTS, request.param) as started:
        started.version = request.param
        started.injection.arm()
        started.injection.disarm()
        yield started


def recorded(program, *what, plan=None):
    """(answers, names in the order of their entries, names whose lines ran, what was lost)."""
    program.injection.clear()
    program.injection._kept.clear()
    answers = program.armed(*what, plan=plan)
    seen = [entry for entry in entries(program.injection.read()) if entry[0] in ("during", "after", "in_new_thread")]
    names = [name for name, kind, _, _ in seen if kind != "line"]
    return answers, names, [name for name, kind, _, _ in seen if kind == "line"], program.injection.lost()


@pytest.mark.parametrize(
    ("what", "answer", "names"),
    [
        ("profile", "['during']", ["during", "after"]),
        ("trace", "['during']", ["during", "after"]),
        ("cProfile", "['during']", ["during", "after"]),
        ("threading.setprofile", "['in_new_thread']", ["in_new_thread", "after"]),
        ("threading.settrace", "['in_new_thread']", ["in_new_thread", "after"]),
    ],
)
def test_what_runs_while_and_after_another_looks_on_is_recorded(program, what, answer, names):
    answers, entered, _, lost = recorded(program, what)
    assert (answers, entered, lost) == ([answer], names, [])
    assert recorded(program, "none")[:2] == (["(None, None)"], []), "nothing of ours shows"


@pytest.mark.parametrize("what", ["profile", "trace", "cProfile"])
def test_lines_are_watched_again_when_another_tracer_has_gone(program, what):
    _, entered, lines, lost = recorded(program, what, plan=WATCHED)
    assert entered == ["during", "after"] and "after" in lines
    assert "during" in lines or [each for each in lost if "lines of during" in each], "watched, or it is said"


def test_what_two_others_hide_is_said_and_what_comes_later_is_recorded(program):
    answers, entered, _, lost = recorded(program, "both")
    assert answers == ["['during']"] and {"in_new_thread", "after"} <= set(entered)
    assert "during" in entered or [each for each in lost if "MainThread" in each]


def test_what_comes_after_two_that_overlap_or_one_that_fails_is_recorded(program):
    answers, entered, _, lost = recorded(program, "two at a time")
    assert answers == ["['after', 'during']"] and "in_new_thread" in entered
    assert "during" in entered or lost
    answers, entered, _, _ = recorded(program, "fails")
    assert answers == ["None"] and "after" in entered


def test_a_profiler_that_was_there_before_stays_and_does_not_hide_anything(program):
    program.ask("begin before")
    answers, entered, _, _ = recorded(program, "while before")
    assert answers == ["(True, True, ['after', 'during', 'in_new_thread'])"]
    assert entered == ["during", "in_new_thread", "after"]
    assert program.ask("end before") == "(True, True)", "disarming has not taken it away"


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_an_id_of_sys_monitoring_that_is_taken_is_left_alone(tmp_path, version):
    taken = "import sys\nsys.monitoring.use_tool_id(4, 'another')\nsys.monitoring.use_tool_id(3, 'a third')\n"
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "sitecustomize.py").write_text(taken)
    with Program(tmp_path, PARTS, version) as program:
        assert program.armed("profile") == ["['during']"]
        with pytest.raises(InjectionError, match="ids of sys.monitoring are taken, 4 by 'another', 3 by 'a third'"):
            program.injection.read()


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_an_id_of_sys_monitoring_that_is_taken_away_is_said(tmp_path, version):
    with Program(tmp_path, PARTS, version) as program:
        program.armed("free")
        with pytest.raises(InjectionError, match="its id 4 of sys.monitoring was taken"):
            program.injection.read()
