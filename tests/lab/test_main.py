"""What drives on a GPU host: imports only the standard library and jsonschema; settings, hosts, models and commands."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.lab import __main__ as command
from experiments.lab.errors import LabError
from experiments.lab.evaluation import measure_and_redraw
from experiments.lab.fleets import suite_runner
from experiments.lab.host import config, host_info, interpreters, model_folders, run_worker

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
    "__main__",
    "callpaths.recorder",
    "callpaths.recording",
    "callpaths.scenario",
    "fleets.cards",
    "fleets.fleet",
    "fleets.fleet_plan",
    "fleets.fleet_run",
    "fleets.run_log",
    "fleets.stand_plan",
    "fleets.stand_run",
    "fleets.standing",
    "fleets.suite_runner",
    "host.card_rates",
    "host.config",
    "host.gpu_occupancy",
    "host.host_info",
    "host.interpreters",
    "host.model_folders",
    "host.progress",
    "inject.control",
    "load.chat_prompts",
    "load.load_trace",
    "load.streaming_client",
    "load.vllm_bench",
    "records.fleet_records",
    "records.import_records",
    "records.record_file",
    "servers.server",
    "servers.server_group",
    "servers.supervisor",
    "suites.common.ttft_segments",
    "suites.exp01_request_lifecycle.gpu",
    "suites.exp05_prefix_cache_hit.gpu",
    "suites.exp06_chunked_prefill.gpu",
)


def test_the_driving_side_imports_nothing_but_the_standard_library():
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, *DRIVING], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(DRIVING)


def test_what_needs_more_is_caught_by_that_test():
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, "analysis.intervals"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "numpy is not on a GPU host" in done.stderr


def test_without_jsonschema_a_record_is_refused_in_one_line(monkeypatch):
    from experiments.lab.records import record_file

    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(LabError, match="lacks jsonschema"):
        record_file.validate({}, "x")


def test_a_setting_comes_from_the_environment_then_the_file_then_the_cache(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    (tmp_path / "lab.toml").write_text(f'sglang_python = "{python}"\nvllm_python = "{python}"\n')
    made = tmp_path / ".cache/envs/vllm-cpu/bin/python"
    made.parent.mkdir(parents=True)
    made.symlink_to(python)
    found = config.load(tmp_path, {"LAB_VLLM_PYTHON": sys.executable})
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
        config.load(tmp_path, {})


def test_a_host_is_its_gpu_driver_and_boot(monkeypatch):
    card = {"name": "NVIDIA H200", "uuid": "GPU-1", "memory_bytes": 1, "driver": "580.1"}
    monkeypatch.setattr(host_info, "cuda_version", lambda: "13.0")
    ids = set()
    for uuid, driver, boot in (
        ("GPU-1", "580.1", "a"),
        ("GPU-2", "580.1", "a"),
        ("GPU-1", "580.2", "a"),
        ("GPU-1", "580.1", "b"),
    ):
        monkeypatch.setattr(host_info, "gpu", lambda u=uuid, d=driver: {**card, "uuid": u, "driver": d})
        monkeypatch.setattr(host_info, "_read", lambda path, b=boot: b if "boot_id" in path else "")
        found = host_info.host({"python": "3.12.1", "torch": "2.13.0", "cuda": "13.0"})
        ids.add(found["id"])
    assert len(ids) == 4 and host_info.label(found) == "NVIDIA H200, driver 580.1" and found["torch"] == "2.13.0"


def test_without_a_gpu_the_cpu_is_the_host(monkeypatch):
    monkeypatch.setattr(host_info, "gpu", lambda: None)
    found = host_info.host()
    assert found["gpu"] is None and found["driver"] is None and found["cuda"] is None
    assert host_info.label(found).endswith(f"{found['cores']} cores")


def test_models_set_by_hand_are_never_made(machine):
    (machine.models / "smollm2-135m/config.json").unlink()
    with pytest.raises(LabError, match="LAB_MODELS: .* lacks smollm2-135m"):
        model_folders.make(machine, Path(sys.executable))


def test_models_that_are_there_are_not_made_again(machine, monkeypatch):
    monkeypatch.setattr(model_folders, "_run", lambda *_: pytest.fail("made again"))
    model_folders.make(machine, Path(sys.executable))


def test_a_failed_conversion_leaves_no_folder(machine, tmp_path, monkeypatch):
    bare = config.Settings(machine.pythons, tmp_path / "bare", machine.logs, frozenset())
    monkeypatch.setattr(model_folders, "_fetch", lambda scratch, *_: scratch / "x.gguf")
    monkeypatch.setattr(model_folders, "_converter_path", lambda *_: {})
    with pytest.raises(LabError, match="models: the weights could not be converted"):
        model_folders.make(bare, Path(sys.executable))
    assert [p.name for p in (tmp_path / "bare").iterdir()] == [".lock"]


def test_only_the_folder_that_is_lacking_is_made(machine, tmp_path, monkeypatch):
    some = config.Settings(machine.pythons, machine.models, machine.logs, frozenset())
    template = machine.models / "qwen3-8b-shape/chat_template.jinja"
    template.write_text("x")
    fetched = []
    monkeypatch.setattr(model_folders, "_fetch", lambda _, package, *__: fetched.append(package) or tmp_path / "ranks")
    monkeypatch.setattr(
        model_folders, "_run", lambda command, *_: (Path(command[-1]) / "tokenizer.json").write_text("{}")
    )
    model_folders.make(some, Path(sys.executable))
    made = machine.models / "qwen3-8b-vocab"
    assert fetched == ["dashscope"] and (made / "tokenizer.json").exists() and (made / "chat_template.jinja").exists()
    assert json.loads((made / "config.json").read_text())["eos_token_id"] == 151645
    assert (machine.models / "smollm2-135m/config.json").read_text() == "{}", "what was there is left alone"


def test_a_folder_that_one_experiment_alone_wants_is_asked_for_by_it(machine):
    model_folders.make(machine, Path(sys.executable))  # laid there by hand, without the third
    with pytest.raises(LabError, match="models: .*qwen3-8b-vocab is not there"):
        model_folders.folder("qwen3-8b-vocab", machine)


def test_a_smaller_shape_is_the_larger_one_with_another_configuration(machine):
    """Also where the models were laid by hand: a host without a network has no other way to it."""
    (machine.models / "qwen3-8b-shape/chat_template.jinja").write_text("x")
    model_folders.make(machine, Path(sys.executable))
    made = machine.models / "qwen3-0.6b-shape"
    written = json.loads((made / "config.json").read_text())
    assert (made / "chat_template.jinja").read_text() == "x" and not (machine.models / "qwen3-0.6b-vocab").exists()
    assert written == model_folders.configuration("Qwen3-0.6B shape")
    assert (written["hidden_size"], written["vocab_size"], written["tie_word_embeddings"]) == (1024, 151936, True)
    assert sorted(path.name for path in machine.models.iterdir()) == sorted(
        ["smollm2-135m", "qwen3-8b-shape", "qwen3-0.6b-shape"]
    )
    with pytest.raises(LabError, match="no shape is called 'SmolLM2'; there are: Qwen3-8B shape"):
        model_folders.configuration("SmolLM2")


def test_a_worker_gets_none_of_the_drivers_own_path(machine, tmp_path, monkeypatch):
    """A wrapper of another engine sets PYTHONPATH, and that engine's packages would come before the worker's."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(run_worker, "WORKERS", tmp_path)
    (tmp_path / "say.py").write_text("import json, os; print(json.dumps(os.environ.get('PYTHONPATH', '')))")
    assert str(tmp_path) not in run_worker.worker(machine, "vllm-cpu", "say.py").split(":")


