"""What is sent is of one host, one run and one plan, says no name of the machine, and gives at least one claim."""

import json

import pytest

from experiments.lab import __main__ as command
from experiments.lab.errors import LabError
from experiments.lab.evaluation import send_result
from experiments.lab.host import config, machine_words
from experiments.lab.records import sent_file
from tests.lab.fakes import host_records as made
from tests.lab.fakes.host_records import THERE, everything, theirs

NOTEBOOK = """
# %%
from experiments.lab.analysis import intervals
from experiments.lab.analysis.claim_book import Book
from experiments.lab.verdicts.verdict import above

book = Book("05")


@book.claim(id="hits", title="Hits", sentence="It takes {time}.", records=["hits-vllm"], tier="gpu",
            holds=above(1, "time"))
def hits(record):
    return {"time": {"value": 2.0, "unit": "count", "ci": [1.5, 2.5], "n": 2}}


@book.claim(id="price", title="Price", sentence="It takes {time}.", records=["nohits-vllm"], tier="gpu",
            holds=above(1, "time"))
def price(record):
    return {"time": {"value": 0.5, "unit": "count"}}


# %%
print(book.finish())
"""
SMALL = {"name": "Qwen3-0.6B shape", "weights": "random", "dtype": "bfloat16"}


@pytest.fixture
def root(tmp_path, monkeypatch):
    root = made.repository(tmp_path / "site")
    (root / "experiments/05_hits.py").write_text(NOTEBOOK)
    monkeypatch.setattr(config, "ROOT", root)
    monkeypatch.setattr(machine_words, "words_here", lambda: {"ada": "the user's name"})
    monkeypatch.delenv("LAB_LOCAL", raising=False)
    return root


def measured(root, *records, columns=None):
    for data in records:
        made.write(root / config.LOCAL, data, columns)


def refused(root, pattern, **words):
    before = everything(root)
    with pytest.raises(LabError, match=pattern) as caught:
        send_result.send("05", **words)
    assert "\n" not in str(caught.value) and everything(root) == before


def test_a_result_is_packed_and_summed_up(root):
    measured(root, theirs(), theirs("memory-vllm"), columns={"x": [1]})
    file, summary = send_result.send("05", by="ada-l")
    assert file == root / f"experiments/local/05-{THERE['id']}.tar.gz"
    manifest, files = sent_file.unpack(file)
    assert manifest["by"] == "ada-l" and manifest["engines"] == {"vllm": "0.32.0"} and len(files) == 4
    assert manifest["missing"] == {"price": "05/nohits-vllm.json: not measured"}
    assert "| hits: time | - | 2.00 [1.50 to 2.50] | yes |" in summary and "1 claims evaluated, 1 hold" in summary
    assert "- price: 05/nohits-vllm.json: not measured" in summary and str(root) not in summary
    first = file.read_bytes()
    assert send_result.send("05", by="ada-l")[0].read_bytes() == first


def test_the_reference_stands_beside_it(root):
    measured(root, theirs(), theirs("nohits-vllm"))
    values = {"time": {"value": 3.0, "unit": "count"}}
    claims = [{"id": "hits", "holds": True, "values": values, "host": {"label": "H"}}]
    (root / "experiments/claims").mkdir()
    (root / "experiments/claims/05.json").write_text(json.dumps({"claims": claims}))
    summary = send_result.send("05")[1]
    assert "| hits: time | 3.00 | 2.00 [1.50 to 2.50] | yes |" in summary and "Reference: H." in summary
    assert "| price: time | - | 0.500 | NO |" in summary and "Left out" not in summary


def test_nothing_measured_and_nothing_to_evaluate_are_refused(root):
    refused(root, "experiment 05: nothing was measured here yet; make experiments EXP=05")
    measured(root, theirs("memory-vllm"))
    refused(root, "none of its claims can be evaluated from these records .05/.*not measured.")


