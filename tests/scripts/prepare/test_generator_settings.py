"""The settings that a generator reads are mkdocs.yml's, filled in."""

import pytest

from scripts.common.errors import SiteError
from scripts.prepare import generator_settings
from tests.scripts.fixtures.prepared import add_pages
from tests.scripts.fixtures.small_site import Site


@pytest.fixture
def root(tmp_path):
    return add_pages(Site(tmp_path)).root


def test_posts_and_notebooks_are_in_the_navigation(root):
    made = generator_settings.of_folder(generator_settings.read(root), root)
    assert {"Posts": [{"One request": "posts/01-one-request.md"}]} in made["nav"]
    assert {"Experiments": ["experiments/01_one.md"]} in made["nav"]
    assert made["docs_dir"] == "docs" and made["theme"]["custom_dir"] == str(root / "theme")


def test_the_environment_says_the_address(root, monkeypatch):
    assert generator_settings.read(root)["site_url"] == "https://example.org/"
    monkeypatch.setenv("SMALL_SITE_URL", "http://127.0.0.1/x/")
    assert generator_settings.read(root)["site_url"] == "http://127.0.0.1/x/"


@pytest.mark.parametrize(
    ("text", "says"), [("a: [", "is no YAML"), ("- a", "holds no settings"), (None, "cannot be read")]
)
def test_what_cannot_be_read_is_named(root, text, says):
    file = root / "mkdocs.yml"
    file.unlink() if text is None else file.write_text(text)
    with pytest.raises(SiteError, match=rf"mkdocs\.yml: {says}"):
        generator_settings.read(root)
