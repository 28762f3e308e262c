"""What hashing, a lookup and an allocation take in vLLM's prefix cache: `python vllm_cost.py MODEL [JSON]`.

Prints one JSON object, {"workload", "rows"}. A row is {"op", "by", "size", "us": [...]}: op hash, of a prompt's blocks,
once when the request comes; match, of the hashes against the blocks that are cached, all of them are; insert, of the
slots for `new` tokens behind them, hashes set. By length, the prompt's tokens; nodes, how many other prompts of 32
tokens are in the cache, for a prompt of `prompt` tokens.
"""

import os
import sys

os.environ["VLLM_ALLOW_LONG_MAX_MODEL_LEN"] = "1"  # the shape's own limit is below the longest prompt here

from headless.vllm_scheduler import BLOCK, Engine, answer_with, make_config, tokens  # noqa: E402  (the limit must be off first)
from vllm.sampling_params import SamplingParams  # noqa: E402
from vllm.v1.request import Request  # noqa: E402
from worker_kit.timing import times_us  # noqa: E402

WORKLOAD = {"lengths": [64, 256, 1024, 4096, 16_384, 65_536], "nodes": [10, 100, 1000, 10_000], "prompt": 4096,
            "new": 16, "kv_tokens": 600_000}


class Timed:
    """A fresh cache, and its three calls on requests that are made before the clock runs."""

    def __init__(self, config, what: dict):
        self.engine, self.new, self.count = Engine(config, what["kv_tokens"]), what["new"], 0
        self.manager, self.hasher = self.engine.manager, self.engine.hasher

    def request(self, ids: list, hashed: bool = True) -> Request:
        self.count += 1
        params = SamplingParams(temperature=0.0, max_tokens=1, ignore_eos=True)
        return Request(str(self.count), ids, params, None, arrival_time=1.0e9, block_hasher=self.hasher if hashed else None)

    def put(self, ids: list) -> None:
        """Compute a prompt and end it: its whole blocks are cached then."""
        request = self.request(ids)
        found, had = self.manager.get_computed_blocks(request)[:2]
        self.manager.allocate_slots(request, len(ids) - had, had, found)
        self.manager.free(request)

    def all(self, ids: list, by: str, size: int) -> list[dict]:
        bare, whole, put = self.request(ids, hashed=False), self.request([*ids, 1]), []

        def behind():
            while put:
                self.manager.free(put.pop())
            put.append(request := self.request([*ids, *tokens(f"new {self.count}", self.new)]))
            return request, *self.manager.get_computed_blocks(request)[:2]

        def insert(given):
            request, found, had = given
            self.manager.allocate_slots(request, self.new, had, found)

        had = self.manager.get_computed_blocks(whole)[1]
        if had != len(ids) // BLOCK * BLOCK:
            raise ValueError(f"a prompt of {len(ids)} tokens is cached for {had}")
        labels = {"by": by, "size": size}
        return [
            {**labels, "op": "hash", "us": times_us(lambda: self.hasher(bare))},
            {**labels, "op": "match", "us": times_us(lambda: self.manager.get_computed_blocks(whole))},
            {**labels, "op": "insert", "us": times_us(insert, behind)},
        ]


def measure(model: str, what: dict) -> list[dict]:
    longest = max(*what["lengths"], what["prompt"]) + 2 * what["new"]
    config = make_config(model, max_num_batched_tokens=longest, max_model_len=longest)
    rows = []
    for length in what["lengths"]:
        cache, ids = Timed(config, what), tokens("one", length)
        cache.put(ids)
        rows += cache.all(ids, "length", length)
    for count in what["nodes"]:
        cache, ids = Timed(config, what), tokens("one", what["prompt"])
        cache.put(ids)
        for number in range(count - 1):
            cache.put(tokens(f"other {number}", 32))
        rows += cache.all(ids, "nodes", count)
    return rows


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
