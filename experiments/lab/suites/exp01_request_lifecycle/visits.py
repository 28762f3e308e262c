"""Experiment 01's two measurements on running servers: one request taken apart, and a load's use of each processor."""

import os
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.inject.control import Injection
from experiments.lab.load.chat_prompts import chat
from experiments.lab.load.samples import Samples
from experiments.lab.load.statistics import median
from experiments.lab.load.streaming_client import Client, closed_loops, shuffled
from experiments.lab.servers.server import Server
from experiments.lab.suites.common.rounds import rounds
from experiments.lab.suites.common.ttft_segments import busy_share, nth_call, roles_of, segments
from experiments.lab.suites.common.workload import Workload
from experiments.lab.suites.exp01_request_lifecycle.stages import MARKS, WITNESSES

PAUSE_S = 0.02  # after an answer an engine still frees blocks and writes metrics: the next request starts behind that


def _family(configuration: str) -> str:
    return configuration.split("-")[0]


def _probes(server: Server) -> Injection:
    """What arms the server's probes and reads them. LabError for a server that was started without."""
    if server.injection is None:
        raise LabError(f"{server.spec.name}: was started without stage probes; give its ServerSpec inject=\"stages\"")
    return server.injection


def _derived(entries: list[dict]) -> list[dict]:
    """The entries, and for SGLang `prefill-wait`: the event wait inside the processing of a prefill's result.

    `Event.synchronize` has other callers; only the call nested in that processing, on its thread, is the wait.
    """
    entries = [e for e in entries if "stage" in e]
    waits = [e for e in entries if e["stage"] == "synchronize"]
    nested = []
    for outer in (e for e in entries if e["stage"] == "process-prefill"):
        for wait in waits:
            if wait["pid"] == outer["pid"] and outer["t0_ns"] <= wait["t0_ns"] <= wait["t1_ns"] <= outer["t1_ns"]:
                nested.append({**wait, "stage": "prefill-wait"})
                break
    return entries + nested


def gpu_span_ms(entries: list[dict], configuration: str, sent_ns: int) -> float:
    """Milliseconds on the GPU's own timeline from the start of the first forward after `sent_ns` to the end of its
    sampling. A span, not busy time: it holds gaps in which the GPU waits for the next launch."""
    if _family(configuration) == "vllm":
        first, last = nth_call(entries, "execute", sent_ns), nth_call(entries, "sample", sent_ns)
    else:
        first = last = nth_call(entries, "forward", sent_ns)
    if "gpu_t0_ms" not in first or "gpu_t1_ms" not in last:
        raise LabError(f"{configuration}: the probes around the forward recorded no CUDA event; is this a GPU build?")
    return last["gpu_t1_ms"] - first["gpu_t0_ms"]


def ttft(servers: dict[str, Server], configurations: dict[str, str], lengths: list[int], count: int, requests: int,
         seed: int, progress: Callable, max_tokens: int = 4) -> dict[str, list[dict]]:
    """One request at a time: its time to first token, whole and by segment, with the probes on and off.

    `servers` maps name to a running Server with stage probes, `configurations` the same names to a key of MARKS.
    Every round visits every server once with the probes armed and once disarmed, in an order drawn from `seed`; each
    visit sends `requests` of every length. Returns rows of samples by server name. Names: `ttft` (first event,
    ms), `first_text` (ms), `head` (HTTP status line, ms), `segment` (ms, armed only), `gpu_span` (ms, armed only, on
    a GPU), `request_bytes` and `first_bytes` (B).
    """
    rng = random.Random(seed)
    samples = {name: Samples() for name in servers}
    clients = {name: Client(server.port) for name, server in servers.items()}
    for name, server in servers.items():  # shapes seen for the first time compile: outside every measured round
        for length in lengths * 3:
            clients[name].chat(chat(server.spec.model, rng, length, max_tokens))
    for _, name in rounds(progress, count, "one request at a time", servers, rng):
        for armed in shuffled(rng, (True, False)):
            _visit(servers[name], clients[name], configurations[name], samples[name], rng,
                   shuffled(rng, lengths * requests), max_tokens, armed)
    for client in clients.values():
        client.close()
    return {name: rows.rows() for name, rows in samples.items()}


def _visit(server: Server, client: Client, configuration: str, samples: Samples, rng: random.Random, lengths: list[int],
           max_tokens: int, armed: bool) -> None:
    # Servers drop a connection that was idle for seconds, as this one was while others were measured. The first
    # request after an idle spell is not measured: caches of every kind are cold.
    client.close()
    client.chat(chat(server.spec.model, rng, lengths[0], max_tokens))
    replies, probes = [], _probes(server)
    if armed:
        probes.clear()
        probes.arm()
    try:
        for length in lengths:
            time.sleep(PAUSE_S)
            reply = client.chat(chat(server.spec.model, rng, length, max_tokens))
            if (counted := reply.usage.get("prompt_tokens")) != length:
                raise LabError(
                    f"{server.spec.name}: a prompt of {length} tokens was counted as {counted}; "
                    "the tokenizer or the chat template is another than the workload was made for"
                )
            replies.append((length, reply))
    finally:
        if armed:
            probes.disarm()
    entries = _derived(probes.read()) if armed else []
    roles = roles_of(entries, WITNESSES[_family(configuration)])
    for length, reply in replies:
        labels = {"prompt_tokens": length, "probes": "on" if armed else "off"}
        samples.add("ttft", "ms", reply.first_chunk_ms(), **labels)
        samples.add("head", "ms", (reply.head_ns - reply.sent_ns) / 1e6, **labels)
        if (text := reply.first_text_ms()) is not None:
            samples.add("first_text", "ms", text, **labels)
        if not armed:
            continue
        samples.add("request_bytes", "B", reply.request_bytes, **labels)
        first = reply.chunks[0][0]
        for segment, ms in segments(entries, roles, MARKS[configuration], reply.sent_ns, first).items():
            samples.add("segment", "ms", ms, segment=segment, **labels)
        if configuration.endswith("-gpu"):
            samples.add("gpu_span", "ms", gpu_span_ms(entries, configuration, reply.sent_ns), **labels)


