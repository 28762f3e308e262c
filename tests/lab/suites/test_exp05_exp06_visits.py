"""What a visit makes of the times it gets back, on runs worked out by hand."""

import random
import types

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.host import host_info
from experiments.lab.load import engine_metrics, load_trace, vllm_bench
from experiments.lab.load.samples import Samples
from experiments.lab.suites.common import shape_servers
from experiments.lab.suites.common.parts import Tour
from experiments.lab.suites.exp05_prefix_cache_hit import gpu as gpu_05
from experiments.lab.suites.exp05_prefix_cache_hit import visits as visits_05
from experiments.lab.suites.exp06_chunked_prefill import gpu as gpu_06
from experiments.lab.suites.exp06_chunked_prefill import visits as visits_06
from tests.lab.load.test_statistics import RUN, served


class FakeBench:
    """Answers every load with the same run, or with a steady server's, and keeps what it was asked."""

    def __init__(self, run=None, ttft=lambda ask: 10.0):
        self.result, self.ttft, self.asked = run, ttft, []

    def run(self, _server, asks, concurrency=None):
        self.asked.append((list(asks), concurrency))
        return self.result or vllm_bench.Run(tuple(
            vllm_bench.Served(ask, ask.at, self.ttft(ask), self.ttft(ask) + 5.0 * (ask.out - 1), (5.0,) * (ask.out - 1))
            for ask in asks
        ))


def rows(samples):
    return {(row["name"], *row["labels"].values()): row["values"] for row in samples.rows()}


def test_a_mixed_visit_keeps_percentiles_each_ttft_and_the_raw_times():
    samples, columns = Samples(), {"round": [], "itl_us": []}
    visits_06.mixed(types.SimpleNamespace(), FakeBench(RUN), load_trace.Prompts(1), samples, columns, 3)
    found = rows(samples)
    assert (found["itl_p50",], found["itl_p99",], found["itl_max",]) == ([200.0], [pytest.approx(497.0)], [500.0])
    assert found["ttft",] == [200.0, 300.0] and found["merged",] == [0.0]
    assert found["decode_rate",] == [pytest.approx(5 / 0.4)]
    assert columns["round"] == [3] * 7 and sorted(columns["itl_us"])[::3] == [90_000, 200_000, 500_000]


def test_decoders_that_ended_too_early_are_a_line_not_a_percentile():
    server = types.SimpleNamespace(spec=types.SimpleNamespace(name="vllm-512"))
    run = vllm_bench.Run((*RUN.served[2:], *(served("decoder", 0.0, 100.0, [50.0]) for _ in range(3))))
    with pytest.raises(LabError, match="vllm-512: only 0 tokens were decoded"):
        visits_06.mixed(server, FakeBench(run), load_trace.Prompts(1), Samples(), {"round": [], "itl_us": []}, 0)


def test_long_prompts_come_while_the_decoders_are_at_work():
    asks = visits_06.MIXED.asks(load_trace.Prompts(1))
    decoders, long = ([ask for ask in asks if ask.kind == kind] for kind in ("decoder", "prompt"))
    assert len(decoders) == 32 and {ask.at for ask in decoders} == {0.0}
    assert [ask.at for ask in long] == [0.4, 0.82, 1.24, 1.66, 2.08] and {ask.tokens for ask in long} == {8192}
    chunks = [chunk for ask in asks for chunk in ask.chunks]
    assert len(set(chunks)) == len(chunks), "two prompts share a block"
    assert sum(ask.tokens + ask.out for ask in decoders) + 2 * (8192 + 16) <= gpu_06.KV_TOKENS


@pytest.fixture
def metrics(monkeypatch):
    """Readings of /metrics, one after another."""
    readings = []
    monkeypatch.setattr(engine_metrics, "metrics", lambda _port: readings.pop(0))
    monkeypatch.setattr(shape_servers.time, "sleep", lambda _s: None)
    return readings


def reading(engine, hits, seconds, count):
    counter = {"vllm": "vllm:prefix_cache_hits_total", "sglang": "sglang:cached_tokens_total"}[engine]
    found = {} if hits is None else {f'{counter}{{model_name="m"}}': hits}
    for name in (shape_servers.TTFT, shape_servers.ITL):
        found |= {f'{engine}:{name}_sum{{a="b"}}': seconds, f'{engine}:{name}_count{{a="b"}}': count}
    return found


def server(engine):
    return types.SimpleNamespace(spec=types.SimpleNamespace(engine=engine, name=engine), port=1)


@pytest.mark.parametrize(("engine", "first"), [("vllm", 100.0), ("sglang", None)])
def test_hits_are_counted_and_timed_on_both_sides(metrics, engine, first):
    for start in (first, 500.0):
        metrics += [reading(engine, start, 1.0, 10.0), reading(engine, 900.0, 1.6, 16.0)]
    samples, load = Samples(), FakeBench(ttft=lambda ask: 50.0 if ask.kind == "0" else 20.0)
    visits_05.hits(server(engine), load, load_trace.Prompts(1), random.Random(1), samples)
    found = rows(samples)
    assert found["ttft", "0", "4096"] == [50.0] and found["ttft", "4096", "4096"] == [20.0]
    assert found["tpot", "8192", "16384"] == [5.0]
    assert found["hit_tokens", "4096"] == [900.0 - (first or 0.0)]
    assert found["ttft_engine_mean", "4096"] == [pytest.approx(100.0)]
    assert found["ttft_client_mean", "4096"] == [25.0]
    for asks, concurrency in load.asked:
        assert concurrency == 1 and asks[0].kind == "0" and len({ask.kind for ask in asks}) == 6
        for ask in asks:  # exactly the first `kind` tokens are those of the cold prompt
            same = sum(1 for mine, cold in zip(ask.chunks, asks[0].chunks, strict=True) if mine == cold)
            assert same * load_trace.CHUNK == (int(ask.kind) or ask.tokens)


