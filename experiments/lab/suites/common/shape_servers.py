"""Servers of the Qwen3-8B shape as experiments 02, 03, 05 and 06 start them on a GPU, several side by side.

Their flags only make them fit beside each other: how much KV cache each may have, given in tokens, and shares of the
memory that are wide enough not to matter, since each engine checks its own at start while others are loading.
"""

import re
import time

from experiments.lab.errors import LabError
from experiments.lab.load import engine_metrics
from experiments.lab.load.chat_prompts import chat
from experiments.lab.load.streaming_client import Client, closed_loops
from experiments.lab.servers.server import ServerSpec

MODEL = "qwen3-8b-shape"
TOKEN_BYTES = 36 * 2 * 8 * 128 * 2  # of KV cache: layers, keys and values, KV heads, head size, bf16
WEIGHTS_GIB = 15.3
BESIDES_GIB = 2.9  # CUDA context, graphs, workspace of a step
SMALL = "smollm2-135m"
SMALL_TOKEN_BYTES = 30 * 2 * 3 * 64 * 2
SMALL_BESIDES_GIB = 2.7  # as above, and its weights
# The names differ only in their prefix; both are histograms in seconds.
TTFT, ITL = "time_to_first_token_seconds", "inter_token_latency_seconds"


def spec(engine: str, name: str, kv_tokens: int, *flags: str, model: str = MODEL) -> ServerSpec:
    """A server of the shape, in the folder `model`, with room for `kv_tokens` tokens of KV cache, and `flags` besides."""
    kv_bytes = kv_tokens * TOKEN_BYTES
    return ServerSpec(name, engine, model, flags=(*_room(engine, kv_tokens, kv_bytes, "0.12"), *flags), dummy=True,
                      memory_gib=round(WEIGHTS_GIB + BESIDES_GIB + kv_bytes / 2**30, 1))


def small(engine: str, name: str, kv_tokens: int, *flags: str) -> ServerSpec:
    """The same of SmolLM2-135M with its own weights: a step of it is short, and the CPU's part of it large."""
    kv_bytes = kv_tokens * SMALL_TOKEN_BYTES
    return ServerSpec(name, engine, SMALL, flags=(*_room(engine, kv_tokens, kv_bytes, "0.03"), *flags),
                      memory_gib=round(SMALL_BESIDES_GIB + kv_bytes / 2**30, 1))


def _room(engine: str, kv_tokens: int, kv_bytes: int, share: str) -> tuple:
    return {
        "vllm": ("--gpu-memory-utilization", share, "--kv-cache-memory-bytes", str(kv_bytes)),
        "sglang": ("--mem-fraction-static", "0.95", "--max-total-tokens", str(kv_tokens), "--enable-metrics"),
    }[engine]


def warm(server, rng, lengths, clients: int = 32) -> None:
    """Shapes seen for the first time compile: single prompts of `lengths` tokens, then a batch of `clients`."""
    with Client(server.port) as client:
        for length in lengths:
            client.chat(chat(server.spec.model, rng, length, 4))
    closed_loops(server.port, [[chat(server.spec.model, rng, 64, 16)] for _ in range(clients)])


class Metrics:
    """What the engine's own /metrics counted since this was made, or since the last `restart`."""

    def __init__(self, server):
        self.server, self.prefix = server, server.spec.engine.partition("-")[0]
        self.restart()

    def restart(self) -> None:
        self._before = engine_metrics.metrics(self.server.port)

    def read(self) -> "Metrics":
        """Wait a moment, for an engine counts a request after its last byte, and read."""
        time.sleep(0.25)
        self._after = engine_metrics.metrics(self.server.port)
        return self

    def mean_ms(self, histogram: str) -> float:
        return 1e3 * engine_metrics.mean_between(self._before, self._after, f"{self.prefix}:{histogram}")

    def counted(self, counter: str) -> float:
        """By how much a counter grew, named without the engine's prefix: `num_preemptions_total`."""
        before, after = (engine_metrics.total(found, f"{self.prefix}:{counter}") for found in (self._before, self._after))
        return after - before

    def hit_tokens(self) -> float:
        """Prompt tokens that came out of the cache, by the engine's own counter; 0 where it has counted none yet."""
        name = {"vllm": "vllm:prefix_cache_hits_total", "sglang": "sglang:cached_tokens_total"}[self.prefix]
        values = []
        for found in (self._before, self._after):
            try:
                values.append(engine_metrics.total(found, name))
            except LabError:  # SGLang's counter appears with its first hit
                values.append(0.0)
        return values[1] - values[0]


def kv_used(server, found: dict | None = None) -> float:
    """Tokens of KV cache in use now, by the engine's own gauge: vLLM's share of its blocks, SGLang's count. `found` is
    a reading of its metrics that is there already."""
    found = found or engine_metrics.metrics(server.port)
    if server.spec.engine == "sglang":
        return engine_metrics.total(found, "sglang:num_used_tokens")
    blocks, size = pool_blocks(found)
    # One block of the pool is a placeholder that no request gets; the gauge leaves it out as well.
    return round(engine_metrics.total(found, "vllm:kv_cache_usage_perc") * (blocks - 1)) * size


def pool_blocks(found: dict) -> tuple:
    """(blocks, tokens of a block) of a vLLM server, as a reading of its metrics has them."""
    info = next((key for key in found if key.startswith("vllm:cache_config_info{")), "")
    blocks, size = (re.search(rf'[{{,]{name}="(\d+)"', info) for name in ("num_gpu_blocks", "block_size"))
    if not (blocks and size):
        raise LabError("/metrics: vllm:cache_config_info names no num_gpu_blocks and block_size in this release")
    return int(blocks[1]), int(size[1])
