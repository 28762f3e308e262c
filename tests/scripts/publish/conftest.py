"""A post as a generator leaves it, with a project around it."""

import pytest

from scripts.publish.built_pages import BuiltPage

CITATION = """cff-version: 1.2.0
title: "A Series: what it is about"
authors:
  - name: The contributors
  - given-names: Ada
    family-names: Byron
license: CC-BY-4.0
abstract: About vLLM 0.32.0.
date-released: 2026-11-30
url: https://example.org/site/
repository-code: https://example.org/repository
"""
CONFIG = """site_url: !ENV [SITE_URL, "https://example.org/site/"]
repo_url: !ENV [SITE_REPO_URL, "https://example.org/repository"]
"""
POST = """<html><head><title>x</title><meta name="description" content="About &amp; more">
<meta property="og:title" content="Loops &amp; {more}"><link rel="canonical" href="https://example.org/site/posts/02-b/"></head>
<body><article><h1>Loops</h1><h2>In short</h2><p>Read <a href="../01-a/#x">a</a>.</p><h2>More</h2><p>Not this.</p>
<h2 id="corrections">Corrections</h2><ul><li><strong>2026-11-28.</strong> It was a &lt;/script&gt; and is b.</li>
<li><strong>2026-11-28.</strong> Another.</li></ul></article></body></html>"""


@pytest.fixture
def project(tmp_path):
    """A project with a citation and a post of its own date and tags."""
    (tmp_path / "docs/posts").mkdir(parents=True)
    (tmp_path / "docs/posts/02-b.md").write_text("---\ntitle: Loops\ndate: 2026-11-20\ntags: [x, y]\n---\n")
    (tmp_path / "CITATION.cff").write_text(CITATION)
    (tmp_path / "mkdocs.yml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def post(project) -> BuiltPage:
    return BuiltPage(project / "site/posts/02-b/index.html", "posts/02-b/", project, POST)


@pytest.fixture
def home(project) -> BuiltPage:
    text = POST.replace("posts/02-b/", "").replace("Loops &amp; {more}", "Home")
    return BuiltPage(project / "site/index.html", "", project, text)