def test_a_call_path_stays_at_home(root):
    recorded = {"configuration": "x", "files": {}, "processes": [{"pid": 1, "role": "a", "name": "b"}]}
    measured(root, theirs(), made.record("path-vllm-gpu", recording=recorded))
    assert set(sent_file.unpack(send_result.send("05")[0])[1]) == {"05/hits-vllm.json"}


def test_records_of_two_hosts_or_two_labs_are_refused(root):
    measured(root, theirs(), made.record("nohits-vllm", at=made.host("GPU-3")))
    refused(root, "experiments/local/records/05: nohits-vllm.json: records of two hosts.*make experiments EXP=05")
    measured(root, theirs("nohits-vllm", lab="sha256:" + "c" * 64))
    refused(root, "nohits-vllm.json: another version of the lab made it")


def test_another_release_is_refused(root):
    measured(root, theirs(engine={**made.record()["engine"], "version": "0.33.0"}))
    refused(root, "measured on vllm 0.33.0, the pages are of 0.32.0")


def test_another_plan_may_be_sent_whole_and_never_mixed(root):
    measured(root, theirs(model=SMALL))
    assert "models: Qwen3-0.6B shape, random weights" in send_result.send("05")[1]
    measured(root, theirs("nohits-vllm"))
    refused(root, "hits-vllm.json: measured on Qwen3-0.6B shape .*, as is nohits-vllm.json: records of two plans")


@pytest.mark.parametrize(
    ("fields", "line"),
    [({"extra": {"says": "made by ada"}}, "hits-vllm.json: extra.says holds 'ada', the user's name of this machine"),
     ({"environment": {"VLLM_API_KEY": "x"}}, "environment.VLLM_API_KEY holds .*a variable that may hold a secret")],
)  # fmt: skip
def test_a_name_of_the_machine_is_refused_and_a_chance_word_is_not(root, fields, line):
    measured(root, theirs(**fields))
    refused(root, f"{line}.*; measure it again without")
    if "extra" in fields:
        assert send_result.send("05", allow=["ada"])[0].is_file()


def test_columns_are_looked_through_too(root):
    measured(root, theirs(), columns={"who": ["ada"]})
    refused(root, r"columns.who\[0\] holds 'ada'")


def test_a_bad_handle_and_a_place_that_is_none_are_refused(root, tmp_path):
    measured(root, theirs())
    refused(root, "--by a b: is no handle; letters, digits and hyphens", by="a b")
    refused(root, "cannot be written .No such file", out=tmp_path / "nowhere/x.tar.gz")


def test_it_is_sent_imported_and_listed_by_the_commands(root, capsys):
    measured(root, theirs())
    assert command.main(["send", "--exp", "05", "--by", "ada-l"]) == 0
    said = capsys.readouterr().out
    assert "open an issue of the form 'Measured on my machine'" in said and "experiments/local/05-" in said
    file = str(root / f"experiments/local/05-{THERE['id']}.tar.gz")
    assert command.main(["import", file, "--check"]) == 0
    assert f"1 files may be filed as experiments/hosts/{THERE['id']}/05" in capsys.readouterr().out
    assert command.main(["import", file]) == 0
    assert "next: make experiments EXP=05, then make verify" in capsys.readouterr().out
    assert command.main(["import", file]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert command.main(["import", file, "--reference"]) == 1
    assert "no reference; leave --reference out" in capsys.readouterr().err
    assert command.main(["hosts"]) == 0
    assert f"{THERE['id']}  05  2026-11-29    1 records  NVIDIA H200, driver 580.1" in capsys.readouterr().out
    assert command.main(["hosts", "--drop", f"{THERE['id']}/05"]) == 0
    assert capsys.readouterr().out == "no further host\n"


def test_an_error_writes_nothing_to_the_terminal_but_text(root, tmp_path, capsys):
    file = tmp_path / "x\x1b[2Jy.tar.gz"
    file.write_bytes(b"no archive")
    assert command.main(["import", str(file)]) == 1
    assert capsys.readouterr().err.startswith("x?[2Jy.tar.gz: is no .tar.gz as `make send` writes it")
