"""Post 4's visits: what they ask of a server, in which order, and what they make of its answers."""

import contextlib
import http.server
import json
import random
import threading
import types
from pathlib import Path

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.host import host_info
from experiments.lab.load import load_trace, token_id_client, vllm_bench
from experiments.lab.load.samples import Samples
from experiments.lab.suites.common import parts, shape_servers
from experiments.lab.suites.exp04_radix_cache import gpu, visits
from experiments.lab.workers.worker_kit import streams


class Answers(http.server.BaseHTTPRequestHandler):
    """Both engines' ways to be asked for token ids; a prompt's answer is its own length, again and again."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = body.get("input_ids") or body["prompt"]
        self.server.asked.append((self.path, prompt))
        if len(prompt) > self.server.most:
            self.send_error(400, "too long for the cache")
            return
        out = body["sampling_params"]["max_new_tokens"] if "sampling_params" in body else body["max_tokens"]
        ids = [len(prompt)] * (out - self.server.short)
        reply = {"output_ids": ids} if self.path == "/generate" else {"choices": [{"token_ids": ids}]}
        data = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def answers():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.asked, server.most, server.short = [], 100_000, 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def engine(answers, name):
    spec = types.SimpleNamespace(engine=name, name=f"{name}-x", model="m")
    return types.SimpleNamespace(spec=spec, port=answers.server_address[1], log="log")


@pytest.mark.parametrize(("name", "path"), [("sglang", "/generate"), ("vllm", "/v1/completions")])
def test_a_turn_holds_the_answer_that_the_server_gave(answers, name, path):
    turns = streams.chat("s", conversations=2, turns=2, system=5, user=7, answer=3)
    found = token_id_client.follow(engine(answers, name), turns)
    assert {each.turn.name for each in found} == {"c0t0", "c0t1", "c1t0", "c1t1"}
    asked = [prompt for where, prompt in answers.asked if where == path]
    first, second = sorted(asked, key=len)[0], sorted(asked, key=len)[-1]
    assert [len(prompt) for prompt in sorted(asked, key=len)] == [12, 12, 22, 22]
    assert second[12:15] == [12, 12, 12] and second[:5] == first[:5]
    times = {each.turn.name: each for each in found}
    assert times["c0t1"].sent_s >= times["c0t0"].ended_s and token_id_client.wall_s(found) > 0


def test_a_prompt_longer_than_the_cache_is_the_servers_line(answers):
    answers.most = 20
    turns = streams.chat("s", conversations=1, turns=2, system=5, user=7, answer=3)
    with pytest.raises(LabError, match="sglang-x: a prompt of 22 tokens: 400 .*too long for the cache"):
        token_id_client.follow(engine(answers, "sglang"), turns)


def test_an_answer_cut_short_and_a_turn_after_nobody_are_a_line(answers):
    answers.short = 1
    with pytest.raises(LabError, match="vllm-x: 2 output token ids, 3 were asked for"):
        token_id_client.follow(engine(answers, "vllm"), streams.none("s", 1, 5, 3))
    with pytest.raises(LabError, match="x comes after a request that is not in it"):
        token_id_client.follow(engine(answers, "vllm"), [streams.Turn("x", (("k", 3),), 1, after="y")])


def test_every_prefix_waits_at_once_and_more_of_them_than_the_cache_holds():
    what = visits.ORDER
    asks = what.asks(load_trace.Prompts(1), random.Random(1))
    heads = [ask.chunks[: what.prefix_tokens // load_trace.CHUNK] for ask in asks]
    assert {ask.at for ask in asks} == {0.0} and len(asks) == what.requests <= 128
    assert {heads.count(head) for head in heads} == {5} and len(set(heads)) == what.groups
    assert what.groups * what.prefix_tokens >= 1.5 * gpu.KV_TOKENS
    own = [chunk for ask in asks for chunk in ask.chunks[what.prefix_tokens // load_trace.CHUNK :]]
    assert len(set(own)) == len(own), "two requests share more than their prefix"
    assert heads != sorted(heads), "the groups come one after another"


def test_the_conversations_fit_the_cache_whole():
    for answer in visits.ANSWERS.values():
        turns = streams.chat("s", **visits.TURNS.recorded(), answer=answer)
        last = [turn for turn in turns if turn.name.endswith("t3")]
        assert sum(turn.tokens() + turn.out for turn in last) < gpu.KV_TOKENS
    for name, sizes in streams.WORKLOAD.items():
        longest = max(turn.tokens() + turn.out for turn in streams.stream(name, "s", random.Random(1), sizes))
        assert longest < shape_servers.LENGTH <= gpu.KV_TOKENS


def with_servers():
    return [fleet for fleet in suite_runner.fleets("04", "gpu") if fleet.servers]


@pytest.mark.parametrize(
    ("gib", "names"),
    [
        (140, [["sglang-fcfs", "sglang-lpm", "sglang-off", "vllm-default"]]),
        (79, [["sglang-fcfs", "sglang-lpm", "sglang-off"], ["sglang-fcfs", "vllm-default"]]),
    ],
)
def test_a_fleet_yields_what_it_says_and_visits_alternate(monkeypatch, gib, names):
    monkeypatch.setattr(host_info, "gpu", lambda: {"memory_bytes": gib * 2**30})
    log = []
    monkeypatch.setattr(gpu, "warm", lambda *_, **__: None)
    monkeypatch.setattr(parts, "Bench", lambda *_: contextlib.nullcontext())

    def visit(part, _fleet, _tour, stop, *rest):
        log.append((part, stop.server.spec.name, *rest))
        stop.samples.add("x", "ms", 1.0)

    monkeypatch.setattr(gpu, "_visit", visit)
    fleets = with_servers()
    assert [[spec.name for spec in fleet.servers] for fleet in fleets] == names
    assert all(fleet.whole for fleet in fleets)
    for fleet in fleets:
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
        assert tuple(draft.measurement for draft in fleet.measure(ctx)) == fleet.produces
        order = [entry for entry in log if entry[0] == "order"]
        size = len({entry[1] for entry in order})
        for start in range(0, len(order), size):
            assert len(set(order[start : start + size])) == size, "a round leaves a server out"
        if "sglang-off" in servers:
            sides = [entry[1:] for entry in log if entry[0] == "noreuse"]
            assert sides.count(("sglang-fcfs", "b")) == sides.count(("sglang-off", "a")) == gpu.ROUNDS["noreuse"]


def test_a_load_is_read_from_the_client_and_from_the_engine(monkeypatch):
    class Counted:
        def __init__(self, _server):
            pass

        def read(self):
            return types.SimpleNamespace(hit_tokens=lambda: 640.0)

    monkeypatch.setattr(visits, "Metrics", Counted)

    def served(_server, asks):
        return vllm_bench.Run(
            tuple(vllm_bench.Served(ask, 0.0, 1.0 + place, 50.0 + place, ()) for place, ask in enumerate(asks))
        )

    samples = Samples()
    visits.order(None, types.SimpleNamespace(run=served), load_trace.Prompts(1), random.Random(1), samples)
    found = {row["name"]: row["values"] for row in samples.rows()}
    assert found["ttft_median"] == [45.5] and found["ttft_mean"] == [45.5] and found["ttft_max"] == [90.0]
    assert found["hit_tokens"] == [640.0] and found["prompt_tokens"] == [90 * 2112.0]
