"""Claims: their records, their ids, and how their values are written."""

import json

import pytest

from scripts.common.errors import SiteError
from scripts.measured import claim_reader
from tests.scripts.fixtures.small_site import Site


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def refused(site, *parts):
    with pytest.raises(SiteError) as caught:
        claim_reader.load_all(site.root)
    assert "\n" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value), str(caught.value)


def test_a_claim_is_read_and_put_into_words(site):
    claim = claim_reader.load_all(site.root)["wait"]
    assert claim.sentence() == "A request waits 61.2% of its time & more."
    assert (claim.text("share"), claim.text("share.ci"), claim.text("share.n")) == ("61.2%", "60.1 to 62.4%", "40")
    assert claim.verdict == "holds"


def test_a_claim_resting_on_no_record_is_refused(site):
    site.save_claims([site.changed_claim(records=[])])
    refused(site, "experiments/claims/01.json", "claim wait rests on no record")


def test_a_claim_on_a_record_that_is_gone_is_refused(site):
    site.record.unlink()
    refused(site, "claim wait", "experiments/records/01/ttft.json", "not there")


def test_a_claim_on_a_record_that_changed_is_refused(site):
    site.save_record("ttft", json.loads(site.record.read_text().replace("2.5", "2.6")))
    refused(site, "claim wait", "another experiments/records/01/ttft.json", "make experiments")


def test_two_claims_with_one_id_are_refused(site):
    site.save_claims([site.claim, site.claim])
    refused(site, "two claims are called wait")
    site.save_claims([site.claim])
    site.save_claims([site.claim], "02")
    refused(site, "02.json", "two claims are called wait", "01.json")


def test_a_sentence_that_names_no_value_is_refused(site):
    site.save_claims([site.changed_claim(sentence="It is {shar}.")])
    refused(site, "no value 'shar'", "share")


@pytest.mark.parametrize("field", ["sentence", "values", "holds", "host", "measured", "command", "pin"])
def test_a_missing_field_is_refused(site, field):
    claim = site.changed_claim()
    del claim[field]
    site.save_claims([claim])
    refused(site, "claim wait", field)


def test_a_nan_is_refused(site):
    file = site.save_claims([site.claim])
    file.write_text(file.read_text().replace("61.238", "NaN"))
    refused(site, "NaN")
