"""Leftover markup, doubled addresses: what is found on a built page, and what is left alone."""

import pytest

from scripts.common.errors import SiteError
from scripts.prepare import html_checks

CLEAN = """<h1 id="a">Post</h1><p>See <a href="https://example.org/x">this</a> at https://example.org//x.</p>
<pre><code>/// excerpt | x\n{{value}}</code></pre><p><code>{fixed: reason}</code></p><script>let a = "{{b}}";</script>
<svg id="b"><g id="c"></g></svg><!-- {{c}} -->"""


@pytest.mark.parametrize(
    "left",
    [
        "<p>/// excerpt | schedule</p>",
        "<p>{{ttft.vllm}} is long</p>",
        "<p>16 tokens{fixed: the default}</p>",
        "<p>38%{quoted: blog}</p>",
        "<p>a {{ half-open</p>",
        "<p>\n```python\nx = 1</p>",
    ],
)
def test_leftovers_stop_the_build_and_are_named(left):
    with pytest.raises(SiteError, match=r"docs/x\.md: '.*was left on the page"):
        html_checks.check(CLEAN + left, "docs/x.md")


def test_code_scripts_comments_and_addresses_are_no_leftovers():
    html_checks.check(CLEAN, "docs/x.md")


def test_two_elements_with_one_address():
    with pytest.raises(SiteError, match=r"two elements have the address #a;"):
        html_checks.check(CLEAN + '<figure class="x" id="a"></figure>', "docs/x.md")


def test_a_link_inside_what_opens_a_fold_stops_the_build():
    for control in ('<a href="#x">x</a>', "<button>x</button>"):
        fold = f"<details><summary><span>The rest</span> {control}</summary><a href='#a'>y</a></details>"
        with pytest.raises(SiteError, match=r"docs/x\.md: what opens the fold 'The rest x' holds <"):
            html_checks.check(CLEAN + fold, "docs/x.md")
    html_checks.check(CLEAN + "<details><summary>The rest</summary><a href='#a'>y</a></details>", "docs/x.md")


def test_the_addresses_of_a_page():
    assert html_checks.addresses(CLEAN) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("html", "names"),
    [
        ('<p title="a > b" id="x">1</p><p id="x">2</p>', ["x"]),
        ('<p ID="x">1</p><p id = "x">2</p>', ["x"]),
        ('<p id="a&amp;b">1</p><p id="a&#38;b">2</p>', ["a&b"]),
        ("<p\nid=x>1</p><p id='x'>2</p>", ["x"]),
        ('<!-- <p id="x"> --><p id="x">2</p>', []),
        ('<template><p id="x"></p></template><p id="x">2</p>', []),
        ('<code>&lt;p id="x"&gt;</code><p data-id="x" id="y"></p><p id="x">2</p>', []),
    ],
)
def test_addresses_are_read_as_a_browser_reads_them(html, names):
    assert html_checks.twice(html_checks.addresses(html)) == names
