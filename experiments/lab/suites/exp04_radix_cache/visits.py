"""Experiment 04: what one visit to one server measures. Loads come from `vllm bench serve` where it can express them."""

from experiments.lab.load import token_id_client
from experiments.lab.load.load_trace import Ask
from experiments.lab.load.statistics import median
from experiments.lab.load.streaming_client import shuffled
from experiments.lab.suites.common.shape_servers import Metrics
from experiments.lab.workers.worker_kit import streams

# Prefixes that together are half again as large as the cache; all requests wait at once, fewer than the 128 from which
# SGLang's longest-prefix-match gives up.
ORDER = {"groups": 18, "requests": 90, "prefix_tokens": 2048, "own_tokens": 64, "output_tokens": 16}
NO_REUSE = {"requests": 24, "prompt_tokens": 1024, "output_tokens": 16}
# The lengths of the multi-turn chats in the RadixAttention paper, at their lower ends.
TURNS = {"conversations": 8, "turns": 4, "system": 0, "user": 256}
ANSWERS = {"short": 8, "long": 256}


def order_asks(prompts, rng, what: dict) -> list:
    """Every group's requests, all at once, in an order of `rng`; the first prompts of a group are one prefix."""
    prefix, tokens = what["prefix_tokens"], what["prefix_tokens"] + what["own_tokens"]
    heads = [prompts.fresh(prefix) for _ in range(what["groups"])]
    asked = [head for head in heads for _ in range(what["requests"] // what["groups"])]
    return [Ask(0.0, tokens, what["output_tokens"], prompts.behind(head, prefix, tokens)) for head in shuffled(rng, asked)]


def _load(server, bench, asks, samples, **labels) -> None:
    metrics = Metrics(server)
    run = bench.run(server, asks)
    times = [each.ttft_ms for each in run.served]
    samples.add("throughput", "tok/s", run.throughput(), **labels)
    samples.add("wall", "s", run.wall_s(), **labels)
    samples.add("ttft_median", "ms", median(times), **labels)
    samples.add("ttft_mean", "ms", sum(times) / len(times), **labels)
    samples.add("ttft_max", "ms", max(times), **labels)
    samples.add("hit_tokens", "tokens", metrics.read().hit_tokens(), **labels)
    samples.add("prompt_tokens", "tokens", sum(ask.tokens for ask in asks), **labels)


def order(server, bench, prompts, rng, samples) -> None:
    """`ORDER`. Adds `throughput` (tok/s), `wall` (s), `ttft_median`, `ttft_mean` and `ttft_max` (ms), the engine's own
    `hit_tokens` and the `prompt_tokens` of the visit."""
    _load(server, bench, order_asks(prompts, rng, ORDER), samples)


def no_reuse(server, bench, prompts, samples, side: str) -> None:
    """`NO_REUSE`: everything at once and nothing shared. Adds what `order` does; label side."""
    tokens, out = NO_REUSE["prompt_tokens"], NO_REUSE["output_tokens"]
    _load(server, bench, [Ask(0.0, tokens, out, prompts.fresh(tokens)) for _ in range(NO_REUSE["requests"])], samples,
          side=side)


def _follow(server, turns, samples, **labels) -> None:
    metrics = Metrics(server)
    found = token_id_client.follow(server, turns)
    total = sum(turn.tokens() + turn.out for turn in turns)
    wall = token_id_client.wall_s(found)
    samples.add("throughput", "tok/s", total / wall, **labels)
    samples.add("wall", "s", wall, **labels)
    samples.add("hit_tokens", "tokens", metrics.read().hit_tokens(), **labels)
    samples.add("prompt_tokens", "tokens", sum(turn.tokens() for turn in turns), **labels)


def turns(server, seed, samples, answers: str) -> None:
    """`TURNS` with answers of `ANSWERS[answers]` tokens, each conversation a closed loop that holds the server's own
    answers. Adds `throughput` (tok/s), `wall` (s), `hit_tokens`, `prompt_tokens`; label answers."""
    _follow(server, streams.chat(f"turns {seed}", **TURNS, answer=ANSWERS[answers]), samples, answers=answers)


def stream(server, name: str, seed, rng, samples) -> None:
    """One of the four streams. Adds what `turns` does; label stream."""
    _follow(server, streams.stream(name, f"stream {seed}", rng, streams.WORKLOAD[name]), samples, stream=name)
