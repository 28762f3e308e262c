"""A figure is the one that its notebook drew, by the digest beside the claims."""

import pytest

from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.measured import drawn_figures
from tests.scripts.fixtures.small_site import Site


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_every_figure_of_the_site_has_its_digest_and_no_fault():
    assert len(drawn_figures.drawn(ROOT)) > 20 and drawn_figures.faults(ROOT) == []


def test_two_figures_changed_for_each_other_are_two_faults(site):
    for name in ("a", "b"):
        site.write(f"experiments/figures/01/{name}.svg", f"<svg>{name}</svg>")
    site.save_claims([site.claim])
    assert drawn_figures.faults(site.root) == []
    for name, other in ("ab", "ba"):
        site.write(f"experiments/figures/01/{name}.svg", f"<svg>{other}</svg>")
    assert len(drawn_figures.faults(site.root)) == len(drawn_figures.faults(site.root, "01")) == 2
    assert drawn_figures.faults(site.root, "02") == []


def test_claims_that_cannot_be_read_are_named(site):
    site.write("experiments/claims/01.json", "{")
    with pytest.raises(SiteError, match="^experiments/claims/01.json: cannot be read"):
        drawn_figures.faults(site.root)
