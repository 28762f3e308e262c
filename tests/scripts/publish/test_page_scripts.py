"""The site's scripts as they are sent: the same code without comments, under a name that changes with it."""

import pytest

from scripts.common.errors import SiteError
from scripts.publish import page_scripts

SCRIPT = "/* A comment. */\nconst a = `  kept  `; // why\nconst b = /\\/\\*/;\n"


@pytest.fixture
def site(tmp_path):
    (tmp_path / "assets/js/blocks").mkdir(parents=True)
    (tmp_path / "assets/js/blocks/x.js").write_text(SCRIPT)
    (tmp_path / "index.html").write_text(
        '<script src="assets/js/blocks/x.js"></script><script src="assets/javascripts/bundle.1.js"></script>'
    )
    (tmp_path / "404.html").write_text('<script defer src="/site/assets/js/blocks/x.js"></script>')
    return tmp_path


def test_every_page_names_the_script_by_what_it_holds(site):
    page_scripts.publish(site, site)
    (file,) = (site / "assets/js/blocks").iterdir()
    assert file.name != "x.js" and file.read_text() == "const a=`  kept  `;const b=/\\/\\*/;"
    assert f'src="assets/js/blocks/{file.name}"' in (site / "index.html").read_text()
    assert f'defer src="/site/assets/js/blocks/{file.name}"' in (site / "404.html").read_text()
    assert "assets/javascripts/bundle.1.js" in (site / "index.html").read_text()


def test_a_script_that_is_not_there_is_said(site):
    (site / "assets/js/blocks/x.js").unlink()
    with pytest.raises(SiteError, match="assets/js/blocks/x.js: a page loads this script"):
        page_scripts.publish(site, site)
