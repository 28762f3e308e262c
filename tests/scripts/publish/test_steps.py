"""The steps after a build: taken in order, each on what the one before it left, and of a failed one nothing stays."""

import pytest

from scripts.build import build_site
from scripts.common.errors import SiteError
from scripts.publish import steps
from tests.scripts.fixtures.prepared import add_pages
from tests.scripts.fixtures.small_site import Site


@pytest.fixture
def root(tmp_path):
    """A small project."""
    return add_pages(Site(tmp_path)).root


def test_each_step_sees_what_an_earlier_one_wrote(root, monkeypatch):
    def write(site, project):
        assert project == root
        (site / "new.txt").write_text((site / "index.html").name)

    def read(site, project):
        (site / "new.txt").write_text((site / "new.txt").read_text() + ", seen")

    monkeypatch.setattr(steps, "STEPS", (write, read))
    build_site.build(root / "site", root)
    assert (root / "site/new.txt").read_text() == "index.html, seen"


def test_a_step_that_fails_leaves_the_old_site(root, monkeypatch):
    def fails(site, project):
        raise SiteError("page.md: has no date; add one")

    build_site.build(root / "site", root)
    (root / "site/old.txt").write_text("old")
    monkeypatch.setattr(steps, "STEPS", (fails,))
    with pytest.raises(SiteError, match="has no date"):
        build_site.build(root / "site", root)
    assert (root / "site/old.txt").read_text() == "old"
    assert not (root / ".site.new").exists()


def test_the_site_is_made_smaller_after_all_steps(root, monkeypatch):
    monkeypatch.setattr(steps, "STEPS", (lambda site, _: (site / "log").write_text("rich"),))
    monkeypatch.setattr(
        steps, "SMALLER", (lambda site, _: (site / "log").write_text("no longer " + (site / "log").read_text()),)
    )
    build_site.build(root / "site", root)
    assert (root / "site/log").read_text() == "no longer rich"
