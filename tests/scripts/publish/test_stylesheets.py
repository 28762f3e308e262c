"""Style sheets as they are sent: two a page, named by what they hold, in the order in which they were linked."""

import shutil

import pytest

from scripts.common.errors import SiteError
from scripts.publish import stylesheets


def link(path: str, root: str = "") -> str:
    return f'<link rel="stylesheet" href="{root}{path}">\n'


@pytest.fixture
def site(tmp_path):
    """Two pages of one kind, one of another, below a theme's sheet and the site's own."""
    sheets = {
        "assets/stylesheets/main.css": '@charset "UTF-8";.used{top:0}.never-used{top:1px}[dir=rtl] .used{left:0}',
        "assets/css/site.css": '@font-face{font-family:x;src:url("../fonts/x.woff2")}\n.own-and-absent { top: 2px }',
        "assets/css/tables/rows.css": '/* rows */ .row { background: url("../../img/a.svg"), url(#hatch) }',
    }
    for path, text in sheets.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    common = [link("assets/stylesheets/main.css", "../"), link("assets/css/site.css", "../")]
    body = '</head><body class="used"><p dir="ltr">'
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        rows = "" if name == "c" else link("assets/css/tables/rows.css", "../")
        (tmp_path / name / "index.html").write_text("<head>" + "".join(common) + "<meta>" + rows + body)
    return tmp_path


def linked(site, name):
    page = (site / name / "index.html").read_text()
    return [(match["root"], match["path"]) for match in stylesheets.LINK.finditer(page)]


def test_a_page_has_one_sheet_in_common_and_one_of_its_kind(site):
    stylesheets.publish(site, site)
    of = {name: linked(site, name) for name in ("a", "b", "c")}
    assert of["a"] == of["b"] and len(of["a"]) == 2 and of["c"] == of["a"][:1]
    assert all(root == "../" and (site / path).is_file() for root, path in of["a"])
    found = {file.relative_to(site).as_posix() for file in site.rglob("*.css")}
    assert found == {path for _, path in of["a"]}, "sheets that no page links are left"


def test_rules_keep_their_order_and_addresses_still_lead_where_they_led(site):
    stylesheets.publish(site, site)
    common, own = ((site / path).read_text() for _, path in linked(site, "a"))
    assert (
        common.index(".used") < common.index(".own-and-absent") and "never-used" not in common and "rtl" not in common
    )
    assert 'url("../fonts/x.woff2")' in common and "@charset" not in common
    assert own == '.row{background:url("../img/a.svg"),url(#hatch)}'


def test_a_name_changes_with_what_the_sheet_holds(site):
    before = site / "assets/css/site.css"
    text = before.read_text()
    stylesheets.publish(site, site)
    (first,) = linked(site, "c")
    page = (site / "c/index.html").read_text()
    (site / "c/index.html").write_text(page.replace(first[1], "assets/css/site.css"))
    before.write_text(text.replace("2px", "3px"))
    stylesheets.publish(site, site)
    assert linked(site, "c")[0] != first


def test_a_rule_that_a_page_comes_to_need_is_there_in_the_next_build(site, tmp_path_factory):
    root = tmp_path_factory.mktemp("project")  # whose cache knows what was left of the sheet before
    again = tmp_path_factory.mktemp("again") / "site"
    shutil.copytree(site, again)
    page = again / "c/index.html"
    page.write_text(page.read_text().replace('class="used"', 'class="used never-used"'))
    stylesheets.publish(site, root)
    stylesheets.publish(again, root)
    (before,), (after,) = linked(site, "c"), linked(again, "c")
    assert "never-used" not in (site / before[1]).read_text() and ".never-used" in (again / after[1]).read_text()


def test_a_sheet_that_is_not_there_is_said(site):
    (site / "assets/css/site.css").unlink()
    with pytest.raises(SiteError, match="assets/css/site.css: a page links this sheet"):
        stylesheets.publish(site, site)


def test_comments_and_line_breaks_go_and_strings_stay():
    sheet = '/* What\n   it is */\n.a > b,\n.c { content: "a /* b */  c"; }\n\n.d { background: url("#x") } /* end */\n'
    assert stylesheets.light(sheet) == '.a>b,.c{content:"a /* b */  c"}.d{background:url("#x")}'


def test_spaces_that_say_something_stay():
    sheet = (
        "@media screen and (min-width: 4em) { .a :hover > b { margin: -1px auto !important; width: calc(1em - 2px); } }"
    )
    assert (
        stylesheets.light(sheet)
        == "@media screen and (min-width:4em){.a :hover>b{margin:-1px auto!important;width:calc(1em - 2px)}}"
    )
    strings = """.b { content: "a: b, c; { d }" ': ' attr(x) }"""
    assert stylesheets.light(strings) == """.b{content:"a: b, c; { d }" ': ' attr(x)}"""


def test_an_apostrophe_in_a_comment_begins_no_string():
    assert stylesheets.light("/* a reader's */ .a { margin: 0 } /* it's */ .b { top: 0 }") == ".a{margin:0}.b{top:0}"
