"""The tracer and the wire tap, in a three-process engine with the process layout of SGLang."""

import os
import pickle
import subprocess
import sys
import time

import pytest

from experiments.lab.callpaths import recording
from experiments.lab.inject.control import Injection, InjectionError
from tests.lab.fakes import fake_engine

pytest.importorskip("zmq")
SRT = "python/sglang/srt/managers/"


def trace(folder, method="spawn"):
    injection = Injection(folder / "inject")
    with fake_engine.Engine(folder, {**os.environ, **injection.env("trace")}, method) as engine:
        assert engine.ask("warm") == "warm"
        time.sleep(0.2)
        injection.arm()
        assert engine.ask("hello") == "hello"
        injection.disarm()
        assert engine.ask("afterwards") == "afterwards"
    return injection.read(), engine.errors


@pytest.fixture(scope="module", params=["spawn", "fork"])
def traced(request, tmp_path_factory):
    # The default base folder is short enough for the 107 bytes of a socket's path.
    lines, errors = trace(tmp_path_factory.mktemp("e"), request.param)
    assert "lab injection" not in errors
    return lines


PLAN = {
    "lines": [
        ["python/sglang/srt/managers/scheduler.py", "Scheduler.process"],
        ["python/sglang/srt/managers/tokenizer_manager.py", "TokenizerManager._send_one_request"],
    ]
}


def trace_plan(folder, plan, marked=True):
    """The recording of one request, "hello", with a plan, after one that was armed without."""
    injection = Injection(folder / "inject")
    with fake_engine.Engine(folder, {**os.environ, **injection.env("trace")}) as engine:
        engine.ask("warm")
        injection.arm()
        engine.ask("first")
        injection.disarm()
        injection.plan(plan)
        injection.arm()
        engine.ask("before")
        if marked:
            injection.mark()
        engine.ask("hello")
        time.sleep(0.05)  # the idle loop turns on
        injection.disarm()
        injection.plan(None)
        injection.arm()
        engine.ask("last")
        injection.disarm()
    lines = injection.read()
    assert not [x for x in lines if x.get("kind") == "line" and x["arming"] != 3], "another arming's plan"
    last = [x for x in lines if x.get("arming", 3) == 3]
    return recording.build(last, "sglang-gpu", turns=bool(plan.get("turns")))


def executed(columns):
    rows = zip(columns["symbol"], columns["kind"], columns["line"], columns["t_ns"], strict=True)
    return [(symbol.removeprefix(SRT), line) for symbol, kind, line, _ in rows if kind == "line"]


def text_of(name, number):
    return fake_engine.FILES[f"sglang/srt/managers/{name}"].split("\n")[number].strip()


def test_the_lines_that_ran_are_recorded_in_order_and_those_that_did_not_are_not(tmp_path):
    made, columns = trace_plan(tmp_path, PLAN)
    ran = [text_of("scheduler.py", line) for symbol, line in executed(columns) if "Scheduler.process" in symbol]
    assert ran == [
        'if req.text == "warm":', "self.queue.put(req.text)", "sock_send(self.out, BatchTokenIDOutput(self.done.get()))"
    ]
    assert {symbol for symbol, _ in executed(columns)} == {
        "scheduler.py::Scheduler.process", "tokenizer_manager.py::TokenizerManager._send_one_request"
    }
    assert {"symbol": SRT + "scheduler.py::Scheduler.process", "role": "scheduler"} in made["lines"]
    assert not [x for x in made["lines"] if x["role"] == "detokenizer"], "its process has neither module"


def turns(columns, name):
    rows = zip(columns["symbol"], columns["kind"], columns["phase"], strict=True)
    return sum(symbol.endswith(name) and kind == "start" and phase == "request" for symbol, kind, phase in rows)


def test_turns_are_counted_from_the_mark_and_each_has_its_own_entries(tmp_path):
    turn = [["python/sglang/srt/managers/scheduler.py", "each_turn"]]
    made, columns = trace_plan(tmp_path, {**PLAN, "turns": 6, "turn": turn})
    assert 3 <= turns(columns, "scheduler.py::each_turn") <= 6, "one a turn, and no more of them than were asked for"
    assert turns(columns, "generate_request") == 1, "the request before the mark is not the recorded one"
    sent = [m["t_ns"] for m in made["wire"] if m["type"] == "TokenizedGenerateReqInput"]
    first = columns["phase"].index("request")
    assert sent[0] < columns["t_ns"][first] < sent[1]


