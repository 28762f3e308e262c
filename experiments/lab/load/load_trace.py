"""Workloads as `vllm bench serve` replays them: a trace of requests, each with its time, length, output and blocks.

A prompt is a list of chunk numbers of `CHUNK` tokens. The tool makes each chunk's tokens from its number alone, so two
prompts share exactly the chunks they have in common, and are sent as token ids: no tokenizer can move a boundary.
"""

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CHUNK = 16  # tokens; vLLM's default block, so that a shared prefix is a whole number of blocks there


@dataclass(frozen=True)
class Ask:
    """One request: sent `at` seconds after the first, a prompt of `tokens`, exactly `out` tokens back.

    `chunks` are numbers, each of `CHUNK` tokens. `kind` is for whoever reads the result.
    """

    at: float
    tokens: int
    out: int
    chunks: tuple
    kind: str = ""


class Prompts:
    """Prompts no two of which share a chunk, unless asked for. `seed` makes the chunk numbers another set."""

    def __init__(self, seed: int):
        self._numbers = itertools.count(seed * 10_000_000)

    def fresh(self, tokens: int) -> tuple:
        """The chunks of a prompt of `tokens` that shares nothing with any other. ValueError unless they are whole: the
        tool makes other tokens for a part of a chunk than the chunk begins with."""
        if tokens % CHUNK:
            raise ValueError(f"{tokens} tokens: prompts are whole chunks of {CHUNK}")
        return tuple(itertools.islice(self._numbers, tokens // CHUNK))

    def behind(self, prompt: tuple, shared: int, tokens: int) -> tuple:
        """The chunks of a prompt of `tokens` whose first `shared` are those of `prompt`. ValueError when `shared` is
        no whole number of chunks: what is shared would then not be what the number says."""
        if shared % CHUNK or shared > tokens or shared > len(prompt) * CHUNK:
            raise ValueError(f"{shared} shared tokens: a whole number of {CHUNK}, within both prompts")
        return prompt[: shared // CHUNK] + self.fresh(tokens - shared)


def write(path: Path, asks: Iterable[Ask]) -> None:
    """The trace as the tool reads it (`--dataset-name timed_trace`): one JSON object a line, in order of time."""
    lines = [
        {"timestamp": ask.at, "input_length": ask.tokens, "output_length": ask.out, "hash_ids": list(ask.chunks)}
        for ask in asks
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
