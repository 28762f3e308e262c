"""The load tool in its own process: what comes back, and one line for everything that can go wrong with it."""

import types

import pytest

from experiments.lab.errors import LabError
from experiments.lab.load import bench_tool, load_trace, vllm_bench
from experiments.lab.servers.server import ServerSpec
from tests.lab.fakes import fake_bench

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture
def loader(machine, tmp_path, monkeypatch):
    fake_bench.install(tmp_path / "machine/site")

    def make(mode):
        monkeypatch.setenv("FAKE_BENCH", mode)
        return vllm_bench.Bench(machine, tmp_path / "bench")

    yield make
    bench_tool.end_idle()


def server(alive=True):
    return types.SimpleNamespace(
        spec=ServerSpec("vllm-on", "vllm-cpu"),
        port=1,
        log="server.log",
        alive=lambda: alive,
        epitaph=lambda when: f"vllm-on: the server died {when}: CUDA out of memory",
    )


def asks():
    prompts = load_trace.Prompts(1)
    first = prompts.fresh(64)
    return [
        load_trace.Ask(0.0, 64, 5, first, "cold"),
        load_trace.Ask(2.0, 64, 3, prompts.behind(first, 32, 64), "half"),
    ]


def test_times_are_read_back_in_the_order_of_the_trace_and_in_ms(loader):
    with loader("ok") as tool:
        runs = [tool.run(server(), asks(), concurrency=1) for _ in range(2)]  # one process serves several
    for run in runs:
        cold, half = run.served
        assert (cold.ttft_ms, cold.tpot_ms, cold.latency_ms) == (500.0, 250.0, 1500.0)
        assert half.sent_s == 2.0 and half.chunk_times_s() == [2.5, 2.75, 3.0]
        assert run.of("half") == [half]
        assert run.wall_s() == 3.0 and run.throughput() == pytest.approx((64 + 5 + 64 + 3) / 3.0)


def test_one_process_serves_the_next_fleet_too_and_reads_a_tokenizer_once(loader, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_BENCH_READS", str(tmp_path / "reads"))
    logs = set()
    for _ in range(2):
        with loader("ok") as tool:
            logs.add((tool._tool.log, tool._tool._process.pid))
            assert [len(tool.run(server(), asks()).served) for _ in range(2)] == [2, 2]
    assert len(logs) == 1
    (read,) = (tmp_path / "reads").read_text().splitlines()
    assert read.endswith(f"{server().spec.model} auto")


def test_a_process_that_may_be_in_mid_load_or_has_ended_is_not_left_to_the_next(loader):
    with pytest.raises(KeyboardInterrupt), loader("ok") as tool:
        first = tool._tool
        raise KeyboardInterrupt
    assert not first.alive()
    with loader("ok") as tool:
        second = tool._tool
        second._process.kill()
        second._process.wait()
    with loader("ok") as tool:
        assert tool._tool not in (first, second) and len(tool.run(server(), asks()).served) == 2


@pytest.mark.parametrize(
    ("mode", "line"),
    [
        ("short", "vllm-on: 0001-vllm-on.json: the result is cut short"),
        ("fails", "1 of 2 requests failed: ClientOSError: connection reset"),
        ("stops", "2 output tokens, 3 were asked for"),
        ("dies", "vllm bench serve failed: its process ended"),
        ("no-import", "vllm bench serve: does not start: ImportError: no aiohttp here"),
    ],
)
def test_what_goes_wrong_is_one_line(loader, mode, line):
    with loader(mode) as tool, pytest.raises(LabError, match=line) as caught:
        tool.run(server(), asks())
    assert "\n" not in str(caught.value)


def test_a_client_that_times_out_is_ended_and_the_next_run_starts_another(loader, monkeypatch):
    with loader("hangs") as tool:
        with pytest.raises(LabError, match="a load of 2 requests on vllm-on took over 0.5 s and was ended"):
            tool.run(server(), asks(), limit_s=0.5)
        monkeypatch.setenv("FAKE_BENCH", "ok")
        assert len(tool.run(server(), asks()).served) == 2


@pytest.mark.parametrize("mode", ["fails", "dies"])
def test_a_server_that_died_under_load_is_named_with_its_cause(loader, mode):
    with loader(mode) as tool, pytest.raises(LabError, match="vllm-on: the server died under load: CUDA out of memory"):
        tool.run(server(alive=False), asks())


def test_shared_chunks_are_the_same_and_others_are_not():
    prompts = load_trace.Prompts(3)
    first, other = prompts.fresh(112), prompts.fresh(112)
    half = prompts.behind(first, 48, 112)
    assert len(first) == 7 and not set(first) & set(other)
    assert half[:3] == first[:3] and not set(half[3:]) & (set(first) | set(other))
    assert prompts.behind(first, 112, 112) == first


@pytest.mark.parametrize(("shared", "tokens"), [(47, 112), (128, 144), (112, 96), (48, 100)])
def test_a_share_that_is_no_whole_number_of_chunks_or_too_long_is_refused(shared, tokens):
    prompts = load_trace.Prompts(3)
    with pytest.raises(ValueError, match="a whole number of 16|whole chunks of 16"):
        prompts.behind(prompts.fresh(112), shared, tokens)
