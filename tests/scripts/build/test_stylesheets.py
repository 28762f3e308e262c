"""Style sheets as they are sent: fewer bytes, the same rules."""

from scripts.build import stylesheets


def test_comments_and_line_breaks_go_and_strings_stay():
    sheet = '/* What\n   it is */\n.a > b,\n.c { content: "a /* b */  c"; }\n\n.d { background: url("#x") } /* end */\n'
    assert stylesheets.light(sheet) == '.a > b, .c { content: "a /* b */  c"; } .d { background: url("#x") }'


def test_an_apostrophe_in_a_comment_begins_no_string():
    assert (
        stylesheets.light("/* a reader's */ .a { margin: 0 } /* it's */ .b { top: 0 }")
        == ".a { margin: 0 } .b { top: 0 }"
    )


def test_every_sheet_of_a_site_is_rewritten(tmp_path):
    file = tmp_path / "assets/css/blocks/x.css"
    file.parent.mkdir(parents=True)
    file.write_text("/* x */\n.a {\n  top: 0;\n}\n")
    stylesheets.lighten(tmp_path)
    assert file.read_text() == ".a { top: 0; }"
