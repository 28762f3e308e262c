"""Experiment 06: what one visit to one server measures. Loads come from `vllm bench serve`."""

import json
import re

from experiments.lab.errors import LabError
from experiments.lab.load.load_trace import Ask
from experiments.lab.load.statistics import gaps_across, median, percentile, window
from experiments.lab.servers.server import DIRECT

# Decoders of short prompts, and long prompts that arrive while they decode, one every `every_s` from `first_s` on.
MIXED = {"decoders": 32, "decoder_prompt": 256, "decoder_output": 240, "prompts": 5, "prompt_tokens": 8192,
         "prompt_output": 16, "first_s": 0.4, "every_s": 0.42}
FIRST = {**MIXED, "decoder_output": 48, "prompts": 1, "first_s": 0.2}
OFFLINE = {"requests": 40, "prompt_tokens": 1024, "output_tokens": 64}
# Prompts of one length at random times: how many a second are served while decoders keep their pace.
CAPACITY = {"rates": [3, 6], "seconds": 2.5, "prompt_tokens": 4096, "output_tokens": 64}


def mixed_asks(prompts, what: dict) -> list:
    asks = [Ask(0.0, what["decoder_prompt"], what["decoder_output"], prompts.fresh(what["decoder_prompt"]), "decoder")
            for _ in range(what["decoders"])]
    return asks + [
        Ask(round(what["first_s"] + number * what["every_s"], 3), what["prompt_tokens"], what["prompt_output"],
            prompts.fresh(what["prompt_tokens"]), "prompt")
        for number in range(what["prompts"])
    ]


def mixed(server, bench, prompts, samples, columns: dict, round_number: int) -> None:
    """`MIXED`: adds the decoders' `itl_p50`, `itl_p99`, `itl_max` (ms) and `decode_rate` (tok/s) inside the window,
    the long prompts' `ttft` (ms, each), the visit's `throughput` (tok/s, prompts counted), and `merged`: how many
    output tokens came without a chunk of their own. Raw inter-token times go to `columns`, in us."""
    run = bench.run(server, mixed_asks(prompts, MIXED))
    low, high = window(run)
    gaps = gaps_across(run, low, high)
    if len(gaps) < len(run.of("decoder")):
        raise LabError(f"{server.spec.name}: only {len(gaps)} tokens were decoded while long prompts were prefilled; "
                       "the decoders ended too early for this card: give them more output tokens")
    for name, value in (("itl_p50", median(gaps)), ("itl_p99", percentile(gaps, 99)), ("itl_max", max(gaps))):
        samples.add(name, "ms", value)
    read = sum(low <= at <= high for each in run.of("decoder") for at in each.chunk_times_s())
    samples.add("decode_rate", "tok/s", read / (high - low))
    samples.add("window", "s", high - low)
    for each in run.of("prompt"):
        samples.add("ttft", "ms", each.ttft_ms)
    samples.add("throughput", "tok/s", run.throughput())
    samples.add("merged", "count", sum(each.ask.out - 1 - len(each.itl_ms) for each in run.served))
    columns["round"] += [round_number] * len(gaps)
    columns["itl_us"] += [round(1e3 * gap) for gap in gaps]


def offline(server, bench, prompts, samples) -> None:
    """`OFFLINE`: everything at once. Adds `throughput` (tok/s, prompts counted)."""
    run = bench.run(server, [
        Ask(0.0, OFFLINE["prompt_tokens"], OFFLINE["output_tokens"], prompts.fresh(OFFLINE["prompt_tokens"]))
        for _ in range(OFFLINE["requests"])
    ])
    samples.add("throughput", "tok/s", run.throughput())


def capacity(server, bench, prompts, samples, rng, rate: int) -> None:
    """`CAPACITY` at `rate` requests a second, at random (Poisson) times. Adds `itl_p99` and `ttft_p50` (ms), and
    `served` (req/s over the visit); label rate."""
    asks, at = [], 0.0
    while (at := at + rng.expovariate(rate)) < CAPACITY["seconds"] or not asks:
        asks.append(Ask(round(at, 3), CAPACITY["prompt_tokens"], CAPACITY["output_tokens"],
                        prompts.fresh(CAPACITY["prompt_tokens"])))
    run = bench.run(server, asks)
    gaps = [gap for each in run.served for gap in each.itl_ms]
    samples.add("itl_p99", "ms", percentile(gaps, 99), rate=rate)
    samples.add("ttft_p50", "ms", median([each.ttft_ms for each in run.served]), rate=rate)
    samples.add("served", "req/s", len(asks) / run.wall_s(), rate=rate)


SAID = ("chunked_prefill_size", "max_prefill_tokens", "enable_mixed_chunk", "max_running_requests",
        "prefill_decode_interval", "page_size")


def says_of_itself(server) -> dict:
    """{setting: value} of what bounds a step, as the started server says it: SGLang on request, vLLM in its log.

    vLLM's configuration line has no budget, but the range of sizes that it compiles for, which ends there
    (`VllmConfig._set_compile_ranges`). With chunking on it also says the budget in a line of its own
    (`SchedulerConfig.__post_init__`), which is not read here. Its /server_info needs development mode and a pip in the
    environment.
    """
    if server.spec.engine == "sglang":
        with DIRECT.open(f"http://127.0.0.1:{server.port}/server_info", timeout=60) as reply:
            info = json.loads(reply.read())
        return {name: info[name] for name in SAID if info.get(name) is not None}
    text, found = server.text(), {}
    if ranges := re.search(r"'compile_ranges_endpoints': \[([\d, ]+)\]", text):
        found["max_num_batched_tokens"] = int(ranges[1].split(",")[-1])
    if chunked := re.search(r"enable_chunked_prefill=(True|False)", text):
        found["enable_chunked_prefill"] = chunked[1] == "True"
    if len(found) < 2:
        raise LabError(f"{server.spec.name}: its log names no compile_ranges_endpoints or enable_chunked_prefill; has the "
                       f"line moved in this release? (log: {server.log})")
    return found


def warnings(server) -> list:
    """What the server's log warns of that has to do with a step's budget."""
    return [line.strip()[:400] for line in server.text().splitlines()
            if re.search(r"WARN|Disabl|not (officially )?support", line) and re.search(r"chunk|prefill|batched", line, re.I)]
