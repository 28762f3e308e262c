"""The engines as the lab reads them."""

import pytest

from experiments.lab.errors import LabError
from experiments.lab.host import config, engine_table


def test_a_variant_has_its_configurations_server_but_for_its_flags():
    known = engine_table.table().configurations
    base, variant = known["sglang-gpu"], known["sglang-gpu-mixed"]
    assert variant.variant_of == "sglang-gpu" and base.variant_of is None
    assert (variant.build, variant.processes, variant.environment) == (base.build, base.processes, base.environment)
    shared = base.flags[: -len(("--chunked-prefill-size", "512"))]
    assert variant.flags == (*shared, "--chunked-prefill-size", "512", "--enable-mixed-chunk")


def test_a_budget_is_written_once():
    table = engine_table.table()
    flags = [flag for known in table.configurations.values() for flag in known.flags]
    assert "{budget}" not in flags and str(table.budget) in flags


def test_builds_are_found_by_what_they_are_for():
    table = engine_table.table()
    assert table.of_tier("gpu") == ["vllm", "sglang"] and table.of_tier("cpu") == ["vllm-cpu", "sglang-cpu"]
    assert table.by_engine() == ["vllm", "vllm-cpu", "sglang", "sglang-cpu"]
    assert table.serving() == ["vllm-cpu", "vllm", "sglang"]
    assert table.labels(["sglang", "vllm", "vllm-cpu"]) == "SGLang or vLLM"
    with pytest.raises(LabError, match="'trt' is no configuration; known: vllm-gpu, "):
        table.configuration("trt")


def test_settings_are_named_by_their_builds():
    pythons = ("vllm_python", "sglang_python", "vllm_cpu_python", "sglang_cpu_python")
    assert config.keys() == (*pythons, "models", "logs", "card_gib")
    assert engine_table.table().build("vllm-cpu").variable == "LAB_VLLM_CPU_PYTHON"


def test_a_file_that_is_gone_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(engine_table, "FILE", tmp_path / "engines.toml")
    with pytest.raises(LabError, match="engines.toml: cannot be read .*git checkout"):
        config.load(tmp_path, {})
