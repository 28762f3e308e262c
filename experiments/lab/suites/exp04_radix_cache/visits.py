"""Experiment 04: what one visit to one server measures. Loads come from `vllm bench serve` where it can say them."""

import dataclasses
import random
from dataclasses import dataclass

from experiments.lab.load import token_id_client
from experiments.lab.load.load_trace import Ask, Prompts
from experiments.lab.load.samples import Samples
from experiments.lab.load.statistics import median
from experiments.lab.load.streaming_client import shuffled
from experiments.lab.load.vllm_bench import Bench
from experiments.lab.servers.server import Server
from experiments.lab.suites.common.loads import AtOnce
from experiments.lab.suites.common.shape_servers import Metrics
from experiments.lab.suites.common.workload import Workload
from experiments.lab.workers.worker_kit import streams


@dataclass(frozen=True)
class Groups(Workload):
    """Groups of requests that begin with one prefix each, and go on with tokens of their own."""

    groups: int
    requests: int
    prefix_tokens: int
    own_tokens: int
    output_tokens: int

    def asks(self, prompts: Prompts, rng: random.Random) -> list[Ask]:
        """All at once, in an order of `rng`; the first chunks of a group's prompts are one prefix."""
        tokens = self.prefix_tokens + self.own_tokens
        prefixes = [prompts.fresh(self.prefix_tokens) for _ in range(self.groups)]
        of_each = [prefix for prefix in prefixes for _ in range(self.requests // self.groups)]
        return [Ask(0.0, tokens, self.output_tokens, prompts.behind(prefix, self.prefix_tokens, tokens))
                for prefix in shuffled(rng, of_each)]


@dataclass(frozen=True)
class Turns(Workload):
    """Conversations of several turns, each a closed loop; tokens of the first message and of the user's each time."""

    conversations: int
    turns: int
    system: int
    user: int


# Prefixes that together are half again as large as the cache; all requests wait at once, fewer than the 128 from which
# SGLang's longest-prefix-match gives up.
ORDER = Groups(groups=18, requests=90, prefix_tokens=2048, own_tokens=64, output_tokens=16)
NO_REUSE = AtOnce(requests=24, prompt_tokens=1024, output_tokens=16)
# The lengths of the multi-turn chats in the RadixAttention paper, at their lower ends.
TURNS = Turns(conversations=8, turns=4, system=0, user=256)
ANSWERS = {"short": 8, "long": 256}


def _load(server: Server, bench: Bench, asks: list[Ask], samples: Samples, **labels: str) -> None:
    metrics = Metrics(server)
    run = bench.run(server, asks)
    times = [served.ttft_ms for served in run.served]
    samples.add("throughput", "tok/s", run.throughput(), **labels)
    samples.add("wall", "s", run.wall_s(), **labels)
    samples.add("ttft_median", "ms", median(times), **labels)
    samples.add("ttft_mean", "ms", sum(times) / len(times), **labels)
    samples.add("ttft_max", "ms", max(times), **labels)
    samples.add("hit_tokens", "tokens", metrics.read().hit_tokens(), **labels)
    samples.add("prompt_tokens", "tokens", sum(ask.tokens for ask in asks), **labels)


def order(server: Server, bench: Bench, prompts: Prompts, rng: random.Random, samples: Samples) -> None:
    """`ORDER`. Adds `throughput` (tok/s), `wall` (s), `ttft_median`, `ttft_mean` and `ttft_max` (ms), the engine's own
    `hit_tokens` and the `prompt_tokens` of the visit."""
    _load(server, bench, ORDER.asks(prompts, rng), samples)


def no_reuse(server: Server, bench: Bench, prompts: Prompts, samples: Samples, side: str) -> None:
    """`NO_REUSE`: everything at once and nothing shared. Adds what `order` does; label side."""
    _load(server, bench, NO_REUSE.asks(prompts), samples, side=side)


def _follow(server: Server, turns: list[streams.Turn], samples: Samples, **labels: str) -> None:
    metrics = Metrics(server)
    answered = token_id_client.follow(server, turns)
    total = sum(turn.tokens() + turn.out for turn in turns)
    wall = token_id_client.wall_s(answered)
    samples.add("throughput", "tok/s", total / wall, **labels)
    samples.add("wall", "s", wall, **labels)
    samples.add("hit_tokens", "tokens", metrics.read().hit_tokens(), **labels)
    samples.add("prompt_tokens", "tokens", sum(turn.tokens() for turn in turns), **labels)


def turns(server: Server, seed: str, samples: Samples, answers: str) -> None:
    """`TURNS` with answers of `ANSWERS[answers]` tokens, each conversation a closed loop that holds the server's own
    answers. Adds `throughput` (tok/s), `wall` (s), `hit_tokens`, `prompt_tokens`; label answers."""
    conversations = streams.chat(f"turns {seed}", **dataclasses.asdict(TURNS), answer=ANSWERS[answers])
    _follow(server, conversations, samples, answers=answers)


def stream(server: Server, name: str, seed: str, rng: random.Random, samples: Samples) -> None:
    """One of the four streams. Adds what `turns` does; label stream."""
    _follow(server, streams.stream(name, f"stream {seed}", rng, streams.WORKLOAD[name]), samples, stream=name)
