"""A prepared page is the page again, with the extension that makes it quick and without."""

import re

import markdown
import pytest

from scripts.pages import front_matter
from scripts.prepare import headings
from tests.scripts.fixtures.prepared import add_pages, folder_of
from tests.scripts.fixtures.small_site import Site

TOC = {"toc": {"permalink": "#", "permalink_title": headings.LINK_TITLE}}
# What a Markdown reader would make something else of, in a page's HTML.
HARD = (
    "<pre>a\tb\n   \n```\n~~~ x\n# not a heading {#no}\n*a* _b_ [c](d) \\* `e`\n</pre>\n"
    "<p>One\n<em>two</em> &lt;3&gt;</p>\n"
    '<div>\n\n<details><summary>s</summary>\n\n<p title="a | b">x</p>\n</details></div>\n<p>*[A]: b</p>'
)


def built(text: str, *more: str) -> markdown.Markdown:
    md = markdown.Markdown(extensions=["attr_list", "tables", "fenced_code", "toc", *more], extension_configs=TOC)
    md.html = md.convert(text)
    return md


def test_html_of_a_page_passes_as_it_is():
    text = headings.as_markdown(f'<h1 id="a" {headings.MARK}="1">A</h1>\n{HARD}\n<h2 id="b" {headings.MARK}="1">B</h2>')
    quick, plain = built(text, "scripts.prepare.ready_html"), built(text)
    expected = HARD.replace("\t", "&#9;").replace("   \n", "&#32;  \n").replace("\n```", "\n&#96;``")
    expected = expected.replace("\n~~~", "\n&#126;~~").replace("# not", "&#35; not")
    assert expected in quick.html
    assert [line for line in quick.html.split("\n") if line] == [line for line in plain.html.split("\n") if line]


@pytest.mark.parametrize(
    ("html", "markdown_line"),
    [
        ("Plain", "## Plain {#x}"),
        ("The <code>max_num_seqs</code> of a_b", "## The `max_num_seqs` of a\\_b {#x}"),
        ("A &lt;b&gt; &amp; c*d* [e] # f {g}", "## A &lt;b&gt; &amp; c\\*d\\* \\[e\\] \\# f \\{g\\} {#x}"),
        ('By <a href="x" title="[a](b)">name</a>', '## By <a href="x" title="&#91;a&#93;(b)">name</a> {#x}'),
        ("<code>a &lt; b</code>", "## `a < b` {#x}"),
        ("ends with #", "## ends with \\# {#x}"),
    ],
)
def test_a_heading_in_markdown_is_the_heading(html, markdown_line):
    whole = f'<h2 id="x" {headings.MARK}="1">{html}</h2>'
    assert headings.as_markdown(whole) == markdown_line + "\n"
    link = f'<a class="headerlink" href="#x" title="{headings.LINK_TITLE}">#</a>'
    same = html.replace("[a](b)", "&#91;a&#93;(b)")
    assert built(markdown_line).html == f'<h2 id="x">{same}{link}</h2>'


def test_a_heading_keeps_its_other_attributes():
    html = f'<h2 id="x" class="a b" {headings.MARK}="1" data-y="z w">H</h2>'
    assert headings.as_markdown(html) == '## H {#x .a .b data-y="z w"}\n'


def test_the_pages_of_a_site_are_the_same_with_and_without_the_quick_reader(tmp_path):
    folder = folder_of(add_pages(Site(tmp_path)))
    folder.prepare()
    for page in (folder.into / "docs").rglob("*.md"):
        _, text = front_matter.split(page.read_text(), page.name)
        quick, plain = built(text, "scripts.prepare.ready_html"), built(text)
        between_tags = [re.sub(r">\s*<", ">\n<", md.html).split("\n") for md in (quick, plain)]
        assert between_tags[0] == between_tags[1], page
        assert quick.toc_tokens == plain.toc_tokens != [], page
