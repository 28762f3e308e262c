"""The table of claims: reference with its range, the value here and whether it lies in it, verdicts by hosts."""

import json

import pytest

from experiments.lab.evaluation import compare_claims
from experiments.lab.host import config


def claim(name="gap", value=1.14, holds=True, **changed):
    values = {"ratio": {"value": value, "unit": "1", "ci": [value - 0.1, value + 0.1]}}
    made = {"id": name, "sentence": "It is {ratio}.", "values": values, "holds": holds, "host": {"label": "H200"}}
    return made | changed


def on(verdicts, **changed):
    hosts = [{"id": f"{index:016x}", "holds": holds} for index, holds in enumerate(verdicts)]
    return claim(holds=all(verdicts), hosts=hosts, **changed)


RANGE = {"ratio": {"low": 1.1, "high": 1.5, "kind": "ratio"}}


def rows(*arguments):
    return compare_claims.table("01", *arguments, {}).splitlines()


@pytest.mark.parametrize(("value", "place"), [(1.43, "in range"), (1.6, "outside"), (1.1, "in range")])
def test_the_value_here_lies_in_the_reference_s_range_or_outside(value, place):
    lines = rows([on([True, False, True], range=RANGE)], [claim(value=value)])
    assert lines[1].split() == ["claim", "reference", "here", "range", "holds"]
    assert "1.14 [1.04 to 1.24], expect 1.10 to 1.50" in lines[3]
    assert lines[3].endswith(f"  {place}  yes")
    assert lines[-2:] == ["reference: H200, 3 hosts", "here: H200"]


def test_a_value_without_a_range_is_in_none():
    other = claim("other", 2.0) | {"values": {"n": {"value": 3, "unit": "count"}}}
    lines = rows([on([True, True], range=RANGE), other | {"range": {}}], [claim(), other])
    assert "in range" in lines[3] and lines[4].split() == ["other", "n", "3", "3", "yes"]


def test_without_ranges_there_is_no_column_for_them():
    lines = rows([claim()], [claim()])
    assert lines[1].split() == ["claim", "reference", "here", "holds"] and "range" not in lines[3]


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([True, True], "(yes, reference)"),
        ([True, False, True], "(yes on 2 of 3, reference)"),
        ([False], "(no, reference)"),
    ],
)
def test_the_reference_s_verdict_counts_its_hosts(verdicts, said):
    (line,) = (line for line in rows([on(verdicts)], []) if line.startswith("gap"))
    assert line.endswith(said)


def test_here_a_claim_may_fail():
    assert rows([claim()], [claim(holds=False)])[3].endswith("NO")


def test_claims_says_verdict_and_hosts_in_the_words_of_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(config, "ROOT", tmp_path)
    file = tmp_path / "experiments/claims/01.json"
    file.parent.mkdir(parents=True)
    claims = [on([True, False, True]), claim("alone", holds=False), on([True, True], name="both")]
    file.write_text(json.dumps({"claims": claims}))
    options = type("Options", (), {"exp": None})
    assert compare_claims.claims_command(options, None) == 0
    assert capsys.readouterr().out.splitlines() == [
        "holds on 2 of 3  3 hosts   gap: It is 1.14.",
        "does not hold    1 host    alone: It is 1.14.",
        "holds            2 hosts   both: It is 1.14.",
    ]
