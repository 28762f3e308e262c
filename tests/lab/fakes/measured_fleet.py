"""Drives a suite's fleets without a server, an engine or a clock, and keeps what was sent to whom, in order.

Everything below the suites has a stand-in: the load generator, the streaming client, the plain requests, the metrics,
the workers, the card. Their answers depend on what they were asked alone, so that two drives of one suite with one
seed are the same word for word.
"""

import dataclasses
import hashlib
import itertools
import json
import sys
import threading
import time
import types
from pathlib import Path

from experiments.lab.fleets.fleet import Fleet
from experiments.lab.host import host_info, interpreters, model_folders, run_worker
from experiments.lab.load import engine_metrics, streaming_client, token_id_client, vllm_bench
from experiments.lab.load.chat_prompts import OVERHEAD
from experiments.lab.servers.local_http import DIRECT
from experiments.lab.servers.server_spec import ServerSpec

MS = 1_000_000  # ns
CASE = {"schema": {"type": "object"}, "document": {"name": "Ada", "age": 36, "score": 1.5, "member": True}}
VLLM_LOG = "enable_chunked_prefill=True 'compile_ranges_endpoints': [256, 8192]\nWARNING chunked prefill\n"
COUNTERS = ("prefix_cache_hits_total", "num_preemptions_total", "iteration_tokens_total_count", "prompt_tokens_total",
            "generation_tokens_total", "cached_tokens_total", "num_used_tokens", "num_requests_running",
            "num_requests_waiting")
HISTOGRAMS = ("time_to_first_token_seconds", "inter_token_latency_seconds")


