"""The same notebook on a plan's records: a column of its own, never mixed with the reference, verified like it."""

import json

import pytest

from experiments.lab.errors import LabError
from experiments.lab.evaluation import plan_claims
from tests.lab.fakes import host_records

NOTEBOOK = '''# %%
from pathlib import Path

from experiments.lab.analysis import intervals
from experiments.lab.analysis.claim_book import Book
from experiments.lab.verdicts.verdict import above

book = Book("05", root=Path(__file__).parents[1])

# %%
@book.claim(id="faster", title="t", sentence="{ratio} times.", records=["on", "off"], tier="gpu",
            holds=above(1.2, "ratio", by="value"), set_by="gpu")
def faster(on, off):
    return {"ratio": intervals.value(off.values("ttft")[0] / on.values("ttft")[0], "1")}


@book.claim(id="long", title="t", sentence="{ms}.", records=["on"], tier="gpu", holds=above(0, "ms"), set_by="gpu")
def long(on):
    return {"ms": intervals.value(on.values("ttft", prompt_tokens=16384)[0], "ms")}


@book.claim(id="cost", title="t", sentence="{us}.", records=["cost"], tier="gpu", holds=above(0, "us"), set_by="gpu")
def cost(run):
    return {"us": intervals.value(run.values("ttft")[0], "us")}


# %%
book.finish()
'''
MODEL = {"name": "Qwen3-0.6B shape", "weights": "random", "dtype": "bfloat16"}
FIRST, SECOND = host_records.host("GPU-1"), host_records.host("GPU-2")


def put(root, host, name, ms, plan="24gb", command=None, started="2026-11-29T10:00:00Z"):
    fields = {"command": command} if command else {}
    if plan:
        fields |= {"model": MODEL, "workload": {"seed": 1, "plan": plan}}
    samples = [{"name": "ttft", "unit": "ms", "labels": {}, "values": [ms, ms]}]
    data = host_records.record(name, host, samples=samples, started=started, **fields)
    return host_records.write(root / f"experiments/plans/24gb/{host['id']}", data)


@pytest.fixture
def root(tmp_path):
    """A repository whose one notebook has the records of two hosts with a plan; the second one's verdict is another."""
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments/05_test.py").write_text(NOTEBOOK)
    put(tmp_path, FIRST, "on", 10.0)
    put(tmp_path, FIRST, "off", 20.0)
    put(tmp_path, FIRST, "cost", 5.0, "", ["python", "experiments/lab/workers/vllm_cost.py"])
    put(tmp_path, SECOND, "on", 10.0, started="2026-11-30T10:00:00Z")
    put(tmp_path, SECOND, "off", 11.0, started="2026-11-30T10:00:00Z")
    return tmp_path


def test_a_plans_claims_are_a_file_of_their_own_with_every_host_and_without_what_it_leaves_out(root):
    (path,) = plan_claims.write("05", root)
    assert path == root / "experiments/claims/24gb/05.json" and not (root / "experiments/claims/05.json").exists()
    data = json.loads(path.read_text())
    assert (data["plan"], [claim["id"] for claim in data["claims"]]) == ("24gb", ["faster"])
    (claim,) = data["claims"]
    assert claim["plan"] == {"name": "24gb", "shape": "Qwen3-0.6B shape", "comparable": True, "by_values": False}
    assert claim["holds"] is False and claim["range"] == {}
    assert [(host["id"], host["holds"]) for host in claim["hosts"]] == [(FIRST["id"], True), (SECOND["id"], False)]
    assert claim["records"][0]["path"] == f"experiments/plans/24gb/{FIRST['id']}/05/on.json"
    assert plan_claims.differences("05", root) == []


def test_without_a_plans_records_nothing_is_written(root):
    assert plan_claims.write("06", root) == [] and plan_claims.differences("06", root) == []


def test_a_record_that_changed_is_found(root):
    plan_claims.write("05", root)
    put(root, FIRST, "off", 30.0)
    (line,) = plan_claims.differences("05", root)
    assert line.startswith("experiments/claims/24gb/05.json: claim faster: ratio is 3.0 1 now, was 2.0 1, records")
    assert line.endswith("; write it again: make experiments EXP=05")


def test_a_file_that_lacks_a_claim_or_has_one_too_many_is_found(root):
    (path,) = plan_claims.write("05", root)
    data = json.loads(path.read_text())
    data["claims"][0]["id"] = "slower"
    path.write_text(json.dumps(data))
    assert [line.split(";")[0] for line in plan_claims.differences("05", root)] == [
        "experiments/claims/24gb/05.json: claim faster is not there yet",
        "experiments/claims/24gb/05.json: claim slower is no more what the records give",
    ]
    path.write_text("{")
    with pytest.raises(LabError, match="experiments/claims/24gb/05.json: cannot be read .*; write it again"):
        plan_claims.differences("05", root)


@pytest.mark.parametrize(("plan", "line"), [
    ("16gb", "claim faster rests on records of 16gb; move them to that plan's folder"),
])
def test_records_of_another_plan_in_the_folder_are_a_line(root, plan, line):
    for name in ("on", "off"):
        put(root, FIRST, name, 10.0, plan)
    with pytest.raises(LabError, match=line):
        plan_claims.write("05", root)
    put(root, FIRST, "off", 10.0, "24gb")
    with pytest.raises(LabError, match="claim faster: rests on records of two plans"):
        plan_claims.write("05", root)
    assert not (root / "experiments/claims").exists()


def test_a_folder_that_is_no_hosts_is_a_line(root):
    (root / "experiments/plans/24gb/mine").mkdir()
    with pytest.raises(LabError, match="experiments/plans/24gb/mine: is no host's id"):
        plan_claims.hosts("24gb", "05", root)


def test_a_verdict_that_fails_for_its_intervals_alone_holds_by_values(root):
    """The claim's code gives `ratio` an interval; what the values say beside it is told apart on the card."""
    code = (root / "experiments/05_test.py").read_text()
    (root / "experiments/05_test.py").write_text(
        code.replace('by="value"', 'by="interval"').replace(
            'intervals.value(off.values("ttft")[0] / on.values("ttft")[0], "1")',
            '{"value": off.values("ttft")[0] / on.values("ttft")[0], "unit": "1", "ci": [1.0, 3.0], "digits": 3}',
        )
    )
    (claim,) = plan_claims.evaluated("24gb", "05", root)
    assert claim["holds"] is False and claim["plan"]["by_values"] is False  # the second host is below the bound
    put(root, SECOND, "off", 20.0)
    (claim,) = plan_claims.evaluated("24gb", "05", root)
    assert claim["holds"] is False and claim["plan"]["by_values"] is True
