"""Experiment 02: what one visit to one server measures. Loads come from `vllm bench serve`."""

import json

from experiments.lab.errors import LabError
from experiments.lab.load.load_trace import Ask
from experiments.lab.load.statistics import gaps_across, median, percentile, stage_overrun, window
from experiments.lab.servers.server import DIRECT
from experiments.lab.suites.common.shape_servers import Metrics

# Stages of one visit, one after another: so many requests at once, all sent `after_s` of the one before. The small
# model's steps are shorter.
PACE = {"concurrency": [1, 8, 32], "prompt_tokens": 128, "output_tokens": 64, "after_s": 0.65, "small_after_s": 0.4}
# Requests that decode, and a burst of prompts that arrives at once while they do.
BURST = {"decoders": 16, "decoder_prompt": 128, "decoder_output": 160, "prompts": 16, "prompt_tokens": 1024,
         "prompt_output": 16, "first_s": 0.4}
# Everything at once: a pool of 6,144 tokens takes nearly all the prompts, and then not the answers.
TIGHT = {"requests": 24, "prompt_tokens": 256, "output_tokens": 192}
CAP = 13  # of these so many fill a pool of 6,144 tokens and never more than that: 13 * 448 = 5,824


def pace_asks(prompts, after_s: float) -> list:
    return [
        Ask(round(number * after_s, 3), PACE["prompt_tokens"], PACE["output_tokens"],
            prompts.fresh(PACE["prompt_tokens"]), str(count))
        for number, count in enumerate(PACE["concurrency"]) for _ in range(count)
    ]


def pace(server, bench, prompts, samples, after_s: float) -> None:
    """`PACE`: adds `tpot` (ms, the median over a stage's requests) and `ttft` (ms, the same), label concurrency.
    A visit in which a stage was not over before the next began is thrown away and sent again with twice the time
    between stages; LabError when that was too little as well."""
    for time_s in (after_s, 2 * after_s):  # one hiccup must not cost the whole fleet
        run = bench.run(server, pace_asks(prompts, time_s))
        stages = [run.of(str(count)) for count in PACE["concurrency"]]
        late = stage_overrun(stages)
        if not late:
            break
    else:
        raise LabError(f"{server.spec.name}: {late}, twice; give the stages more time in exp02_scheduler_loop/visits.py: PACE")
    for count, stage in zip(PACE["concurrency"], stages, strict=True):
        samples.add("tpot", "ms", median([each.tpot_ms for each in stage]), concurrency=count)
        samples.add("ttft", "ms", median([each.ttft_ms for each in stage]), concurrency=count)


def burst_asks(prompts, what: dict) -> list:
    asks = [Ask(0.0, what["decoder_prompt"], what["decoder_output"], prompts.fresh(what["decoder_prompt"]), "decoder")
            for _ in range(what["decoders"])]
    return asks + [Ask(what["first_s"], what["prompt_tokens"], what["prompt_output"],
                       prompts.fresh(what["prompt_tokens"]), "prompt") for _ in range(what["prompts"])]


def burst(server, bench, prompts, samples, columns: dict, round_number: int) -> None:
    """`BURST`: adds the decoders' `itl_p50`, `itl_p99`, `itl_max` (ms) from the burst's sending to its last first
    token, `itl_before` (ms, their median until then), `window` (s), and the burst's `ttft_p50` and `ttft_max` (ms).
    Raw inter-token times of the window go to `columns`, in us."""
    run = bench.run(server, burst_asks(prompts, BURST))
    low, high = window(run)
    gaps = gaps_across(run, low, high)
    if len(gaps) < BURST["decoders"]:
        raise LabError(f"{server.spec.name}: only {len(gaps)} tokens were decoded while the burst was prefilled; the "
                       "decoders ended too early for this card: give them more output tokens in exp02_scheduler_loop/visits.py: BURST")
    before = [gap for each in run.of("decoder")
              for gap, at in zip(each.itl_ms, each.chunk_times_s()[1:], strict=True) if at < low]
    ttfts = [each.ttft_ms for each in run.of("prompt")]
    for name, value in (("itl_before", median(before)), ("itl_p50", median(gaps)),
                        ("itl_p99", percentile(gaps, 99)), ("itl_max", max(gaps)),
                        ("ttft_p50", median(ttfts)), ("ttft_max", max(ttfts))):
        samples.add(name, "ms", value)
    samples.add("window", "s", high - low)
    columns["round"] += [round_number] * len(gaps)
    columns["itl_us"] += [round(1e3 * gap) for gap in gaps]


def tight(server, bench, prompts, samples, cap: int | None = None) -> None:
    """`TIGHT`, at most `cap` at a time: adds `throughput` (tok/s, prompts counted), `preemptions` (count, by the
    engine's own counter), `itl_max` (ms, the longest wait inside an answer), `tpot_p50` and `ttft_max` (ms)."""
    metrics = Metrics(server)
    run = bench.run(server, [
        Ask(0.0, TIGHT["prompt_tokens"], TIGHT["output_tokens"], prompts.fresh(TIGHT["prompt_tokens"]))
        for _ in range(TIGHT["requests"])
    ], concurrency=cap)
    metrics.read()
    samples.add("throughput", "tok/s", run.throughput())
    samples.add("preemptions", "count", metrics.counted("num_preemptions_total"))
    samples.add("itl_max", "ms", max(gap for each in run.served for gap in each.itl_ms))
    samples.add("ttft_max", "ms", max(each.ttft_ms for each in run.served))
    samples.add("tpot_p50", "ms", median([each.tpot_ms for each in run.served]))


SAID = ("disable_overlap_schedule", "schedule_policy", "schedule_conservativeness", "max_running_requests",
        "chunked_prefill_size", "max_prefill_tokens", "num_continuous_decode_steps")


def says_of_itself(server) -> dict:
    """{setting: value} of the loop, as a started SGLang server says it; {} for vLLM, which says none of it: which of
    its loops runs is in the recorded paths."""
    if server.spec.engine != "sglang":
        return {}
    with DIRECT.open(f"http://127.0.0.1:{server.port}/server_info", timeout=60) as reply:
        info = json.loads(reply.read())
    return {name: info[name] for name in SAID if info.get(name) is not None}
