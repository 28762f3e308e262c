"""Words of a page: blocks are parted, what is drawn, code and controls say nothing."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from scripts.publish.page_text import words


@pytest.mark.parametrize(
    ("html", "says"),
    [
        ("<p>a <b>bold</b>ly\n  said</p>", "a boldly said"),
        ("<ul><li>one</li><li>two</li></ul>", "one two"),
        ("<code>vllm/<wbr>engine/<wbr>core.py</code>", "vllm/engine/core.py"),
        ("<p>kept<svg><text>drawn</text></svg> <button>Copy</button><pre>code</pre></p>", "kept"),
        ('<h2>Title<a class="headerlink" href="#t">#</a></h2>', "Title"),
        ('<p>a</p><div data-search-exclude="">b</div><div class="wide replay">c</div>', "a"),
        ("<p>a</p><p hidden>for paper</p>", "a"),
        ("<p>a &lt; b &amp; c</p>", "a < b & c"),
    ],
)
def test_words_are_what_is_read(html, says):
    assert words(LexborHTMLParser(f"<div id=all>{html}</div>").css_first("#all")) == says


def test_nothing_says_nothing():
    assert words(None) == ""
