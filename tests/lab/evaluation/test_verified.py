"""What is unchanged since it was verified is not evaluated again; nothing that has changed is taken for unchanged."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.lab.evaluation import verified
from experiments.lab.host.config import ROOT
from experiments.lab.records import record_file
from experiments.lab.records.record_file import Draft, sample

# Reads more than its records: a file beside them by hand, a folder, and a module that a function imports.
NOTEBOOK = """\
# %%
from pathlib import Path

from experiments.lab.analysis import intervals
from experiments.lab.analysis.claim_book import Book
from experiments.lab.verdicts.verdict import above, all_of, fact

book = Book("01")
LIMIT = float((Path(__file__).parent / "limit.txt").read_text())
ROOMS = len(list((Path(__file__).parent / "rooms").glob("*")))


# %%
@book.claim(id="twice", title="Twice", sentence="Slow takes {ratio}.", records=["fast", "slow"], tier="cpu",
            holds=all_of(fact("kept", "it is kept"), above(LIMIT, "ratio")), set_by="processor")
def twice(fast, slow):
    from experiments.lab.analysis import roofline  # loaded late

    ratio = intervals.ratio(slow.values("ttft"), fast.values("ttft"))
    sizes = {len(set(record.columns["t"])) for record in (fast, slow)}
    kept = roofline.floor_ms(1e12, 1.0) == 1000.0 and sizes == {3} and ROOMS == 1
    return {"ratio": ratio}, {"kept": kept}


book.finish()
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A repository of its own with the lab's code, one notebook, two records with columns, and its claims verified."""
    root = tmp_path_factory.mktemp("verified") / "repository"
    folder = root / "experiments"
    for package in (ROOT / "experiments").glob("*/__init__.py"):
        shutil.copytree(package.parent, folder / package.parent.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "experiments/__init__.py", folder)
    (root / "snippets").mkdir()
    for name in ("engines.toml", "pins.toml"):
        shutil.copy(ROOT / "snippets" / name, root / "snippets")
    (folder / "01_test.py").write_text(NOTEBOOK)
    (folder / "limit.txt").write_text("1.5\n")
    (folder / "rooms").mkdir()
    (folder / "rooms/one").touch()
    for name, base in (("fast", 10.0), ("slow", 20.0)):
        draft = Draft(
            name, {"seed": 1}, [sample("ttft", "ms", [base + i / 10 for i in range(20)])], columns={"t": [1, 2, 3]}
        )
        record_file.write(folder / "records", *record_file.finish(draft, "01", time.time(), 1))
    write = (
        "from pathlib import Path; from experiments.lab.analysis import notebook_runner; "
        "from experiments.lab.evaluation import host_claims, host_ranges; "
        "notebook_runner.evaluate('01', 'reference'); "
        "host_claims.write('01', Path.cwd()); host_ranges.write(Path.cwd())"
    )
    subprocess.run([sys.executable, "-c", write], cwd=root, env=_environment(), check=True)
    time.sleep(0.1)  # what was written as late as this is taken for a change during the evaluation
    done = verify(root)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1 claims are as written; 0 of 1 experiments unchanged since they were verified\n"
    return root


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": ""}


@pytest.fixture
def root(made, tmp_path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "repository"))


def verify(root: Path, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "experiments.lab", "verify", *words]
    return subprocess.run(command, cwd=root, env=_environment(), capture_output=True, text=True, check=False)


def test_what_is_unchanged_is_not_evaluated_again_unless_all_is_asked_for(root):
    assert "1 of 1 experiments unchanged" in verify(root).stdout
    assert "0 of 1 experiments unchanged" in verify(root, "--all").stdout


