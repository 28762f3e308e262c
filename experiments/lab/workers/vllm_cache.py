"""What vLLM's prefix cache finds, block by block, without a server: `python vllm_cache.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows"}; two runs print the same bytes. JSON overrides keys of WORKLOAD. Counts
come from vLLM's scheduler, KV cache manager and block pool (see vllm_scheduler.py); nothing is timed, no model runs.

A row of scenario repeat, shared, next-turn or together is one request:
  scenario, caching ("on"/"off"), request (its number in `together`, else 0), prompt_tokens;
  shared_tokens: how many of its first tokens are those of an earlier prompt (next-turn: and of its answer, but for the
    last token, whose KV was never computed);
  hit_tokens: `num_computed_tokens` when it was first scheduled; computed_tokens: prompt_tokens - hit_tokens;
  missed_tail: shared tokens behind the last whole shared block, shared_tokens % 16;
  missed_last: tokens of whole shared blocks that were no hit nonetheless: the last-token rule, by which a prompt never
    hits whole; both only in rows with caching on, where missed_tail + missed_last = shared_tokens - hit_tokens;
  blocks: blocks in its table when its prompt was complete; new_blocks: of these, handed out by the pool for it;
  admitted: the step that first scheduled it, ready: the step that completed its prompt, from 1 within its group.
Scenarios: repeat, a prompt again after the first request ended; shared, a prompt that shares its first tokens with one
that ended; next-turn, a prompt, its answer (answer_tokens) and new tokens; together, equal prompts that are all there
before the first step. The request that fills the cache has no row, but in `together`. Caching off leaves out next-turn.

A row of scenario memory is one group of requests behind a shared prefix that is in the cache already, all decoding:
  scenario, caching, requests, shared_tokens, prompt_tokens, output_tokens;
  blocks_used: blocks with a holder once every prompt is complete; blocks_shared: those with ref_cnt over 1;
  tables: blocks summed over the requests' tables; kv_used: blocks_used * 16 tokens; kv_peak: the most, until the end;
  new_blocks: handed out by the pool for the prompts; hit_tokens: summed over the requests.

Samples of the record `cache-vllm` (one value each, counts are exact): hit_tokens, computed_tokens, missed_tail,
missed_last (tokens), labels scenario, caching, prompt_tokens, shared_tokens; for together also request. kv_used,
kv_peak (tokens), blocks_used, blocks_shared, new_blocks (count), labels scenario="memory", caching, requests.
"""

import sys

from headless.vllm_scheduler import BLOCK, Engine, answer_with, make_config, tokens

WORKLOAD = {
    "max_model_len": 20480, "kv_tokens": 320_000, "budget": 8192, "output_tokens": 8,
    "repeat": [1, 15, 16, 17, 32, 4095, 4096, 4097, 4100, 4111, 4112, 16384, 16385],
    "shared": {
        "4096": [0, 1, 15, 16, 17, 1000, 1024, 2048, 3072, 3680, 3686, 4095, 4096],
        "16384": [0, 4096, 8192, 12288, 14736, 14745, 16384],
    },
    "next_turn": [{"prompt": 4096, "answer": answer, "new": 64} for answer in (1, 16, 17, 32)],
    "together": {"prompt_tokens": 4096, "requests": 8},
    "memory": {"requests": [1, 8, 64], "shared_tokens": 4096, "own_tokens": 64, "output_tokens": 160},
}


def make(model: str, what: dict, caching: bool):
    """A function that makes a fresh Engine, so that no scenario meets another's blocks."""
    config = make_config(
        model, max_num_batched_tokens=what["budget"], max_model_len=what["max_model_len"], enable_prefix_caching=caching
    )
    return lambda: Engine(config, what["kv_tokens"])


