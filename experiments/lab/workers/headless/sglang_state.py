"""What is in SGLang's queues and tree after a step, and the tree used by itself: match, insert, lock, evict.

Runs in SGLang's interpreter, on an Engine of sglang_scheduler.py. The tree core is compiled from Rust or written in Python,
both SGLang's and the same tree; `Engine.core` says which. The Rust core tells its nodes only through `pretty_print`, so
the first token of a node and when it was last used are known of the Python core alone, and null of the other.
"""

import os
import re
import sys
import tempfile
from array import array

import torch
from sglang.srt.mem_cache.base_prefix_cache import EvictParams, InsertParams, MatchPrefixParams
from sglang.srt.mem_cache.common import evict_from_tree_cache
from sglang.srt.mem_cache.radix_cache import RadixKey

LINE = re.compile(r"^(?P<indent> *)\[(?P<id>\d+)\] (?P<tokens>\d+) full_lock=(?P<lock>\d+)")


def sizes(engine) -> dict:
    """Tokens in the tree that may be evicted and that are locked, and slots of the pool that are free."""
    return {
        "evictable": int(engine.cache.evictable_size()), "protected": int(engine.cache.protected_size()),
        "free": int(engine.pool.available_size()),
    }


def nodes(engine) -> list[dict]:
    """The tree, the root first, by id: {"id", "parent", "tokens", "first", "lock", "used"}. `tokens` are the node's own,
    `first` is the first of them, `used` counts the nodes that were used longer ago."""
    core = engine.cache.tree_core
    found = _told(core) if engine.core == "rust" else _walked(core.root_node)
    rank = {used: place for place, used in enumerate(sorted(node["used"] for node in found if node["used"] is not None))}
    for node in found:
        node["used"] = rank.get(node["used"])
    return sorted(found, key=lambda node: node["id"])


def _walked(root) -> list[dict]:
    """The Python core's nodes."""
    found, left = [], [root]
    while left:
        node = left.pop()
        left += node.children.values()
        found.append({
            "id": node.id, "parent": node.parent and node.parent.id, "tokens": len(node.key),
            "first": next(iter(node.key), None), "lock": node.component_data[0].lock_ref, "used": node.last_access_time,
        })
    return found


def _told(core) -> list[dict]:
    """The nodes of any core, from the tree that it prints: a node's parent is the last one above it, two further left."""
    found, above = [], {}
    for line in _printed(core.pretty_print).splitlines():
        if told := LINE.match(line):
            depth = len(told["indent"])
            above[depth] = int(told["id"])
            found.append({
                "id": above[depth], "parent": above.get(depth - 2), "tokens": int(told["tokens"]), "first": None,
                "lock": int(told["lock"]), "used": None,
            })
    return found


def _printed(call) -> str:
    """What `call` writes to standard output, below Python too."""
    sys.stdout.flush()
    kept = os.dup(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        try:
            call()
        finally:
            sys.stdout.flush()
            os.dup2(kept, 1)
            os.close(kept)
        file.seek(0)
        return file.read().decode()


def queues(engine) -> dict:
    """{"waiting": [ids], "running": [{"id", "computed", "known", "phase"}], "chunked": id or None, "retracted": [ids
    that wait again], "finished": [ids]}. `computed` counts the tokens with a slot, `known` prompt and answer so far;
    a request runs from its first chunk on, in SGLang's own words only from its first decode."""
    sched = engine.scheduler
    waiting = [req.rid for req in sched.waiting_queue]
    running = {req.rid: req for req in sched.running_batch.reqs}
    for req in [*(sched.last_batch.reqs if sched.last_batch else ()), sched.chunked_req]:
        if req is not None and not req.finished() and req.rid not in waiting:
            running.setdefault(req.rid, req)
    return {
        "waiting": waiting,
        "running": [
            {
                "id": name, "computed": int(req.kv.kv_committed_len),
                "known": len(req.origin_input_ids) + len(req.output_ids),
                "phase": "prefill" if req.kv.kv_committed_len < len(req.origin_input_ids) else "decode",
            }
            for name, req in running.items() if not req.finished()
        ],
        "chunked": sched.chunked_req and sched.chunked_req.rid,
        "retracted": [req.rid for req in sched.waiting_queue if req.retraction_count],
        "finished": [name for name, req in engine.requests.items() if req.finished()],
    }


class Tree:
    """An engine's tree, without requests: what a request would do to it is done here by hand, in its order."""

    def __init__(self, engine):
        self.engine, self.cache, self.pool, self._locks = engine, engine.cache, engine.pool, {}

    def match(self, tokens: list[int]) -> dict:
        """{"hit": tokens in the tree, "node": id of the last}. It splits a node that is matched in part."""
        found = self._match(tokens)
        return {"hit": len(found.device_indices), "node": int(found.last_device_node)}

    def _match(self, tokens: list[int]):
        return self.cache.match_prefix(MatchPrefixParams(key=RadixKey(array("q", tokens))))

    def insert(self, tokens: list[int]) -> dict:
        """Match, lock what was found, evict for the rest if need be, take slots for it, unlock, insert.
        {"hit", "new", "evicted"}, in tokens, and "node", the id of the last. ValueError where the rest does not fit."""
        found = self._match(tokens)
        hit, missing = len(found.device_indices), len(tokens) - len(found.device_indices)
        before = self.pool.available_size()
        if missing > self.engine.kv_tokens:
            raise ValueError(f"a prompt of {len(tokens)} tokens: the cache holds {self.engine.kv_tokens}")
        lock = self.cache.inc_lock_ref(found.last_device_node)
        evict_from_tree_cache(self.cache, missing)
        evicted = int(self.pool.available_size() - before)
        slots = self.pool.alloc(missing)
        self.cache.dec_lock_ref(found.last_device_node, lock.to_dec_params())
        if slots is None:
            have = sizes(self.engine)
            raise ValueError(
                f"{missing} tokens more: {have['free']} slots are free and the {have['protected']} in the tree are locked"
            )
        value = torch.cat([found.device_indices.to(torch.int64), slots])
        self.cache.insert(InsertParams(key=RadixKey(array("q", tokens)), value=value, prev_prefix_len=hit))
        return {"hit": hit, "new": missing, "evicted": evicted, "node": self.match(tokens)["node"]}

    def lock(self, node: int) -> None:
        """Lock a node and all above it, as a running request does. They may be locked again."""
        self._locks.setdefault(node, []).append(self.cache.inc_lock_ref(node))

    def unlock(self, node: int) -> None:
        """Take one lock off. ValueError if there is none from here."""
        if not self._locks.get(node):
            raise ValueError(f"node {node} was not locked here")
        self.cache.dec_lock_ref(node, self._locks[node].pop().to_dec_params())

    def evict(self, tokens: int) -> int:
        """Evict at least `tokens` from the leaves up, if so many may be; says how many it were."""
        return int(self.cache.evict(EvictParams(num_tokens=tokens)).num_tokens_evicted)
