"""The pages of other releases that nobody writes: when there are any, what they say, where they stand."""

import shutil

import pytest

from scripts.build import build_site
from scripts.prepare import drift_pages
from scripts.render.page.build_context import Context
from scripts.sources import unpacked_sources
from tests.scripts.fixtures.prepared import ORDER, add_pages, folder_of
from tests.scripts.fixtures.small_site import CORE, SOURCES, Site

NAME = "reference/drift/vllm-0.34.0.md"


@pytest.fixture
def site(tmp_path):
    made = add_pages(Site(tmp_path / "one"))
    made.release("0.34.0", SOURCES | {CORE: SOURCES[CORE].replace("self.schedule()", "self.plan() < 1")})
    made.compare("0.34.0")
    return made


def texts(site) -> dict[str, str]:
    context = Context(root=site.root, repo_url="https://example.org/me/site")
    context.start_build()
    return drift_pages.texts(context)


def test_a_release_with_changed_lines_has_a_page_and_no_other(site):
    site.write("docs/posts/reading-order.toml", ORDER.replace("One request", "One's & *request*"))
    made = texts(site)
    assert list(made) == [NAME], "in 0.33.0 nothing quoted changed"
    assert "title: What changed in vLLM 0.34.0\n" in made[NAME]
    assert "edit_url: https://example.org/me/site/edit/main/docs/reference/drift.md\n" in made[NAME]
    assert (
        "\n## One's &amp; \\*request\\* {: #of-01 }\n\n/// drift-lines | vllm-0.34.0/01-one-request\n///\n"
        in made[NAME]
    )


def test_without_the_release_s_sources_there_is_no_page(site):
    for folder in unpacked_sources.cache_folder(site.root).iterdir():
        if folder.is_dir() and folder.name != "ab" * 8:
            shutil.rmtree(folder)
    assert texts(site) == {}


def test_it_is_prepared_and_built_with_the_others(site):
    folder = folder_of(site)
    folder.prepare()
    made = (folder.into / "docs" / NAME).read_text()
    assert "## One request {#of-01}" in made and 'id="excerpt-01-step"' in made and "\n///" not in made
    assert folder.prepare(frozenset({"index.md"})) is False, "it is kept while another page is being edited"
    site.write("mkdocs.yml", (site.root / "mkdocs.yml").read_text() + "not_in_nav: /reference/drift/\n")
    build_site.build(site.root / "built", site.root)
    assert (site.root / "built/reference/drift/vllm-0.34.0/index.html").is_file()
