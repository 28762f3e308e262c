"""A load's throughput is of the tokens that came back, not of those that were asked for."""

import random
import types

import pytest

from experiments.lab.load.samples import Samples
from experiments.lab.suites.exp01_request_lifecycle import visits

SECOND = 1_000_000_000


def test_throughput_is_of_delivered_tokens(monkeypatch):
    step = {"stage": "execute", "gpu_t0_ms": 0.0, "gpu_t1_ms": 1.0, "t0_ns": 1, "t1_ns": 2, "pid": 1}
    probes = types.SimpleNamespace(clear=lambda: None, arm=lambda: None, disarm=lambda: None, read=lambda: [step])
    server = types.SimpleNamespace(
        port=1, spec=types.SimpleNamespace(name="s", model="m"), injection=probes, processes=list)
    monkeypatch.setattr(visits, "closed_loops", lambda *_, on_start: [(0, 1, 2 * SECOND, 3), (0, 1, SECOND, 4)])
    samples = Samples()
    visits.load(server, "vllm-gpu", samples, random.Random(1), visits.Load(2, 1, prompt=32, output=128))
    found = {row["name"]: row["values"] for row in samples.rows()}
    assert found["throughput"] == [pytest.approx(3.5)] and found["wall"] == [2.0]
