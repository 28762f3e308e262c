"""The life of KV blocks, step by step, for a replay: `python vllm_life.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows"}; two runs print the same bytes. JSON overrides keys of WORKLOAD. The scheduler,
the cache manager and the block pool are vLLM's (see vllm_scheduler.py) and nothing of them is replaced; the lines that ran
are watched by ran_lines.py. A pool of few blocks; requests arrive at given steps; no model runs, every token of an
answer is the same.

The single row is the replay: format, kind, setup, files, requests, steps. A step is one engine step, its state taken
after it. Its events are what its state differs by from the one before, and say who did it:
  allocate (blocks taken from the front of the free queue by a request that is admitted), share (blocks found in use),
  revive (blocks found in the free queue), grow (a block taken by a request that decodes), hash (blocks that got a
  hash), evict (hashed blocks that were taken, and lost it), keep (blocks without a user that go to the end of the queue
  with their hash), drop (those without one, which go to its front), wait (a request that is not admitted, for lack of
  blocks), write (a token of each running request, nothing else).
A hash is named by the request and the place of the block that had it first: `a.0` is the first block of a's tokens.
"""

import sys

from headless.vllm_scheduler import Engine, answer_with, make_config, tokens
from worker_kit.ran_lines import RanLines

WORKLOAD = {
    "blocks": 12, "max_model_len": 160, "budget": 256,
    # name: arrives at the step, tokens of its own behind `shared` ones of the request `of`, tokens of its answer
    "requests": {
        "a": {"at": 1, "own": 60, "answer": 6},
        "b": {"at": 3, "of": "a", "shared": 48, "own": 8, "answer": 6},
        "c": {"at": 9, "of": "a", "shared": 60, "own": 0, "answer": 2},
        "d": {"at": 11, "own": 140, "answer": 4},
        "e": {"at": 12, "of": "a", "shared": 48, "own": 24, "answer": 3},
        "f": {"at": 18, "own": 110, "answer": 2},
        "g": {"at": 20, "of": "d", "shared": 140, "own": 0, "answer": 2},
    },
}
WATCHED = [
    "vllm.v1.core.kv_cache_manager:KVCacheManager.get_computed_blocks",
    "vllm.v1.core.kv_cache_manager:KVCacheManager.allocate_slots",
    "vllm.v1.core.single_type_kv_cache_manager:SingleTypeKVCacheManager.allocate_new_blocks",
    *(f"vllm.v1.core.block_pool:BlockPool.{name}" for name in (
        "touch", "get_new_blocks", "_remove_cached_block_hashes", "cache_full_blocks", "free_blocks")),
]


class Plain(Engine):
    """An engine of whose methods none is wrapped."""

    def _count_allocations(self) -> None:
        pass


class Life:
    """A pool with requests, looked at after every step."""

    def __init__(self, model: str, what: dict):
        self.what = what
        config = make_config(model, max_num_batched_tokens=what["budget"], max_model_len=what["max_model_len"])
        self.engine = Plain(config, (what["blocks"] + 1) * config.cache_config.block_size)
        self.block, self.names, self.prompts, self.finished = self.engine.block, {}, {}, []
        for name, how in what["requests"].items():
            shared = self.prompts[how["of"]][: how["shared"]] if "of" in how else []
            self.prompts[name] = shared + tokens(name, how["own"])
        self.arriving = sorted(what["requests"], key=lambda name: what["requests"][name]["at"])

    def state(self) -> dict:
        scheduler, pool = self.engine.scheduler, self.engine.pool
        tables, filled = {}, {}
        for request in scheduler.running:
            table = self.engine.manager.get_block_ids(request.request_id)[0]
            tables[request.request_id] = table
            for place, block in enumerate(table):
                # The last token of an answer that goes on is known and not computed.
                filled[block] = max(filled.get(block, 0), min(self.block, request.num_computed_tokens - place * self.block))
                key = pool.blocks[block].block_hash
                if key is not None:
                    self.names.setdefault(key, f"{request.request_id}.{place}")
        blocks = {}
        for block in pool.blocks:
            if not block.is_null:
                key = block.block_hash
                blocks[str(block.block_id)] = {
                    "ref": block.ref_cnt, "hash": None if key is None else self.names[key],
                    "filled": filled.get(block.block_id, 0 if key is None else self.block),
                }
        return {
            "tables": tables, "free": [block.block_id for block in pool.free_block_queue.get_all_free_blocks()],
            "blocks": blocks, "waiting": [request.request_id for request in scheduler.waiting],
            "running": [request.request_id for request in scheduler.running], "finished": list(self.finished),
        }

    def step(self, number: int) -> None:
        while self.arriving and self.what["requests"][self.arriving[0]]["at"] <= number:
            name = self.arriving.pop(0)
            self.engine.add(name, self.prompts[name], self.what["requests"][name]["answer"])
        known = set(self.engine.scheduler.requests)
        self.engine.step()
        self.finished += sorted(known - set(self.engine.scheduler.requests))

    def over(self) -> bool:
        return not (self.arriving or self.engine.scheduler.requests)