def test_in_a_turn_each_call_of_a_watched_function_counts(tmp_path):
    file = "python/sglang/srt/managers/scheduler.py"
    _, columns = trace_plan(tmp_path, {"lines": [[file, "each_turn"]], "turns": 150})
    seen = turns(columns, "::each_turn")
    assert seen > 3 and len([1 for symbol, _ in executed(columns) if symbol.endswith("::each_turn")]) == seen
    assert 1 <= turns(columns, "::idle_turn") <= 3, "of the others the first in a turn alone"


def test_a_function_that_is_not_there_is_not_among_the_watched(tmp_path):
    file = "python/sglang/srt/managers/scheduler.py"
    made, _ = trace_plan(tmp_path, {"lines": [[file, "Scheduler.nothing"], [file, "shared"]]})
    assert {x["symbol"] for x in made["lines"]} == {f"{file}::shared"}


def entries(lines, phase="request"):
    return sorted((x for x in lines if x.get("phase") == phase), key=lambda x: x["t_ns"])


def test_the_path_is_in_order_across_processes(traced):
    rec, columns = recording.build(traced, "sglang-gpu")
    role = {p["pid"]: p["role"] for p in rec["processes"]}
    seen = [
        (role[pid], symbol.removeprefix(SRT))
        for symbol, pid, phase in zip(columns["symbol"], columns["pid"], columns["phase"], strict=True)
        if phase == "request"
    ]
    wanted = [
        ("tokenizer-manager", "tokenizer_manager.py::TokenizerManager.generate_request"),
        ("tokenizer-manager", "tokenizer_manager.py::TokenizerManager._send_one_request"),
        ("scheduler", "scheduler.py::Scheduler.process"),
        ("scheduler", "scheduler.py::forward"),
        ("scheduler", "scheduler.py::forward.inner"),
        ("detokenizer", "detokenizer_manager.py::DetokenizerManager.handle"),
        ("tokenizer-manager", "tokenizer_manager.py::TokenizerManager.handle_loop"),
    ]
    at = [seen.index(hop) for hop in wanted]
    assert at == sorted(at)
    assert columns["t_ns"] == sorted(columns["t_ns"])


def test_each_thread_has_its_own_first_entry(traced):
    threads = {x["thread"] for x in entries(traced) if x["symbol"].endswith("scheduler.py::shared")}
    assert threads == {"MainThread", "forward"}


def test_first_entries_only(traced):
    _, columns = recording.build(traced, "sglang-gpu")
    keys = list(zip(*(columns[name] for name in ("pid", "thread", "symbol", "phase")), strict=True))
    assert len(keys) == len(set(keys))


def test_a_resumed_coroutine_and_a_busy_loop_say_so(traced):
    kinds = {x["symbol"].removeprefix(SRT): x["kind"] for x in entries(traced)}
    assert kinds["tokenizer_manager.py::TokenizerManager.handle_loop"] == "resume"
    assert kinds["scheduler.py::Scheduler.process"] == "start"
    assert "scheduler.py::Scheduler.event_loop" not in kinds
    standing = {x["symbol"] for x in entries(traced, "standing")}
    assert SRT + "scheduler.py::Scheduler.event_loop" in standing
    assert SRT + "scheduler.py::Scheduler.forward_thread" in standing


def test_only_the_request_is_in_the_request(traced):
    assert not [x for x in entries(traced) if x["symbol"].endswith("only_in_warm_up")]
    warm = {x["symbol"].removeprefix(SRT): x for x in entries(traced, "warmup")}
    if sys.version_info < (3, 12):
        assert not warm
    else:
        assert "scheduler.py::only_in_warm_up" in warm
        assert "scheduler.py::Scheduler" not in warm, "class bodies are no functions"


