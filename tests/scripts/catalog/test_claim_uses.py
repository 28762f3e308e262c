"""A post refers to its own experiment's claims, or to one that is listed; a claim speaks in its samples' units."""

import json

import pytest

from scripts.catalog import claim_uses
from scripts.catalog.site_data import Evidence
from scripts.common.errors import SiteError
from tests.scripts.fixtures.small_site import Site


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def foreign(site):
    return claim_uses.foreign(Evidence(site.root))


def test_of_another_experiment_only_what_is_listed(site):
    assert foreign(site) == []
    site.write("docs/posts/02-more.md", "Half.\n\nIt is {{wait.share}}.\n")
    (line,) = foreign(site)
    assert line.startswith("docs/posts/02-more.md:3: refers to claim wait, which is experiment 01's")
    site.write(claim_uses.BORROWED, '02 = ["wait"]\n')
    assert foreign(site) == []
    site.write("docs/posts/02-more.md", "Nothing.\n")
    assert foreign(site) == ["snippets/borrowed.toml: 02: it does not refer to wait; remove it"]


def test_a_list_of_another_form_is_named(site):
    site.write(claim_uses.BORROWED, '02 = "wait"\n')
    with pytest.raises(SiteError, match="snippets/borrowed.toml: 02: must be a list of claims"):
        foreign(site)


@pytest.mark.parametrize(("unit", "right"), [("%", True), ("s", True), ("us", True), ("count", True), ("tok/s", False)])
def test_a_value_is_of_a_kind_that_its_records_have(site, unit, right):
    values = json.loads(json.dumps(site.claim["values"]).replace('"%"', f'"{unit}"'))
    site.save_claims([site.changed_claim(values=values)])
    evidence = Evidence(site.root)
    lines = claim_uses.units(evidence.claims.values(), evidence)
    assert len(lines) == (not right) and all("value share is in tok/s, and no sample" in line for line in lines)
