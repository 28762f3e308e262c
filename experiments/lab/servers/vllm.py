"""vLLM: how it is started, asked and read."""

import re

from experiments.lab.errors import LabError
from experiments.lab.servers.base import Engine, Started
from experiments.lab.servers.metric_text import total

# Of each setting: the word by which its log says it, where, and how it is read. The configuration line has no budget,
# but the range of sizes that it compiles for, which ends there (`VllmConfig._set_compile_ranges`). With chunking on it
# also says the budget in a line of its own (`SchedulerConfig.__post_init__`), which is not read here.
_SAID = {
    "max_num_batched_tokens": (
        "compile_ranges_endpoints", r"'compile_ranges_endpoints': \[([\d, ]+)\]", lambda text: int(text.split(",")[-1])
    ),
    "enable_chunked_prefill": (
        "enable_chunked_prefill", r"enable_chunked_prefill=(True|False)", lambda text: text == "True"
    ),
}

BLOCK_TOKENS = 16  # unless its flags say otherwise


def _block_tokens(flags: tuple[str, ...]) -> int:
    return int(flags[flags.index("--block-size") + 1]) if "--block-size" in flags else BLOCK_TOKENS


class Vllm(Engine):
    """Its /server_info needs development mode and a pip in the environment, so its settings are read in its log."""

    prefix = "vllm"
    hits = "prefix_cache_hits_total"

    def start(self, model: str, distribution: str) -> list[str]:
        if distribution == "vllm":  # what the `vllm` command runs
            return ["-m", "vllm.entrypoints.cli.main", "serve", model]
        # A build under another name: `vllm serve` asks for the metadata of `vllm` and dies.
        return ["-m", "vllm.entrypoints.openai.api_server", "--model", model]

    def room(self, kv_tokens: int, kv_bytes: int, share: str, at_most: str) -> tuple[str, ...]:
        return ("--gpu-memory-utilization", share, "--kv-cache-memory-bytes", str(kv_bytes))

    def small_card(self, kv_tokens: int, longest: int, flags: tuple[str, ...]) -> tuple[str, ...]:
        """Its default below 70 GiB (`EngineArgs.get_batch_defaults`), which the sampler's memory goes by; and a longest
        request that the cache holds beside the block that no request gets: it refuses to start otherwise
        (`check_enough_kv_cache_memory`)."""
        own: tuple[str, ...] = () if "--max-num-seqs" in flags else ("--max-num-seqs", "256")
        held = kv_tokens - _block_tokens(flags)
        if held < longest and "--max-model-len" not in flags:
            own += ("--max-model-len", str(held))
        return own

    def kv_used(self, reading: dict[str, float]) -> float:
        """Its gauge is the share of its blocks."""
        blocks, size = pool_blocks(reading)
        # One block of the pool is a placeholder that no request gets; the gauge leaves it out as well.
        return round(total(reading, self.metric("kv_cache_usage_perc")) * (blocks - 1)) * size

    def token_request(self, model: str, ids: list[int], out: int) -> tuple[str, dict]:
        return "/v1/completions", {
            "model": model, "prompt": ids, "max_tokens": out, "temperature": 0.0, "ignore_eos": True,
            "return_token_ids": True,
        }

    def answered_ids(self, answer: dict) -> list[int] | None:
        return answer["choices"][0].get("token_ids")

    def settings_said(self, server: Started, names: tuple[str, ...]) -> dict:
        text, said, lacking = server.text(), {}, []
        for name, (word, pattern, read) in _SAID.items():
            if name not in names:
                continue
            if match := re.search(pattern, text):
                said[name] = read(match[1])
            else:
                lacking.append(word)
        if lacking:
            raise LabError(
                f"{server.spec.name}: its log names no {' or '.join(lacking)}; has the line moved in this release? "
                f"(log: {server.log})"
            )
        return said


def pool_blocks(reading: dict[str, float]) -> tuple[int, int]:
    """(blocks, tokens of a block) of the pool, as a reading of its metrics has them. LabError when it has not."""
    info = next((key for key in reading if key.startswith("vllm:cache_config_info{")), "")
    blocks, size = (re.search(rf'[{{,]{name}="(\d+)"', info) for name in ("num_gpu_blocks", "block_size"))
    if not (blocks and size):
        raise LabError("/metrics: vllm:cache_config_info names no num_gpu_blocks and block_size in this release")
    return int(blocks[1]), int(size[1])


ADAPTER = Vllm()
