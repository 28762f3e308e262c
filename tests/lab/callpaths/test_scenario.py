"""What each experiment sends to a traced server, and several servers recorded in one call, on a fake engine."""

import json
import socketserver
import threading
import time
import types

import pytest

from experiments.lab import __main__ as command
from experiments.lab.callpaths import recorder, request_patterns
from experiments.lab.callpaths import scenario as scenarios
from experiments.lab.errors import LabError
from experiments.lab.host import engine_table
from experiments.lab.records.record_file import Record
from experiments.lab.suites.exp05_prefix_cache_hit import scenario as exp05


class Answering(socketserver.ThreadingTCPServer):
    """Streams as many tokens as a request asks for, `pause` s apart, up to `limit`, and notes the bodies."""

    daemon_threads, allow_reuse_address = True, True

    def __init__(self, pause=0.001, limit=10**6, cached=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pause, self.limit, self.cached, self.bodies, self.cut = pause, limit, cached, [], 0
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.port = self.server_address[1]


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while head := self.rfile.readline():
            length = 0
            while (line := self.rfile.readline().strip()):
                if line.lower().startswith(b"content-length"):
                    length = int(line.split(b":")[1])
            assert head.startswith(b"POST")
            body = json.loads(self.rfile.read(length))
            self.server.bodies.append(body)
            try:
                self.answer(body)
            except OSError:
                self.server.cut += 1
                return

    def answer(self, body):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.event({"choices": [{"delta": {"role": "assistant", "content": ""}}]})
        tokens = min(body["max_tokens"], self.server.limit)
        for left in reversed(range(tokens)):
            time.sleep(self.server.pause)
            self.event({"choices": [{"delta": {"content": "a"}, "finish_reason": None if left else "length"}]})
        # With a `limit` it says as many as were asked for all the same: a test is of its soon end, not of its count.
        cached = {"cached_tokens": self.server.cached}
        usage = {"completion_tokens": body["max_tokens"], "prompt_tokens_details": cached}
        self.event({"choices": [], "usage": usage})
        self.send(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def event(self, event):
        self.send(b"data: " + json.dumps(event).encode() + b"\n\n")

    def send(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


class Injected:
    """An injection that notes what the server had been sent at each step."""

    def __init__(self, server):
        self.server, self.steps, self.plans = server, [], []

    def _step(self, name):
        self.steps.append((name, len(self.server.bodies)))

    def plan(self, wanted):
        self.plans.append(wanted)

    def arm(self):
        self._step("arm")

    def mark(self):
        self._step("mark")

    def disarm(self):
        self._step("disarm")


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(request_patterns, "SETTLE_S", 0)


def send(experiment, server):
    scenario, injected = scenarios.scenario(experiment), Injected(server)
    return scenario, injected, scenario.send(scenario, injected, server.port)


WARM = len(request_patterns.WARM_UP_PROMPTS)


@pytest.mark.parametrize("experiment", ["03", "05"])
def test_a_hit_is_the_same_request_again_and_only_the_second_is_recorded(experiment):
    server = Answering(cached=384)
    scenario, injected, _ = send(experiment, server)
    assert injected.steps == [("arm", WARM + 1), ("disarm", WARM + 2)]
    assert server.bodies[WARM:] == [scenario.request] * 2
    assert injected.plans == [scenario.plan] and "turns" not in scenario.plan


@pytest.mark.parametrize("cached", [0, None])
def test_a_hit_without_anything_cached_is_refused(cached):
    with pytest.raises(LabError, match="nothing of the prompt was cached"):
        send("05", Answering(cached=cached))


def test_a_branch_shares_the_first_half_of_its_words_with_the_one_before_it():
    server = Answering(cached=256)
    scenario, injected, _ = send("04", server)
    assert injected.steps == [("arm", WARM + 1), ("disarm", WARM + 2)]
    sibling, request = ([*body["messages"][0]["content"].split()] for body in server.bodies[WARM:])
    half = len(request) // 2
    assert server.bodies[-1] == scenario.request and sibling[:half] == request[:half] and sibling[half] != request[half]
    assert sorted(sibling) == sorted(request)


@pytest.mark.parametrize("cached", [0, 499, None])
def test_a_branch_of_which_nothing_or_all_was_cached_is_refused(cached):
    with pytest.raises(LabError, match="about half of the prompt was to be cached"):
        send("04", Answering(cached=cached))


def test_the_long_prompt_comes_while_others_decode_and_they_are_cut_off_after_it():
    server = Answering(pause=0.002)
    scenario, injected, reply = send("06", server)
    before = WARM + 1 + request_patterns.DECODING
    assert injected.steps == [("arm", before), ("mark", before), ("disarm", before + 1)]
    assert server.bodies[-1] == scenario.request and len(reply.chunks) == 1 + scenario.request["max_tokens"]
    assert {body["max_tokens"] for body in server.bodies[-4:-1]} == {request_patterns.DECODED_TOKENS}
    prompts = [json.dumps(body["messages"]) for body in server.bodies]
    assert len(set(prompts)) == len(prompts), "no prompt of them is cached"
    deadline = time.monotonic() + 5
    while server.cut < request_patterns.DECODING:
        assert time.monotonic() < deadline, "the others decode on"
        time.sleep(0.01)


def test_others_that_ended_too_soon_were_no_company():
    with pytest.raises(LabError, match=r"of 3 requests ended before the recorded one: 3000 tokens were too few"):
        send("06", Answering(pause=0.02, limit=4))


def test_a_failed_request_among_others_disarms_and_cuts_them_off(monkeypatch):
    server, before = Answering(pause=0.002), threading.active_count()
    scenario, injected = scenarios.scenario("06"), Injected(server)
    chat = request_patterns.Client.chat

    def fails(self, body):
        if body == scenario.request:
            raise LabError("the server died")
        return chat(self, body)

    monkeypatch.setattr(request_patterns.Client, "chat", fails)
    with pytest.raises(LabError, match="the server died"):
        scenario.send(scenario, injected, server.port)
    assert injected.steps[-1][0] == "disarm"
    assert not [t for t in threading.enumerate() if isinstance(t, request_patterns.Decoding)], before


def test_without_chunks_every_prompt_fits_one_step():
    flags = scenarios.scenario("06").specs["vllm-gpu-off"]["flags"]
    assert int(flags[flags.index("--max-num-batched-tokens") + 1]) >= int(flags[flags.index("--max-model-len") + 1])


def test_a_prompt_takes_several_steps_and_leaves_no_part_of_a_block_to_the_cache():
    assert request_patterns.LONG_TOKENS > 2 * scenarios.BUDGET > exp05.TOKENS
    assert exp05.TOKENS % 128 == 0, "the CPU build's block; the GPUs' divide it"


@pytest.mark.parametrize("block", [16, 128])
def test_the_answer_fills_the_prompts_last_block_and_begins_another(block):
    """A GPU's block and the CPU build's."""
    scenario = scenarios.scenario("03")
    prompt, answer = scenario.workload["prompt_tokens"], scenario.request["max_tokens"]
    assert prompt % block and (prompt + answer) % block and (prompt + answer) // block == prompt // block + 1
    assert prompt <= scenarios.BUDGET


# --- several at once


@pytest.fixture
def one_role(monkeypatch, tmp_path):
    """The fake engine is one process, in which a handler's entries make an api-server."""
    text = engine_table.FILE.read_text()
    for processes in ('"api-server", "engine-core"', '"api-server", "engine-core", "worker"'):
        assert f"[{processes}]" in text
        text = text.replace(f"[{processes}]", '["api-server"]')
    (tmp_path / "engines.toml").write_text(text)
    monkeypatch.setattr(engine_table, "FILE", tmp_path / "engines.toml")


@pytest.fixture
def fakes(monkeypatch, machine, one_role):
    """Three scenarios on the fake vllm-cpu: two share a server, whose name starts with their set's."""
    cpu = {"engine": "vllm-cpu", "env": {"FAKE_MODE": "ok"}}
    both = {"vllm-cpu": cpu, "vllm-gpu": {**cpu, "env": {"FAKE_MODE": "dies"}}}
    here = {
        number: scenarios.Scenario(number, servers, specs, request_patterns.REQUEST, request_patterns.send_alone)
        for number, servers, specs in (("01", "path", {"vllm-cpu": cpu}), ("05", "small", both), ("06", "small", both))
    }
    monkeypatch.setattr(scenarios, "scenarios", lambda: here)
    return machine


class Quiet:
    def start(self, part):
        pass

    def show(self, *_):
        pass

    def finish(self, note="done"):
        pass


def record(settings, out, experiments, configurations=(), again=False):
    todo, failures = recorder.to_record(experiments, configurations, settings, out, again)
    paths, failed = recorder.record_all(todo, settings, out, Quiet())
    return [f"{path.parent.name}/{path.stem}" for path in paths], [*failures, *failed]


def test_servers_are_shared_and_one_that_dies_loses_only_its_own(fakes, tmp_path, monkeypatch, nothing_left):
    started, start = [], recorder.Server.start
    monkeypatch.setattr(recorder.Server, "start", lambda self: (started.append(self.spec.name), start(self)))
    paths, failures = record(fakes, tmp_path, ["05", "06"])
    assert started == ["small-vllm-cpu", "small-vllm-gpu"]
    assert paths == ["05/path-vllm-cpu", "06/path-vllm-cpu"]
    assert [line.split(":")[0] for line in failures] == ["05/path-vllm-gpu", "06/path-vllm-gpu"]
    assert all("\n" not in line and "died" in line for line in failures)
    made = Record(tmp_path / "06/path-vllm-cpu.json").data
    assert made["experiment"] == "06" and made["recording"]["configuration"] == "vllm-cpu"


def test_what_is_finished_is_not_repeated_unless_asked(fakes, tmp_path, capsys):
    assert record(fakes, tmp_path, ["05"], ["vllm-cpu"]) == (["05/path-vllm-cpu"], [])
    assert record(fakes, tmp_path, ["05"], ["vllm-cpu"]) == ([], [])
    assert "05/path-vllm-cpu: finished before" in capsys.readouterr().err
    assert record(fakes, tmp_path, ["05"], ["vllm-cpu"], again=True)[0] == ["05/path-vllm-cpu"]


def test_what_this_machine_cannot_run_is_a_failure_only_where_it_was_asked_for(machine, tmp_path, capsys):
    todo, failures = recorder.to_record(["06"], [], machine, tmp_path)
    assert ([one.name for one in todo], failures) == (["06/path-vllm-cpu"], [])
    assert "06/path-sglang-gpu-mixed: not recorded here: " in capsys.readouterr().err
    todo, failures = recorder.to_record(["06"], ["sglang-gpu-off"], machine, tmp_path)
    assert not todo and failures[0].startswith("06/path-sglang-gpu-off: not recorded here: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--exp", "99"], "no request is recorded in experiment '99', only in 01,"),
        (["--configuration", "vllm-gpu-off"], "experiment 01 has no configuration 'vllm-gpu-off'"),
    ],
)
def test_what_is_not_there_is_one_line(arguments, said, capsys):
    assert command.main(["record", *arguments]) == 1
    err = capsys.readouterr().err
    assert said in err and len(err.strip().splitlines()) == 1


