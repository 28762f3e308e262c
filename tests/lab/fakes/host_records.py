"""Records of hosts that are nowhere: whole by the schema, of a GPU that the test names."""

import hashlib
import json
import shutil
from pathlib import Path

from experiments.formats import record_format
from experiments.lab.host.config import ROOT

PINNED = {"name": "vllm", "version": "0.32.0", "distribution": "vllm", "distribution_version": "0.32.0"}
MODEL = {"name": "Qwen3-8B shape", "weights": "random", "dtype": "bfloat16"}
LAB = "sha256:" + "a" * 64


def host(uuid: str = "GPU-1", driver: str = "580.1", boot: str = "boot-1", gpu: str = "NVIDIA H200") -> dict:
    """A record's host, with the id that its GPU, driver and boot give."""
    return {
        "id": hashlib.sha256(f"{uuid}{driver}{boot}".encode()).hexdigest()[:16],
        "gpu": {"name": gpu, "uuid": uuid, "memory_bytes": 150_000_000_000}, "driver": driver, "cuda": "13.0",
        "cpu": "A processor", "cores": 16, "memory_bytes": 64_000_000_000, "os": "An OS, Linux 6", "python": "3.12.3",
        "torch": "2.13.0", "boot": boot,
    }


def record(measurement: str = "hits-vllm", at: dict | None = None, **fields) -> dict:
    """A record of experiment 05 on the host `at`; `fields` replace its own."""
    return {
        "schema": "record/1", "experiment": "05", "measurement": measurement,
        "engine": {**PINNED, "digest": "sha256:" + "b" * 64}, "model": MODEL, "host": at or host(),
        "command": ["python", "-m", "vllm.entrypoints"], "environment": {}, "workload": {"seed": 1},
        "started": "2026-11-29T10:00:00Z", "wall_s": 1.5, "lab": LAB, "commit": None, "statistics": "median/2",
        "samples": [{"name": "ttft", "unit": "ms", "labels": {}, "values": [1.5, 2.5]}], **fields,
    }


def write(folder: Path, data: dict, columns: dict | None = None) -> Path:
    """The record's file in `folder`/NN, its columns beside it."""
    folder = folder / data["experiment"]
    folder.mkdir(parents=True, exist_ok=True)
    if columns is not None:
        packed = record_format.pack(columns)
        named = {"file": f"{data['measurement']}.columns.json.gz", "sha256": record_format.sha256(packed)}
        data = {**data, "columns": named}
        (folder / data["columns"]["file"]).write_bytes(packed)
    path = folder / f"{data['measurement']}.json"
    path.write_text(json.dumps(data, indent=1) + "\n", "utf-8")
    return path


HERE, THERE = host("GPU-here"), host("GPU-there")


def theirs(measurement: str = "hits-vllm", **fields) -> dict:
    """A record of the host THERE."""
    return record(measurement, at=fields.pop("at", THERE), **fields)


def repository(root: Path) -> Path:
    """A repository whose reference, of experiment 05, is of the host HERE."""
    (root / "snippets").mkdir(parents=True)
    shutil.copy(ROOT / "snippets/pins.toml", root / "snippets")
    for name in ("hits-vllm", "hits-sglang"):
        write(root / "experiments/records", record(name, at=HERE))
    return root


def everything(root: Path) -> dict[Path, bytes]:
    """The files below a folder, by path from there."""
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