def test_every_input_changed_by_one_byte_is_evaluated_again(root):
    inputs = json.loads(verified.kept_in("01", root).read_text())["files"]
    expected = {f"experiments/{name}" for name in (
        "01_test.py", "claims/01.json", "limit.txt", "__init__.py", "lab/schema/record.schema.json",
        "records/01/fast.json", "records/01/fast.columns.json.gz", "records/01/slow.json",
        "records/01/slow.columns.json.gz", "lab/analysis/intervals.py", "lab/analysis/roofline.py",
        "lab/analysis/claim_book.py", "lab/verdicts/verdict.py", "lab/analysis/notebook_runner.py",
        "lab/evaluation/committed_claims.py",
        "lab/evaluation/verified.py", "lab/evaluation/verify_claims.py",
        "lab/evaluation/reevaluate_claims.py", "lab/records/record_file.py",
    )}
    assert set(inputs) >= expected
    assert verified.unchanged("01", root) == 1
    for name in inputs:
        file = root / name
        before = file.read_bytes()
        file.write_bytes(bytes([before[0] ^ 1]) + before[1:] if before else b"#")
        assert verified.unchanged("01", root) is None, name
        file.write_bytes(before)
        assert verified.unchanged("01", root) == 1, name
        file.rename(root / "away")
        assert verified.unchanged("01", root) is None, name
        (root / "away").rename(file)


def test_what_is_no_input_has_no_say_in_the_claims(root):
    """Every other file of the lab broken, the evaluation gives the same: it is right that it is not looked at."""
    inputs = set(json.loads(verified.kept_in("01", root).read_text())["files"])
    broken = 0
    for file in (root / "experiments").rglob("*.py"):
        if file.relative_to(root).as_posix() not in inputs:
            file.write_text("raise SystemError('this was loaded')\n")
            broken += 1
    assert broken > 50 and verified.unchanged("01", root) == 1
    command = [sys.executable, "-m", "experiments.lab.evaluation.reevaluate_claims", "01", str(root)]
    done = subprocess.run(command, cwd=root, env=_environment(), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["wrong"] == []


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("limit.txt", "9\n", "claim twice: holds"),
        ("rooms/two", "", "claim twice: holds"),
        ("lab/analysis/roofline.py", "def floor_ms(*_):\n    return 0\n", "claim twice: holds"),
        ("records/01/fast.json", "{}", "01/fast.json"),
        ("records/01/fast.columns.json.gz", "x", "fast.columns.json.gz has another digest"),
        ("claims/01.json", '{"claims": []}', "lacks the notebook's claim twice"),
        ("01_other.py", "", "2 files, one expected"),
    ],
)
def test_a_fault_is_found_although_it_was_verified_before_and_again_after_it_failed(root, file, text, said):
    (root / "experiments" / file).write_text(text)
    for _ in range(2):  # a failure is not remembered
        done = verify(root)
        assert done.returncode == 1 and said in done.stderr, done.stdout + done.stderr
        assert done.stderr.count("\n") == 1


def test_another_python_or_package_is_evaluated_again(root, monkeypatch):
    monkeypatch.setattr(sys, "version", "3.99.0")
    assert verified.unchanged("01", root) is None
    monkeypatch.undo()
    packages = root / "site-packages"
    (packages / "numpy-99.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(packages)
    assert verified.unchanged("01", root) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "verified/0"}', '{"schema": "verified/1", "files": 3}'])
def test_a_damaged_note_counts_for_nothing(root, text):
    verified.kept_in("01", root).write_text(text)
    assert verified.unchanged("01", root) is None
    assert "0 of 1 experiments unchanged" in verify(root).stdout
    assert verified.unchanged("01", root) == 1


def test_what_changed_while_it_was_read_is_not_remembered(tmp_path):
    folder = tmp_path / "experiments/records/01"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text("1")
    inputs = (["experiments/records/01/a.json"], ["experiments/records/01"])
    verified.remember("01", tmp_path, 1, inputs, started_ns=0)
    assert not verified.kept_in("01", tmp_path).exists()
    verified.remember("01", tmp_path, 1, inputs, started_ns=verified.now_ns() + 10**9)
    assert verified.unchanged("01", tmp_path) == 1
    (folder / "b.json").touch()
    assert verified.unchanged("01", tmp_path) is None


def test_another_experiment_of_a_host_is_seen_with_a_plan_too(tmp_path):
    for name in ("hosts/" + "a" * 16, "plans/24gb/" + "a" * 16):
        (tmp_path / "experiments" / name).mkdir(parents=True)
    _, folders = verified.Reads(tmp_path).inputs("01")
    assert {f"experiments/hosts/{'a' * 16}", f"experiments/plans/24gb/{'a' * 16}"} <= set(folders)
