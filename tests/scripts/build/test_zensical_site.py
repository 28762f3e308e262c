"""What Zensical is given, and what is told of what it builds; the building itself is `make site-zensical`."""

import re

import pytest

from scripts.build import compare_sites, zensical_site
from scripts.build.compare_sites import Difference
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT


@pytest.mark.parametrize(
    ("name", "address", "its"),
    [
        ("posts/01-a.md", "../../reference/x/#y", "../reference/x/#y"),
        ("posts/01-a.md", "../", "./"),
        ("posts/01-a.md", "./#x", "01-a/#x"),
        ("posts/01-a.md", "../../data/a.json", "../data/a.json"),
        ("experiments/01_a.md", "01_a.ipynb", "01_a/01_a.ipynb"),
        ("map.md", "../posts/", "posts/"),
        ("posts/01-a.md", "#x", "#x"),
        ("posts/01-a.md", "https://example.org/", "https://example.org/"),
        ("posts/index.md", "../map/", "../map/"),
    ],
)
def test_an_address_begins_at_the_source_file(name, address, its):
    text = f'# A {{#a}}\n\n<p title="href"><a class="b" href="{address}">href="../x/"</a></p>\n'
    assert zensical_site.with_its_addresses(text, name) == text.replace(f'href="{address}">', f'href="{its}">')


def test_what_differs_is_counted_and_each_thing_told_once():
    found = [Difference("anchor", page, 1, "__skip") for page in ("a", "b")]
    found += [Difference("file", "", -1, "tags.json"), Difference("text", "c", 0, "2 places")]
    lines = zensical_site.told(found, "1.2").splitlines()
    assert "Zensical 1.2" in lines[0] and len(lines[1:]) > len(compare_sites.KINDS)
    assert "     2 elements with an address, in a page's article" in lines
    assert lines[-3:] == ["+ anchor, 2 pages: __skip", "- file, the site: tags.json", "~ text, c: 2 places"]


def test_a_page_or_an_anchor_that_is_missing_is_an_error(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["zensical_site"])
    monkeypatch.setattr(zensical_site, "build_both", lambda *folders: None)
    for found, said in (
        ([Difference("anchor", "a/index.html", -1, "x")], "lacks 1 pages and anchors"),
        ([Difference("page", "", -1, "a/index.html")], "a/index.html"),
    ):
        monkeypatch.setattr(compare_sites, "compare", lambda *sites, found=found: found)
        with pytest.raises(SiteError, match=said):
            zensical_site.main()
    monkeypatch.setattr(compare_sites, "compare", lambda *sites: [Difference("anchor", "a", 1, "__skip")])
    assert zensical_site.main() == 0
    assert capsys.readouterr().out.count("1 elements with an address") == 2


def test_the_committed_list_is_of_the_locked_version_and_lacks_nothing():
    text = (ROOT / zensical_site.FILE).read_text()
    assert text.startswith(f"What Zensical {zensical_site.version()} builds")
    assert not re.search(r"(?m)^- (page|anchor|contents|search|feed|sitemap),", text)
    assert list((ROOT / "theme").rglob("*.html")) and not [
        file
        for file in (ROOT / "theme").rglob("*.html")
        if re.search(r"\{[%{][^}]*\.(append|startswith|endswith)\(", file.read_text())
    ], "Zensical's templates have no methods of Python's"
