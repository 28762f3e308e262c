"""A new engine is one module and one entry: the toy is measured, recorded and read with nothing of the lab changed."""

import ast
import types
from pathlib import Path

import pytest

from experiments.lab.callpaths import recorder, request_patterns
from experiments.lab.callpaths.scenario import Scenario
from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.host import config, engine_table, interpreters
from experiments.lab.host.progress import Progress
from experiments.lab.load.streaming_client import Client
from experiments.lab.records import record_file
from experiments.lab.records.record_file import Draft, Record, sample
from experiments.lab.servers import adapter_lookup, base, sglang, vllm
from experiments.lab.servers.server_spec import ServerSpec
from experiments.lab.suites.common import shape_servers
from tests.lab.fakes import toy_engine

LAB = Path(__file__).resolve().parents[3] / "experiments/lab"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    interpreters._probe.cache_clear()
    folder = tmp_path / "toy"
    folder.mkdir()
    return toy_engine.install(folder, monkeypatch)


def test_the_toy_is_measured(toy, tmp_path, nothing_left):
    def measure(ctx):
        server = ctx.server("toy-one")
        with Client(server.port) as client:
            reply = client.chat({"messages": [{}], "stream": True})
        yield Draft("toy-time", {"seed": 1}, [sample("ttft", "ms", [reply.first_text_ms()])], server=server)

    spec = ServerSpec("toy-one", "toy", flags=adapter_lookup.adapter("toy").room(64, 0, "0.1", "0.9"))
    suite = [Fleet("toys", ("toy-time",), measure, (spec,), minutes=0.1)]
    assert suite_runner.measure("01", "cpu", toy, tmp_path, suite=suite) == []
    record = Record(tmp_path / "01/toy-time.json").data
    assert (record["engine"]["name"], record["engine"]["version"]) == ("toy", "1.5")
    start = ["python", "-m", "toy.serve", "--weights", "models/smollm2-135m"]
    assert record["command"][:5] == start and record["command"][-2:] == ["--tokens", "64"]
    assert record["environment"]["TOY_COLOUR"] == "blue"


def test_the_toys_path_is_recorded(toy, tmp_path, monkeypatch, nothing_left):
    monkeypatch.setattr(request_patterns, "SETTLE_S", 0.1)
    specs = {"toy-cpu": {"engine": "toy"}}
    plan = {"lines": [["vllm/x.py", "f"], ["toy/serve.py", "Handler.do_PUT"]]}
    scenario = Scenario("01", "path", specs, request_patterns.REQUEST, request_patterns.send_alone, plan)
    one = recorder.PathToRecord(scenario, "toy-cpu")
    paths, failures = recorder.record_all([one], toy, tmp_path, Progress({one.name: one.estimate_s}))
    assert not failures
    made = Record(paths[0])
    assert {process["role"] for process in made.data["recording"]["processes"]} == {"door"}
    assert {message["to"] for message in made.data["recording"]["wire"]} == {"door", "client"}
    assert "toy/serve.py::Handler.do_POST" in made.columns["symbol"]
    assert recorder.unwatched(one, made.data["recording"]) == ["Handler.do_PUT"]


def test_the_toy_is_read_as_it_says_of_itself():
    server = types.SimpleNamespace(spec=ServerSpec("t", "vllm"), text=lambda: "speed=9\nother=1")
    engine = toy_engine.ADAPTER
    assert engine.settings_said(server, ("speed",)) == {"speed": "9"}
    assert engine.hit_tokens({'toy:reused_total{a="b"}': 5.0, "toy:other": 1.0}) == 5.0
    assert engine.hit_tokens({}) == 0.0
    assert engine.metric("x") == "toy:x"


def test_the_shapes_servers_take_the_toy(toy):
    spec = shape_servers.spec("toy", "toy-one", 1000, "--more")
    assert spec.flags == ("--tokens", "1000", "--more") and spec.dummy
    served = types.SimpleNamespace(spec=spec, port=1)
    assert shape_servers.kv_used(served, {"toy:tokens_held": 7.0}) == 7.0


def test_its_interpreter_can_be_named_like_the_others(toy, tmp_path):
    found = config.load(tmp_path, {"LAB_TOY_PYTHON": str(toy.pythons["toy"])})
    assert found.pythons["toy"] == toy.pythons["toy"]
    with pytest.raises(LabError, match="toy: no interpreter has it; .*LAB_TOY_PYTHON"):
        interpreters.engine("toy", config.load(tmp_path, {}))


def test_both_engines_have_an_adapter_of_their_own():
    kinds = {build: type(adapter_lookup.adapter(build)) for build in engine_table.table().builds}
    assert kinds == {"vllm": vllm.Vllm, "vllm-cpu": vllm.Vllm, "sglang": sglang.Sglang, "sglang-cpu": sglang.Sglang}


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("tests.lab.fakes.toy_engine", "tests.lab.fakes.nothing", "adapter tests.lab.fakes.nothing: No module named"),
        ("tests.lab.fakes.toy_engine", "tests.lab.fakes.fake_vllm", "adapter tests.lab.fakes.fake_vllm: .*ADAPTER"),
        ('front = "door"', "", "engines.toml: lacks or has too much: 'front'"),
        ("start_s = 1", "colour = 1", "engines.toml: lacks or has too much: .*colour"),
        ('build = "toy"', "build = toy", "engines.toml: cannot be read"),
    ],
)
def test_a_wrong_entry_is_one_line(toy, old, new, line):
    engine_table.FILE.write_text(engine_table.FILE.read_text().replace(old, new))
    with pytest.raises(LabError, match=line) as caught:
        adapter_lookup.adapter("toy")
    assert "\n" not in str(caught.value)


# Where an engine's name may stand: its own module, tools that are vLLM's, what an experiment measures and shows, and
# what serves a reader's own requests with both.
NAMED = ("servers/vllm.py", "servers/sglang.py", "load/vllm_bench.py", "fleets/compile_ahead.py", "analysis/",
         "suites/common/counted.py", "suites/exp", "workers/", "play/")  # fmt: skip


def test_no_engine_is_named_above_its_own_module():
    found = []
    for path in sorted(LAB.rglob("*.py")):
        where = path.relative_to(LAB).as_posix()
        for node in ast.walk(ast.parse(path.read_text())) if not where.startswith(NAMED) else ():
            if isinstance(node, ast.Constant) and node.value in engine_table.table().builds:
                found.append(f"{where}:{node.lineno} {node.value}")
    assert not found


def test_an_unknown_engine_is_one_line():
    with pytest.raises(LabError, match="'trt' is no engine; known: vllm, vllm-cpu, sglang, sglang-cpu"):
        adapter_lookup.adapter("trt")


def test_a_record_of_an_engine_that_has_no_entry_is_refused():
    engine = {"name": "trt", "version": "1", "distribution": "t", "distribution_version": "1",
              "digest": "sha256:" + "0" * 64, "python": "3", "torch": None, "cuda": None}  # fmt: skip
    draft = Draft("a", {}, [sample("x", "ms", [1.0])], engine=engine)
    with pytest.raises(LabError, match=r"a: engine.name: 'trt' is not known \(known: vllm, sglang\)"):
        record_file.finish(draft, "01", 0, 1)


def test_an_engine_must_say_all_that_the_lab_asks():
    class Half(base.Engine):
        def start(self, model: str, distribution: str) -> list[str]:
            return []

    with pytest.raises(TypeError, match="kv_used"):
        Half()
