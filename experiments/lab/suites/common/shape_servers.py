"""Servers of the plan's shape as experiments 02 to 07 start them on a GPU, several side by side.

Their flags only make them fit beside each other: how much KV cache each may have, given in tokens, and shares of the
memory that are wide enough not to matter, since each engine checks its own at start while others are loading.
"""

import random
import time
from collections.abc import Iterable

from experiments.lab.load import engine_metrics
from experiments.lab.load.chat_prompts import chat
from experiments.lab.load.streaming_client import Client, closed_loops
from experiments.lab.servers import adapter_lookup
from experiments.lab.servers.server import Server
from experiments.lab.servers.server_spec import ServerSpec
from experiments.lab.servers.vllm import pool_blocks as pool_blocks  # the suites find it here, beside `kv_used`
from experiments.lab.suites.common import plan
from experiments.lab.suites.common.plan import PLAN

MODEL, TOKEN_BYTES = PLAN.model, PLAN.token_bytes
SHARE, SMALL_SHARE, AT_MOST = 0.12, 0.03, 0.95  # of what may be used
LONGEST = 40_960  # the shapes' own length
SMALL = "smollm2-135m"
SMALL_LONGEST = 8_192  # its own: vLLM refuses to start with a longer --max-model-len
SMALL_TOKEN_BYTES = 30 * 2 * 3 * 64 * 2
SMALL_BESIDES_GIB = 2.7  # as above, and its weights
# vLLM refuses to start with room for fewer tokens than --max-model-len, and the shape's own length is longer; of one
# length are all servers with a small pool, because it is part of the key of vLLM's compile cache
# (vllm/config/model.py, ModelConfig.compute_hash) and of what makes two servers one.
LENGTH = PLAN.value("length", 4096)
SHORT = ("--max-model-len", str(LENGTH))
# The names differ only in their prefix; both are histograms in seconds.
TTFT, ITL = "time_to_first_token_seconds", "inter_token_latency_seconds"


def spec(engine: str, name: str, kv_tokens: int, *flags: str, model: str = MODEL) -> ServerSpec:
    """A server of the shape, in the folder `model`, with room for `kv_tokens` tokens of KV cache; `flags` besides."""
    kv_bytes = kv_tokens * TOKEN_BYTES
    gib = round(PLAN.weights_gib + PLAN.besides_gib + kv_bytes / 2**30, 1)
    room = _room(engine, kv_tokens, kv_bytes, SHARE, gib)
    return ServerSpec(name, engine, model, flags=(*room, *_besides(engine, flags, kv_tokens, LONGEST), *flags), dummy=True,
                      memory_gib=gib)


def small(engine: str, name: str, kv_tokens: int, *flags: str) -> ServerSpec:
    """The same of SmolLM2-135M with its own weights: a step of it is short, and the CPU's part of it large."""
    kv_bytes = kv_tokens * SMALL_TOKEN_BYTES
    gib = round(SMALL_BESIDES_GIB + kv_bytes / 2**30, 1)
    room = _room(engine, kv_tokens, kv_bytes, SMALL_SHARE, gib)
    besides = _besides(engine, flags, kv_tokens, SMALL_LONGEST)
    return ServerSpec(name, engine, SMALL, flags=(*room, *besides, *flags), memory_gib=gib)


def _room(engine: str, kv_tokens: int, kv_bytes: int, share: float, gib: float) -> tuple:
    """`share` of what may be used; on a small card the server's own `gib`, since little else is free beside it."""
    checked = plan.share(gib) if PLAN.small else plan.share_of_usable(share)
    return adapter_lookup.adapter(engine).room(kv_tokens, kv_bytes, checked, plan.share_of_usable(AT_MOST))


def _besides(engine: str, flags: tuple[str, ...], kv_tokens: int, longest: int) -> tuple[str, ...]:
    return adapter_lookup.adapter(engine).small_card(kv_tokens, longest, flags) if PLAN.small else ()


def warm(server: Server, rng: random.Random, lengths: Iterable[int], clients: int = 32) -> None:
    """Shapes seen for the first time compile: single prompts of `lengths` tokens, then a batch of `clients`."""
    with Client(server.port) as client:
        for length in lengths:
            client.chat(chat(server.spec.model, rng, length, 4))
    closed_loops(server.port, [[chat(server.spec.model, rng, 64, 16)] for _ in range(clients)])


class Metrics:
    """What the engine's own /metrics counted since this was made, or since the last `restart`."""

    def __init__(self, server: Server):
        self.server, self.engine = server, adapter_lookup.adapter(server.spec.engine)
        self.restart()

    def restart(self) -> None:
        self._before = engine_metrics.metrics(self.server.port)

    def read(self) -> "Metrics":
        """Wait a moment, for an engine counts a request after its last byte, and read."""
        time.sleep(0.25)
        self._after = engine_metrics.metrics(self.server.port)
        return self

    def mean_ms(self, histogram: str) -> float:
        return 1e3 * engine_metrics.mean_between(self._before, self._after, self.engine.metric(histogram))

    def counted(self, counter: str) -> float:
        """By how much a counter grew, named without the engine's prefix: `num_preemptions_total`."""
        name = self.engine.metric(counter)
        return engine_metrics.total(self._after, name) - engine_metrics.total(self._before, name)

    def hit_tokens(self) -> float:
        """Prompt tokens that came out of the cache, by the engine's own counter; 0 where it has counted none yet."""
        return self.engine.hit_tokens(self._after) - self.engine.hit_tokens(self._before)


def kv_used(server: Server, reading: dict[str, float] | None = None) -> float:
    """Tokens of KV cache in use now, by the engine's own gauge; `reading` is one of its metrics, if there is one."""
    return adapter_lookup.adapter(server.spec.engine).kv_used(reading or engine_metrics.metrics(server.port))


def settings_said(server: Server, names: tuple[str, ...]) -> dict:
    """{setting: value}: those of `names` that the server's engine has, as the started server itself says them. LabError
    when it no longer says one that it is known to say."""
    return adapter_lookup.adapter(server.spec.engine).settings_said(server, names)