def digest(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Row(dict):
    """A worker's row that has whatever a suite asks for."""

    def __missing__(self, key: str):
        return {"us": [1.0, 2.0], "ns": [3.0], "preempted": ["r1"], "prefill": {"r1": 4}, "first_token": [5, 6],
                "defined": [1], "inside": [1, 2], "outside": [], "kind": "run"}.get(key, 7)

    def __contains__(self, key: object) -> bool:
        return key not in ("stream", "kind") or dict.__contains__(self, key)


ROWS = {
    "sglang_streams.py": [Row(stream="chat", kv_tokens=1), *(Row(policy="lpm", requests=90) for _ in range(2))],
    "vllm_streams.py": [Row(stream="few", kv_tokens=2)],
    "vllm_cache.py": [Row(scenario=each) for each in ("memory", "together", "prefix")],
    "vllm_waste.py": [Row(scheme="lengths"), Row(scheme="paged", size=16)],
    "vllm_budget.py": [Row(kind="run", budget="512", prompts=1),
                       Row(kind="step", budget="512", prompts=1, decoder_tokens=2, prompt_decodes=1)],
    "vllm_grammar.py": [Row(kind="cost", op="fill", schema="flat", backend="x"), Row(kind="rows", requests=8)],
    "sglang_grammar.py": [Row(kind="cost", op="fill")],
}
ROWS["vllm_grammar.py walk"] = ROWS["sglang_grammar.py walk"] = [Row(kind="refused"), Row(kind="walk", schema="flat")]


class Injection:
    """Every stage of a request's way, once for each that was sent while armed, a millisecond apart."""

    def __init__(self, configuration: str):
        self.configuration, self.armed, self.sent = configuration, False, []

    def clear(self) -> None:
        self.sent = []

    def arm(self, *_) -> None:
        self.armed = True

    def disarm(self) -> None:
        self.armed = False

    def read(self) -> list[dict]:
        from experiments.lab.suites.exp01_request_lifecycle.stages import MARKS, WITNESSES

        stages = [("witness", stage, role) for stage, role in WITNESSES[self.configuration.split("-")[0]].items()]
        pids = {role: number for number, (_, _, role) in enumerate(stages)}
        marks = [("mark", mark.stage, mark.role) for mark in MARKS[self.configuration]]
        steps = [("mark", "execute", "engine-core"), ("mark", "forward", "scheduler")]
        entries = []
        for sent in self.sent:
            for kind, stage, role in (*stages, *marks, *steps):
                at = sent - MS
                if kind == "mark":
                    at = sent + (1 + marks.index((kind, stage, role)) if (kind, stage, role) in marks else 20) * MS
                entry = {"stage": stage, "pid": pids.get(role, 0), "t0_ns": at, "t1_ns": at + 10,
                         "gpu_t0_ms": at / MS, "gpu_t1_ms": at / MS + 3, "kernel_union_ms": 2.5, "kernels": 9}
                if stage == "process-prefill":
                    entries.append({**entry, "stage": "synchronize", "t0_ns": at + 3, "t1_ns": at + 5})
                if stage != "prefill-wait":
                    entries.append(entry)
        return entries


class Drive:
    """One fleet, or several, on a card of `gib` GiB (None: no card); `log` is what was sent and said, in order."""

    def __init__(self, gib: float | None):
        self.log: list = []
        self.gib, self.now, self.readings = gib, 10**12, itertools.count(1)
        self.by_port: dict = {}
        self.main = threading.current_thread()

    # --- what stands in

    def server(self, spec: ServerSpec, port: int):
        family = spec.engine.partition("-")[0]
        stages = Injection("vllm-cpu" if spec.engine == "vllm-cpu" else f"{family}-gpu") if spec.inject else None
        server = types.SimpleNamespace(
            spec=spec, port=port, engine={"name": spec.engine}, started_s=12.5, injection=stages, log="the log",
            text=lambda: VLLM_LOG, command=list, environment=dict, processes=list, alive=lambda: True,
            pause=lambda: self.log.append(["pause", spec.name]), resume=lambda: self.log.append(["resume", spec.name]))
        self.by_port[port] = server
        return server

    def chat(self, client, body: dict):
        self.now += 500 * MS
        reply = streaming_client.Reply(self.now, self.now + MS, 100, 200)
        reply.chunks = [(self.now + 100 * MS, ""), (self.now + 101 * MS, "a")]
        words = body["messages"][0]["content"]
        reply.usage = {"prompt_tokens": words.count(" ") + OVERHEAD, "completion_tokens": 4}
        server = self.by_port[client.port]
        self.log.append(["chat", server.spec.name, reply.usage["prompt_tokens"], body["max_tokens"], digest(words)])
        if server.injection and server.injection.armed:
            server.injection.sent.append(reply.sent_ns)
        return reply

    def closed_loops(self, port: int, loops: list, timeout: float = 300.0, on_start=lambda: None) -> list[tuple]:
        server = self.by_port[port]
        self.log.append(["loops", server.spec.name, len(loops), digest(loops)])
        on_start()
        self.now += 500 * MS
        if server.injection and server.injection.armed:
            server.injection.sent.append(self.now)
        return [(self.now, self.now + 50 * MS, self.now + 100 * MS, 4) for loop in loops for _ in loop]

    def bench_run(self, _bench, server, asks, concurrency=None, limit_s=180.0, body=None):
        asks = list(asks)
        kinds: dict = {}
        for ask in asks:
            kinds[ask.kind] = kinds.get(ask.kind, 0) + 1
        sent = digest([dataclasses.astuple(ask) for ask in asks])
        self.log.append(["bench", server.spec.name, kinds, concurrency, body, sent])
        return vllm_bench.Run(tuple(self.served(ask, server.spec.name) for ask in asks))

    @staticmethod
    def served(ask, name: str):
        gap = 2.0 + int(digest([name, ask.chunks]), 16) % 1000 / 500  # ms
        if ask.kind in ("1", "8", "32", "128"):
            gap /= 10
        gaps = (10 * gap,) * (ask.out - 1)
        return vllm_bench.Served(ask, ask.at, 40 * gap, 40 * gap + sum(gaps), gaps)

    def metrics(self, port: int) -> dict:
        number = next(self.readings) if threading.current_thread() is self.main else 0
        self.log += [["metrics", self.by_port[port].spec.name]] * bool(number)
        found: dict = {'vllm:cache_config_info{block_size="16",num_gpu_blocks="769"}': 1.0,
                       "vllm:kv_cache_usage_perc": 0.5}
        for family in ("vllm", "sglang"):
            found |= {f"{family}:{name}": number * 10.0 for name in COUNTERS}
            for name in HISTOGRAMS:
                found |= {f"{family}:{name}_sum": number * 1.5, f"{family}:{name}_count": number * 3.0}
        return found

    def follow(self, server, turns, limit_s=120.0):
        self.log.append(["follow", server.spec.name, len(turns), digest(repr(turns))])
        return [token_id_client.Answered(turn, [1] * turn.out, at, at + 1.5) for at, turn in enumerate(turns)]

    def open(self, request, timeout=None):
        address = request if isinstance(request, str) else request.full_url
        port, _, path = address.partition("127.0.0.1:")[2].partition("/")
        if path == "server_info":
            said, body = dict.fromkeys(("chunked_prefill_size", "max_prefill_tokens", "page_size"), 5), ""
        else:
            choice = {"message": {"content": "{}"}, "finish_reason": "stop"}
            said, body = {"choices": [choice], "usage": {"completion_tokens": 5}}, digest(request.data.decode())
        self.log.append(["open", self.by_port[int(port)].spec.name, path, body])
        data = json.dumps(said).encode()
        return _Reply(data)

    def worker(self, _settings, engine: str, script: str, *arguments: str, limit_s: float = 300) -> dict:
        arguments = tuple(each.replace(str(self.folder), "FOLDER") for each in arguments)
        self.log.append(["worker", engine, script, arguments, limit_s])
        if script == "schemas.py":
            return {"flat": CASE}
        if script == "card.py":
            return {"side": 1, "copy_bytes": 2, "matmul": [1.0], "copy": [2.0]}
        walk = " walk" if any("cases" in each and "rounds" not in each for each in arguments) else ""
        rows = ROWS.get(script + walk, [Row(), Row()])
        stand_ins = {"stand_ins": ["triton"]} if "sglang" in script else {}
        return {"workload": {"size": 3}, "rows": rows, **stand_ins}

    # --- the drive

    def install(self, monkeypatch) -> "Drive":
        card = {"name": "a card", "memory_bytes": self.gib * 2**30} if self.gib else None
        drive = self
        for owner, name, stand_in in (
            (vllm_bench.Bench, "start", lambda _: drive.log.append(["bench starts"])),
            (vllm_bench.Bench, "run", lambda bench, *a, **k: drive.bench_run(bench, *a, **k)),
            (streaming_client.Client, "chat", lambda client, body: drive.chat(client, body)),
            (streaming_client, "closed_loops", self.closed_loops), (engine_metrics, "metrics", self.metrics),
            (token_id_client, "follow", self.follow), (run_worker, "worker", self.worker),
            (DIRECT, "open", self.open), (host_info, "gpu", lambda: card), (time, "sleep", lambda _s: None),
            (interpreters, "engine", lambda name, _: {"name": name}),
            (model_folders, "folder", lambda name, _: Path("models") / name),
            (model_folders, "describe", lambda name: {"name": name}),
        ):
            real = getattr(owner, name)
            monkeypatch.setattr(owner, name, stand_in)
            for module in list(sys.modules.values()):  # who has imported the name itself
                if module.__name__.startswith("experiments.lab") and getattr(module, name, None) is real:
                    monkeypatch.setattr(module, name, stand_in)
        return self

    def fleet(self, fleet: Fleet, folder: Path) -> list:
        """The drafts of a fleet, as plain values; `log` has the rest."""
        self.folder = folder
        running = {spec.name: self.server(spec, 9000 + number) for number, spec in enumerate(fleet.servers)}
        ctx = types.SimpleNamespace(
            servers=running, server=running.__getitem__, settings=None, folder=folder, wanted=lambda *_: True,
            begin=lambda: self.log.append(["begin"]), end=lambda name: self.log.append(["end", name]),
            progress=lambda *said: self.log.append(["progress", *said]))
        drafts = []
        for draft in fleet.measure(ctx):
            self.log.append(["draft", draft.measurement])
            values = {key: getattr(draft, key) for key in draft.__dataclass_fields__ if key != "server"}
            drafts.append(json.loads(json.dumps(
                {**values, "server": draft.server and draft.server.spec.name}, default=repr)))
        return drafts


class _Reply:
    def __init__(self, data: bytes):
        self.read = lambda: data

    def __enter__(self) -> "_Reply":
        return self

    def __exit__(self, *_) -> None:
        pass
