"""Markup that a validator would refuse is named; what only looks like it is left alone."""

import pytest

from scripts.common.errors import SiteError
from scripts.prepare import html_checks
from scripts.prepare.markup_checks import faults


@pytest.mark.parametrize(
    ("html", "says"),
    [
        ("<span class=note>a</span>", "<span> has class=note without quotes"),
        ('<td data-a="b" class=note>a</td>', "<td> has class=note without quotes"),
        ('<table role="table"><tr><td>a</td></tr></table>', '<table> has role="table", which it is'),
        ('<tr role="row"><th role="rowheader">a</th></tr>', '<tr> has role="row", which it is'),
        ('<th role="columnheader">a</th>', '<th> has role="columnheader", which it is'),
        ('<section class="x"><p>a</p></section>', '<section class="x"> holds no heading; make it a <div>'),
        ("<article><section><p>a</p></section><h2>b</h2></article>", "<section> holds no heading; make it a <div>"),
        (
            "<dl><div><dt>a</dt><dd>1</dd></div><div><dt> a </dt><dd>2</dd></div></dl>",
            "<dl> has the term 'a' twice; give each its own <dl>",
        ),
        (
            '<h2 id="a">A <code>b</code><a class="headerlink" href="#a">#</a></h2><h2 id="a_1">A b</h2>',
            "two sections are called 'A b'; remove one, or name what tells them apart",
        ),
    ],
)
def test_what_is_wrong_is_named(html, says):
    assert says in faults(html)
    with pytest.raises(SiteError, match="^docs/a.md: "):
        html_checks.check(html, "docs/a.md")


@pytest.mark.parametrize(
    "html",
    [
        '<a href="?a=b&amp;c=d" title="x=y">a = b</a>',
        '<ol class="x" role="list"><li>a</li></ol>',
        "<section><div><h3>b</h3></div></section>",
        "<dl><dt>a</dt><dd><dl><dt>a</dt><dd>1</dd></dl></dd></dl><dl><dt>a</dt></dl>",
        "<pre>&lt;span class=note&gt;<span class=k>a</span></pre><svg role=img></svg>",
        "<input type='search' disabled><br/>",
        "<h2>a</h2><h3>b</h3><h2>c</h2><h3>b</h3>",
    ],
)
def test_what_is_right_passes(html):
    assert faults(html) == []
