"""Experiment 06: what one visit to one server measures. Loads come from `vllm bench serve`."""

import dataclasses
import random
import re
from dataclasses import dataclass

from experiments.lab.errors import LabError
from experiments.lab.load.load_trace import Ask, Prompts
from experiments.lab.load.samples import Samples
from experiments.lab.load.statistics import gaps_across, median, percentile, window
from experiments.lab.load.vllm_bench import Bench
from experiments.lab.servers.server import Server
from experiments.lab.suites.common.loads import Arrival, AtOnce
from experiments.lab.suites.common.plan import PLAN
from experiments.lab.suites.common.shape_servers import settings_said
from experiments.lab.suites.common.workload import Workload


@dataclass(frozen=True)
class Mixed(Arrival):
    """Decoders of short prompts, and long prompts that arrive while they decode, one every `every_s` from `first_s`."""

    every_s: float

    def at_s(self, number: int) -> float:
        return round(self.first_s + number * self.every_s, 3)


@dataclass(frozen=True)
class Capacity(Workload):
    """Prompts of one length for `seconds`, at random times, so many a second by one of `rates` a visit."""

    rates: tuple[int, ...]
    seconds: float
    prompt_tokens: int
    output_tokens: int

    def asks(self, prompts: Prompts, rng: random.Random, rate: int) -> list[Ask]:
        """At least one, at Poisson times of `rng`."""
        asks: list[Ask] = []
        at = 0.0
        while (at := at + rng.expovariate(rate)) < self.seconds or not asks:
            asks.append(Ask(round(at, 3), self.prompt_tokens, self.output_tokens, prompts.fresh(self.prompt_tokens)))
        return asks


MIXED = PLAN.load("06 mixed", Mixed(
    decoders=32, decoder_prompt=256, decoder_output=240, prompts=5, prompt_tokens=8192, prompt_output=16, first_s=0.4,
    every_s=0.42,
))
FIRST = dataclasses.replace(MIXED, decoder_output=48, prompts=1, first_s=MIXED.first_s / 2)
OFFLINE = PLAN.load("06 offline", AtOnce(requests=40, prompt_tokens=1024, output_tokens=64))
# How many a second are served while decoders keep their pace.
CAPACITY = Capacity(rates=(3, 6), seconds=2.5, prompt_tokens=4096, output_tokens=64)


def mixed(server: Server, bench: Bench, prompts: Prompts, samples: Samples, columns: dict[str, list],
          round_number: int) -> None:
    """`MIXED`: adds the decoders' `itl_p50`, `itl_p99`, `itl_max` (ms) and `decode_rate` (tok/s) inside the window,
    the long prompts' `ttft` (ms, each), the visit's `throughput` (tok/s, prompts counted), and `merged`: how many
    output tokens came without a chunk of their own. Raw inter-token times go to `columns`, in us."""
    run = bench.run(server, MIXED.asks(prompts))
    low, high = window(run)
    gaps = gaps_across(run, low, high)
    if len(gaps) < len(run.of("decoder")):
        raise LabError(f"{server.spec.name}: only {len(gaps)} tokens were decoded while long prompts were prefilled; "
                       "the decoders ended too early for this card: give them more output tokens")
    for name, value in (("itl_p50", median(gaps)), ("itl_p99", percentile(gaps, 99)), ("itl_max", max(gaps))):
        samples.add(name, "ms", value)
    read = sum(low <= at <= high for decoder in run.of("decoder") for at in decoder.chunk_times_s())
    samples.add("decode_rate", "tok/s", read / (high - low))
    samples.add("window", "s", high - low)
    for prompt in run.of("prompt"):
        samples.add("ttft", "ms", prompt.ttft_ms)
    samples.add("throughput", "tok/s", run.throughput())
    samples.add("merged", "count", sum(served.ask.out - 1 - len(served.itl_ms) for served in run.served))
    columns["round"] += [round_number] * len(gaps)
    columns["itl_us"] += [round(1e3 * gap) for gap in gaps]


def offline(server: Server, bench: Bench, prompts: Prompts, samples: Samples) -> None:
    """`OFFLINE`: everything at once. Adds `throughput` (tok/s, prompts counted)."""
    samples.add("throughput", "tok/s", bench.run(server, OFFLINE.asks(prompts)).throughput())


def capacity(server: Server, bench: Bench, prompts: Prompts, samples: Samples, rng: random.Random, rate: int) -> None:
    """`CAPACITY` at `rate` requests a second, at random (Poisson) times. Adds `itl_p99` and `ttft_p50` (ms), and
    `served` (req/s over the visit); label rate."""
    run = bench.run(server, CAPACITY.asks(prompts, rng, rate))
    gaps = [gap for served in run.served for gap in served.itl_ms]
    samples.add("itl_p99", "ms", percentile(gaps, 99), rate=rate)
    samples.add("ttft_p50", "ms", median([served.ttft_ms for served in run.served]), rate=rate)
    samples.add("served", "req/s", len(run.served) / run.wall_s(), rate=rate)


# What bounds a step; the last two are vLLM's, the others SGLang's.
SAID = ("chunked_prefill_size", "max_prefill_tokens", "enable_mixed_chunk", "max_running_requests",
        "prefill_decode_interval", "page_size", "max_num_batched_tokens", "enable_chunked_prefill")


def says_of_itself(server: Server) -> dict:
    """{setting: value} of what bounds a step, as the started server says it. LabError when a log no longer does."""
    return settings_said(server, SAID)


def warnings(server: Server) -> list[str]:
    """What the server's log warns of that has to do with a step's budget."""
    warning = re.compile(r"WARN|Disabl|not (officially )?support")
    return [line.strip()[:400] for line in server.text().splitlines()
            if warning.search(line) and re.search(r"chunk|prefill|batched", line, re.I)]
