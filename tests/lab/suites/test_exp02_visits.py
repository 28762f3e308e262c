"""What a visit makes of the times it gets back, on runs worked out by hand, and which servers experiment 02 has."""

import contextlib
import types
from pathlib import Path

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.host import host_info
from experiments.lab.load import load_trace, vllm_bench
from experiments.lab.load.samples import Samples
from experiments.lab.suites.common import parts, shape_servers
from experiments.lab.suites.common.pace import Gaps
from experiments.lab.suites.exp02_scheduler_loop import gpu, visits
from tests.lab.suites.test_exp05_exp06_visits import FakeBench, metrics, rows, served, server  # noqa: F401  (metrics is a fixture)


class Steady:
    """Each request gets its first token after 30 ms and one every `step` ms from there."""

    def __init__(self, step):
        self.step, self.asked = step, []

    def run(self, _server, asks, concurrency=None, body=None):
        self.asked.append((asks, concurrency))
        return vllm_bench.Run(tuple(vllm_bench.Served(ask, ask.at, 30.0, 30.0 + self.step * (ask.out - 1),
                                            (self.step,) * (ask.out - 1)) for ask in asks))


def test_a_pace_is_read_from_each_stage():
    samples, load = Samples(), Steady(6.0)
    visits.pace(server("vllm"), load, load_trace.Prompts(1), samples, 0.65)
    found = rows(samples)
    assert [found["tpot", count] for count in ("1", "8", "32")] == [[pytest.approx(6.0)]] * 3
    assert found["ttft", "32"] == [30.0]
    asks = load.asked[0][0]
    assert [sum(ask.kind == kind for ask in asks) for kind in ("1", "8", "32")] == [1, 8, 32]
    assert sorted({ask.at for ask in asks}) == [0.0, 0.65, 1.3]
    chunks = [chunk for ask in asks for chunk in ask.chunks]
    assert len(set(chunks)) == len(chunks), "two prompts share a block"


def test_a_visit_whose_stages_ran_into_each_other_is_sent_again_with_more_time_and_counts_once():
    samples, load = Samples(), Steady(12.0)  # 0.79 s a stage
    visits.pace(server("vllm"), load, load_trace.Prompts(1), samples, 0.65)
    assert [sorted({ask.at for ask in asks})[1] for asks, *_ in load.asked] == [0.65, 1.3]
    assert rows(samples)["tpot", "8"] == [pytest.approx(12.0)]


@pytest.mark.parametrize(("step", "gap"), [(4.0, 0.5), (7.0, 0.612), (9.0, 0.65)])
def test_stages_follow_each_other_as_closely_as_the_servers_own_allow(step, gap):
    """A stage takes 30 ms and 63 steps: the gap is 1.3 times that, at least half a second, at most what it was."""
    gaps, samples = Gaps(lambda _: 0.65), Samples()
    assert gaps.of(server("vllm")) == 0.65, "the longest, until it was fitted"
    gaps.fit(server("vllm"), Steady(step), load_trace.Prompts(1), visits.PACE, apart=2)
    assert gaps.of(server("vllm")) == pytest.approx(gap, abs=0.001) and gaps.of(server("sglang")) == 0.65
    visits.pace(server("vllm"), Steady(step), load_trace.Prompts(1), samples, gaps.of(server("vllm")))
    assert rows(samples)["gap",] == [gaps.of(server("vllm"))]


def test_a_first_visit_whose_stages_ran_into_each_other_says_nothing_and_one_that_is_short_stays_short():
    gaps = Gaps(lambda _: 0.4)
    gaps.fit(server("vllm"), Steady(24.0), load_trace.Prompts(1), visits.PACE)
    assert gaps.of(server("vllm")) == 0.4
    gaps.fit(server("vllm"), Steady(1.0), load_trace.Prompts(1), visits.PACE)
    assert gaps.of(server("vllm")) == 0.4, "no longer than before"


def test_stages_that_run_into_each_other_twice_are_a_line_not_a_pace():
    with pytest.raises(LabError, match=r"vllm: 1 requests ran 0\.24 s into the next stage, twice"):
        visits.pace(server("vllm"), Steady(24.0), load_trace.Prompts(1), Samples(), 0.65)


BURST = vllm_bench.Run((
    served("decoder", 0.0, 100.0, [300.0, 6.0, 200.0, 8.0, 400.0]),  # at 0.1 0.4 0.406 0.606 0.614 1.014
    *(served("decoder", 0.0, 100.0, [300.0, 6.0, 200.0, 8.0, 400.0]) for _ in range(15)),
    served("prompt", 0.405, 190.0, [10.0]),
    served("prompt", 0.406, 240.0, [10.0]),
))


