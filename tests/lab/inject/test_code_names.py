"""Which files belong to the engine, how their functions are called, and what a forked child forgets."""

import sys
from types import SimpleNamespace

import pytest

from experiments.lab.inject.calls.code_names import Files, qualified


@pytest.fixture
def files(monkeypatch):
    monkeypatch.setattr(sys, "path", ["/opt/layers/vllm", "/opt/layers/sglang/"])
    return Files({"vllm": "vllm", "sglang": "python/sglang"})


@pytest.mark.parametrize(
    ("installed", "path"),
    [
        ("/opt/layers/vllm/vllm/v1/engine/core.py", "vllm/v1/engine/core.py"),
        ("/opt/layers/sglang/sglang/srt/x.py", "python/sglang/srt/x.py"),
        ("/anywhere/site-packages/vllm/x.py", "vllm/x.py"),
        ("/opt/layers/vllm/torch/x.py", None),
        ("/srv/vllm/project/x.py", None),
        ("/opt/layers/vllm/vllm_extra/x.py", None),
        ("<string>", None),
        ("vllm", None),
    ],
)
def test_a_file_belongs_to_the_package_below_the_search_path(files, installed, path):
    assert files(installed) == path
    assert files.installed == ({path: installed} if path else {})


def test_names_are_dotted_without_locals():
    def outer():
        def inner():
            pass

        return inner, lambda: None

    inner, anonymous = outer()
    assert qualified(inner.__code__) == "test_names_are_dotted_without_locals.outer.inner"
    assert qualified(anonymous.__code__) is None


def test_a_forked_child_keeps_nothing_of_its_parent():
    from experiments.lab.inject.calls.tracer import WARMUP, Tracer

    tracer = Tracer(SimpleNamespace(pid=1))
    tracer.probe = SimpleNamespace(forked=lambda: None)
    tracer.phase = "request"
    tracer._add(qualified.__code__, "start", 1, 5, "request")
    tracer.seen.add((1, 2))
    tracer.wire.messages.append({})
    tracer.forked()
    assert (tracer.entries, tracer.seen, tracer.wire.messages, tracer.phase) == ([], set(), [], WARMUP)
