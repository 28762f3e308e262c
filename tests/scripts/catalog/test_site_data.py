"""What the pages stand on is read once, and again when a file it came from changes."""

import os

import pytest

from scripts.catalog import site_data
from scripts.common.errors import SiteError
from scripts.pages import references
from tests.scripts.fixtures.small_site import Site


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_nothing_is_read_twice_until_it_changes(site):
    first = site_data.of(site.root)
    assert first.claims["wait"].holds and first.uses
    assert site_data.of(site.root) is first


def test_an_edited_page_keeps_the_records_and_renews_the_uses(site):
    first = site_data.of(site.root)
    records, before = first.records, len(first.uses)
    site.write("docs/posts/02-more.md", "{{wait.share}}\n")
    second = site_data.of(site.root)
    assert second is not first and second.records is records
    assert len(second.uses) == before + 1 and len(first.uses) == before


def test_an_edited_record_or_manifest_is_seen(site):
    assert site_data.of(site.root).records
    file = site.root / "experiments/records/01/ttft.json"
    file.write_text(file.read_text() + "\n")
    os.utime(file, ns=(1, 1))
    with pytest.raises(SiteError, match="ttft.json: was edited or cut since it was measured; restore it"):
        _ = site_data.of(site.root).claims
    assert "chat" in site_data.of(site.root).paths
    site.write("snippets/01-one-request.toml", site.manifest.replace('id = "chat"\ntitle', 'id = "talk"\ntitle'))
    assert "talk" in site_data.of(site.root).paths


def test_what_does_not_exist_is_named_with_the_remedy(site):
    found = site_data.Evidence(site.root)
    for ask, said in ((found.claim, "claim nothing"), (found.path, "path nothing"), (found.record, "record nothing")):
        with pytest.raises(SiteError, match=said):
            ask("nothing")


@pytest.mark.parametrize(("text", "said"), [("[source.x]\ntitle = 'T'\n", "'x'.*'url'"), ("[source", "not TOML")])
def test_a_source_list_that_is_wrong_stops(site, text, said):
    site.write("snippets/famous.toml", text)
    with pytest.raises(SiteError, match=f"snippets/famous.toml.*{said}"):
        _ = site_data.Evidence(site.root).quoted


def test_addresses_are_mkdocs_own():
    assert references.page_url("posts/01-x.md") == "posts/01-x/"
    assert references.page_url("index.md") == "" and references.page_url("posts/index.md") == "posts/"
    assert references.to_root("posts/01-x.md") == "../../" and references.to_root("index.md") == "./"


def test_uses_are_found_in_prose_alone():
    text = (
        "---\nt: {{a.b}}\n---\n/// claim | one\n///\n`{{c.d}}` {{e.f}}\n"
        "```\n/// claim | two\n{{g.h}}\n```\n<!-- {{i.j}} -->\n"
    )
    assert [(use.kind, use.id, use.line) for use in references.scan_text(text, "x.md")] == [
        ("claim", "one", 4),
        ("value", "e.f", 6),
    ]


def test_a_result_line_and_a_verdict_s_sign_are_uses_of_their_claim():
    uses = references.scan_text("/// result | wait\nIt waits {{wait.share}}.\n///\n\nSo {{mark: wait}}.\n", "a.md")
    assert [(use.kind, use.id, use.url) for use in uses] == [
        ("result", "wait", "a/#result-wait"),
        ("value", "wait.share", "a/"),
        ("mark", "wait", "a/"),
    ]
