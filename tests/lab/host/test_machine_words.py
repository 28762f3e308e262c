"""What a record says of its machine is what is measured on; no path, no name of user or host, no key."""

import getpass
import platform
import time
from pathlib import Path

import pytest

from experiments.lab.host import machine_words
from experiments.lab.records import record_file
from experiments.lab.records.record_file import Draft
from tests.lab.fakes import host_records as made

HOME = "/" + "home/ada"
WORDS = {HOME: "the home folder", "ada": "the user's name", "engine-room": "the host's name"}


def found(words=WORDS, columns=None, **fields):
    return machine_words.first_found(made.record(**fields), columns, words)


def test_a_record_of_the_lab_is_clean():
    assert found() is None


@pytest.mark.parametrize(
    ("fields", "field", "word"),
    [
        ({"command": ["python", f"{HOME}/x"]}, "command[1]", HOME),
        ({"environment": {"VLLM_NAME": "engine-room"}}, "environment.VLLM_NAME", "engine-room"),
        ({"environment": {"VLLM_API_KEY": "x"}}, "environment.VLLM_API_KEY", "VLLM_API_KEY"),
        ({"extra": {"warnings": ["loaded by ada."]}}, "extra.warnings[0]", "ada"),
        ({"extra": {"says": "in /scratch only"}}, "extra.says", "/scratch"),
        ({"workload": {"seed": 1, "file": "/" + "etc/prompts.json"}}, "workload.file", "/" + "etc/prompts.json"),
        ({"extra": {"ada": 1}}, "extra.ada", "ada"),
    ],
)
def test_what_a_machine_is_called_is_found_with_its_field(fields, field, word):
    assert found(**fields)[:2] == (field, word)


def test_columns_are_looked_through():
    path = "/" + "srv/models/b"
    assert found(columns={"symbol": ["a", path]}) == ("columns.symbol[1]", path, "a path")


@pytest.mark.parametrize(
    "text",
    ["GET /v1/chat/completions", "tok/s and 1/2", "vllm/core/x.py", "http://127.0.0.1/v1/models", "Canada", "a-ada"],
)
def test_what_only_looks_like_it_is_left_alone(text):
    assert found(extra={"says": text}) is None
    assert machine_words.without_paths({"says": [text]}) == {"says": [text]}


def test_the_words_of_this_machine_leave_out_what_says_nothing(monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: "engine-room.example.org")
    monkeypatch.setattr(getpass, "getuser", lambda: "root")
    monkeypatch.setattr(Path, "home", lambda: Path(HOME))
    assert set(machine_words.words_here()) == {HOME, "engine-room.example.org", "engine-room"}
    monkeypatch.setattr(getpass, "getuser", lambda: (_ for _ in ()).throw(KeyError("no name")))
    monkeypatch.setattr(platform, "node", lambda: "x")
    assert set(machine_words.words_here()) == {HOME}


def test_the_lab_writes_no_path_of_a_log_into_a_record():
    lines = [f"WARN chunked prefill: {HOME}/.cache/model.json not found", "in /" + "tmp"]
    said = {"warnings": lines, "says": {"page_size": 1}}
    record, _ = record_file.finish(Draft("rate", {"seed": 1}, extra=said), "01", time.time(), 1)
    assert record["extra"] == {
        "warnings": ["WARN chunked prefill: model.json not found", "in tmp"], "says": {"page_size": 1}
    }  # fmt: skip
    assert machine_words.first_found(record, None, WORDS) is None


def test_the_lab_writes_no_key_of_an_engine_s_environment(machine):
    from experiments.lab.host import interpreters

    name = next(name for name, python in machine.pythons.items() if python)
    python = machine.pythons[name]
    told = "#!/bin/sh\nexport VLLM_API_KEY=secret VLLM_COLOUR=blue\n"
    python.write_text(python.read_text().replace("#!/bin/sh\n", told, 1))
    environment = interpreters.engine(name, machine)["environment"]
    assert environment["VLLM_COLOUR"] == "blue" and "VLLM_API_KEY" not in environment
