"""What snippets/engines.toml may say: each way in which it can be wrong is one line with file, table and key."""

import pytest

from scripts.common.errors import SiteError
from scripts.sources import engine_table, pins

GOOD = """
[recording]
budget = 512

[engine.vllm]
front = "api-server"
variables = ["VLLM_"]
witnesses = [{ role = "engine-core", entered = "vllm/core.py::run" }, { role = "api-server", entered = "vllm/api/" }]

[build.vllm]
engine = "vllm"
tier = "gpu"
distributions = ["vllm"]
setting = "vllm_python"

[configuration.vllm-gpu]
build = "vllm"
processes = ["api-server", "engine-core"]
badge = "GPU"

[configuration.vllm-gpu-off]
variant_of = "vllm-gpu"
badge = "GPU without chunks"
flags = ["--off"]
"""


def parse(text):
    return engine_table.parse(text, pins.load())


def test_a_variant_has_the_processes_of_what_it_is_a_variant_of():
    found = parse(GOOD)
    roles = ("client", "api-server", "engine-core")
    assert found["vllm-gpu"] == engine_table.Configuration("vllm-gpu", "vllm", roles, "GPU")
    assert found["vllm-gpu-off"] == engine_table.Configuration("vllm-gpu-off", "vllm", roles, "GPU without chunks")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("[build.vllm]", "[build.vllm", "not TOML"),
        ("[recording]", "[colours]\n[recording]", "unknown key 'colours'"),
        ("budget = 512", "", r"\[recording\]: 'budget' is missing"),
        ("budget = 512", "budget = 'x'", r"\[recording\]: Expected 'int', got 'str'"),
        ('variables = ["VLLM_"]', "", r"\[engine.vllm\]: 'variables' is missing; add it"),
        ('front = "api-server"', 'front = "door"', r"\[engine.vllm\]: front 'door' is not known; .*engine-core, "),
        ('variables = ["VLLM_"]', 'variables = "VLLM_"', r"\[engine.vllm\]: Expected 'array', .*\$.variables'"),
        ('{ role = "engine-core", ', "{ ", r"\[engine.vllm\]: Object missing required field 'role'"),
        ("[engine.vllm]", "[engine.other]", r"\[engine.other\]: engine 'other' is not known; .*pins.toml"),
        ("[engine.vllm]", "[[engine]]", r"has no \[engine.\*\]"),
        ('tier = "gpu"', 'tier = "tpu"', r"\[build.vllm\]: tier 'tpu' is not known; use one of gpu, cpu"),
        ('engine = "vllm"', 'engine = "sglang"', r"\[build.vllm\]: engine 'sglang' is not known; use one of vllm "),
        ('build = "vllm"', 'build = "vllm-cpu"', r"\[configuration.vllm-gpu\]: build 'vllm-cpu' is not known"),
        ('build = "vllm"', "", r"\[configuration.vllm-gpu\]: 'build' is missing"),
        ('build = "vllm"', 'build = "vllm"\nroles = []', r"\[configuration.vllm-gpu\]: unknown key 'roles'; "),
        ('["api-server", "engine-core"]', '["worker"]', r"vllm-gpu\]: process 'worker' is not known; .*engine-core"),
        ('variant_of = "vllm-gpu"', 'variant_of = "x"', r"vllm-gpu-off\]: variant_of 'x' is not known; .*vllm-gpu "),
        ("[configuration.vllm-gpu-off]", '[configuration.vllm-gpu-off]\nbuild = "x"', r"'build' is that of vllm-gpu"),
        ('badge = "GPU without chunks"', "", r"\[configuration.vllm-gpu-off\]: 'badge' is missing"),
        ("[configuration.vllm-gpu]", "[build.two]\nengine = 'vllm'\ntier = 'cpu'\ndistributions = ['v']\n"
         "setting = 'vllm_python'\n[configuration.vllm-gpu]", r"two have the setting 'vllm_python'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(old, new, line):
    assert old in GOOD
    with pytest.raises(SiteError, match=rf"^snippets/engines.toml: .*{line}") as caught:
        parse(GOOD.replace(old, new))
    assert "\n" not in str(caught.value)


def test_a_missing_file_names_the_way_back(tmp_path):
    with pytest.raises(SiteError, match="snippets/engines.toml: missing; restore it with `git checkout"):
        engine_table.configurations(tmp_path)


def test_an_edited_file_is_read_again(tmp_path):
    folder = tmp_path / "snippets"
    folder.mkdir()
    (folder / "pins.toml").write_text((pins.ROOT / pins.FILE).read_text())
    (folder / "engines.toml").write_text(GOOD)
    assert engine_table.configurations(tmp_path)["vllm-gpu"].badge == "GPU"
    (folder / "engines.toml").write_text(GOOD.replace('badge = "GPU"', 'badge = "the card"'))
    assert engine_table.configurations(tmp_path)["vllm-gpu"].badge == "the card"