def row(engine, scenario: str, caching: str, name: str, prompt: int, shared: int, since: int = 0, **more) -> dict:
    """One request's row; `since` is the steps that were before its group arrived."""
    first, ready = engine.first[name], engine.ready[name]
    missed = {"missed_tail": shared % BLOCK, "missed_last": shared // BLOCK * BLOCK - first["hit"]}
    return {
        "scenario": scenario, "caching": caching, "request": 0, "prompt_tokens": prompt, "shared_tokens": shared,
        "hit_tokens": first["hit"], "computed_tokens": prompt - first["hit"], **(missed if caching == "on" else {}),
        "blocks": ready["blocks"], "new_blocks": ready["new_blocks"],
        "admitted": first["step"] - since, "ready": ready["step"] - since, **more,
    }


def behind(new, what: dict, caching: str, scenario: str, prompt: int, shared: int) -> dict:
    """A prompt, and after its end another that shares `shared` tokens with it."""
    engine = new()
    cold = tokens("cold", prompt)
    engine.add("cold", cold, what["output_tokens"])
    engine.run()
    since = engine.steps
    engine.add("warm", cold[:shared] + tokens("warm", prompt - shared), what["output_tokens"])
    engine.run()
    return row(engine, scenario, caching, "warm", prompt, shared, since)


def next_turn(new, what: dict, caching: str) -> list[dict]:
    rows = []
    for turn in what["next_turn"]:
        engine, prompt = new(), tokens("cold", turn["prompt"])
        engine.add("first", prompt, turn["answer"])
        said = engine.scheduler.requests["first"].output_token_ids
        engine.run()
        since, known = engine.steps, turn["prompt"] + turn["answer"]
        engine.add("second", [*prompt, *said, *tokens("new", turn["new"])], what["output_tokens"])
        engine.run()
        rows.append(row(engine, "next-turn", caching, "second", known + turn["new"], known - 1, since,
                        answer_tokens=turn["answer"]))
    return rows


def together(new, what: dict, caching: str) -> list[dict]:
    """Equal prompts that are all there before the first step: what a request finds of one admitted just before it."""
    engine, length = new(), what["together"]["prompt_tokens"]
    names = [f"r{number}" for number in range(what["together"]["requests"])]
    for name in names:
        engine.add(name, tokens("cold", length), what["output_tokens"])
    engine.run()
    return [row(engine, "together", caching, name, length, length if number else 0, request=number)
            for number, name in enumerate(names)]


def memory(new, what: dict, caching: str, requests: int) -> dict:
    """`requests` behind a prefix that is in the cache: blocks in use while all of them decode."""
    asked, engine = what["memory"], new()
    prefix, own, out = (asked[key] for key in ("shared_tokens", "own_tokens", "output_tokens"))
    cold = tokens("cold", prefix)
    engine.add("cold", cold, 2)
    engine.run()
    names = [f"r{number}" for number in range(requests)]
    for name in names:
        engine.add(name, cold + tokens(name, own), out)
    engine.run(until=lambda: all(name in engine.ready for name in names))
    held = [engine.manager.get_block_ids(name)[0] if name in engine.scheduler.requests else [] for name in names]
    if not all(held):
        raise ValueError(f"{requests} requests of {prefix + own} tokens do not fit the cache or decode too briefly")
    counts = [block.ref_cnt for block in engine.pool.blocks if block.ref_cnt and not block.is_null]
    found = {
        "scenario": "memory", "caching": caching, "requests": requests, "shared_tokens": prefix,
        "prompt_tokens": prefix + own, "output_tokens": out, "blocks_used": len(counts),
        "blocks_shared": sum(count > 1 for count in counts), "tables": sum(len(table) for table in held),
        "kv_used": len(counts) * BLOCK, "new_blocks": sum(engine.ready[name]["new_blocks"] for name in names),
        "hit_tokens": sum(engine.first[name]["hit"] for name in names),
    }
    most = len(counts)
    while engine.step():
        most = max(most, engine.pool.num_gpu_blocks - 1 - engine.pool.get_num_free_blocks())  # one block is no one's
    return {**found, "kv_peak": most * BLOCK}


def measure(model: str, what: dict) -> list[dict]:
    rows = []
    for caching in ("on", "off"):
        new = make(model, what, caching == "on")
        rows += [behind(new, what, caching, "repeat", length, length) for length in what["repeat"]]
        rows += [behind(new, what, caching, "shared", int(length), shared)
                 for length, some in what["shared"].items() for shared in some]
        if caching == "on":
            rows += next_turn(new, what, caching)
        rows += together(new, what, caching)
        rows += [memory(new, what, caching, requests) for requests in what["memory"]["requests"]]
    return rows


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
