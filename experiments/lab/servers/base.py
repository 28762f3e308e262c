"""What the lab must know of an engine to start, ask and read it. A module beside this one has it as its `ADAPTER`."""

import abc
from pathlib import Path
from typing import Protocol

from experiments.lab.errors import LabError
from experiments.lab.servers.metric_text import total
from experiments.lab.servers.server_spec import ServerSpec


class Started(Protocol):
    """What of a running server says how it is set: `Server` is one."""

    spec: ServerSpec
    port: int
    log: Path

    def text(self) -> str:
        """What its log holds."""


class Engine(abc.ABC):
    """One engine. What can be written as a value is in snippets/engines.toml; what has to be computed is here.

    Metrics are named `prefix`:name. `hits` counts the prompt tokens that came out of the cache.
    """

    prefix: str
    hits: str

    @abc.abstractmethod
    def start(self, model: str, distribution: str) -> list[str]:
        """The command line after the interpreter, up to the flags that all engines share. `model` is the folder, as
        the command names it; `distribution` the name under which the engine is installed."""

    @abc.abstractmethod
    def room(self, kv_tokens: int, kv_bytes: int, share: str, at_most: str) -> tuple[str, ...]:
        """The flags that give a server room for that much KV cache and have it count what it does. `share` of the
        card's memory is for engines that check a share of their own at start, `at_most` for those that bound what all
        servers take together."""

    def small_card(self, kv_tokens: int, longest: int, flags: tuple[str, ...]) -> tuple[str, ...]:
        """The flags besides `flags` of a server with room for `kv_tokens` on a card of 24 GB or less: what such a card
        has by default and a large one has not, so that one that is capped is set alike. `longest`: tokens of the
        longest request that the model takes."""
        return ()

    @abc.abstractmethod
    def kv_used(self, reading: dict[str, float]) -> float:
        """Tokens of KV cache in use, by the engine's own gauge in a reading of /metrics. LabError without one."""

    @abc.abstractmethod
    def token_request(self, model: str, ids: list[int], out: int) -> tuple[str, dict]:
        """(path, body) of a request that has token ids as its prompt and `out` token ids as its greedy answer."""

    @abc.abstractmethod
    def answered_ids(self, answer: dict) -> list[int] | None:
        """The token ids of the answer to a `token_request`; None where it has none."""

    @abc.abstractmethod
    def settings_said(self, server: Started, names: tuple[str, ...]) -> dict:
        """{setting: value}: those of `names` that the engine has, as a started server itself says them. LabError when
        it has stopped to say one that it is known to say."""

    def drop_cache(self, server: Started) -> bool:
        """Have it forget the prompts that it served; whether it did. By itself it does not: not every engine can
        without a special mode. No fault, for prompts of two fleets share nothing: what is left is given up first."""
        return False

    def metric(self, name: str) -> str:
        """A metric's full name."""
        return f"{self.prefix}:{name}"

    def hit_tokens(self, reading: dict[str, float]) -> float:
        """What the counter of `hits` stands at; 0 while the engine has none, as before its first hit."""
        try:
            return total(reading, self.metric(self.hits))
        except LabError:
            return 0.0
