"""What is looked at while a site is served: what pages are made of, and not the records that are being measured."""

from scripts.common.paths import ROOT
from scripts.prepare import watching
from tests.scripts.fixtures.prepared import add_pages
from tests.scripts.fixtures.small_site import Site


def test_what_pages_are_made_of_is_watched():
    names = {place.relative_to(ROOT).as_posix() for place in watching.places(ROOT)}
    assert {"docs", "mkdocs.yml", "snippets", "theme", "experiments/01_request_lifecycle.ipynb"} <= names
    assert "scripts/render/templates" in names
    assert "experiments" not in names, "a measurement would rebuild the site with every record"


def test_an_edited_page_is_told_from_other_changes(tmp_path):
    site = add_pages(Site(tmp_path))
    before = watching.stamps(site.root)
    page = site.write("docs/index.md", "# Other, and longer than it was before\n")
    changed = watching.changed(before, watching.stamps(site.root))
    assert changed == {page}
    assert watching.pages_alone(changed, site.root) == {"index.md"}
    assert watching.pages_alone({*changed, site.root / "snippets/pins.toml"}, site.root) == frozenset()
    page.unlink()
    assert watching.pages_alone(changed, site.root) == frozenset(), "a page that is gone changes the others"
