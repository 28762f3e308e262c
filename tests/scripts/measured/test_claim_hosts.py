"""A claim's hosts: their verdicts in words, their values in text, and each way in which they contradict the claim."""

import json

import pytest

from scripts.measured import claim_reader
from tests.scripts.fixtures.several_hosts import IDS, on_hosts, share
from tests.scripts.fixtures.small_site import Site, one_line

RANGE = {"share": {"low": 55.04, "high": 70, "kind": "ratio-gpu"}}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def read(site, *arguments, **changed):
    site.save_claims([on_hosts(site, *arguments, **changed)])
    return claim_reader.load_all(site.root)["wait"]


@pytest.mark.parametrize(
    ("verdicts", "verdict", "state", "on"),
    [
        ([True, True, True], "holds", "true", "all 3 hosts"),
        ([True, False, True], "holds on 2 of 3", "some", "2 of 3 hosts"),
        ([False, False], "does not hold", "false", "none of 2 hosts"),
        ([True], "holds", "true", "the one host measured"),
    ],
)
def test_a_verdict_counts_the_hosts(site, verdicts, verdict, state, on):
    claim = read(site, verdicts)
    assert (claim.verdict, claim.state, claim.holds) == (verdict, state, all(verdicts))
    assert claim.text("holds_on") == on
    assert claim.text("hosts") == f"{len(verdicts)} host{'s' if len(verdicts) > 1 else ''}"
    assert [host.id for host in claim.hosts] == list(IDS[: len(verdicts)])


def test_text_may_name_the_range_and_every_host_s_value(site):
    claim = read(site, [True] * 3, [share(61.238), share(58.0), share(66.66)], range=RANGE)
    assert claim.text("share") == "61.2%" and claim.text("share.hosts") == "61.2, 58.0 and 66.7%"
    assert claim.range_of("share") == (55.04, 70) and claim.text("share.range") == "55.0 to 70.0%"
    assert claim.where == "NVIDIA H200, driver 580.1, and 2 other hosts" and claim.hosts[1].card == "H200"
    alone = read(site, [True])
    assert alone.range_of("share") is None and alone.text("share.hosts") == "61.2%"
    one_line(lambda: alone.text("share.range"), "claim wait", "share.range", "NAME.hosts")


def test_hosts_are_told_apart_by_as_many_digits_as_that_takes(site):
    claim = on_hosts(site, [True, True])
    assert [host.name for host in read(site, [True, True]).hosts] == ["0123", "a639"]
    claim["hosts"][1]["id"] = "0123000000000000"
    claim["hosts"][1]["records"] = claim["records"]
    site.save_claims([claim])
    hosts = claim_reader.load_all(site.root)["wait"].hosts
    assert [host.name for host in hosts] == [IDS[0], "0123000000000000"]


def same_id(claim):
    claim["hosts"][1]["id"] = IDS[0]


def contradicted(claim):
    claim["hosts"][1]["holds"] = False


def other_values(claim):
    claim["hosts"][0]["values"]["share"]["value"] = 60


def mixed_records(claim):
    claim["hosts"][1]["records"].append(claim["hosts"][2]["records"][0])


def range_of_nothing(claim):
    claim["range"]["shar"] = RANGE["share"]


def range_upside_down(claim):
    claim["range"]["share"] = {"low": 2, "high": 1, "kind": "gpu"}


def kind_unknown(claim):
    claim["range"]["share"] = {"low": 1, "high": 2, "kind": "luck"}


def no_hosts(claim):
    claim["hosts"] = []


def no_record(claim):
    claim["hosts"][1]["records"] = []


def reserved_name(claim):
    for values in (claim["values"], claim["hosts"][0]["values"]):
        values["hosts"] = {"value": 3, "unit": "count"}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (same_id, f"two of its hosts are {IDS[0]}"),
        (contradicted, "holds is True, which its hosts contradict"),
        (other_values, f"not those of its first host, {IDS[0]}"),
        (mixed_records, f"host {IDS[1]} rests on experiments/hosts/{IDS[2]}/01/ttft.json, of another host"),
        (range_of_nothing, "a range of shar, which is none of its values"),
        (range_upside_down, "the range of share ends below its beginning"),
        (kind_unknown, "luck"),
        (no_hosts, "claim wait hosts"),
        (no_record, "claim wait rests on no record"),
        (reserved_name, "a value is called hosts"),
    ],
)
def test_hosts_that_contradict_each_other_are_refused(site, damage, said):
    claim = on_hosts(site, [True] * 3)
    damage(claim)
    site.save_claims([claim])
    one_line(lambda: claim_reader.load_all(site.root), "experiments/claims/01.json: claim wait", said)


def test_a_host_s_record_that_is_gone_or_changed_is_refused(site):
    site.save_claims([on_hosts(site, [True, True])])
    record = site.root / f"experiments/hosts/{IDS[1]}/01/ttft.json"
    text = record.read_text()
    record.write_text(text.replace("2.5", "2.6"))
    one_line(lambda: claim_reader.load_all(site.root), "claim wait was evaluated on another experiments/hosts/a639")
    record.unlink()
    one_line(lambda: claim_reader.load_all(site.root), "claim wait rests on experiments/hosts/a639", "not there")


@pytest.mark.parametrize("schema", ["claims/1", "claims/2"])
def test_a_claim_that_names_no_hosts_is_of_its_own(site, schema):
    file = site.save_claims([site.claim])
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema": schema}))
    claim = claim_reader.load_all(site.root)["wait"]
    assert [(host.id, host.label, host.holds) for host in claim.hosts] == [(IDS[0], "A processor, 2 cores", True)]
    assert claim.verdict == "holds" and claim.range_of("share") is None


def test_a_file_of_another_schema_is_refused(site):
    file = site.save_claims([site.claim])
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema": "claims/3"}))
    one_line(lambda: claim_reader.load_all(site.root), "experiments/claims/01.json", "schema", "make experiments")
