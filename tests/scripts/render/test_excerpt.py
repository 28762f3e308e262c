"""The Markdown extension and the excerpt block: HTML in and out, and every error."""

import re
from html import unescape

import markdown
import pytest
from bs4 import BeautifulSoup

from scripts.common.errors import SiteError
from scripts.quotes import update_digests
from scripts.render.blocks.excerpt import excerpt_html
from scripts.render.page import highlight
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from tests.scripts.fixtures.toy_engine import ENGINE, MANIFEST

LINES = ENGINE.split("\n")
FIRST = LINES.index("        # Running requests first.") + 1
FULL = MANIFEST.replace('to = "done += 1"\n', 'fold = [["request = self.queue.pop(0)", "continue"]]\n')
PAGE = "# Toy\n\nBefore.\n\n/// excerpt | step-first\n///\n\nAfter.\n"


@pytest.fixture
def convert(toy):
    """Converts Markdown as the page posts/01-toy.md, with the toy's manifest pinned."""
    context = Context(root=toy.root)

    def run(text=PAGE, manifest=None, page="posts/01-toy.md", meta=None):
        if manifest is not None:
            toy.write_manifest(manifest)
        if (toy.root / "snippets/01-toy.toml").exists():
            update_digests.pin_excerpts("01-toy", toy.root)
        context.start_build()
        context.start_page(page, meta)
        return markdown.Markdown(extensions=["fenced_code", PageExtension(context)]).convert(text)

    run.context = context
    return run


def soup(html):
    return BeautifulSoup(html, "html.parser")


def code_of(page):
    """The code as selecting it gives it: numbers are drawn by CSS and no part of the text."""
    return "".join(line.get_text() for line in page.select(".excerpt-code pre > span"))


def test_golden(convert):
    html = convert()
    assert html.startswith(
        '<h1>Toy</h1>\n<p>Before.</p>\n<figure class="excerpt" id="step-first" data-engine="toy" data-notes>'
    )
    assert re.search(r"</figure>\n+<p>After.</p>$", html)
    page = soup(html)
    assert page.figcaption.get_text(" ", strip=True).startswith("class Engine › step()")
    place = f"toy/engine.py:{LINES.index('    def step(self, budget):') + 1}"
    assert place in page.select_one(".excerpt-place").get_text()
    assert "Toy v1.0" in page.select_one(".excerpt-place").get_text()
    links = [a["href"] for a in page.select(".excerpt-place a")]
    assert links[1] == f"https://github.com/someone/toy/blob/v1.0/toy/engine.py#L{FIRST}-L{FIRST + 7}"
    note = page.select_one("ol.excerpt-notes > li#step-first-budget")
    assert note.em.get_text() == "budget" and note.a["href"] == f"#step-first-L{FIRST + 2}"


def test_the_code_is_the_releases_own_but_for_the_margin(convert):
    html = convert(manifest=FULL)
    expected = [
        line.removeprefix("        ")
        for line in LINES[FIRST - 1 : LINES.index('        return done < LIMIT and "<b>&amp;"') + 1]
    ]
    assert code_of(soup(html)).split("\n")[:-1] == expected
    assert 'return done < LIMIT and "<b>&amp;"' in code_of(soup(html))  # escaped exactly once


def test_an_excerpt_in_one_line_keeps_its_addresses(convert):
    page = soup(convert(PAGE.replace("step-first\n", "step-first\n    folded: true\n")))
    fold = page.select_one("details.excerpt-fold")
    said = fold.summary.get_text(" ", strip=True)
    assert said == f"class Engine › step() Toy, lines {FIRST}–{FIRST + 7} show the lines"
    assert fold.select_one("figure#step-first") and fold.select_one(f"#step-first-L{FIRST}") and not fold.summary.a


def test_line_numbers_are_the_pinned_ones_and_no_text(convert):
    page = soup(convert(manifest=FULL))
    rows = page.select(".excerpt-code pre > span")
    assert [row["id"] for row in rows] == [f"step-first-L{FIRST + index}" for index in range(len(rows))]
    for pre in page.select(".excerpt-code pre"):
        # The style counts from here: the first line is one more.
        assert pre["style"] == f"counter-reset:line {int(pre.span['id'].rpartition('-L')[2]) - 1}"
    assert not any(row.select("a:not(.excerpt-mark)") for row in rows)


def test_addresses_stay_when_another_excerpt_is_added_above(convert, toy):
    before = {each["id"] for each in soup(convert()).select("[id]")}
    other = '[[excerpt]]\nid = "first"\nengine = "toy"\npath = "toy/engine.py"\nsymbol = "LIMIT"\n'
    after = convert("/// excerpt | first\n///\n\n" + PAGE, manifest=other + MANIFEST)
    assert before < {each["id"] for each in soup(after).select("[id]")}


def test_no_address_stands_twice(convert):
    ids = re.findall(r' id="([^"]+)"', convert(manifest=FULL))
    assert len(ids) == len(set(ids)) > 10


def test_a_fold_is_closed_and_keeps_its_numbers(convert):
    page = soup(convert(manifest=FULL))
    fold = page.details
    assert "open" not in fold.attrs
    start = LINES.index("            request = self.queue.pop(0)") + 1
    assert fold.summary.get_text() == f"3 folded, lines {start}\N{EN DASH}{start + 2}"
    assert [row["id"] for row in fold.select("pre > span")] == [f"step-first-L{start + index}" for index in range(3)]
    assert not page.select("pre details"), "a fold inside <pre> is no valid HTML"


