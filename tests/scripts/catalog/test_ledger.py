"""What the ledger says of a proof's place is there to be opened."""

from scripts.catalog import ledger, site_data
from scripts.common.paths import ROOT
from scripts.pages import reading_order
from scripts.pages.references import page_url


def test_every_place_that_uses_a_proof_is_a_page_of_the_site():
    """A picture's number, too: the picture has no address, the page that shows it has."""
    docs = ROOT / "docs"
    pages = {page_url(path.relative_to(docs).as_posix()) for path in docs.rglob("*.md")}
    pages |= {page_url(name) for name in reading_order.notebooks(ROOT)}
    used = {url.partition("#")[0] for entry in ledger.entries(site_data.of(ROOT)) for url in entry["used"]}
    assert used and used - pages == set()