def test_an_unknown_engine_and_experiment_are_named(machine):
    with pytest.raises(LabError, match="'vlm' is no engine; known: vllm, vllm-cpu, sglang"):
        interpreters.engine("vlm", machine)
    with pytest.raises(LabError, match="no experiment '99'"):
        suite_runner.fleets("99", "cpu")


@pytest.mark.parametrize("arguments", [["measure", "--exp", "99", "--tier", "cpu"], ["record", "--configuration", "x"]])
def test_a_command_ends_bad_input_with_one_line(arguments, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(suite_runner, "one_at_a_time", contextlib.nullcontext)  # another run may be measuring here
    assert command.main([*arguments, "--out", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and ("99" in err or "'x'" in err)


def test_several_experiments_are_one_run_and_a_card_is_one_of_those_here(capsys, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(suite_runner, "one_at_a_time", contextlib.nullcontext)
    monkeypatch.setattr(model_folders, "prepare", lambda *_: None)
    monkeypatch.setattr(suite_runner, "measure_all", lambda names, *_, **__: asked.append(names) or [])
    words = ["measure", "--tier", "cpu", "--out", str(tmp_path)]
    assert command.main([*words, "--exp", "06", "--exp", "01", "--exp", "06"]) == command.main(words) == 0
    assert asked == [["06", "01"], suite_runner.experiments()]
    monkeypatch.setattr(host_info, "cards", lambda: ["0"])
    assert command.main([*words, "--card", "1"]) == 1
    assert capsys.readouterr().err == "--card 1: this host has no such card; there are: 0\n"
    with pytest.raises(SystemExit):
        command.main([*words, "--card", "0", "--cards", "all"])


@pytest.mark.parametrize("tier", ["gpu", "cpu"])
def test_the_suites_of_both_tiers_are_well_formed(tier):
    for experiment in suite_runner.experiments():
        found = suite_runner.fleets(experiment, tier)
        assert found and all(fleet.produces and fleet.needs() for fleet in found)


def test_the_tier_is_the_machines(machine, monkeypatch):
    monkeypatch.setattr(host_info, "gpu", lambda: {"name": "x"})
    assert measure_and_redraw.tiers_here(machine) == ["cpu"]
    machine.pythons["sglang"] = Path(sys.executable)
    assert measure_and_redraw.tiers_here(machine) == ["gpu", "cpu"]
    machine.pythons["vllm-cpu"] = None
    assert measure_and_redraw.tiers_here(machine) == ["gpu"]
    monkeypatch.setattr(host_info, "gpu", lambda: None)
    assert measure_and_redraw.tiers_here(machine) == ["cpu"]


def test_the_published_schema_is_itself_valid():
    import jsonschema

    from experiments.lab.records.schema_check import SCHEMA_FILE

    schema = json.loads(SCHEMA_FILE.read_text())
    jsonschema.validators.validator_for(schema).check_schema(schema)


def test_a_host_moves_the_seeds_of_gpu_suites(monkeypatch):
    monkeypatch.setattr(host_info, "gpu", lambda: None)
    assert config.seed(20261124, {}) == 20261124, "without a GPU nothing moves"
    monkeypatch.setattr(host_info, "gpu", lambda: {"uuid": "GPU-1"})
    moved = []
    for uuid in ("0001e240cafe", "0001e241cafe"):
        monkeypatch.setattr(host_info, "host", lambda uuid=uuid: {"id": uuid})
        moved += [config.seed(20261124, {}), config.seed(20261124, {"LAB_SEED_OFFSET": ""})]
    assert moved == [20261124 + 123456 % 9973] * 2 + [20261124 + 123457 % 9973] * 2
    assert config.seed(20261124, {"LAB_SEED_OFFSET": "0"}) == 20261124, "the suite's own"
    assert config.seed(20261124, {"LAB_SEED_OFFSET": "7"}) == 20261131
    for wrong in ("x", "-1", "\u0667"):
        with pytest.raises(LabError, match=f"LAB_SEED_OFFSET: '{wrong}' is no whole number; unset it"):
            config.seed(1, {"LAB_SEED_OFFSET": wrong})
