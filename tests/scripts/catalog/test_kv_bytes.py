"""KV bytes a token: the multiplication, and that a server that was given its pool in bytes agrees with it."""

import msgspec
import pytest

from experiments.lab.host import model_folders
from scripts.catalog import kv_bytes, site_data
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT

MODEL = """
[[model]]
id = "small"
name = "Small"
layers = 3
kv_heads = 2
head_dim = 4
value_bytes = 2
dtype = "bfloat16"
"""


def load(tmp_path, text=MODEL) -> list:
    file = tmp_path / kv_bytes.FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    return kv_bytes.load(tmp_path)


def test_a_token_takes_a_key_and_a_value_in_each_layer(tmp_path):
    (model,) = load(tmp_path)
    assert model.token_bytes == 96 and model.sum == "2 × 3 × 2 × 4 × 2"
    assert (model.tokens_in(1000), model.request_gib(2**25)) == (10, 3.0)
    assert kv_bytes.load(tmp_path / "nowhere") == []


def test_the_published_numbers_are_worked_out():
    known = {model.id: model for model in kv_bytes.load()}
    assert known["qwen3-8b"].token_bytes == 147_456 and known["qwen3-8b"].tokens_in(kv_bytes.GIB) == 7281
    assert known["smollm2-135m"].token_bytes == 23_040


@pytest.mark.parametrize(("name", "shape"), [("qwen3-8b", "qwen3-8b-shape"), ("qwen3-06b", "qwen3-0.6b-shape")])
def test_the_configuration_is_the_one_that_the_lab_serves(name, shape):
    (model,) = [model for model in kv_bytes.load() if model.id == name]
    config = model_folders.CONFIGURATIONS[shape]
    assert (model.layers, model.kv_heads, model.head_dim, model.dtype) == (
        config["num_hidden_layers"],
        config["num_key_value_heads"],
        config["head_dim"],
        config["torch_dtype"],
    )


def test_a_server_given_its_pool_in_bytes_holds_as_many_tokens_but_one_block():
    evidence = site_data.of(ROOT)
    (model,) = [model for model in kv_bytes.load() if model.record]
    server = kv_bytes.checked(model, evidence.record(model.record))
    assert model.tokens_in(server.given) - server.said == 16


@pytest.mark.parametrize("layers", [32, 40])
def test_numbers_of_another_model_than_the_one_that_was_served_are_refused(layers):
    evidence = site_data.of(ROOT)
    (model,) = [msgspec.structs.replace(model, layers=layers) for model in kv_bytes.load() if model.record]
    with pytest.raises(SiteError, match="model 'qwen3-8b': .* said 12,272; correct the model's numbers"):
        kv_bytes.checked(model, evidence.record(model.record))


def test_a_record_of_another_kind_is_refused():
    record = site_data.of(ROOT).record("04/streams-vllm")
    with pytest.raises(SiteError, match="has no pool in bytes and in tokens; name a record of a server with --kv"):
        kv_bytes.server(record)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("layers = 3", "layers = 0", "model 'small': layers is 0, and counts at least one; correct it"),
        ("layers = 3\n", "", "model 'small': 'layers' is missing; add it"),
        ("[[model]]", "[[modal]]", "snippets/models.toml: 'modal' is nothing that it holds; write [[model]]"),
        ("[[model]]", MODEL + "[[model]]", "model 'small': two models are called that; rename one"),
    ],
)
def test_the_file_is_read_strictly(tmp_path, old, new, said):
    with pytest.raises(SiteError) as caught:
        load(tmp_path, MODEL.replace(old, new))
    assert said in str(caught.value)
