"""Experiment 07's visits and fleets: what is asked, what comes back, and what a server says that refuses a schema."""

import contextlib
import http.server
import json
import threading
import types
from pathlib import Path

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.host import host_info
from experiments.lab.load import load_trace
from experiments.lab.load.samples import Samples
from experiments.lab.suites.common import parts
from experiments.lab.suites.exp07_structured_output import gpu, visits

CASE = {"schema": {"type": "object"}, "document": {"name": "Ada", "age": 36, "score": 1.5, "member": True}}


class Chat(http.server.BaseHTTPRequestHandler):
    """Answers with an object, or with the refusal that it was given."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        if self.server.refusal and "response_format" in body:
            data, status = json.dumps({"message": self.server.refusal}).encode(), 400
        else:
            choice = {"message": {"content": self.server.text}, "finish_reason": "stop"}
            data, status = json.dumps({"choices": [choice], "usage": {"completion_tokens": 5}}).encode(), 200
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) + self.server.short))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128  # all that are sent at once


@pytest.fixture
def chat():
    server = Server(("127.0.0.1", 0), Chat)
    server.asked, server.refusal, server.text, server.short = [], "", "{}", 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def at(chat):
    spec = types.SimpleNamespace(name="sglang-x", model="m")
    return types.SimpleNamespace(spec=spec, port=chat.server_address[1], log="the log")


def test_two_hundred_questions_no_two_alike_half_shown():
    asked = visits.questions(CASE["document"])
    assert len(asked) == len({question for _, question in asked}) == 200
    assert [kind for kind, _ in asked].count("shown") == 100
    told = next(question for kind, question in asked if kind == "told")
    assert "name, a string; age, an integer; score, a number; member, true or false" in told
    assert all(json.dumps(CASE["document"]) in question for kind, question in asked if kind == "shown")


@pytest.mark.parametrize("held", [True, False])
def test_only_a_held_answer_carries_the_schema(chat, held):
    found = visits.answers(at(chat), CASE, held)
    assert len(found) == 200 and {each["finish"] for each in found} == {"stop"} and found[0]["tokens"] == 5
    assert all(("response_format" in body) == held for body in chat.asked)
    assert all(body["temperature"] == 0 and body["max_tokens"] == 256 for body in chat.asked)
    if held:
        assert chat.asked[0]["response_format"]["json_schema"]["schema"] == CASE["schema"]


def test_a_server_without_a_backend_and_a_refused_schema_are_the_servers_line(chat):
    chat.refusal = "json_schema is not supported when the server is launched with --grammar-backend none"
    with pytest.raises(LabError, match="sglang-x: a question: 400 .*launched with --grammar-backend none"):
        visits.answers(at(chat), CASE, True)
    assert len(visits.answers(at(chat), CASE, False)) == 200, "without a schema it answers"


def test_an_answer_cut_off_in_the_middle_is_a_line(chat):
    chat.short = 10
    with pytest.raises(LabError, match=r"sglang-x: \w+ in mid answer \(log: the log\)"):
        visits.answers(at(chat), CASE, False, limit_s=2)


class Bench:
    """A load of which the first `late` runs have a stage that ends behind the next one's start."""

    def __init__(self, late=0):
        self.late, self.runs = late, []

    def run(self, _server, asks, body=None):
        self.runs.append((asks, body))
        late = len(self.runs) <= self.late
        by = {}
        for ask in asks:
            by.setdefault(ask.kind, []).append(ask)

        def stage(kind):
            return [types.SimpleNamespace(sent_s=ask.at, chunk_times_s=lambda at=ask.at: [at + (99 if late else 0.01)],
                                          tpot_ms=2.0 * len(by[kind]), ttft_ms=1.0) for ask in by[kind]]

        return types.SimpleNamespace(of=stage)


def paced(bench):
    samples = Samples()
    server, body = at(types.SimpleNamespace(server_address=("", 0))), {"response_format": 1}
    visits.paced(server, bench, load_trace.Prompts(1), samples, visits.STAGES, 0.3, body, schema="flat")
    return samples.rows()


def test_a_visit_sends_each_batch_at_once_and_keeps_its_median():
    bench = Bench()
    rows = paced(bench)
    asks, body = bench.runs[0]
    assert body == {"response_format": 1}
    assert [len([ask for ask in asks if ask.at == at]) for at in sorted({ask.at for ask in asks})] == [1, 8, 32, 128]
    tpot = {row["labels"]["concurrency"]: row["values"] for row in rows if row["name"] == "tpot"}
    assert tpot == {"1": [2.0], "8": [16.0], "32": [64.0], "128": [256.0]}
    assert {row["labels"]["schema"] for row in rows} == {"flat"}


def test_a_stage_that_runs_into_the_next_is_sent_again_and_twice_is_a_line():
    bench = Bench(late=1)
    assert paced(bench) and len(bench.runs) == 2
    first, second = (max(ask.at for ask in asks) for asks, _ in bench.runs)
    assert second == pytest.approx(2 * first, abs=0.01)
    with pytest.raises(LabError, match="twice; give the stages more time in exp07_.*: AFTER_S"):
        paced(Bench(late=2))


def test_what_is_compared_side_by_side_counts_whole():
    """An attempt that was interrupted must not leave values of two attempts beside each other."""
    assert all(fleet.whole for fleet in suite_runner.fleets("07", "gpu") if fleet.servers)


