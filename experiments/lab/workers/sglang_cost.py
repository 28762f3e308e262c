"""What a match and an insertion take in SGLang's tree, by both of its cores: `python sglang_cost.py MODEL [JSON]`.

Prints one JSON object, {"workload", "rows", "stand_ins"}. A row is {"core", "op", "by", "size", "us": [...]}:
op match, of a prompt that is in the tree whole; insert, of one that is but for `new` tokens, as when a prefill ended;
by length, the prompt's tokens, in a tree of that one path; nodes, how many the tree has, for a prompt of `prompt`
tokens; path, into how many nodes the `prompt` tokens were cut by splits.
"""

import itertools
import sys
from array import array

import torch
from headless.sglang_scheduler import Engine, answer, make_args
from headless.sglang_state import nodes
from sglang.srt.mem_cache.base_prefix_cache import InsertParams, MatchPrefixParams
from sglang.srt.mem_cache.radix_cache import RadixKey
from worker_kit.timing import times_us
from worker_kit.worker_io import tokens

WORKLOAD = {
    "lengths": [64, 256, 1024, 4096, 16_384, 65_536], "nodes": [10, 100, 1000, 10_000], "path": [1, 4, 16, 64],
    "prompt": 4096, "new": 16, "kv_tokens": 600_000, "cores": ["rust", "python"],
}


class Timed:
    """A fresh tree of one core, and its two calls on prompts that are made before the clock runs."""

    def __init__(self, model: str, what: dict, core: str):
        self.engine = Engine(make_args(model), what["kv_tokens"], core=core)
        self.cache, self.pool, self.new = self.engine.cache, self.engine.pool, what["new"]
        if self.engine.core != core:
            raise ValueError(f"SGLang took its {self.engine.core} core, not {core}: this environment cannot load it")
        self.count = itertools.count()

    def put(self, ids: list) -> None:
        """Insert a prompt as a request does that had to compute what is not in the tree."""
        self.insert(self.prepared(ids))

    def prepared(self, ids: list) -> InsertParams:
        found = self.cache.match_prefix(MatchPrefixParams(key=RadixKey(array("q", ids)))).device_indices
        value = torch.cat([found.to(torch.int64), self.pool.alloc(len(ids) - len(found))])
        return InsertParams(key=RadixKey(array("q", ids)), value=value, prev_prefix_len=len(found))

    def insert(self, params: InsertParams) -> None:
        self.cache.insert(params)

    def both(self, ids: list, core: str, by: str, size: int) -> list[dict]:
        """A row for a match of `ids` and one for an insertion behind it."""
        key = array("q", ids)

        def behind():
            return self.prepared([*ids, *tokens(f"new {next(self.count)}", self.new)])

        labels = {"core": core, "by": by, "size": size}
        matched = times_us(lambda: self.cache.match_prefix(MatchPrefixParams(key=RadixKey(key))))
        return [{**labels, "op": "match", "us": matched}, {**labels, "op": "insert", "us": times_us(self.insert, behind)}]


def measure(model: str, what: dict) -> list[dict]:
    rows = []
    for core in what["cores"]:
        for length in what["lengths"]:
            tree, ids = Timed(model, what, core), tokens("one", length)
            tree.put(ids)
            rows += tree.both(ids, core, "length", length)
        ids = tokens("one", what["prompt"])
        for count in what["nodes"]:
            tree = Timed(model, what, core)
            tree.put(ids)
            for number in range(count - 1):
                tree.put(tokens(f"other {number}", 32))
            rows += tree.both(ids, core, "nodes", count)
        for count in what["path"]:
            tree, part = Timed(model, what, core), what["prompt"] // count
            for number in range(1, count + 1):  # each is in the tree but for its last part, which a node is made for
                tree.put(ids[: number * part])
            if (cut := len(nodes(tree.engine)) - 1) != count:
                raise ValueError(f"a path of {count} nodes was wanted, and there are {cut}")
            rows += tree.both(ids, core, "path", count)
    return rows


if __name__ == "__main__":
    sys.exit(answer(measure, WORKLOAD))
