"""What drives on a GPU host: imports only the standard library and jsonschema; settings, hosts, models and commands."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.lab import __main__ as command
from experiments.lab import envs, experiments, hosts, models, runner, settings, workers_run
from experiments.lab.errors import LabError

ROOT = Path(__file__).resolve().parents[2]

BLOCKED = """
import importlib, pkgutil, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("experiments", "jsonschema", "_distutils_hack"):
            raise ImportError(f"{name} is not on a GPU host")

sys.meta_path.insert(0, Blocker())
import experiments.lab
done = []
for name in sys.argv[1:]:
    importlib.import_module(f"experiments.lab.{name}")
    done.append(name)
print(len(done))
"""
DRIVING = (
    *("__main__", "attempt", "bench", "card_use", "client", "envs", "fleet", "grouping", "homecoming", "hosts"),
    *("keeping", "models", "probes", "progress", "record_path", "recording", "records", "runner", "running"),
    *("scenarios", "segments", "server", "settings", "traces", "warden", "workloads", "inject.control"),
    *("suites.s01", "suites.s05", "suites.s06"),
)


def test_the_driving_side_imports_nothing_but_the_standard_library():
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, *DRIVING], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(DRIVING)


def test_what_needs_more_is_caught_by_that_test():
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, "bootstrap"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "numpy is not on a GPU host" in done.stderr


def test_without_jsonschema_a_record_is_refused_in_one_line(monkeypatch):
    from experiments.lab import records

    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(LabError, match="lacks jsonschema"):
        records.validate({}, "x")


def test_a_setting_comes_from_the_environment_then_the_file_then_the_cache(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    (tmp_path / "lab.toml").write_text(f'sglang_python = "{python}"\nvllm_python = "{python}"\n')
    made = tmp_path / ".cache/envs/vllm-cpu/bin/python"
    made.parent.mkdir(parents=True)
    made.symlink_to(python)
    found = settings.load(tmp_path, {"LAB_VLLM_PYTHON": sys.executable})
    assert found.pythons == {"vllm": Path(sys.executable), "sglang": python, "vllm-cpu": made, "sglang-cpu": None}
    assert found.models == tmp_path / ".cache/models" and found.set_by_hand == {"vllm_python", "sglang_python"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('colour = "red"', "lab.toml: colour = 'red' is not a setting; known"),
        ("vllm_python = 3", "lab.toml: vllm_python = 3 is not a setting"),
        ("vllm_python = ", "lab.toml: cannot be read"),
        ('vllm_python = "nowhere/python"', "lab.toml: vllm_python: nowhere/python is not an interpreter"),
        ('models = "nowhere"', "lab.toml: models: .*nowhere is not a folder"),
    ],
)
def test_a_bad_setting_is_one_line(tmp_path, text, line):
    (tmp_path / "lab.toml").write_text(text + "\n")
    with pytest.raises(LabError, match=line):
        settings.load(tmp_path, {})


def test_a_host_is_its_gpu_driver_and_boot(monkeypatch):
    card = {"name": "NVIDIA H200", "uuid": "GPU-1", "memory_bytes": 1, "driver": "580.1"}
    monkeypatch.setattr(hosts, "cuda_version", lambda: "13.0")
    ids = set()
    for uuid, driver, boot in (
        ("GPU-1", "580.1", "a"),
        ("GPU-2", "580.1", "a"),
        ("GPU-1", "580.2", "a"),
        ("GPU-1", "580.1", "b"),
    ):
        monkeypatch.setattr(hosts, "gpu", lambda u=uuid, d=driver: {**card, "uuid": u, "driver": d})
        monkeypatch.setattr(hosts, "_read", lambda path, b=boot: b if "boot_id" in path else "")
        found = hosts.host({"python": "3.12.1", "torch": "2.13.0", "cuda": "13.0"})
        ids.add(found["id"])
    assert len(ids) == 4 and hosts.label(found) == "NVIDIA H200, driver 580.1" and found["torch"] == "2.13.0"


def test_without_a_gpu_the_cpu_is_the_host(monkeypatch):
    monkeypatch.setattr(hosts, "gpu", lambda: None)
    found = hosts.host()
    assert found["gpu"] is None and found["driver"] is None and found["cuda"] is None
    assert hosts.label(found).endswith(f"{found['cores']} cores")


def test_models_set_by_hand_are_never_made(machine):
    (machine.models / "smollm2-135m/config.json").unlink()
    with pytest.raises(LabError, match="LAB_MODELS: .* lacks smollm2-135m"):
        models.make(machine, Path(sys.executable))


def test_models_that_are_there_are_not_made_again(machine, monkeypatch):
    monkeypatch.setattr(models, "_run", lambda *_: pytest.fail("made again"))
    models.make(machine, Path(sys.executable))


def test_a_failed_conversion_leaves_no_folder(machine, tmp_path, monkeypatch):
    bare = settings.Settings(machine.pythons, tmp_path / "bare", machine.logs, frozenset())
    monkeypatch.setattr(models, "_fetch", lambda scratch, *_: scratch / "x.gguf")
    monkeypatch.setattr(models, "_converter_path", lambda *_: {})
    with pytest.raises(LabError, match="models: the weights could not be converted"):
        models.make(bare, Path(sys.executable))
    assert [p.name for p in (tmp_path / "bare").iterdir()] == [".lock"]


def test_only_the_folder_that_is_lacking_is_made(machine, tmp_path, monkeypatch):
    some = settings.Settings(machine.pythons, machine.models, machine.logs, frozenset())
    template = machine.models / "qwen3-8b-shape/chat_template.jinja"
    template.write_text("x")
    fetched = []
    monkeypatch.setattr(models, "_fetch", lambda _, package, *__: fetched.append(package) or tmp_path / "ranks")
    monkeypatch.setattr(models, "_run", lambda command, *_: (Path(command[-1]) / "tokenizer.json").write_text("{}"))
    models.make(some, Path(sys.executable))
    made = machine.models / "qwen3-8b-vocab"
    assert fetched == ["dashscope"] and (made / "tokenizer.json").exists() and (made / "chat_template.jinja").exists()
    assert json.loads((made / "config.json").read_text())["eos_token_id"] == 151645
    assert (machine.models / "smollm2-135m/config.json").read_text() == "{}", "what was there is left alone"


def test_a_folder_that_one_experiment_alone_wants_is_asked_for_by_it(machine):
    models.make(machine, Path(sys.executable))  # laid there by hand, without the third
    with pytest.raises(LabError, match="models: .*qwen3-8b-vocab is not there"):
        models.folder("qwen3-8b-vocab", machine)


def test_a_worker_gets_none_of_the_drivers_own_path(machine, tmp_path, monkeypatch):
    """A wrapper of another engine sets PYTHONPATH, and that engine's packages would come before the worker's."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(workers_run, "WORKERS", tmp_path)
    (tmp_path / "say.py").write_text("import json, os; print(json.dumps(os.environ.get('PYTHONPATH', '')))")
    assert str(tmp_path) not in workers_run.worker(machine, "vllm-cpu", "say.py").split(":")


