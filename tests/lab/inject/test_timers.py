"""Stage probes: every kind of function, armed and not, and what goes wrong."""

import json
import os
import subprocess
import sys
import textwrap
import time

import pytest

from experiments.lab.inject.control import Injection, InjectionError
from experiments.lab.inject.stages.probe import Probe

MODULE = """
    import asyncio, threading, time
    class Result:
        total = 7
        names = ["a", "b"]
        deep = {"key": (1, 2, 3)}
    class Thing:
        value = 5
        def method(self, n): time.sleep(0.01); return Result()
        @staticmethod
        def static(n): return n
        @classmethod
        def cls(cls, n): return cls.__name__
        @property
        def prop(self): return self.value
        async def coro(self): await asyncio.sleep(0.01); return 3
        async def agen(self):
            for i in range(3):
                await asyncio.sleep(0.005)
                yield i
        def gen(self):
            got = yield 1
            return got
        def fails(self): raise ValueError("as before")
    class Child(Thing): pass
    def plain(a, b=2): return a + b
    """
USER = """
    from vllm.parts import Thing, Child, plain
    import asyncio, inspect
    async def each():
        thing = Child()
        assert await thing.coro() == 3
        assert [i async for i in thing.agen()] == [0, 1, 2]
        async for i in thing.agen(): break
    def round():
        thing = Thing()
        assert plain(1) == 3 and plain(1, b=5) == 6
        assert thing.method(4).total == 7
        assert Thing.static(1) == 1 and thing.static(2) == 2
        assert Child.cls(1) == "Child" and Thing.cls(1) == "Thing"
        assert thing.prop == 5
        g = thing.gen(); next(g)
        try: g.send("sent")
        except StopIteration as stop: assert stop.value == "sent"
        try: thing.fails()
        except ValueError as error: assert str(error) == "as before"
        asyncio.run(each())
    assert inspect.iscoroutinefunction(Thing.coro) and inspect.isasyncgenfunction(Thing.agen)
    assert list(inspect.signature(plain).parameters) == ["a", "b"]
    assert inspect.getsource(plain).startswith("def plain")
    import sys
    for line in sys.stdin:
        round(); print("done", flush=True)
    """


TORCH = """
    # Enough of torch.cuda: an event's time is when it was recorded, and reading one before synchronize() fails.
    import time
    class cuda:
        synced = 0.0
        is_initialized = staticmethod(lambda: True)
        @staticmethod
        def synchronize(): cuda.synced = time.monotonic()
        class Stream: pass
        class Event:
            def __init__(self, enable_timing): assert enable_timing; self.at = None
            def record(self, stream=None): self.at, self.waited = time.monotonic(), False
            def synchronize(self): self.waited = True
            def done(self): return self.waited or self.at <= cuda.synced
            def elapsed_time(self, other):
                if not (self.done() and other.done()): raise RuntimeError("not ready")
                return (other.at - self.at) * 1e3
    """


def probe(name, qualname, **more):
    return {"stage": name, "module": "vllm.parts", "qualname": qualname, **more}


PROBES = [
    probe("method", "Thing.method", info={"n": "args.1", "total": "result.total", "k": "len(result.names)",
                                          "deep": "result.deep.key.2", "self": "self.value", "gone": "result.nothing"}),
    probe("static", "Thing.static"), probe("cls", "Thing.cls"), probe("prop", "Thing.prop"),
    probe("coro", "Thing.coro", info={"r": "result"}), probe("agen", "Thing.agen"), probe("gen", "Thing.gen"),
    probe("fails", "Thing.fails"), probe("plain", "plain", gpu=True, info={"b": "kwargs.b"}),
]


