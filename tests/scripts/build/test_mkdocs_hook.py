"""The hook in a real build of a small site: what it adds, what it publishes, what it refuses."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.browser import benchmark_sites
from scripts.common.paths import ROOT

ENVIRONMENT = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A copy of the site with seven posts, not built."""
    folder = tmp_path_factory.mktemp("hook") / "site"
    benchmark_sites.make(folder)
    return folder


@pytest.fixture
def site(made, tmp_path) -> Path:
    folder = tmp_path / "copy"
    shutil.copytree(made, folder, symlinks=True)
    return folder


def build(folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )


def test_what_is_built(site):
    claims = site / "experiments/claims"
    claims.mkdir(exist_ok=True)
    (site / "experiments/figures/01").mkdir(parents=True, exist_ok=True)
    (site / "experiments/figures/01/x.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'/>")
    done = build(site)
    assert done.returncode == 0, done.stderr
    out = site / "site"
    ledger = json.loads((out / "data/ledger.json").read_text())
    assert ledger["schema"] == "ledger/1" and ledger["counts"]["excerpt"] >= 50
    assert (out / "data/figures/01/x.svg").is_file() and (out / "data/schema/ledger.schema.json").is_file()
    assert list(out.rglob("*.toml")) == []
    page = (out / "experiments/01_request_lifecycle/index.html").read_text()
    assert "assets/css/notebook.css" in page and "/edit/main/experiments/01_request_lifecycle.py" in page
    assert len(page) < 400_000 and "cdnjs" not in page and "jp-layout-color" not in page
    assert (out / "experiments/01_request_lifecycle/01_request_lifecycle.ipynb").is_file()
    home = (out / "index.html").read_text()
    for tag in ('property="og:title"', 'property="og:image"', 'name="twitter:card"', 'rel="canonical"', 'rel="icon"'):
        assert tag in home
    assert (out / "sitemap.xml").read_text().count("<loc>") >= 22 and (out / "404.html").is_file()
    feed = (out / "feed_rss_created.xml").read_text()
    assert feed.count("<item>") == 7 and "26 Nov 2026" in feed


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("docs/index.md", "\n<p>{{a.b}}</p>\n", "{{a.b}}"),
        ("docs/index.md", "\n/// nothing | x\n///\n", "is no known block"),
        ("docs/index.md", '\n<h2 id="twice">a</h2>\n\n<h2 id="twice">b</h2>\n', "#twice"),
        ("docs/index.md", "\n[gone](gone.md)\n", "gone.md"),
        ("docs/index.md", "\n[gone](posts/index.md#gone)\n", "gone"),
        ("docs/posts/08-more.md", "# More\n", "reading order"),
    ],
)
def test_what_a_build_refuses(site, file, text, says):
    path = site / file
    path.write_text((path.read_text() if path.exists() else "") + text)
    done = build(site)
    assert done.returncode != 0
    assert says in done.stderr + done.stdout


def test_a_post_without_a_date_is_refused(site):
    post = next((site / "docs/posts").glob("02-*.md"))
    post.write_text("# Bare\n")
    done = build(site)
    assert done.returncode != 0 and f"docs/posts/{post.name}: front matter has no title" in done.stderr


def test_the_plain_twin_has_none_of_our_code(made, tmp_path):
    benchmark_sites.make_plain(tmp_path / "plain", made)
    config = (tmp_path / "plain/mkdocs.yml").read_text()
    assert "hooks:" not in config and "custom_dir" not in config and "mkdocs-jupyter" in config
    text = "".join(page.read_text() for page in (tmp_path / "plain/docs").rglob("*.md"))
    assert not re.search(r"(?m)^///", text) and text.count("``` {.python") >= 50
    done = build(tmp_path / "plain")
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


def test_serving_watches_what_pages_are_made_of(made):
    from mkdocs.config import load_config
    from mkdocs.livereload import LiveReloadServer

    from scripts.build import mkdocs_hook

    config = load_config(str(made / "mkdocs.yml"))
    server = LiveReloadServer(lambda: None, "127.0.0.1", 0, str(made))
    server.watch(config.docs_dir)
    server.watch(config.config_file_path)
    mkdocs_hook.on_serve(server, config, None)
    names = {Path(path).relative_to(made).as_posix() for path in server._watched_paths}
    assert {"docs", "mkdocs.yml", "snippets", "theme", "experiments/01_request_lifecycle.ipynb"} <= names
    assert "scripts/render/templates" in names
    assert "experiments" not in names, "a measurement would rebuild the site with every record"
    assert len(server.observer._emitters) == len(names)