def test_a_burst_is_read_from_its_sending_to_its_last_first_token():
    samples, columns = Samples(), {"round": [], "itl_us": []}
    visits.burst(server("vllm"), FakeBench(BURST), load_trace.Prompts(1), samples, columns, 2)
    found = rows(samples)
    assert found["itl_before",] == [300.0] and found["itl_max",] == [400.0]
    assert found["ttft_p50",] == [215.0] and found["ttft_max",] == [240.0]
    assert columns["round"] == [2] * 64 and sorted(set(columns["itl_us"])) == [6000, 8000, 200_000, 400_000]


def test_decoders_that_ended_before_the_burst_are_a_line():
    early = vllm_bench.Run((*(served("decoder", 0.0, 100.0, [10.0]) for _ in range(16)), *BURST.of("prompt")))
    with pytest.raises(LabError, match="only 0 tokens were decoded while the burst was prefilled"):
        visits.burst(server("vllm"), FakeBench(early), load_trace.Prompts(1), Samples(), {"round": [], "itl_us": []}, 0)


def test_a_tight_pool_counts_preemptions_by_the_engine(metrics):  # noqa: F811
    metrics += [{'vllm:num_preemptions_total{e="0"}': 3.0}, {'vllm:num_preemptions_total{e="0"}': 14.0}]
    samples, load = Samples(), Steady(5.0)
    visits.tight(server("vllm"), load, load_trace.Prompts(1), samples, visits.CAP)
    found = rows(samples)
    assert found["preemptions",] == [11.0] and load.asked[0][1] == 13
    assert found["itl_max",] == [5.0] and found["ttft_max",] == [30.0]


def test_the_loads_fit_the_pools_as_they_are_meant_to():
    tight, room = visits.TIGHT, gpu.TIGHT_TOKENS - 16  # a block is no one's
    whole = tight.prompt_tokens + tight.output_tokens
    assert visits.CAP * whole <= room < (visits.CAP + 1) * whole, "the cap is as many as fit"
    assert tight.requests * whole <= gpu.KV_TOKENS - 16
    burst = visits.BURST
    assert (burst.decoders * (burst.decoder_prompt + burst.decoder_output)
            + burst.prompts * (burst.prompt_tokens + burst.prompt_output)) <= gpu.KV_TOKENS - 16


def with_servers():
    return [fleet for fleet in suite_runner.fleets("02", "gpu") if fleet.servers]


@pytest.mark.parametrize(("gib", "sizes"), [(140, [9]), (79, [3, 3, 3, 4])])
def test_a_loop_stands_beside_the_same_engine_out_of_step(monkeypatch, gib, sizes):
    monkeypatch.setattr(host_info, "gpu", lambda: {"memory_bytes": gib * 2**30})
    fleets = with_servers()
    names = [[each.name for each in fleet.servers] for fleet in fleets]
    assert [len(each) for each in names] == sizes
    for each in names:
        assert all(name.replace("sync", "default") in each for name in each)
    produced = [name for fleet in fleets for name in fleet.produces]
    assert {f"preempt-{what}" for what in gpu.CAPS} | {"again-vllm-default"} <= set(produced)
    assert len(set(produced)) == len(produced)
    for fleet in fleets:
        for each in fleet.servers:
            assert (gpu.OFF[each.engine] in each.flags) == each.name.endswith("sync")
            assert each.dummy == (each.model == shape_servers.MODEL)


@pytest.mark.parametrize("gib", [140, 79])
def test_a_fleet_yields_what_it_says(monkeypatch, gib):
    monkeypatch.setattr(host_info, "gpu", lambda: {"memory_bytes": gib * 2**30})
    monkeypatch.setattr(gpu, "warm", lambda *_, **__: None)
    monkeypatch.setattr(visits, "says_of_itself", lambda _server: {})
    log = []
    for visit in ("pace", "burst", "tight"):
        monkeypatch.setattr(visits, visit, lambda served, _bench, _prompts, samples, *_, visit=visit: (
            log.append((visit, served.spec.name)), samples.add("x", "ms", 1.0)))
    monkeypatch.setattr(gpu.Gaps, "fit", lambda *_: None)
    loads = types.SimpleNamespace(run=lambda *_: None)
    monkeypatch.setattr(parts, "Bench", lambda *_: contextlib.nullcontext(loads))
    seen = []
    for fleet in with_servers():
        servers = {spec.name: types.SimpleNamespace(spec=spec) for spec in fleet.servers}
        ctx = types.SimpleNamespace(servers=servers, server=servers.get, settings=None, folder=Path("x"),
                                    begin=lambda: None, progress=lambda *_: None)
        drafts = [draft.measurement for draft in fleet.measure(ctx)]
        assert tuple(drafts) == fleet.produces
        seen += servers
    assert log.count(("pace", "vllm-sync")) == gpu.ROUNDS
    assert log.count(("pace", "vllm-default")) == gpu.ROUNDS * (1 + seen.count("vllm-default"))
    assert log.count(("tight", "vllm-tight")) == 2 * log.count(("tight", "vllm-default")) == 2 * gpu.ROUNDS
