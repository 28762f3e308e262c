"""What a visit to a pool makes of an engine's metrics, on values worked out by hand, and which servers there are."""

import contextlib
import itertools
import threading
import types
from pathlib import Path

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.host import host_info
from experiments.lab.load import engine_metrics, load_trace, vllm_bench
from experiments.lab.load.samples import Samples
from experiments.lab.suites.common import parts, shape_servers
from experiments.lab.suites.exp03_block_manager import cpu, gpu, visits
from tests.lab.suites.test_exp05_exp06_visits import rows, server

INFO = 'vllm:cache_config_info{block_size="16",engine="0",num_gpu_blocks="769"}'
ITL = f"vllm:{shape_servers.ITL}"


def reading(running=0, waiting=0, used=0, preemptions=0, steps=0, prompt=0, generated=0, itl=(0.0, 0)):
    """One reading of /metrics; `used` blocks of 768."""
    return {
        INFO: 1.0,
        'vllm:num_requests_running{e="0"}': running,
        'vllm:num_requests_waiting{e="0"}': waiting,
        'vllm:kv_cache_usage_perc{e="0"}': used / 768,
        'vllm:num_preemptions_total{e="0"}': preemptions,
        'vllm:iteration_tokens_total_count{e="0"}': steps,
        'vllm:prompt_tokens_total{e="0"}': prompt,
        'vllm:generation_tokens_total{e="0"}': generated,
        f'{ITL}_sum{{e="0"}}': itl[0],
        f'{ITL}_count{{e="0"}}': itl[1],
    }


class SlowBench:
    """Answers every load after the watcher has had its readings; a request takes 2 s, a token 10 ms."""

    def __init__(self, readings):
        self.readings, self.asked = readings, []

    def run(self, _server, asks, concurrency=None):
        self.asked.append(asks)
        self.readings.enough.wait(5)
        return vllm_bench.Run(
            tuple(vllm_bench.Served(ask, 0.0, 1000.0, 2000.0, (10.0,) * (ask.out - 1)) for ask in asks)
        )


@pytest.fixture
def metrics(monkeypatch):
    """`metrics(before, during, after)`: what /metrics answers, one after another, the last again and again."""

    def install(before, during, after):
        state = types.SimpleNamespace(enough=threading.Event())
        answers = itertools.chain([before], during)

        def answer(_port):
            try:
                return next(answers)
            except StopIteration:
                state.enough.set()
                return after

        monkeypatch.setattr(engine_metrics, "metrics", answer)
        return state

    monkeypatch.setattr(shape_servers.time, "sleep", lambda _s: None)
    monkeypatch.setattr(visits, "LOAD_EVERY_S", 0.001)
    monkeypatch.setattr(visits, "HELD_EVERY_S", 0.001)
    return install


def test_a_load_keeps_what_ran_at_once_and_what_the_engine_counted(metrics):
    during = [reading(running=21, waiting=107, used=511), reading(running=34, waiting=94, used=700, preemptions=3)]
    after = reading(preemptions=15, steps=500, itl=(0.9, 100))
    samples = Samples()
    load = SlowBench(metrics(reading(preemptions=1, steps=100, itl=(0.2, 50)), during, after))
    visits.load(server("vllm"), load, load_trace.Prompts(1), samples)
    found = rows(samples)
    assert (found["running",], found["waiting",], found["kv_used",]) == ([34.0], [107.0], [700 * 16])
    assert (found["preemptions",], found["steps",]) == ([14.0], [400.0])
    assert found["itl",] == [pytest.approx(14.0)]
    assert found["throughput",] == [pytest.approx(128 * (256 + 96) / 2.0)] and found["wall",] == [2.0]
    chunks = [chunk for ask in load.asked[0] for chunk in ask.chunks]
    assert len(set(chunks)) == len(chunks), "two prompts share a block"


def test_what_is_held_is_set_against_what_is_written_while_all_decode(metrics):
    prompt, count = visits.HELD.prompt_tokens, visits.HELD.requests
    begin = {"prompt": 1000, "generated": 50}
    whole = begin["prompt"] + count * prompt
    during = [
        reading(running=count, used=100, prompt=whole - prompt, generated=60),  # one prompt is not computed yet
        reading(running=count, used=500, prompt=whole, generated=50 + 300),
        reading(running=count, used=510, prompt=whole, generated=50 + 700),
        reading(running=count - 1, used=480, prompt=whole, generated=50 + 3000),  # one is over
    ]
    samples = Samples()
    visits.held(server("vllm"), SlowBench(metrics(reading(**begin), during, reading())), load_trace.Prompts(1), samples)
    found = rows(samples)
    assert found["reserved",] == [500 * 16, 510 * 16]
    assert found["written",] == [count * prompt + 300 - count, count * prompt + 700 - count]
    assert found["readings",] == [2]


