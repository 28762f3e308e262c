"""Claims with a plan for smaller cards: what of them can be set beside the reference, and what is wrong in a line."""

import pytest

from scripts.measured import claim_reader, plan_claims
from tests.scripts.fixtures import plan_of_24gb
from tests.scripts.fixtures.small_site import Site, one_line


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def load(site):
    return plan_claims.load_all(site.root, claim_reader.load_all(site.root))


def test_ratios_and_counts_of_a_plan_stand_beside_the_reference_and_times_do_not(site):
    assert load(site) == {}
    plan_of_24gb.save(site, [plan_of_24gb.planned(site, holds=False)])
    ((one,),) = load(site).values()
    assert (one.name, one.model, one.orders, one.values) == ("24 GB plan", "Qwen3-0.6B shape", True, ("share", "steps"))
    assert one.said({"share": "waiting"}) == "24 GB plan, Qwen3-0.6B shape: does not hold; waiting 44.0%; steps 40"
    (claim,) = claim_reader.load_all(site.root).values()
    assert claim.holds and len(claim.hosts) == 1 and claim.range_of("share") is None  # nothing of it is the reference's


def test_a_verdict_on_times_is_not_told_and_a_claim_of_times_alone_neither(site):
    plan_of_24gb.save(site, [plan_of_24gb.planned(site, comparable=False)])
    ((one,),) = load(site).values()
    assert one.said({}) == "24 GB plan, Qwen3-0.6B shape: share 44.0%; steps 40"
    times = {name: {"kind": "gpu", "set_by": "gpu"} for name in plan_of_24gb.KINDS}
    plan_of_24gb.save(site, [plan_of_24gb.planned(site, comparable=False, kinds=times)])
    assert load(site) == {}


def test_a_model_of_the_reference_has_no_other_shape(site):
    same = {"name": "24gb", "shape": None, "comparable": True, "by_values": True}
    plan_of_24gb.save(site, [plan_of_24gb.planned(site, plan=same)])
    assert load(site)["wait"][0].model == "same model"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"id": "late"}, "claim late: is none of the reference's claims; write it again: make experiments"),
        ({"plan": {"name": "16gb", "shape": None}}, "claim wait: says another plan than 24gb"),
        ({"plan": {"name": "24gb", "shape": None}}, "or not whether and how it can be compared"),
        ({"pin": {"vllm": "0.31.0"}}, "claim wait: is of other releases than the reference (vllm 0.32.0)"),
        ({"range": {"share": {"low": 1, "high": 2, "kind": "count"}}}, "claim wait: has ranges"),
    ],
)
def test_what_the_reference_contradicts_is_refused(site, changed, said):
    plan_of_24gb.save(site, [plan_of_24gb.planned(site, **changed)])
    one_line(lambda: load(site), f"{plan_of_24gb.FILE}: ", said)


def test_a_file_in_the_wrong_place_or_with_records_of_another_host_is_refused(site):
    claim = plan_of_24gb.planned(site)
    plan_of_24gb.save(site, [claim], plan="16gb")
    one_line(lambda: load(site), f"{plan_of_24gb.FILE}: is of another plan or experiment than its place says")
    claim["hosts"][0]["records"] = site.claim["records"]
    plan_of_24gb.save(site, [claim])
    one_line(lambda: load(site), "rests on experiments/records/01/ttft.json, of another host or plan")
    (site.root / plan_of_24gb.FILE).write_text("{")
    one_line(lambda: load(site), f"{plan_of_24gb.FILE}: cannot be read")
