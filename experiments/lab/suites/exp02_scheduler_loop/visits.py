"""Experiment 02: what one visit to one server measures. Loads come from `vllm bench serve`."""

from dataclasses import dataclass

from experiments.lab.errors import LabError
from experiments.lab.load.load_trace import Prompts
from experiments.lab.load.samples import Samples
from experiments.lab.load.statistics import gaps_across, median, percentile, window
from experiments.lab.load.vllm_bench import Bench
from experiments.lab.servers.server import Server
from experiments.lab.suites.common import pace as paces
from experiments.lab.suites.common.loads import Arrival, AtOnce, Stages
from experiments.lab.suites.common.plan import PLAN
from experiments.lab.suites.common.shape_servers import Metrics, settings_said


@dataclass(frozen=True)
class Pace(Stages):
    """Every stage is sent at most `after_s` behind the one before; the small model's steps are shorter."""

    after_s: float
    small_after_s: float


PACE = PLAN.load("02 pace", Pace(
    concurrency=(1, 8, 32), prompt_tokens=128, output_tokens=64, after_s=0.65, small_after_s=0.4,
))
# Requests that decode, and a burst of prompts that arrives at once while they do.
BURST = PLAN.load("02 burst", Arrival(
    decoders=16, decoder_prompt=128, decoder_output=160, prompts=16, prompt_tokens=1024, prompt_output=16, first_s=0.4,
))
# A pool of 6,144 tokens takes nearly all the prompts, and then not the answers.
TIGHT = PLAN.load("02 tight", AtOnce(requests=24, prompt_tokens=256, output_tokens=192))
# Of these so many fill a pool of 6,144 tokens and never more than that: 13 * 448 = 5,824.
CAP = PLAN.value("02 cap", 13)


def pace(server: Server, bench: Bench, prompts: Prompts, samples: Samples, after_s: float) -> None:
    """`PACE`, as `common.pace` has it."""
    paces.pace(server, bench, prompts, samples, PACE, after_s, "exp02_scheduler_loop/visits.py: PACE")


def burst(server: Server, bench: Bench, prompts: Prompts, samples: Samples, columns: dict[str, list],
          round_number: int) -> None:
    """`BURST`: adds the decoders' `itl_p50`, `itl_p99`, `itl_max` (ms) from the burst's sending to its last first
    token, `itl_before` (ms, their median until then), `window` (s), and the burst's `ttft_p50` and `ttft_max` (ms).
    Raw inter-token times of the window go to `columns`, in us."""
    run = bench.run(server, BURST.asks(prompts))
    low, high = window(run)
    gaps = gaps_across(run, low, high)
    if len(gaps) < BURST.decoders:
        raise LabError(f"{server.spec.name}: only {len(gaps)} tokens were decoded while the burst was prefilled; the "
                       "decoders ended too early for this card: give them more output tokens in "
                       "exp02_scheduler_loop/visits.py: BURST")
    before = [gap for decoder in run.of("decoder")
              for gap, at in zip(decoder.itl_ms, decoder.chunk_times_s()[1:], strict=True) if at < low]
    ttfts = [prompt.ttft_ms for prompt in run.of("prompt")]
    for name, value in (("itl_before", median(before)), ("itl_p50", median(gaps)),
                        ("itl_p99", percentile(gaps, 99)), ("itl_max", max(gaps)),
                        ("ttft_p50", median(ttfts)), ("ttft_max", max(ttfts))):
        samples.add(name, "ms", value)
    samples.add("window", "s", high - low)
    columns["round"] += [round_number] * len(gaps)
    columns["itl_us"] += [round(1e3 * gap) for gap in gaps]


def tight(server: Server, bench: Bench, prompts: Prompts, samples: Samples, cap: int | None = None) -> None:
    """`TIGHT`, at most `cap` at a time: adds `throughput` (tok/s, prompts counted), `preemptions` (count, by the
    engine's own counter), `itl_max` (ms, the longest wait inside an answer), `tpot_p50` and `ttft_max` (ms)."""
    metrics = Metrics(server)
    run = bench.run(server, TIGHT.asks(prompts), concurrency=cap)
    metrics.read()
    samples.add("throughput", "tok/s", run.throughput())
    samples.add("preemptions", "count", metrics.counted("num_preemptions_total"))
    samples.add("itl_max", "ms", max(gap for served in run.served for gap in served.itl_ms))
    samples.add("ttft_max", "ms", max(served.ttft_ms for served in run.served))
    samples.add("tpot_p50", "ms", median([served.tpot_ms for served in run.served]))


SAID = ("disable_overlap_schedule", "schedule_policy", "schedule_conservativeness", "max_running_requests",
        "chunked_prefill_size", "max_prefill_tokens", "num_continuous_decode_steps")


def says_of_itself(server: Server) -> dict:
    """{setting: value} of the loop, as a started SGLang server says it; {} for vLLM, which says none of it: which of
    its loops runs is in the recorded paths."""
    return settings_said(server, SAID)
