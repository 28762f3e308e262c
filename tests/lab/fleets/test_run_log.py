"""What a run leaves beside its records names no path, user or host, and adds up."""

import json
import platform
import types

import pytest

from experiments.lab.fleets import run_log
from experiments.lab.fleets.run_log import RunLog, anonymous
from experiments.lab.host import config
from experiments.lab.records import import_records
from experiments.lab.records.record_file import Draft, finish, sample, write


@pytest.fixture(autouse=True)
def somebody(monkeypatch):
    monkeypatch.setattr(run_log.getpass, "getuser", lambda: "ada")
    monkeypatch.setattr(platform, "node", lambda: "gpu-box-7")


def server(text="", seconds=61.25):
    spec = types.SimpleNamespace(engine="vllm", model="m", flags=("--a", "1"))
    return types.SimpleNamespace(spec=spec, started_s=seconds, text=lambda: text)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("/srv/ada/.cache/models/qwen/config.json: gone", ".../qwen/config.json: gone"),
        ('File "/opt/vllm/lib/python3.12/site-packages/torch/cuda.py", line 3', 'File ".../torch/cuda.py", line 3'),
        ("cwd=/srv/ada", "cwd=.../USER"),
        ("ada@gpu-box-7 started", "USER@HOST started"),
        ("adapter of gpu-box-77", "adapter of gpu-box-77"),
        ("GET http://127.0.0.1:8000/v1/models 200", "GET http://127.0.0.1:8000/v1/models 200"),
        ("tokens/s 3/4 and/or /health", "tokens/s 3/4 and/or /health"),
        (f"{config.ROOT}/experiments/lab/x.py", "experiments/lab/x.py"),
    ],
)
def test_a_line_of_a_log_names_no_path_user_or_host(line, kept):
    assert anonymous(line) == kept


def test_root_is_nobodys_name(monkeypatch):
    monkeypatch.setattr(run_log.getpass, "getuser", lambda: "root")
    assert anonymous("See root cause above") == "See root cause above"


def test_the_end_of_a_dead_servers_log_is_kept_for_each_death(tmp_path):
    log = RunLog(tmp_path, "gpu")
    log.stand = "stand-2"
    lines = [f"line {number}" for number in range(run_log.LINES - 1)]
    for _ in range(2):
        log.died("s", server("\n".join(["too old", *lines, "last of /srv/ada/x/y/z.py"])))
    paths = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert paths == ["stand-2-s-2.log", "stand-2-s.log"]
    lines = (tmp_path / "logs/stand-2-s.log").read_text().splitlines()
    assert len(lines) == run_log.LINES and lines[0] == "line 0" and lines[-1] == "last of .../y/z.py"


def test_a_log_that_the_disk_does_not_take_costs_nothing(tmp_path):
    (tmp_path / "logs").write_text("a file where the folder should be")
    log = RunLog(tmp_path, "gpu")
    log.stand = "stand-1"
    log.died("s", server("why it ended"))
    assert (tmp_path / "logs").is_file()


def run(out, monkeypatch, starts=30.0):
    clock = iter([0.0, 0.0, starts, starts, starts + 90.0, starts + 120.0])
    monkeypatch.setattr(run_log.time, "monotonic", lambda: next(clock))
    log = RunLog(out, "gpu")
    log.stand, log.stands = "stand-1", {"stand-1": ["05 cache"]}
    with log.spend("start"):
        log.started("s", server())
    with log.spend("measure", "05"):
        pass
    lines = log.close()
    monkeypatch.undo()
    return lines


def test_the_minutes_of_a_run_add_up_and_runs_are_added(tmp_path, monkeypatch):
    assert run(tmp_path, monkeypatch) == [
        "2.5 min in all: 0.5 starts of servers, 1.5 measuring and warm-up, 0.0 without servers, 0.5 the rest",
        "experiment 05: 1.5 min measuring, 0.0 without servers",
        "stand-1: 0.5 min starts, 1.5 measuring (05 cache)",
    ]
    run(tmp_path, monkeypatch)
    runs, starts = (json.loads((tmp_path / f"logs/{name}.json").read_text()) for name in ("run", "starts"))
    assert len(runs) == len(starts) == 2
    assert runs[0]["minutes"] == {"all": 2.5, "starts": 0.5, "measuring": 1.5, "without_servers": 0.0, "rest": 0.5}
    assert starts[0]["server"] == "s" and starts[0]["flags"] == ["--a", "1"] and starts[0]["seconds"] == 61.2
    assert starts[0]["ready_at"].endswith("Z")


def test_a_file_that_cannot_be_read_is_begun_anew(tmp_path, monkeypatch):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/run.json").write_text("{cut")
    run(tmp_path, monkeypatch)
    assert len(json.loads((tmp_path / "logs/run.json").read_text())) == 1


def test_a_run_without_servers_or_card_leaves_nothing(tmp_path):
    log = RunLog(tmp_path / "out", "cpu")
    with log.spend("alone", "05"):
        pass
    assert log.close() == [] and not (tmp_path / "out").exists()


def test_importing_passes_the_logs_over(tmp_path, monkeypatch):
    write(tmp_path / "out", *finish(Draft("a", {"seed": 1}, [sample("x", "ms", [1.0])]), "05", 0, 0))
    run(tmp_path / "out", monkeypatch)
    (path,) = import_records.bring_home(tmp_path / "out", tmp_path / "home")
    assert path == tmp_path / "home/05/a.json"
    assert [each.name for each in (tmp_path / "home").iterdir()] == ["05"]
