"""`make verify` and `make links` on this tree: what a merge broke is found by `make test`, not by who publishes it."""

import io
import sys

from scripts.build import links, verify
from scripts.common.paths import ROOT


def test_every_check_of_verify_passes(monkeypatch):
    """But for the evaluation of the claims, which takes minutes where nothing is kept: `make verify` has it."""
    monkeypatch.setattr(verify, "LAB", (sys.executable, "-c", "pass"))
    out = io.StringIO()
    assert verify.verify(ROOT, out) == 0, out.getvalue()


def test_every_link_of_the_built_site_leads_somewhere(built_site):
    assert "nothing is loaded from another host" in links.check(built_site)