def test_a_note_is_marked_at_its_line_and_names_its_lines(convert):
    page = soup(convert())
    mark = page.select_one(".excerpt-mark")
    assert mark["href"] == "#step-first-budget" and mark.parent["id"] == f"step-first-L{FIRST + 2}"
    note = page.select_one("li#step-first-budget")
    assert (note["data-first"], note["data-last"]) == (str(FIRST + 2), str(FIRST + 2))


def test_scrolling_code_can_be_reached_and_is_named(convert):
    code = soup(convert()).select_one(".excerpt-code")
    assert code["tabindex"] == "0" and code["role"] == "group"
    assert code["aria-label"].startswith("Toy, Engine.step, lines")


def test_an_excerpt_is_lean(convert):
    html = convert(manifest=FULL)
    assert len(html) < 12 * len(code_of(soup(html)))


def test_without_notes_there_is_no_list(convert):
    html = convert(manifest=MANIFEST.split("[[excerpt.note]]")[0])
    assert "<ol" not in html and "data-notes" not in html


def test_values_work_in_notes(convert):
    """Notes are converted by the same modules as the page."""
    with pytest.raises(SiteError, match="claim nothing"):
        convert(manifest=MANIFEST.replace("One *budget*.", "{{nothing.here}}"))


def test_a_block_shown_as_code_is_left_alone(convert):
    html = convert("```text\n/// excerpt | none\n///\n```\n\n" + PAGE)
    assert "/// excerpt | none" in unescape(html)


@pytest.mark.parametrize(
    "text, message",
    [
        (
            "/// excerpt | gone\n///",
            "docs/posts/01-toy.md: excerpt 'gone' is not defined; add it to snippets/01-toy.toml or use one",
        ),
        (PAGE + "\n/// excerpt | step-first\n///", "excerpt 'step-first' is used twice; link to #step-first"),
        (
            "No excerpt here.",
            "snippets/01-toy.toml: excerpt 'step-first' is not used on docs/posts/01-toy.md; write '/// excerpt",
        ),
        ("/// excerpt\n///", "docs/posts/01-toy.md: excerpt"),
        ("/// excerpt | step-first\n    lines: 3\n///", "docs/posts/01-toy.md: excerpt .*unknown option 'lines'"),
        ("/// excerpt | step-first\n    - lines\n///", "its indented lines are no options"),
        ("/// excerpt | step-first\n    a: b: c\n///", "its indented lines are no options"),
        ("/// excerpt | step-first\n\nSome text.\n\n///", "Some text"),
        (
            "/// excerp | step-first\n///",
            r"docs/posts/01-toy.md: '/// excerp \| step-first' is no known block; use one of .*excerpt",
        ),
        ("/// excerpt | step-first", r"'/// excerpt \| step-first' is never closed; end it with a line '///'"),
        (PAGE + "\n///\n", "'///' closes no block"),
    ],
)
def test_what_would_pass_as_text_stops_the_build(convert, text, message):
    with pytest.raises(SiteError, match=message) as error:
        convert(text + "\n")
    assert "\n" not in str(error.value)


def test_a_page_without_manifest_cannot_quote(convert):
    with pytest.raises(
        SiteError, match="docs/index.md: excerpt 'step-first': the page has no manifest; write snippets/index.toml"
    ):
        convert(page="index.md")
    assert convert("Plain.", page="index.md") == "<p>Plain.</p>"


def test_front_matter_may_name_the_manifest(convert):
    assert "step-first-L" in convert(page="posts/other.md", meta={"snippets": "01-toy"})
    with pytest.raises(SiteError, match="snippets/02-gone.toml: missing"):
        convert(page="posts/other.md", meta={"snippets": "02-gone"})


def test_an_edited_manifest_is_seen_by_the_next_build(convert):
    convert()
    assert "<em>other</em>" in convert(manifest=MANIFEST.replace("*budget*", "*other*"))


def test_used_excerpts_are_recorded_by_page(convert):
    convert()
    assert convert.context.used_by_page == {"posts/01-toy.md": ["step-first"]}


def test_a_name_that_looks_like_html_is_escaped(toy):
    toy.release({"engine.py": "def f():\n    return '<script>' # &lt;\n"})
    toy.write_manifest('[[excerpt]]\nid = "x"\nengine = "toy"\npath = "toy/engine.py"\nsymbol = "f"\n')
    from scripts.quotes.excerpts import check_all

    update_digests.pin_excerpts("01-toy", toy.root)
    html = excerpt_html(check_all(toy.root)[0])
    assert "<script>" not in html and "'<script>' # &lt;" in soup(html).select_one(".excerpt-code").get_text()


def test_highlighting_gives_each_line_back():
    lines = ("def f(x):", "", "    '''doc", "    more''' # not a comment?", "    return f'{x!r}\\n' + 1  # one")
    html = highlight.python_lines(lines)
    assert [unescape(re.sub("<[^>]+>", "", line)) for line in html] == list(lines)
    assert '<span class="k">def </span>' in html[0] and '<span class="nf">f</span>' in html[0]
    assert html[2].count('class="sd"') == 1 and html[3].startswith('<span class="sd">')


def test_an_excerpt_that_starts_inside_a_string_is_highlighted_as_string():
    before, lines = ("def f():", '    """Doc.'), ("    for x in y", '    """', "    return 1")
    assert highlight.in_string(before) and not highlight.in_string((*before, *lines))
    html = highlight.python_lines(lines, before)
    assert 'class="k"' not in html[0] and '<span class="k">return </span>' in html[2]