def kernels(server: Server, configuration: str, lengths: list[int], requests: int, seed: int) -> list[dict]:
    """GPU time of the forward and sampling that make a first token: kernels and copies, overlaps once (`kernel_union`,
    ms), and their number (`kernels`), by prompt length. Under torch's profiler, one request a recording: no other
    number of these requests is kept, since the profiler slows them."""
    rng, samples, probes = random.Random(seed), Samples(), _probes(server)
    stages = ("execute", "sample") if _family(configuration) == "vllm" else ("forward",)
    with Client(server.port) as client:
        for length in shuffled(rng, lengths * requests):
            client.close()
            client.chat(chat(server.spec.model, rng, length, 4))
            probes.clear()
            probes.arm(2)
            try:
                reply = client.chat(chat(server.spec.model, rng, length, 4))
            finally:
                probes.disarm()
            entries = [e for e in probes.read() if "stage" in e]
            first = [nth_call(entries, stage, reply.sent_ns) for stage in stages]
            if missing := [e for e in first if "kernel_union_ms" not in e]:
                raise LabError(f"{server.spec.name}: no kernel times for {missing[0]['stage']!r}: "
                               f"{missing[0].get('kernel_error', 'the profiler was not armed')}")
            samples.add("kernel_union", "ms", sum(e["kernel_union_ms"] for e in first), prompt_tokens=length)
            samples.add("kernels", "count", sum(e["kernels"] for e in first), prompt_tokens=length)
    return samples.rows()


# What each engine's scheduling thread does for a step besides launching it, and where its forward is launched.
_SCHEDULING = {"vllm": ("schedule", "update"), "sglang": ("schedule", "process-prefill", "process-decode")}
_LAUNCH = {"vllm": ("execute", "sample"), "sglang": ("run-batch",)}
_WAITING = {"vllm": ("wait",), "sglang": ("synchronize",)}


@dataclass(frozen=True)
class Load(Workload):
    """`clients` closed loops of `each` requests with `prompt` tokens, of which `output` come back."""

    clients: int
    each: int
    prompt: int
    output: int


def load(server: Server, configuration: str, samples: Samples, rng: random.Random, what: Load) -> None:
    """One such load; adds one value of each kind to `samples`.

    Shares are of the wall time from the first request written to the last event read: `gpu_busy` (spans of the steps
    on the GPU's timeline, their union), `scheduling` (time inside schedule and result processing, waits for the GPU
    taken out), `launch` (time inside the calls that launch a step), and `cpu:<role>` (CPU seconds of that process,
    all threads; may pass 100). They run side by side and do not add up to 100.
    """
    family, probes = _family(configuration), _probes(server)
    loops = [[chat(server.spec.model, rng, what.prompt, what.output) for _ in range(what.each)]
             for _ in range(what.clients)]
    probes.clear()
    probes.arm()
    before: dict[int, float] = {}
    try:
        replies = closed_loops(server.port, loops, on_start=lambda: before.update(_cpu_seconds(server)))
        after = _cpu_seconds(server)
    finally:
        probes.disarm()
    entries = [e for e in probes.read() if "stage" in e]
    begin, end = min(r[0] for r in replies), max(r[2] for r in replies)
    wall_ms = (end - begin) / 1e6
    inside = [e for e in entries if begin <= e["t0_ns"] <= end]
    samples.add("wall", "s", wall_ms / 1e3)
    samples.add("throughput", "tok/s", sum(reply[3] for reply in replies) / wall_ms * 1e3)
    samples.add("requests", "count", len(replies))
    samples.add("ttft_median", "ms", median([(r[1] - r[0]) / 1e6 for r in replies]))

    def total(stages: Iterable[str]) -> float:
        return sum(e["t1_ns"] - e["t0_ns"] for e in inside if e["stage"] in stages) / 1e6

    steps = [e for e in inside if e["stage"] in _LAUNCH[family] + ("forward",) and "gpu_t0_ms" in e]
    samples.add("steps", "count", sum(e["stage"] in ("execute", "forward") for e in steps))
    intervals = [(e["gpu_t0_ms"], e["gpu_t1_ms"]) for e in steps]
    low, high = min(i[0] for i in intervals), max(i[1] for i in intervals)
    busy = busy_share(intervals, low, high) * (high - low)
    samples.add("gpu_busy", "%", 100 * busy / wall_ms)
    waits = total(_WAITING[family]) if family == "sglang" else 0.0  # vLLM waits outside both of its functions
    samples.add("scheduling", "%", 100 * (total(_SCHEDULING[family]) - waits) / wall_ms)
    samples.add("launch", "%", 100 * total(_LAUNCH[family]) / wall_ms)
    roles = roles_of(entries, WITNESSES[family])
    spent: dict[str, float] = {}
    for pid, seconds in after.items():
        role = roles.get(pid, "other")
        spent[role] = spent.get(role, 0.0) + seconds - before.get(pid, 0.0)
    for role, seconds in spent.items():
        samples.add("cpu", "%", 100 * seconds / (wall_ms / 1e3), role=role)


def _cpu_seconds(server: Server) -> dict[int, float]:
    """CPU time (user and system, s) of each process of the server so far."""
    tick, out = os.sysconf("SC_CLK_TCK"), {}
    for pid in server.processes():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        out[pid] = (int(fields[11]) + int(fields[12])) / tick
    return out
