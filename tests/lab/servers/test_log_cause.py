"""The line of a log that says why an engine ended."""

import shutil

import pytest

from experiments.lab.servers import log_cause

OPTIONS = "INFO non-default args: {'gpu_memory_utilization': 0.25, 'port': 8000}"
WRAPPED = "(APIServer pid=7) RuntimeError: Engine core initialization failed. See root cause above."


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("(EngineCore pid=8) ERROR torch.OutOfMemoryError: CUDA out of memory.", "CUDA out of memory"),
        ("ValueError: Free memory on device (10/140 GiB) is less than desired", "Free memory on device"),
        ("ModuleNotFoundError: No module named 'xgrammar'", "No module named 'xgrammar'"),
        ("\x1b[31mapi_server.py: error: unrecognized arguments: --foo\x1b[0m", "unrecognized arguments: --foo"),
        ("OSError: [Errno 98] Address already in use", "Address already in use"),
    ],
)
def test_the_cause_is_told_and_not_what_follows_from_it(line, shown):
    found = log_cause.cause("\n".join(["lab: server process 7", OPTIONS, line, "  at somewhere", WRAPPED, ""]))
    assert shown in found and "\n" not in found and "\x1b" not in found and "Engine core init" not in found


DEAD = "(APIServer pid=7) ERROR [serving.py:929] vllm.v1.engine.exceptions.EngineDeadError: EngineCore had an issue"
LIMIT = "(APIServer pid=7) WARNING [system_utils.py:255] This can cause fd limit errors like `OSError: [Errno 24]`"


def test_what_an_engine_says_when_its_core_is_gone_is_told_only_where_nothing_says_why():
    why = "(EngineCore pid=8) ERROR [core.py:9] torch.AcceleratorError: CUDA error: an illegal memory access"
    assert "illegal memory access" in log_cause.cause("\n".join([LIMIT, why, DEAD]))
    assert "EngineDeadError" in log_cause.cause("\n".join([LIMIT, OPTIONS, DEAD]))


@pytest.mark.parametrize("said", [
    "ERROR [core_client.py:9] Engine core proc EngineCore_DP0 died unexpectedly, shutting down client.",
    "Rank 0 scheduler is dead. Please check if there are relevant logs.",
])
def test_a_process_of_the_engine_that_was_killed_is_named(said):
    assert log_cause.cause("\n".join([OPTIONS, f"(APIServer pid=7) {said}", DEAD])) == said


def test_without_an_error_the_last_line_and_of_nothing_that():
    assert log_cause.cause(f"{OPTIONS}\nloading weights\n") == "loading weights"
    assert log_cause.cause("lab: server process 7\n") == "its log is empty"


def test_the_last_lines_that_tell_of_an_error_each_once_and_at_most_five():
    lines = [f"(EngineCore pid=8) ERROR failure {number}" for number in range(7)]
    text = "\n".join(["lab: Error of ours", *lines, "INFO fine", lines[-1], f"ValueError: {'x' * 300}"])
    found = log_cause.last_errors(text)
    assert found[:4] == [f"ERROR failure {number}" for number in (3, 4, 5, 6)]
    assert found[4].startswith("ValueError: xxx") and len(found[4]) == 200
    assert log_cause.last_errors(f"{OPTIONS}\nloading weights\n") == []


def test_of_a_full_disk_no_log_can_tell(tmp_path, monkeypatch):
    assert log_cause.full_disk(tmp_path) == ""
    assert log_cause.full_disk(tmp_path / "gone") == ""
    usage = shutil.disk_usage(tmp_path)._replace(free=4096)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    assert log_cause.full_disk(tmp_path) == "; the disk is full, so that the log may lack why: make room"