def test_the_pool_is_what_the_started_server_says(monkeypatch):
    monkeypatch.setattr(engine_metrics, "metrics", lambda _port: reading())
    assert visits.pool_tokens(server("vllm")) == 768 * 16
    monkeypatch.setattr(engine_metrics, "metrics", lambda _port: {})
    with pytest.raises(LabError, match="names no num_gpu_blocks"):
        visits.pool_tokens(server("vllm"))


def with_servers():
    return [fleet for fleet in suite_runner.fleets("03", "gpu") if fleet.servers]


def test_only_the_largest_pool_holds_the_load_and_every_pool_that_is_asked_what_is_held():
    def slots(what, block):
        return what.requests * -(-(what.prompt_tokens + what.output_tokens) // block) * block

    room = {name: tokens - 128 for name, tokens in gpu.POOLS.items()}  # a block is no one's
    assert [name for name in room if slots(visits.LOAD, 16) <= room[name]] == ["48k"]
    assert max(slots(visits.HELD, block) for block in (16, 128)) <= room["12k"]


@pytest.mark.parametrize(("gib", "sizes"), [(140, [6]), (79, [3, 3, 2])])
def test_every_pool_is_measured_once_beside_the_largest(monkeypatch, gib, sizes):
    monkeypatch.setattr(host_info, "gpu", lambda: {"memory_bytes": gib * 2**30})
    fleets = with_servers()
    names = [[each.name for each in fleet.servers] for fleet in fleets]
    assert [len(each) for each in names] == sizes and all(each[0] == "kv-48k" for each in names)
    others = [name for each in names for name in each[1:]]
    assert sorted(others) == ["kv-12k", "kv-12k-block128", "kv-24k", "kv-48k-seqs", "kv-6k"]
    produced = [name for fleet in fleets for name in fleet.produces]
    assert {"held-kv-12k", "held-kv-12k-block128", "again-kv-48k"} <= set(produced)


@pytest.mark.parametrize("gib", [140, 79])
def test_a_fleet_yields_what_it_says_each_server_once_a_round(monkeypatch, gib):
    monkeypatch.setattr(host_info, "gpu", lambda: {"memory_bytes": gib * 2**30})
    monkeypatch.setattr(gpu, "warm", lambda *_, **__: None)
    monkeypatch.setattr(visits, "pool_tokens", lambda server: gpu.POOLS[server.spec.name.split("-")[1]])
    log = []
    for visit in ("load", "held"):
        monkeypatch.setattr(
            visits,
            visit,
            lambda served, _bench, _prompts, samples, visit=visit: (
                log.append((visit, served.spec.name)),
                samples.add("x", "ms", 1.0),
            ),
        )
    loads = types.SimpleNamespace(run=lambda *_: None, __enter__=None)
    monkeypatch.setattr(parts, "Bench", lambda *_: contextlib.nullcontext(loads))
    for fleet in with_servers():
        log.clear()
        servers = {spec.name: types.SimpleNamespace(spec=spec) for spec in fleet.servers}
        ctx = types.SimpleNamespace(
            servers=servers,
            server=servers.get,
            settings=None,
            folder=Path("x"),
            begin=lambda: None,
            progress=lambda *_: None,
        )
        drafts = {draft.measurement: draft for draft in fleet.measure(ctx)}
        assert tuple(drafts) == fleet.produces
        again = "again-kv-48k" in fleet.produces
        assert log.count(("load", "kv-48k")) == gpu.ROUNDS * (1 + again)
        assert all(log.count(("load", name)) == gpu.ROUNDS for name in servers if name != "kv-48k")
        assert all(log.count(("held", name)) == gpu.ROUNDS for name in servers if name in gpu.HELD)
        for name, draft in drafts.items():
            if name.startswith("pool-"):
                pool = [row["values"] for row in draft.samples if row["name"] == "pool"]
                assert pool == [[gpu.POOLS[name.split("-")[3]]]], name


def test_the_cpu_tiers_rows_become_series():
    row = {"scheme": "paged", "size": "16", **dict.fromkeys(cpu.WASTE, 1.5)}
    kept = cpu.waste_samples([{"scheme": "lengths"}, row])
    assert {each["name"] for each in kept} == set(cpu.WASTE)
    assert all(each["labels"] == {"scheme": "paged", "size": "16"} and each["values"] == [1.5] for each in kept)
    (cost,) = cpu.cost_samples([{"op": "touch", "blocks": 64, "ns": [1.0, 2.0]}])
    assert (cost["labels"], cost["values"], cost["unit"]) == ({"op": "touch", "blocks": "64"}, [1.0, 2.0], "ns")


def test_what_is_timed_is_not_held_to_the_reference():
    timed = {fleet.name for tier in ("cpu", "gpu") for fleet in suite_runner.fleets("03", tier) if fleet.timed}
    assert timed == {"cost"}
