"""The recording's driver: what HTTP carried, which servers are started, and (marked) one real recording on the CPU."""

import json
import socket
import threading
from types import SimpleNamespace

import pytest

from experiments.lab.callpaths import recorder, recording, request_patterns, scenario
from experiments.lab.errors import LabError
from experiments.lab.host.config import ROOT
from experiments.lab.load.streaming_client import Client, Reply

EVENTS = [
    {"choices": [{"delta": {"role": "assistant", "content": ""}}]},
    {"choices": [{"delta": {"content": "red"}, "finish_reason": "stop"}]},
]


def serve(events, requests):
    """A server on a free port that answers every chat completion with these events; its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + b"data: [DONE]\n\n"
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    def run():
        connection, _ = listener.accept()
        with connection:
            while data := connection.recv(65536):
                requests.append(len(data))
                connection.sendall(answer)

    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1], len(answer)


class Armed:
    """An injection that notes what was sent while it was armed."""

    def __init__(self, requests):
        self.requests, self.log, self.plans, self.marks = requests, [], [], []

    def plan(self, wanted):
        self.plans.append(wanted)

    def mark(self):
        self.marks.append(len(self.requests))

    def arm(self):
        self.log.append(len(self.requests))

    def disarm(self):
        self.log.append(len(self.requests))

    def read(self):
        line = {"kind": "start", "line": 1, "thread": "MainThread", "phase": "request", "arming": 1, "epoch": 0}
        where = {"vllm/entrypoints/x.py": 1, "vllm/v1/engine/core.py": 2}
        return [
            line | {"symbol": "vllm/entrypoints/x.py::chat", "pid": 1, "t_ns": 1},
            line | {"symbol": "vllm/v1/engine/core.py::EngineCoreProc.run_engine_core", "pid": 2, "t_ns": 2},
            *({"file": file, "installed": __file__} for file in where),
        ]


def test_one_request_is_sent_while_armed_and_its_bytes_counted(monkeypatch):
    monkeypatch.setattr(request_patterns, "SETTLE_S", 0)
    requests = []
    port, answer = serve(EVENTS, requests)
    injection = Armed(requests)
    made, _, reply = recorder.capture(injection, port, "vllm-gpu", scenario.scenario("01"))
    assert injection.log == [len(request_patterns.WARM_UP_PROMPTS), len(request_patterns.WARM_UP_PROMPTS) + 1]
    assert "".join(text for _, text in reply.chunks) == "red"
    assert injection.plans == [None], "experiment 01 records first entries alone"
    sent = [m for m in made["wire"] if m["from"] == "client"]
    back = [m for m in made["wire"] if m["to"] == "client"]
    assert [(m["bytes"], m["frames"], m["to"]) for m in sent] == [(requests[-1], 1, "api-server")]
    assert [(m["bytes"], m["frames"], m["from"]) for m in back] == [(answer, 2, "api-server")]


def test_a_failed_request_disarms(monkeypatch):
    monkeypatch.setattr(request_patterns, "SETTLE_S", 0)
    requests = []
    port, _ = serve(EVENTS, requests)
    injection = Armed(requests)
    chat, calls = Client.chat, []

    def fails(self, body):
        calls.append(body)
        if len(calls) > len(request_patterns.WARM_UP_PROMPTS):
            raise LabError("the server died")
        return chat(self, body)

    monkeypatch.setattr(Client, "chat", fails)
    with pytest.raises(LabError, match="the server died"):
        recorder.capture(injection, port, "vllm-gpu", scenario.scenario("01"))
    assert len(injection.log) == 2


def test_what_could_not_be_recorded_is_said(monkeypatch, capsys):
    reply = Reply(sent_ns=1, request_bytes=2, response_bytes=3, chunks=[(4, "x")])
    monkeypatch.setattr(recorder, "capture", lambda *_: ({}, {}, reply))
    injection = SimpleNamespace(lost=lambda: ["lines of f while another's trace function was there"])
    one = recorder.PathToRecord(scenario.scenario("01"), "vllm-cpu")
    recorder.measure(one, SimpleNamespace(injection=injection, port=1))
    assert capsys.readouterr().err == f"01/path-vllm-cpu: not recorded: {injection.lost()[0]}\n"


def test_sglangs_front_is_its_tokenizer_manager():
    reply = Reply(sent_ns=1, request_bytes=2, response_bytes=3, chunks=[(4, "x")])
    assert {m["to"] for m in recorder.http(reply, "tokenizer-manager")} == {"tokenizer-manager", "client"}


@pytest.mark.parametrize(
    ("experiment", "configuration"), [(n, c) for n, each in scenario.scenarios().items() for c in each.specs]
)
def test_every_configuration_starts_a_traced_server_and_has_its_roles(experiment, configuration):
    spec = scenario.scenario(experiment).spec(configuration)
    assert spec.inject == "trace" and spec.name.endswith(f"-{configuration}")
    assert recording.processes(configuration)


@pytest.mark.server
def test_a_real_request_on_the_cpu(engine_python, tmp_path, monkeypatch):
    from experiments.lab.host import config
    from experiments.lab.records.record_file import Record

    monkeypatch.setenv("LAB_VLLM_CPU_PYTHON", engine_python)
    record = Record(recorder.record("vllm-cpu", config.load(), tmp_path))
    made, columns = record.data["recording"], record.columns
    role = {p["pid"]: p["role"] for p in made["processes"]}
    first = {}
    for symbol, pid, phase, t_ns in zip(*(columns[n] for n in ("symbol", "pid", "phase", "t_ns")), strict=True):
        if phase == "request":
            first.setdefault((role[pid], symbol.partition("::")[2]), t_ns)
    hops = [
        ("api-server", "OpenAIServingChat.create_chat_completion"),
        ("api-server", "AsyncMPClient.add_request_async"),
        ("engine-core", "EngineCore.preprocess_add_request"),
        ("engine-core", "Scheduler.schedule"),
        ("worker", "Worker.execute_model"),
        ("worker", "LlamaDecoderLayer.forward"),
        ("engine-core", "Scheduler.update_from_output"),
        ("api-server", "OutputProcessor.process_outputs"),
    ]
    times = [first[hop] for hop in hops]
    assert times == sorted(times)
    crossed = {(m["from"], m["to"], m["transport"], m["type"]) for m in made["wire"]}
    assert crossed >= {
        ("client", "api-server", "http", "POST /v1/chat/completions"),
        ("api-server", "engine-core", "zmq", "EngineCoreRequest"),
        ("engine-core", "worker", "shm", "execute_model(SchedulerOutput)"),
        ("worker", "engine-core", "shm", "ModelRunnerOutput"),
        ("engine-core", "api-server", "zmq", "EngineCoreOutputs"),
        ("api-server", "client", "http", "text/event-stream"),
    }


@pytest.mark.server
def test_a_hit_and_a_chunked_prompt_on_the_cpu(engine_python, tmp_path, monkeypatch):
    from experiments.lab.host import config
    from experiments.lab.host.progress import Progress
    from experiments.lab.records.record_file import Record
    from scripts.catalog.site_data import Evidence

    monkeypatch.setenv("LAB_VLLM_CPU_PYTHON", engine_python)
    found, evidence = config.load(), Evidence(ROOT)
    todo, failures = recorder.to_record(["05", "06"], ["vllm-cpu"], found, tmp_path)
    paths, failed = recorder.record_all(todo, found, tmp_path, Progress({one.name: 120 for one in todo}))
    assert [path.parent.name for path in paths] == ["05", "06"] and not failures and not failed

    def steps(path, symbol, line):
        """The steps in which a line of a function ran; a line is named by its text."""
        at = evidence.locator("vllm")(symbol, "test", line).at
        columns = Record(path).columns
        rows = zip(columns["symbol"], columns["kind"], columns["line"], strict=True)
        return sum((name, kind, number) == (symbol, "line", at) for name, kind, number in rows)

    schedule = "vllm/v1/core/sched/scheduler.py::Scheduler.schedule"
    cap = "vllm/v1/core/kv_cache_manager.py::KVCacheManager.get_computed_blocks"
    assert steps(paths[0], cap, "max_cache_hit_length = request.num_tokens - 1") == 1
    assert steps(paths[1], schedule, "request = request_queue.peek_request()") == 1, "the prompt waits once"
    assert steps(paths[1], schedule, "self.current_step += 1") >= 3 + 3, "three chunks, then a token a step"