class Program:
    def __init__(self, folder, probes, torch=False):
        package = folder / "packages" / "vllm"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "parts.py").write_text(("import torch\n" if torch else "") + textwrap.dedent(MODULE))
        if torch:
            (folder / "packages" / "torch.py").write_text(textwrap.dedent(TORCH))
        self.injection = Injection(folder / "inject")
        env = {**os.environ, **self.injection.env("stages", probes)}
        env["PYTHONPATH"] += f":{folder / 'packages'}"
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(USER)],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def round(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    with Program(tmp_path_factory.mktemp("s"), PROBES) as program:
        program.round()
        program.injection.arm()
        before = time.monotonic_ns()
        program.round()
        after = time.monotonic_ns()
        program.injection.disarm()
        program.round()
        assert program.injection.missing(PROBES) == []
        got = program.injection.read()
    return [line for line in got if "stage" in line], before, after


def of(lines, stage):
    return [line for line in lines[0] if line["stage"] == stage]


def test_only_armed_calls_are_recorded(lines):
    got, before, after = lines
    assert all(before <= line["t0_ns"] <= line["t1_ns"] <= after for line in got)
    assert {entry["stage"]: len(of(lines, entry["stage"])) for entry in PROBES} == {
        "plain": 2, "static": 2, "cls": 2, "prop": 1, "fails": 1, "gen": 1, "coro": 1, "agen": 2, "method": 1,
    }


def test_times_are_those_of_the_call(lines):
    (call,) = of(lines, "method")
    assert 10e6 <= call["t1_ns"] - call["t0_ns"] < 1e9
    (coroutine,) = of(lines, "coro")
    assert coroutine["t1_ns"] - coroutine["t0_ns"] >= 9e6, "from the first step to the last, not the making of it"


def test_info_is_read_by_path(lines):
    (call,) = of(lines, "method")
    assert call["info"] == {"n": 4, "total": 7, "k": 2, "deep": 3, "self": 5, "gone": None}
    assert of(lines, "coro")[0]["info"] == {"r": 3}
    assert [c["info"]["b"] for c in of(lines, "plain")] == [None, 5]


def test_an_async_generator_counts_its_items(lines):
    whole, broken = of(lines, "agen")
    assert whole["items"] == 3 and whole["t0_ns"] < whole["first_ns"] < whole["t1_ns"]
    assert broken["items"] == 1


def test_gpu_without_a_gpu_is_harmless(lines):
    assert all("gpu_ms" not in line for line in of(lines, "plain"))


def test_gpu_calls_lie_on_one_timeline_tied_to_the_cpus_clock(tmp_path):
    with Program(tmp_path, [probe("method", "Thing.method", gpu=True)], torch=True) as program:
        program.round()
        for _ in range(2):  # the second time with events used before
            program.injection.clear()
            program.injection.arm()
            program.round()
            program.round()
            program.injection.disarm()
            got = program.injection.read()
            calls = [line for line in got if "stage" in line]
            first, last = [line for line in got if "gpu_sync" in line]
            assert first["gpu_ms"] == 0.0 < last["gpu_ms"]
            assert len(calls) == 2
            for call in calls:
                assert call["gpu_ms"] == pytest.approx(call["gpu_t1_ms"] - call["gpu_t0_ms"]) and call["gpu_ms"] >= 10
                at = first["t_ns"] + call["gpu_t0_ms"] * 1e6
                assert at == pytest.approx(call["t0_ns"], abs=2e6), "the two clocks agree"
            assert calls[0]["gpu_t1_ms"] < calls[1]["gpu_t0_ms"] < last["gpu_ms"]


def test_a_function_that_is_gone_is_reported_in_one_line(tmp_path):
    with Program(tmp_path, [probe("gone", "Thing.gone")]) as program:
        program.round()
        program.injection.arm()
        program.injection.disarm()
        with pytest.raises(InjectionError, match=r"stage gone: vllm\.parts has no Thing\.gone"):
            program.injection.read()


def test_a_failure_outlives_a_cleared_round(tmp_path):
    with Program(tmp_path, [probe("gone", "Thing.gone"), PROBES[0]]) as program:
        for _ in range(2):
            program.round()
            program.injection.clear()
            program.injection.arm()
            program.injection.disarm()
        assert [line["probe"] for line in program.injection.read(strict=False) if "probe" in line] == ["method"]
        with pytest.raises(InjectionError, match="has no Thing"):
            program.injection.read()


def test_a_module_never_imported_is_missing(tmp_path):
    probes = [PROBES[0], {"stage": "other", "module": "vllm.other", "qualname": "f"}]
    with Program(tmp_path, probes) as program:
        program.round()
        program.injection.arm()
        program.injection.disarm()
        assert program.injection.missing(probes) == ["other"]


@pytest.mark.parametrize("text", ["__import__('os')", "args.1 + 1", "len(args", "args.1)", "other.x", "args[1]"])
def test_info_is_no_python(text):
    with pytest.raises(ValueError, match="is no path from"):
        Probe(probe("x", "f", info={"n": text}))


def test_a_second_round_holds_only_its_own_calls(tmp_path):
    with Program(tmp_path, [PROBES[-1]]) as program:
        for _ in range(2):
            program.round()
            program.injection.arm()
            program.round()
            program.injection.disarm()
            got = [line for line in program.injection.read() if "stage" in line]
            assert len(got) == 2
            program.injection.clear()
        program.round()
        assert program.injection.processes() == [program.process.pid]


def test_lines_survive_a_kill(tmp_path):
    with Program(tmp_path, PROBES) as program:
        program.round()
        program.injection.arm()
        program.round()
        program.injection.disarm()
    text = next((tmp_path / "inject").glob("*.jsonl")).read_text()
    assert text.endswith("\n") and all(json.loads(line) for line in text.splitlines())
