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
    (tmp_path / "404.html").write_text('<script src="/site/assets/js/blocks/x.js"></script>')
    return tmp_path


def test_every_page_names_the_script_by_what_it_holds(site):
    page_scripts.publish(site, site)
    (file,) = (site / "assets/js/blocks").iterdir()
    assert file.name != "x.js" and file.read_text() == "const a=`  kept  `;const b=/\\/\\*/;"
    assert f'src="/site/assets/js/blocks/{file.name}"' in (site / "404.html").read_text()
    assert f'src="assets/js/blocks/{file.name}"' in (site / "index.html").read_text()
    assert "assets/javascripts/bundle.1.js" in (site / "index.html").read_text()


def test_a_script_that_is_not_there_is_said(site):
    (site / "assets/js/blocks/x.js").unlink()
    with pytest.raises(SiteError, match="assets/js/blocks/x.js: a page loads this script"):
        page_scripts.publish(site, site)


def test_what_a_page_defers_is_one_file_in_its_order(site):
    for name in ("y", "z"):
        (site / f"assets/js/{name}.js").write_text(f"({name})();\n")
    one = '<script defer src="../assets/js/{}.js"></script>\n'
    (site / "a").mkdir()
    (site / "a/index.html").write_text(f"<p>{one.format('z')}<meta>{one.format('y')}</p>")
    page_scripts.publish(site, site)
    page = (site / "a/index.html").read_text()
    (joined,) = (site / "assets/js").glob("page.*.js")
    assert page == f'<p><script defer src="../assets/js/{joined.name}"></script><meta></p>'
    assert joined.read_text().replace(";;", ";") in ("(z)();(y)();", "(z)();(y)()")
    assert list((site / "assets/js").glob("[yz].*")) == []
