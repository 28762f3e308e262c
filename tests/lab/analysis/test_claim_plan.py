"""A claim rests on records of one plan: numbers of two shapes are never set beside each other."""

import types

import pytest

from experiments.lab.analysis import claim_plan, intervals
from experiments.lab.analysis.claim_book import Book
from experiments.lab.errors import LabError, NotMeasured
from experiments.lab.records.record_file import Record
from experiments.lab.verdicts.verdict import above
from tests.lab.fakes import host_records

SMALL = {"model": {"name": "Qwen3-0.6B shape", "weights": "random", "dtype": "bfloat16"},
         "workload": {"seed": 1, "plan": "24gb"}}  # fmt: skip
REAL = {"model": {"name": "SmolLM2-135M-Instruct", "weights": "real", "dtype": "bfloat16"}}
COST = {"command": ["python", "experiments/lab/workers/vllm_cost.py", "models/x"]}


def made(tmp_path, name, **fields):
    return Record(host_records.write(tmp_path, host_records.record(name, **fields)))


def test_a_claim_says_the_plan_for_smaller_cards_and_the_shape(tmp_path):
    small, cost = made(tmp_path, "small", **SMALL), made(tmp_path, "cost", **COST)
    assert claim_plan.said([small, cost], "c") == {"plan": {"name": "24gb", "shape": "Qwen3-0.6B shape"}}
    real = made(tmp_path, "real", **{**REAL, "workload": SMALL["workload"]})
    assert claim_plan.said([real], "c") == {"plan": {"name": "24gb", "shape": None}}
    assert claim_plan.said([made(tmp_path, "large"), cost], "c") == claim_plan.said([cost], "c") == {}


def test_records_of_two_plans_are_a_line(tmp_path):
    with pytest.raises(LabError) as caught:
        claim_plan.said([made(tmp_path, "a"), made(tmp_path, "b", **SMALL)], "claim x")
    assert str(caught.value) == (
        "claim x: rests on records of two plans (a.json of a large card, b.json of 24gb); measure all of one, and "
        "compare there"
    )
    other = {**SMALL, "workload": {"seed": 1, "plan": "16gb"}}
    with pytest.raises(LabError, match="two plans .b.json of 16gb, a.json of 24gb"):
        claim_plan.said([made(tmp_path, "a", **SMALL), made(tmp_path, "b", **other)], "claim x")


def test_what_a_plan_leaves_out_is_not_measured_and_of_a_large_card_is_an_error(tmp_path):
    with pytest.raises(NotMeasured, match="a.json: has no ttft {'prompt_tokens': 16384}, which plan 24gb leaves out"):
        made(tmp_path, "a", **SMALL).values("ttft", prompt_tokens=16384)
    with pytest.raises(LabError, match="0 series match") as caught:
        made(tmp_path, "b").values("ttft", prompt_tokens=16384)
    assert not isinstance(caught.value, NotMeasured)


def test_a_book_refuses_the_mixture(tmp_path):
    records = tmp_path / "experiments/records"
    host_records.write(records, host_records.record("a"))
    host_records.write(records, host_records.record("b", **SMALL))
    book = Book("05", "reference", tmp_path)
    with pytest.raises(LabError, match="experiment 05: claim mixed: rests on records of two plans"):
        book.claim(id="mixed", title="t", sentence="s", records=["a", "b"], tier="gpu", holds=above(1, "x"))(
            lambda a, b: types.SimpleNamespace()
        )


def test_a_hosts_folder_is_the_plans_own():
    assert claim_plan.folder("abc", "05", {}) == "experiments/hosts/abc/05"
    assert claim_plan.folder("abc", "05", {"LAB_PLAN": "24gb"}) == "experiments/plans/24gb/abc/05"


def test_what_a_plan_has_nothing_of_is_left_out_and_of_a_large_card_is_an_error(tmp_path):
    """A bound set for the large shape, such as gaps of over 100 ms, may lie where a small shape's times never come."""
    records = tmp_path / "experiments/records"
    host_records.write(records, host_records.record("small", **SMALL))
    host_records.write(records, host_records.record("large"))
    book = Book("05", "reference", tmp_path)

    def claimed(name):
        book.claim(id=name, title="t", sentence="{ratio}", records=[name], tier="gpu", holds=above(1, "ratio"),
                   set_by="gpu")(lambda record: {"ratio": intervals.value(float("nan"), "x")})  # fmt: skip

    claimed("small")
    assert not book.claims and not book.halved
    assert book.skipped["small"].endswith("no finite number; plan 24gb has nothing of what the claim is about")
    with pytest.raises(LabError, match="no finite number$"):
        claimed("large")
