"""An engine that is in no table of the lab: this folder, and the entry beside it, are all there is of it."""

import sys
from pathlib import Path

from experiments.lab.host import config, engine_table
from experiments.lab.servers.base import Engine, Started
from experiments.lab.servers.metric_text import total
from tests.lab.fakes import fake_vllm

HERE = Path(__file__).parent


class Toy(Engine):
    prefix = "toy"
    hits = "reused_total"

    def start(self, model: str, distribution: str) -> list[str]:
        return ["-m", "toy.serve", "--weights", model]

    def room(self, kv_tokens: int, kv_bytes: int, share: str, at_most: str) -> tuple[str, ...]:
        return ("--tokens", str(kv_tokens))

    def kv_used(self, reading: dict[str, float]) -> float:
        return total(reading, self.metric("tokens_held"))

    def token_request(self, model: str, ids: list[int], out: int) -> tuple[str, dict]:
        return "/ids", {"ids": ids, "count": out}

    def answered_ids(self, answer: dict) -> list[int] | None:
        return answer.get("ids")

    def settings_said(self, server: Started, names: tuple[str, ...]) -> dict:
        return dict(line.split("=") for line in server.text().splitlines() if line.partition("=")[0] in names)


ADAPTER = Toy()


def install(folder: Path, monkeypatch) -> config.Settings:
    """A machine on which the toy is installed, with its entry in the file where engines are looked for."""
    entries = folder / "engines.toml"
    entries.write_text(engine_table.FILE.read_text("utf-8") + (HERE / "entry.toml").read_text("utf-8"))
    monkeypatch.setattr(engine_table, "FILE", entries)
    found = fake_vllm.install(folder / "machine")
    package, info = folder / "site/toy", folder / "site/toy-1.5.dist-info"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "serve.py").write_text(fake_vllm.SERVER)
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.5\n")
    (info / "RECORD").write_text("toy/__init__.py,,\n")
    python = folder / "python"
    path = f'PYTHONPATH="${{PYTHONPATH:+$PYTHONPATH:}}{folder / "site"}"'
    python.write_text(f'#!/bin/sh\nexport {path} TOY_COLOUR=blue\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return config.Settings({"toy": python}, found.models, found.logs, found.set_by_hand)