def test_servers_that_two_scenarios_share_are_described_alike():
    found = {}
    for each in scenarios.scenarios().values():
        for name in each.specs:
            assert found.setdefault(each.spec(name).name, each.spec(name)) == each.spec(name)


def test_a_scenario_is_one_file_in_its_experiments_folder(monkeypatch, tmp_path):
    """The suites stand above the call paths, which import none of them."""
    assert [*scenarios.scenarios()] == sorted(path.parent.name[3:5] for path in scenarios.SUITES.glob("*/scenario.py"))
    (tmp_path / "exp08_new").mkdir()
    (tmp_path / "exp08_new/scenario.py").touch()
    new = scenarios.Scenario("08", "path", {}, {}, request_patterns.send_alone)
    imported = []
    monkeypatch.setattr(scenarios, "SUITES", tmp_path)
    monkeypatch.setattr(scenarios.importlib, "import_module", lambda name: (
        imported.append(name), types.SimpleNamespace(SCENARIO=new))[1])
    find = scenarios.scenarios.__wrapped__  # without the cache, which every other test shares
    assert find() == {"08": new} and imported == ["experiments.lab.suites.exp08_new.scenario"]
    (tmp_path / "exp08_new").rename(tmp_path / "exp09_new")
    with pytest.raises(LabError, match="suites/exp09_new/scenario.py: is of experiment 08; say the folder's number"):
        find()
