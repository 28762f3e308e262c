"""The prepared folder: what is in it, what is refused, what is made again; and what MkDocs builds of the real one."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

from scripts.browser import benchmark_sites
from scripts.build import build_site
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.prepare import html_checks
from scripts.prepare.convert import Converter
from scripts.prepare.folder import Folder
from tests.scripts.fixtures import small_replays
from tests.scripts.fixtures.prepared import add_pages, folder_of, refused
from tests.scripts.fixtures.small_site import Site


@pytest.fixture
def site_of_one(tmp_path) -> Site:
    """The small site, complete."""
    return add_pages(Site(tmp_path / "one"))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A copy of the site with seven posts, not built."""
    folder = tmp_path_factory.mktemp("hook") / "site"
    benchmark_sites.make(folder)
    return folder


def test_what_is_built(made):
    for name in ("x", "x-phone"):
        (made / f"experiments/figures/01/{name}.svg").write_text(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'/>"
        )
    out = made.parent / "built"
    build_site.build(out, made)
    ledger = json.loads((out / "data/ledger.json").read_text())
    assert ledger["schema"] == "ledger/1" and ledger["counts"]["excerpt"] >= 50
    assert len(list((out / "assets/figures/01").glob("x*.svg"))) == 2, "what pages show is dressed"
    assert (out / "data/figures/01/x.svg").is_file() and (out / "data/schema/ledger.schema.json").is_file()
    assert list(out.rglob("*.toml")) == []
    page = (out / "experiments/01_request_lifecycle/index.html").read_text()
    assert ".jp-MarkdownCell" in style_of(out, page) and "/edit/main/experiments/01_request_lifecycle.py" in page
    assert len(page) < 400_000 and "cdnjs" not in page and "jp-layout-color" not in page
    assert (out / "experiments/01_request_lifecycle/01_request_lifecycle.ipynb").is_file()
    home = BeautifulSoup((out / "index.html").read_text(), "html.parser").head
    for tag in (
        '[property="og:title"]',
        '[property="og:image"]',
        '[name="twitter:card"]',
        '[rel="canonical"]',
        '[rel="icon"]',
    ):
        assert home.select(tag), tag
    assert (out / "sitemap.xml").read_text().count("<loc>") >= 22 and (out / "404.html").is_file()
    feed = (out / "feed_rss_created.xml").read_text()
    assert feed.count("<item>") == 7 and "26 Nov 2026" in feed


def style_of(site: Path, page: str) -> str:
    """The style sheets of a page of the built site."""
    links = BeautifulSoup(page, "html.parser").select("link[rel=stylesheet]")
    return "".join((site / link["href"].replace("../", "")).read_text() for link in links)


def test_the_folder_holds_pages_without_a_block_and_all_files(site_of_one):
    folder = folder_of(site_of_one)
    assert folder.prepare() and not folder.prepare()
    docs = folder.into / "docs"
    for page in docs.rglob("*.md"):
        text = page.read_text()
        assert html_checks.leftovers(text) == [], page
        assert len(re.findall(r"(?m)^# .* \{#[\w-]+\}$", text)) == 1, page
    assert {file.name for file in docs.iterdir()} == {
        "assets",
        "data",
        "experiments",
        "index.md",
        "posts",
        "reference",
        "symptoms.md",
    }
    assert (docs / "experiments/01_one/01_one.ipynb").is_file() and (docs / "data/records/01/ttft.json").is_file()
    assert json.loads((docs / "data/ledger.json").read_text())["schema"] == "ledger/1"
    settings = yaml.safe_load((folder.into / "mkdocs.yml").read_text())
    assert "hooks" not in settings and {"Posts": [{"One request": "posts/01-one-request.md"}]} in settings["nav"]


def test_links_lead_where_a_browser_finds_them(site_of_one):
    folder = folder_of(site_of_one)
    folder.prepare()
    home = (folder.into / "docs/index.md").read_text()
    assert 'href="posts/01-one-request/#excerpt-of"' in home and 'href="experiments/01_one/"' in home


def test_a_link_of_a_caption_or_a_manifest_is_one_of_the_page_that_shows_it(site_of_one):
    manifest = site_of_one.root / "snippets/01-one-request.toml"
    manifest.write_text(site_of_one.manifest.replace("It schedules", "It [does](gone.md)"))
    refused(site_of_one, "docs/posts/01-one-request.md", "the link 'gone.md' leads to no page")
    manifest.write_text(site_of_one.manifest.replace("It schedules", "It [does](../symptoms.md)"))
    folder = folder_of(site_of_one)
    folder.prepare()
    assert '<a href="../../symptoms/">does</a>' in (folder.into / "docs/posts/01-one-request.md").read_text()


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("docs/index.md", "\n<p>{{a.b}}</p>\n", "docs/index.md: '{{a.b}}'"),
        ("docs/index.md", "\n/// nothing | x\n///\n", "is no known block"),
        ("docs/index.md", '\n<h2 id="twice">a</h2>\n\n<h2 id="twice">b</h2>\n', "#twice"),
        ("docs/index.md", "\n[gone](gone.md)\n", "docs/index.md: the link 'gone.md' leads to no page"),
        ("docs/index.md", "\n[gone](symptoms.md#gone)\n", "docs/symptoms.md has no element '#gone'"),
        ("docs/index.md", "\n[root](/symptoms.md)\n", "begins at the server's root"),
        ("docs/index.md", "\n[order](posts/reading-order.toml)\n", "leads to no page"),
        ("docs/posts/08-more.md", "# More\n", "reading order"),
    ],
)
def test_what_is_refused_is_named_and_nothing_is_written(site_of_one, file, text, says):
    path = site_of_one.root / file
    path.write_text((path.read_text() if path.exists() else "") + text)
    refused(site_of_one, says)