def test_an_unknown_engine_and_experiment_are_named(machine):
    with pytest.raises(LabError, match="'vlm' is no engine; known: vllm, vllm-cpu, sglang"):
        envs.engine("vlm", machine)
    with pytest.raises(LabError, match="no experiment '99'"):
        runner.fleets("99", "cpu")


@pytest.mark.parametrize("arguments", [["measure", "--exp", "99", "--tier", "cpu"], ["record", "--configuration", "x"]])
def test_a_command_ends_bad_input_with_one_line(arguments, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(runner, "one_at_a_time", contextlib.nullcontext)  # another run may be measuring here
    assert command.main([*arguments, "--out", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and ("99" in err or "'x'" in err)


@pytest.mark.parametrize("tier", ["gpu", "cpu"])
def test_the_suites_of_both_tiers_are_well_formed(tier):
    for experiment in runner.experiments():
        found = runner.fleets(experiment, tier)
        assert found and all(fleet.produces and fleet.needs() for fleet in found)


def test_the_tier_is_the_machines(machine, monkeypatch):
    monkeypatch.setattr(hosts, "gpu", lambda: {"name": "x"})
    assert experiments.tiers_here(machine) == ["cpu"]
    machine.pythons["sglang"] = Path(sys.executable)
    assert experiments.tiers_here(machine) == ["gpu", "cpu"]
    machine.pythons["vllm-cpu"] = None
    assert experiments.tiers_here(machine) == ["gpu"]
    monkeypatch.setattr(hosts, "gpu", lambda: None)
    assert experiments.tiers_here(machine) == ["cpu"]


def test_the_published_schema_is_itself_valid():
    import jsonschema

    from experiments.lab.records import SCHEMA_FILE

    schema = json.loads(SCHEMA_FILE.read_text())
    jsonschema.validators.validator_for(schema).check_schema(schema)


def test_a_host_moves_the_seeds_of_gpu_suites(tmp_path):
    assert settings.seed(20261124, {}) == 20261124
    assert settings.seed(20261124, {"LAB_SEED_OFFSET": "7"}) == 20261131
    with pytest.raises(LabError, match="LAB_SEED_OFFSET: 'x' is no whole number; unset it"):
        settings.seed(1, {"LAB_SEED_OFFSET": "x"})
