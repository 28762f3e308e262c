"""The record of what a worker counts: its rows, and what else it said, of the engine that it ran in."""

from types import SimpleNamespace

from experiments.lab import envs, models
from experiments.lab.suites import counted


def test_what_a_worker_says_beside_its_rows_is_kept(monkeypatch, tmp_path):
    asked = []
    said = {"workload": {"size": 3}, "rows": [{"hit": 7}], "stand_ins": ["triton"]}
    monkeypatch.setattr(counted, "worker", lambda _, engine, script, model: asked.append((engine, script)) or said)
    monkeypatch.setattr(envs, "engine", lambda name, _: {"name": name})
    monkeypatch.setattr(models, "folder", lambda name, _: tmp_path / name)
    monkeypatch.setattr(models, "describe", lambda name: {"name": name})
    ctx = SimpleNamespace(begin=lambda: None, settings=None)
    for name, engine in (("vllm-cpu", {}), ("sglang-cpu", {"engine": "sglang-cpu"})):
        draft = counted.draft(ctx, "x", "x.py", lambda rows: [rows[0]["hit"]], **engine)
        assert draft.engine == {"name": name} and asked.pop() == (name, "x.py")
        assert draft.extra == {"rows": [{"hit": 7}], "stand_ins": ["triton"]}
        assert draft.workload == {"seed": None, "size": 3} and draft.samples == [7]
