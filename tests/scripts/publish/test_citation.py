"""How a post is cited, and that CITATION.cff tells of the release that is there."""

import types

import pytest
from selectolax.lexbor import LexborHTMLParser

from scripts.common.errors import SiteError
from scripts.publish import citation
from tests.conftest import ROOT


@pytest.fixture
def pinned(monkeypatch):
    monkeypatch.setattr(
        citation.pins, "load", lambda root: {"vllm": types.SimpleNamespace(name="vLLM", version="0.32.0")}
    )


def test_bibtex_and_a_plain_line(post, project):
    cited = citation.load(project)
    assert citation.bibtex(post, cited) == (
        "@misc{forward-pass-02-b,\n"
        "  author = {{The contributors} and Ada Byron},\n"
        "  title = {{Loops \\& \\{more\\}}},\n"
        "  year = {2026},\n"
        "  month = nov,\n"
        "  howpublished = {\\url{https://example.org/site/posts/02-b/}},\n"
        "  note = {A Series, post 2, last changed 2026-11-28}\n"
        "}"
    )
    plain = citation.plain(post, cited)
    assert plain.startswith(
        "The contributors, Ada Byron. “Loops & {more}.” A Series, 20 November 2026. https://example.org"
    )
    assert "Loops &amp; {more}" in citation.block(post, cited)


def test_a_post_may_name_its_author(post, project):
    (project / "docs/posts/02-b.md").write_text("---\nauthor: Grace Hopper\ndate: 2026-11-20\n---\n")
    assert "author = {Grace Hopper}," in citation.bibtex(post, citation.load(project))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("authors:\n", "writers:\n", "'authors' cannot be read"),
        ("date-released: 2026-11-30", "date-released: soon", "date-released, a day"),
        ("0.32.0", "0.31.0", "abstract does not name vLLM 0.32.0"),
        ("2026-11-30", "2026-11-19", "date-released is 2026-11-19, and docs/posts/02-b.md is of 2026-11-20"),
        ("url: https://example.org/site/", "url: https://example.org/", "url and repository-code are not those of"),
    ],
)
def test_what_disagrees_is_said(project, pinned, old, new, says):
    citation.check(project)
    file = project / "CITATION.cff"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(SiteError, match=rf"^CITATION.cff: [^\n]*{says}"):
        citation.check(project)


def test_ours_agrees():
    citation.check(ROOT)


def test_each_post_has_it(built_site):
    for page in (built_site / "posts").glob("*/index.html"):
        (fold,) = LexborHTMLParser(page.read_text()).css("article #cite-this")
        assert f"@misc{{forward-pass-{page.parent.name}," in fold.text()
        assert fold.css("[tabindex]") == [], "it wraps, so there is nothing to scroll"
