"""A GPU host of scripts: `nvidia-smi` on the path, and an interpreter with a fake vLLM whose card.py prints rates.

The card's state is files in `folder`, so that a test can change it while a run goes on: `total` MiB, `used` MiB and
`apps`, the lines of the compute-apps query. `cards` are the numbers of its GPUs; `used-second` and `apps-second` are of
the one with number 1. `FAKE_CARD` of the interpreter's environment is what card.py does.
"""

from pathlib import Path

from experiments.lab.host import config, host_info, interpreters
from tests.lab.fakes import fake_vllm

RATES = '{"matmul": [700.5, 701.25], "copy": [4000.0, 4100.0], "side": 8192, "copy_bytes": 4294967296}'
SMI = """#!/bin/sh
case "$*" in *"-i 1") card=-second ;; *) card= ;; esac
case "$*" in
  *query-compute-apps*) cat {folder}/apps$card ;;
  *memory.used*) cat {folder}/used$card ;;
  *query-gpu=index*) cat {folder}/cards ;;
  *query-gpu=name*) echo "NVIDIA Fake, GPU-1$card, $(cat {folder}/total), 580.1" ;;
  *) echo "| NVIDIA-SMI 580.1   Driver Version: 580.1   CUDA Version: 13.0 |" ;;
esac
"""
PYTHON = """#!/bin/sh
case "$1" in
  */card.py) echo probed >> {folder}/probed; cat {folder}/rates; exit $(cat {folder}/status) ;;
esac
exec {python} "$@"
"""


class Card:
    """The fake card's files, and the settings of the machine that it is in."""

    def __init__(self, folder: Path, monkeypatch):
        self.folder = folder
        self.settings = fake_vllm.install(folder / "machine")
        (folder / "bin").mkdir()
        self._script("bin/nvidia-smi", SMI)
        site, python = folder / "machine/site", self.settings.pythons["vllm-cpu"]
        (site / "vllm/entrypoints/cli").mkdir()
        (site / "vllm/entrypoints/cli/__init__.py").touch()
        (site / "vllm/entrypoints/cli/main.py").write_text(fake_vllm.SERVER)
        info = site / "vllm-0.32.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0\n")
        (info / "RECORD").write_text("vllm/__init__.py,,\n")
        self.settings.pythons["vllm"] = self._script("gpu-python", PYTHON, python=python)
        self.set(total=81920, used=12, apps="", rates=RATES, status=0, cards="0")
        self.set(**{"used-second": 12, "apps-second": ""})
        monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        forget()

    def set(self, **files) -> None:
        for name, content in files.items():
            (self.folder / name).write_text(f"{content}\n" if content != "" else "")

    def probed(self) -> int:
        """How often card.py has run."""
        path = self.folder / "probed"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def without_gpu(self) -> config.Settings:
        return config.Settings(
            {**self.settings.pythons, "vllm": None}, self.settings.models, self.settings.logs, frozenset({"models"})
        )

    def _script(self, name: str, text: str, **values) -> Path:
        path = self.folder / name
        path.write_text(text.format(folder=self.folder, **values))
        path.chmod(0o755)
        return path


def forget() -> None:
    """What the lab remembers of the host and its interpreters for as long as a process lives."""
    for each in (host_info.gpu, host_info.cuda_version, interpreters._probe):
        each.cache_clear()