def event(name: str, who: str, **args) -> dict:
    return {"event": name, "who": who, "args": args}


def listed(blocks) -> str:
    return ", ".join(str(block) for block in blocks)


def events(life: Life, before: dict, after: dict, held: dict) -> list[dict]:
    """What a step did. `held` maps a request to its table while it ran in the step, also of one that ended with it."""
    found = []
    hashes = {int(key): value["hash"] for key, value in before["blocks"].items()}
    for who, table in held.items():
        old = before["tables"].get(who)
        new = table[len(old or ()):]
        if old is None:
            hit = life.engine.first[who]["hit"] // life.block
            in_use = [block for block in table[:hit] if before["blocks"][str(block)]["ref"]]
            idle = [block for block in table[:hit] if block not in in_use]
            new = table[hit:]
            found += [event(name, who, blocks=listed(some), count=len(some))
                      for name, some in (("share", in_use), ("revive", idle), ("allocate", new)) if some]
        elif new:
            found.append(event("grow", who, blocks=listed(new), count=len(new)))
        if lost := [block for block in new if hashes[block]]:
            found.append(event("evict", who, blocks=listed(lost), count=len(lost), hashes=listed(hashes[b] for b in lost)))
        named = [block for block in table if after["blocks"][str(block)]["hash"]
                 and (block in new or not hashes[block])]
        if named:
            found.append(event("hash", who, blocks=listed(named), count=len(named)))
    for who in (name for name in held if name not in after["running"]):
        idle = [block for block in held[who] if not after["blocks"][str(block)]["ref"]]
        kept = [block for block in reversed(idle) if after["blocks"][str(block)]["hash"]]
        dropped = [block for block in idle if block not in kept]
        found += [event(name, who, blocks=listed(some), count=len(some))
                  for name, some in (("keep", kept), ("drop", dropped)) if some]
    found += [event("wait", who, free=len(before["free"])) for who in after["waiting"]]
    return found or [event("write", listed(held), count=len(held))]


def measure(model: str, what: dict) -> list[dict]:
    life = Life(model, what)
    before = life.state()
    steps = [{"n": 0, "events": [], "ran": {}, "state": before}]
    real = life.engine._answer
    held = {}

    def answer(given):
        """Between schedule and update: the tables of all that run in the step."""
        held.clear()
        held.update({request.request_id: life.engine.manager.get_block_ids(request.request_id)[0]
                     for request in life.engine.scheduler.running})
        life.state()  # names the hashes that a request of this step alone would take with it
        return real(given)

    life.engine._answer = answer
    with RanLines(WATCHED) as ran:
        number = 0
        while not life.over():
            number += 1
            if number > 60:
                raise ValueError("60 steps and no end: a request waits for ever, or the replay is too long to be watched")
            held.clear()
            ran.take()
            life.step(number)
            after = life.state()
            steps.append({"n": number, "events": events(life, before, after, dict(held)), "ran": ran.take(), "state": after})
            before = after
        files = ran.files()
    return [{
        "format": 1, "kind": "blocks",
        "setup": {"blocks": what["blocks"], "block_size": life.block, "budget": what["budget"]},
        "files": files,
        "requests": {name: {"prompt": len(life.prompts[name]), "output": how["answer"]}
                     for name, how in what["requests"].items()},
        "steps": steps,
    }]


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