@pytest.mark.parametrize("gib", [140, 79])
def test_the_fleets_yield_what_they_say(monkeypatch, gib):
    monkeypatch.setattr(host_info, "gpu", lambda: {"memory_bytes": gib * 2**30})
    monkeypatch.setattr(parts, "Bench", lambda *_: contextlib.nullcontext())
    warm = []
    monkeypatch.setattr(gpu.Gaps, "fit", lambda _, server, *__, apart: warm.append((server.spec.name, apart)))
    case = types.SimpleNamespace(read_text=lambda: json.dumps({"flat": CASE}))
    monkeypatch.setattr(gpu.cpu, "cases", lambda *_: case)
    answer = {"kind": "told", "text": "", "finish": "stop", "tokens": 1}
    monkeypatch.setattr(gpu.visits, "answers", lambda *_: [answer])
    log = []

    def visit(server, _bench, _prompts, samples, what, after, body, schema):
        assert after == gpu.after_s(server.spec.name), "what was not fitted has the longest"
        log.append((server.spec.name, schema, body is not None, len(what.concurrency)))
        samples.add("tpot", "ms", 1.0)

    monkeypatch.setattr(gpu.visits, "paced", visit)
    produced = []
    for fleet in (fleet for fleet in suite_runner.fleets("07", "gpu") if fleet.servers):
        log.clear()
        warm.clear()
        servers = {spec.name: types.SimpleNamespace(spec=spec) for spec in fleet.servers}
        ctx = types.SimpleNamespace(servers=servers, server=servers.get, settings=None, folder=Path("x"),
                                    begin=lambda: None, progress=lambda *_: None)
        assert tuple(draft.measurement for draft in fleet.measure(ctx)) == fleet.produces
        produced += fleet.produces
        assert warm == [(name, 2) for name in servers]
        assert all(held == (schema == "flat") for _, schema, held, _ in log)
        for name in gpu.NAMES:
            if f"pace-{fleet.name}-{name}" in fleet.produces:
                assert log.count((name, "flat", True, 4)) == log.count((name, "none", False, 4)) == gpu.ROUNDS
                assert log.count((name, "again", False, 4)) == gpu.ROUNDS * (fleet.name == "f1")
            paced = f"pace-{fleet.name}-{name}" in fleet.produces
            assert (set(servers) == {*gpu.NAMES, "sglang-compile"}) <= (not paced)
        for name in gpu.VARIED:
            assert all(schema == "none" for each, schema, _, _ in log if each == name)
        for name in ("vllm-guidance", "sglang-llguidance"):
            assert (name in servers) == ((name, "flat", True, 4) in log) == ((name, "none", False, 4) in log)
    names = [name.split("-", 2)[-1] for name in produced if name.startswith("graphs-")]
    assert {"vllm-eager", "vllm-nograph", "vllm-piecewise", "sglang-nograph", "sglang-compile"} <= set(names)
    assert {name for name in produced if name.startswith("answers-")} == {
        f"answers-{held}-small-{engine}" for held in ("free", "held") for engine in ("vllm", "sglang")
    }


def test_on_an_h200_two_fleets_hold_the_sweep_and_torch_compile_joins_the_last(monkeypatch):
    monkeypatch.setattr(host_info, "gpu", lambda: {"memory_bytes": 139.8 * 2**30})
    first, last = [fleet for fleet in suite_runner.fleets("07", "gpu") if fleet.servers]
    assert {"small-vllm", "small-sglang"} <= {spec.name for spec in first.servers}
    assert {"graphs-f2-sglang-compile", "graphs-f2-vllm-piecewise", "pace-f2-vllm-guidance"} <= {*last.produces}


def test_the_masks_of_the_cards_host_are_timed_by_its_own_engines(monkeypatch):
    monkeypatch.setattr(host_info, "gpu", lambda: None)
    asked = []

    def draft(_ctx, name, script, _samples, engine, given, **_more):
        asked.append((name, script, engine, given["rounds"], given["leave"]))
        return types.SimpleNamespace(extra={})

    monkeypatch.setattr(gpu.cpu.counted, "draft", draft)
    monkeypatch.setattr(gpu.cpu, "cases", lambda _, engine, names: asked.append((engine, names)))
    found = [fleet for fleet in suite_runner.fleets("07", "gpu") if not fleet.servers]
    for fleet in found:
        assert fleet.timed and "vllm" in fleet.needs() and len(list(fleet.measure(None))) == 1
    cases = ("vllm", ("flat", "enums", "openapi"))
    assert asked == [cases, ("cost-host-vllm", "vllm_grammar.py", "vllm", 5, ["outlines"]),
                     cases, ("cost-host-sglang", "sglang_grammar.py", "sglang", 5, ["outlines"])]


def test_only_the_schemas_that_are_named_are_written_for_a_worker(monkeypatch, tmp_path):
    monkeypatch.setattr(gpu.cpu, "worker", lambda *_: {"flat": 1, "nested": 2, "openapi": 3})
    ctx = types.SimpleNamespace(settings=None, folder=tmp_path)
    assert json.loads(gpu.cpu.cases(ctx, "vllm", ("openapi", "flat")).read_text()) == {"flat": 1, "openapi": 3}
    assert len(json.loads(gpu.cpu.cases(ctx).read_text())) == 3