def test_vllms_gauge_becomes_tokens_by_its_own_block_size(metrics):
    info = 'vllm:cache_config_info{block_size="16",engine="0",num_gpu_blocks="1001"}'
    metrics.append({'vllm:kv_cache_usage_perc{engine="0"}': 0.256, info: 1.0})
    assert shape_servers.kv_used(server("vllm")) == 256 * 16
    metrics.append({'sglang:num_used_tokens{a="b"}': 77.0})
    assert shape_servers.kv_used(server("sglang")) == 77.0


def test_a_vllm_server_says_its_budget_in_its_log():
    text = "config: ... enable_chunked_prefill=True, pooler ... 'compile_ranges_endpoints': [256, 8192], 'x': 1\n"
    log = types.SimpleNamespace(spec=types.SimpleNamespace(engine="vllm", name="v"), text=lambda: text, log="l")
    assert visits_06.says_of_itself(log) == {"max_num_batched_tokens": 8192, "enable_chunked_prefill": True}
    log.text = lambda: "nothing of the kind"
    with pytest.raises(LabError, match="v: its log names no compile_ranges_endpoints"):
        visits_06.says_of_itself(log)


def test_a_server_warns_of_a_budget_with_and_without_a_level():
    lines = [
        "(APIServer) WARNING [arg_utils.py:3005] This model does not officially support disabling chunked prefill.",
        "[2026-11-24 02:34:52] Disable prefill CUDA graph because the capture size is not set",
        "[2026-11-24 02:34:52] Prefill batch, #new-seq: 1, #new-token: 512",
        "(APIServer pid=1) WARNING 11-24 [system_utils.py:255] Found ulimit of 20000",
    ]
    assert visits_06.warnings(types.SimpleNamespace(text=lambda: "\n".join(lines))) == lines[:2]


@pytest.mark.parametrize(("gib", "fleets"), [
    (140, [{"vllm-on", "sglang-on", "vllm-off", "sglang-off"}]),
    (79, [{"vllm-on", "vllm-off"}, {"sglang-on", "sglang-off"}]),
])
def test_a_smaller_card_takes_one_engine_at_a_time_and_the_same_measurements(monkeypatch, gib, fleets):
    monkeypatch.setattr(host_info, "gpu", lambda: {"memory_bytes": gib * 2**30})
    found = gpu_05.fleets()
    assert [{server.name for server in fleet.servers} for fleet in found] == fleets
    assert len({name for fleet in found for name in fleet.produces}) == sum(len(f.produces) for f in found) == 16


class Beside:
    """A fleet's context without servers: what each visit would find running, paused or ended."""

    def __init__(self):
        self.folder, self.settings, self.log, self.gone = None, None, [], set()
        self.servers = {spec.name: self._server(spec) for pair in gpu_05.ENGINES.values() for spec in pair}

    def _server(self, spec):
        server = types.SimpleNamespace(spec=spec, paused=False, alive=lambda: spec.name not in self.gone)
        server.pause = lambda: setattr(server, "paused", True)
        server.resume = lambda: setattr(server, "paused", False)
        return server

    def server(self, name):
        assert name not in self.gone
        return self.servers[name]

    def end(self, name):
        self.gone.add(name)

    def begin(self):
        pass

    def progress(self, *_):
        pass


def test_a_neighbour_is_idle_stopped_or_gone_while_one_is_timed(monkeypatch):
    ctx = Beside()

    def single(server, _bench, _prompts, samples, neighbours):
        others = [other for name, other in ctx.servers.items() if name != server.spec.name and name not in ctx.gone]
        ctx.log.append((server.spec.name, neighbours, len(others), all(other.paused for other in others)))
        samples.add("ttft", "ms", 1.0, neighbours=neighbours)

    monkeypatch.setattr(visits_05, "single", single)
    part = gpu_05.Neighbours({"neighbours-vllm": "vllm-on", "neighbours-sglang": "sglang-on"})
    drafts = list(part.measure(Tour(ctx, None, None, random.Random(1))))
    assert [draft.measurement for draft in drafts] == ["neighbours-sglang", "neighbours-vllm"] == [*part.records]
    for how, stopped in (("paused", True), ("idle", False)):
        seen = {entry for entry in ctx.log if entry[1] == how}
        assert seen == {(name, how, 3, stopped) for name in ("vllm-on", "sglang-on")}
    assert ctx.log[-5:] == [("vllm-on", "none", 0, True)] * 5
    assert not any(server.paused for server in ctx.servers.values())


def test_the_sweep_has_every_setting_once_and_the_references_in_every_fleet():
    fleets = suite_runner.fleets("06", "gpu")
    names = [[server.name for server in fleet.servers] for fleet in fleets]
    others = [name for fleet in names for name in fleet if name not in gpu_06.NAMES]
    assert all(set(gpu_06.NAMES) <= set(fleet) for fleet in names) and all(fleet.whole for fleet in fleets)
    expected = {f"{engine}-{n}" for engine in ("vllm", "sglang") for n in (512, 1024, 2048, 4096, 16384, "off")}
    assert sorted(others) == sorted(expected | {"sglang-mixed-default", "sglang-mixed-2048", "sglang-2048-interval1"})