def test_what_a_polling_loop_enters_while_idle_is_not_the_requests(traced):
    rec, columns = recording.build(traced, "sglang-gpu")
    rows = list(zip(columns["symbol"], columns["phase"], columns["t_ns"], strict=True))
    (turn,) = [t for symbol, phase, t in rows if symbol.endswith("::each_turn") and phase == "request"]
    assert turn > rec["wire"][0]["t_ns"], "it was entered hundreds of times before the message came"
    (served,) = [t for symbol, phase, t in rows if symbol.endswith("Scheduler.process") and phase == "request"]
    assert turn > served, "the loop's next turn comes after the work"


def test_the_warm_up_keeps_only_what_the_request_did_not_enter(traced):
    _, columns = recording.build(traced, "sglang-gpu")
    phases = {}
    for symbol, pid, phase in zip(columns["symbol"], columns["pid"], columns["phase"], strict=True):
        phases.setdefault((symbol, pid), set()).add(phase)
    assert all(seen == {"warmup"} for seen in phases.values() if "warmup" in seen)


def test_only_the_engine_is_recorded(traced):
    assert {x["symbol"].split("/")[0] for x in traced if "symbol" in x} == {"python"}
    assert all("<" not in x["symbol"] for x in traced if "symbol" in x)


def test_the_line_is_that_of_the_first_decorator(traced):
    (entry,) = [x for x in entries(traced) if x["symbol"].endswith("Scheduler.process")]
    text = fake_engine.FILES["sglang/srt/managers/scheduler.py"].split("\n")
    assert text[entry["line"]].strip() == "@nothing"  # text starts with an empty line


def test_each_message_is_seen_once_with_its_type_and_size(traced):
    rec, _ = recording.build(traced, "sglang-gpu")
    assert {(m["transport"], m["frames"]) for m in rec["wire"]} == {("zmq", 1)}
    assert [(m["from"], m["to"], m["type"], m["symbol"].removeprefix(SRT)) for m in rec["wire"]] == [
        ("tokenizer-manager", "scheduler", "TokenizedGenerateReqInput",
         "tokenizer_manager.py::TokenizerManager._send_one_request"),
        ("scheduler", "detokenizer", "BatchTokenIDOutput", "scheduler.py::Scheduler.process"),
        ("detokenizer", "tokenizer-manager", "BatchStrOutput", "detokenizer_manager.py::DetokenizerManager.event_loop"),
    ]
    for message in rec["wire"]:
        assert message["t_ns"] <= message["to_t_ns"]
        assert message["bytes"] > len(pickle.dumps(message["type"]))


def test_files_are_digested_as_installed(traced, tmp_path):
    import hashlib

    fake_engine.write(tmp_path)
    rec, _ = recording.build(traced, "sglang-gpu")
    path = SRT + "scheduler.py"
    assert rec["files"][path] == hashlib.sha256((tmp_path / path.removeprefix("python/")).read_bytes()).hexdigest()


def python(code, **env):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)


def test_without_lab_inject_nothing_happens(tmp_path):
    env = Injection(tmp_path / "i").env("trace")
    env["LAB_INJECT"] = ""
    done = python("import sys; print(any('lab_inject' in m for m in sys.modules), len(sys.meta_path))", **env)
    assert done.stdout.split()[0] == "False" and not done.stderr


def test_a_hidden_sitecustomize_still_runs(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import os; os.environ['HIDDEN_RAN'] = __file__")
    env = Injection(tmp_path / "i").env("trace", base={"PYTHONPATH": str(tmp_path)})
    done = python("import os; print(os.environ['HIDDEN_RAN'])", **env)
    assert done.stdout.strip() == str(tmp_path / "sitecustomize.py")


def test_a_broken_injection_does_not_stop_the_engine(tmp_path):
    env = Injection(tmp_path / "i").env("trace")
    (tmp_path / "i" / "arm").unlink()
    done = python("print('up')", **env)
    assert done.stdout == "up\n" and "lab injection" in done.stderr


def test_no_new_top_level_module_for_the_engine(tmp_path):
    env = Injection(tmp_path / "i").env("trace")
    done = python("import tracer", **env)
    assert "No module named 'tracer'" in done.stderr


def test_arming_without_a_live_process_is_one_clear_line(tmp_path):
    with pytest.raises(InjectionError, match="no injected process lives"):
        Injection(tmp_path).arm(timeout=0.1)
