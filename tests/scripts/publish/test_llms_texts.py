"""llms.txt lists every page's Markdown with what it is about; llms-full.txt holds the posts whole."""

import re

from scripts.publish import built_pages, llms_texts
from tests.conftest import ROOT


def test_the_overview_leads_to_markdown(post, home):
    text = llms_texts.overview([home, post], "A Series")
    assert text.startswith("# A Series\n\n> About & more\n")
    assert "## Posts\n\n- [Loops & {more}](https://example.org/site/posts/02-b/index.md): About & more\n" in text
    assert "(https://example.org/site/llms-full.txt)" in text


def test_every_page_is_listed_and_every_post_is_in_the_full_text(built_site):
    pages = built_pages.read(built_site, ROOT)
    listed = re.findall(r"^- \[.*\]\((\S+)index\.md\): \S", (built_site / "llms.txt").read_text(), re.M)
    assert sorted(listed) == sorted(page.address for page in pages)
    full = (built_site / "llms-full.txt").read_text()
    for page in pages:
        assert (f"<!-- {page.address} -->" in full) is not page.place.startswith(llms_texts.NOT_IN_FULL)
