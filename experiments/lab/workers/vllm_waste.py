"""KV slots that are reserved and hold no token, paged and contiguous: `python vllm_waste.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows"}; two runs print the same bytes. JSON overrides keys of WORKLOAD. All requests
wait at the start, and come in the order of their number; lengths are drawn from WORKLOAD's log-normal distributions, no
two prompts share a block. Paged is vLLM's scheduler, cache manager and block pool (see vllm_scheduler.py), contiguous is our
own allocator (contiguous_cache.py). Nothing is timed, no model runs.

A row is one scheme: scheme ("paged", "contiguous", or "watermark": paged with blocks of 16 and a share of the pool kept
from newcomers), size (tokens of a block, the rule of the reservation, or that share), steps
(all), full_steps (those in which somebody waited; the figures below are means over these alone), running (count), and in
percent of the pool: tokens (slots that hold one), later (reserved and empty, to be written by their request before it
ends), never (reserved, and never to be written by it), free (not reserved); empty: reserved slots without a token in
percent of the reserved; preemptions (count), recomputed (tokens scheduled beyond what every request needs once);
series: `empty` of every WORKLOAD["every"]-th full step.
A row "lengths": prompt, answer and both together, each {"mean", "median", "most"}.

Samples of the record `waste-vllm`, labels scheme, size: tokens, later, never, free, empty, running, preemptions,
recomputed, steps, one value each.
"""

import random
import statistics
import sys

from headless.vllm_scheduler import BLOCK, Engine, answer_with, make_config, tokens
from worker_kit import contiguous_cache

WORKLOAD = {
    "seed": 20261128, "requests": 400, "max_model_len": 2048, "kv_tokens": 32_768, "budget": 8192, "max_num_seqs": 1024,
    # Of the logarithm: the median's, and the standard deviation. Clipped to 4 and half of max_model_len.
    "prompt": {"median": 100, "sigma": 1.0}, "answer": {"median": 240, "sigma": 0.8},
    "blocks": [1, 16, 32, 64, 128], "rules": ["max", "pow2", "exact"], "watermarks": [0.02, 0.1],
    "every": 20,
}


def lengths(what: dict) -> list[tuple[int, int]]:
    """(prompt, answer) of each request, in tokens."""
    rng, most = random.Random(what["seed"]), what["max_model_len"] // 2

    def draw(of: dict) -> int:
        return min(most, max(4, round(of["median"] * rng.lognormvariate(0.0, of["sigma"]))))

    return [(draw(what["prompt"]), draw(what["answer"])) for _ in range(what["requests"])]


class Sums:
    """Means over the full steps of one scheme; a step is the running requests' (reserved, written, at the end)."""

    def __init__(self, what: dict):
        self.pool, self.every = what["kv_tokens"], what["every"]
        self.steps, self.running, self.shares, self.empty = 0, [], [], []

    def step(self, running: list, waiting: int) -> None:
        self.steps += 1
        if not waiting:
            return
        reserved, written = sum(each[0] for each in running), sum(each[1] for each in running)
        never = sum(max(0, slots - end) for slots, _, end in running)
        self.shares.append([written, reserved - written - never, never, self.pool - reserved])
        self.empty.append(100 * (reserved - written) / reserved)
        self.running.append(len(running))

    def row(self, scheme: str, size, **more) -> dict:
        if not self.shares:
            raise ValueError(f"{scheme} {size}: nobody ever waits; give more requests or a smaller cache")
        means = [100 * sum(column) / len(self.shares) / self.pool for column in zip(*self.shares, strict=True)]
        return {
            "scheme": scheme, "size": str(size), "steps": self.steps, "full_steps": len(self.shares),
            "running": round(statistics.fmean(self.running), 4),
            **{name: round(mean, 4) for name, mean in zip(("tokens", "later", "never", "free"), means, strict=True)},
            "empty": round(statistics.fmean(self.empty), 4), "preemptions": 0, "recomputed": 0,
            "series": [round(value, 3) for value in self.empty[:: self.every]], **more,
        }


class Watched(Engine):
    """Looks at the pool when a step is scheduled and its tokens are about to be written."""

    def __init__(self, config, what: dict, sums: Sums):
        super().__init__(config, what["kv_tokens"] + config.cache_config.block_size)  # one block is no one's
        self.sums, self.given = sums, 0

    def _answer(self, given: dict):
        self.given += sum(given.values())
        running = []
        for request in self.scheduler.running:
            held = len(self.manager.get_block_ids(request.request_id)[0]) * self.block
            end = request.num_prompt_tokens + request.max_tokens - 1
            running.append((held, request.num_computed_tokens, end))
        self.sums.step(running, len(self.scheduler.waiting))
        return super()._answer(given)


def paged(model: str, what: dict, requests: list, size: int, watermark: float = 0.0) -> dict:
    config = make_config(model, block_size=size, max_num_batched_tokens=what["budget"], watermark=watermark,
                         max_model_len=what["max_model_len"], max_num_seqs=what["max_num_seqs"])
    sums = Sums(what)
    engine = Watched(config, what, sums)
    for number, (prompt, answer) in enumerate(requests):
        engine.add(f"r{number}", tokens(f"r{number}", prompt), answer)
    all_of_them = list(engine.scheduler.requests.values())
    engine.run()
    named = ("watermark", watermark) if watermark else ("paged", size)
    return sums.row(*named, preemptions=sum(request.num_preemptions for request in all_of_them),
                    recomputed=engine.given - sum(prompt + answer - 1 for prompt, answer in requests))


def reserved(what: dict, requests: list, rule: str) -> dict:
    sums = Sums(what)
    for step in contiguous_cache.steps(requests, rule, what["kv_tokens"], what["max_model_len"], what["budget"]):
        sums.step(step["running"], step["waiting"])
    return sums.row("contiguous", rule)


def measure(model: str, what: dict) -> list[dict]:
    requests = lengths(what)
    columns = {"prompt": [p for p, _ in requests], "answer": [a for _, a in requests],
               "both": [p + a for p, a in requests]}
    rows = [{"scheme": "lengths", **{
        name: {"mean": round(statistics.fmean(all_of), 2), "median": statistics.median(all_of), "most": max(all_of)}
        for name, all_of in columns.items()
    }}]
    rows += [paged(model, what, requests, size) for size in what["blocks"]]
    rows += [paged(model, what, requests, BLOCK, share) for share in what["watermarks"]]
    return rows + [reserved(what, requests, rule) for rule in what["rules"]]


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