def test_the_folder_is_the_same_however_many_processes_made_it(site_of_one):
    small_replays.add(site_of_one)
    post = site_of_one.root / "docs/posts/01-one-request.md"
    post.write_text(post.read_text().replace("\n## Corrections", f"{small_replays.BLOCK}\n## Corrections"))
    alone, several = folder_of(site_of_one), Folder(site_of_one.root, site_of_one.root / "several")
    assert alone.prepare(processes=1) and several.prepare(processes=3)
    files = {file.relative_to(alone.into) for file in alone.into.rglob("*") if file.is_file()}
    assert files == {file.relative_to(several.into) for file in several.into.rglob("*") if file.is_file()}
    assert all((alone.into / file).read_bytes() == (several.into / file).read_bytes() for file in files)
    assert any("replays" in file.parts for file in files) and not several.prepare()


def test_files_that_are_kept_apart_come_into_the_site_by_themselves(site_of_one):
    site_of_one.write("docs/assets/a.css", "a {}")
    whole, apart = folder_of(site_of_one), Folder(site_of_one.root, site_of_one.root / "apart", apart=True)
    assert whole.prepare() and apart.prepare() and not apart.prepare()

    def files(folder):
        return {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}

    site = site_of_one.root / "site"
    apart.publish_files(site)
    assert (site / "assets/a.css").read_text() == "a {}" and not (apart.into / "docs/assets/a.css").exists()
    together = files(apart.into / "docs") | files(site)
    assert together.keys() == files(whole.into / "docs").keys()
    assert not files(apart.into / "docs").keys() & files(site).keys()
    for name, file in files(whole.into / "docs").items():
        assert together[name].read_bytes() == file.read_bytes()


@pytest.mark.parametrize("processes", [1, 3])
def test_of_several_wrong_pages_the_first_is_named(site_of_one, processes):
    notebook = site_of_one.root / "experiments/01_one.ipynb"
    notebook.write_text(notebook.read_text().replace("# One & *all*", "No title"))
    folder = folder_of(site_of_one)
    for page in ("", "symptoms.md", "posts/01-one-request.md", "index.md"):
        if page:
            (site_of_one.root / "docs" / page).open("a").write("\n[gone](gone.md)\n")
        with pytest.raises(SiteError) as told:
            folder.prepare(processes=processes)
        assert str(told.value).startswith(f"docs/{page}: " if page else "experiments/01_one.ipynb: ")


def test_a_post_without_a_date_is_refused(site_of_one):
    site_of_one.write("docs/posts/01-one-request.md", "# Bare\n")
    refused(site_of_one, "docs/posts/01-one-request.md: front matter has no title")


def test_a_fault_leaves_the_folder_as_it_was_and_the_mended_page_is_made(site_of_one):
    folder = folder_of(site_of_one)
    folder.prepare()
    before = (folder.into / "docs/index.md").read_text()
    site_of_one.write("docs/index.md", "# Other\n\n[gone](gone.md)\n")
    site_of_one.write("docs/reference/more.md", "# More\n")
    with pytest.raises(SiteError):
        folder.prepare()
    assert (folder.into / "docs/index.md").read_text() == before
    assert not (folder.into / "docs/reference/more.md").exists() and not folder.is_behind()
    site_of_one.write("docs/index.md", "# Mended\n")
    assert folder.is_behind() and folder.prepare()
    assert "# Mended {#mended}" in (folder.into / "docs/index.md").read_text()


def test_an_edited_page_is_made_alone_and_the_ledger_follows(site_of_one, monkeypatch):
    folder = folder_of(site_of_one)
    folder.prepare()
    made = []
    page = Converter.page
    monkeypatch.setattr(Converter, "page", lambda self, name, text: made.append(name) or page(self, name, text))
    site_of_one.write("docs/index.md", "# Small\n\nA pass reads 7 tokens{fixed: an example}.\n")
    assert folder.edited() == {"index.md"}
    assert folder.prepare(folder.edited()) and made == ["index.md"]
    ledger = folder.into / "docs/reference/ledger.md"
    assert "an example" not in ledger.read_text()
    assert folder.prepare() and "an example" in ledger.read_text()


def test_what_is_gone_from_the_sources_goes_from_the_folder(site_of_one):
    site_of_one.write("docs/reference/deep/more.md", "# More\n")
    folder = folder_of(site_of_one)
    folder.prepare()
    (site_of_one.root / "docs/reference/deep/more.md").unlink()
    assert folder.prepare() and not (folder.into / "docs/reference/deep").exists()
    assert (folder.into / "docs/reference/ledger.md").exists()


def test_the_plain_twin_has_none_of_our_code(made, tmp_path):
    benchmark_sites.make_plain(tmp_path / "plain", made)
    config = (tmp_path / "plain/mkdocs.yml").read_text()
    assert "hooks:" not in config and "custom_dir" not in config and "mkdocs-jupyter" in config
    text = "".join(page.read_text() for page in (tmp_path / "plain/docs").rglob("*.md"))
    assert not re.search(r"(?m)^///", text) and text.count("``` {.python") >= 50
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=tmp_path / "plain",
        env=build_site.mkdocs_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    built = tmp_path / "plain/site"
    assert len(list(built.glob("posts/0*/index.html"))) == 7 and len(list(built.glob("experiments/0*/index.html"))) == 7


def test_fonts_are_those_of_their_versions_file():
    import hashlib

    folder = ROOT / "docs/assets/fonts"
    lines = [line.split() for line in (folder / "VERSIONS").read_text().splitlines() if ".woff2 " in line]
    listed = {words[0]: words[2] for words in lines if words[0] != "#"}
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.woff2")}
    assert found and found == listed
    assert "SIL Open Font License" in (folder / "OFL.txt").read_text()
