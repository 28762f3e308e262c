"""GPU time from the profiler: sums and unions, and that a call runs once whatever the profiler does."""

import sys
from types import SimpleNamespace

import pytest

from experiments.lab.inject.stages import kernels


def test_overlapping_kernels_count_once_in_the_union():
    got = kernels.summary([(0, 1000), (500, 1500), (3000, 4000)])
    assert got == {"kernels": 3, "kernel_sum_ms": 3.0, "kernel_union_ms": 2.5, "kernel_span_ms": 4.0}


def test_a_kernel_inside_another_adds_nothing():
    assert kernels.summary([(0, 1000), (100, 200)])["kernel_union_ms"] == 1.0


def test_no_kernels_are_no_time():
    assert kernels.summary([]) == {"kernels": 0, "kernel_sum_ms": 0.0, "kernel_union_ms": 0.0, "kernel_span_ms": 0.0}


def event(start, end, device="DeviceType.CUDA", note=False):
    span = SimpleNamespace(start=start, end=end)
    return SimpleNamespace(time_range=span, device_type=device, is_user_annotation=note)


class Profiler:
    def __init__(self, activities=None, fails=None):
        self.fails = fails

    def __enter__(self):
        if self.fails == "enter":
            raise RuntimeError("no CUPTI")

    def __exit__(self, *_):
        pass

    def events(self):
        if self.fails == "events":
            raise RuntimeError("lost")
        return [event(0, 2000), event(0, 9000, note=True), event(0, 9000, device="DeviceType.CPU")]


@pytest.fixture
def torch(monkeypatch):
    log = []
    cuda = SimpleNamespace(synchronize=lambda: log.append("s"))
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    activity = SimpleNamespace(CUDA=1)
    monkeypatch.setitem(sys.modules, "torch.profiler", SimpleNamespace(profile=Profiler, ProfilerActivity=activity))
    return log


def test_only_the_gpus_own_events_count(torch):
    result, line = kernels.Kernels().call(lambda x: torch.append("f") or x, (5,), {})
    assert result == 5 and line["kernels"] == 1 and line["kernel_sum_ms"] == 2.0
    assert torch == ["s", "f", "s"], "the GPU is idle before and after"


@pytest.mark.parametrize("fails", ["enter", "events"])
def test_without_a_profiler_the_call_runs_once_and_says_so(torch, monkeypatch, fails):
    monkeypatch.setattr(kernels, "_profiler", lambda: Profiler(fails=fails))
    result, line = kernels.Kernels().call(lambda: torch.append("f") or 1, (), {})
    assert result == 1 and "kernel_error" in line and torch.count("f") == 1


def test_an_engines_own_error_goes_through(torch):
    def fails():
        raise ValueError("the engine's")

    probe = kernels.Kernels()
    with pytest.raises(ValueError, match="the engine's"):
        probe.call(fails, (), {})
    assert probe.wants(), "and the next call can be profiled"


def test_a_nested_call_and_one_too_many_are_not_profiled(torch):
    probe = kernels.Kernels()
    probe.call(lambda: torch.append(probe.wants()), (), {})
    assert torch == ["s", False, "s"]
    probe.left = 0
    assert not probe.wants()
