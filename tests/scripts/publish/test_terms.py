"""Terms are linked where a post first uses them, flags stay whole and lead to their knob, the rest of a page stays."""

import json
import re

import pytest

from scripts.common.errors import SiteError
from scripts.publish import flags, glossary, terms
from scripts.publish.running_text import rewrite

GLOSSARY = """<article><h1 id="glossary">Glossary</h1><dl>
<dt id="kv-cache">KV cache</dt>
<dd>Keys and values. See <a href="../knobs/#knob-a">a knob</a>.</dd>
<dt id="hash" data-also="computed hash, hashes">Hash, computed and entered</dt>
<dd>Of a <em>block</em>.</dd>
<dt id="hit" data-linked-only="">Hit</dt>
<dd>A block that was found.</dd>
<dt id="block">Block</dt>
<dd>Room for tokens.</dd>
</dl></article>"""
KNOBS = """<article><table><tr id="knob-places" role="row"><td><code class="knob-flag">--max-num-seqs</code></td>
<td><code class="knob-flag">--max-running-requests</code></td></tr></table></article>"""


def post(body):
    return f'<html><body><p>A block of the header.</p><article><h1 id="t">A block</h1>{body}</article></body></html>'


@pytest.fixture
def site(tmp_path):
    for page, text in {
        glossary.PAGE: GLOSSARY,
        flags.KNOBS: KNOBS,
        "posts/01-a/": post("<p>The KV cache, and blocks. A block, <code>block</code>.</p>"),
        "reference/metrics/": post("<p>A block.</p>"),
    }.items():
        (tmp_path / page).mkdir(parents=True, exist_ok=True)
        (tmp_path / page / "index.html").write_text(text)
    return tmp_path


def read(site, page="posts/01-a/"):
    return (site / page / "index.html").read_text()


def linked(page):
    return re.findall(r'<a class="term" href="([^"]*)">(.*?)</a>', page)


def test_the_first_use_leads_to_the_glossary_and_the_definition_is_at_hand(site):
    terms.publish(site, site)
    page = read(site)
    assert linked(page) == [
        ("../../reference/glossary/#kv-cache", "KV cache"),
        ("../../reference/glossary/#block", "blocks"),
    ]
    data = json.loads(re.search(r'<script type="application/json" id="terms">(.*?)</script>', page)[1])
    assert list(data) == ["kv-cache", "block"]
    assert data["kv-cache"] == 'Keys and values. See <a href="../../reference/knobs/#knob-a">a knob</a>.'
    assert "term" not in read(site, "reference/metrics/"), "what is no post was changed"


@pytest.mark.parametrize(
    "body",
    [
        "<h2 id='x'>A block</h2>",
        "<p><code>a block</code></p>",
        "<p><a href='x'>a <em>block</em></a></p>",
        "<details><summary>a block</summary></details>",
        "<pre><p>a block</p></pre>",
        "<figure><svg><text>a block</text></svg></figure>",
        '<section class="claim"><p>a block</p></section>',
        "<div>a block</div>",
        "<p>a block-wise, sub-block, unblock</p>",
        "<p>one hit</p>",
        "<p><!-- a block --></p>",
    ],
)
def test_no_term_where_it_would_be_in_the_way(site, body):
    page = post(body)
    assert terms.explain(page, glossary.load(site)) == page


def test_a_link_that_was_typed_says_which_term_is_meant_and_counts_as_the_first_use(site):
    typed = '<p>A <a href="../../reference/glossary/"><strong>hit</strong></a>, {}, hits, <i>Computed hash</i>.</p>'
    body = typed.format('<a href="../../reference/glossary/#anything">blocks</a> and a block')
    page = terms.explain(post(body), glossary.load(site))
    assert [(to.rpartition("#")[2], words) for to, words in linked(page)] == [
        ("hit", "<strong>hit</strong>"),
        ("block", "blocks"),
        ("hash", "Computed hash"),
    ]
    unknown = post('<p><a href="../../reference/glossary/">the glossary</a></p>')
    assert terms.explain(unknown, glossary.load(site)) == unknown


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (GLOSSARY, "<article></article>", "the built page has no terms; write each as"),
        ('<dt id="block">', "<dt>", "the term 'Block' has no address; write 'Block {: #its-address }'"),
        ("computed hash, hashes", "hashes, KV cache", "'kv cache' stands for KV cache and for Hash"),
    ],
)
def test_a_glossary_that_cannot_be_used_is_one_line(site, before, after, said):
    file = site / glossary.PAGE / "index.html"
    file.write_text(GLOSSARY.replace(before, after))
    with pytest.raises(SiteError) as caught:
        terms.publish(site, site)
    assert str(caught.value).startswith("docs/reference/glossary.md: ") and said in str(caught.value)


def test_a_flag_leads_to_its_knob_once_a_section_and_is_never_broken(site):
    body = (
        "<p><code>--max-num-seqs</code>, <code>--max-num-seqs 8</code>, <code>--max-running-requests</code></p>"
        '<h2 id="b">B <code>--max-num-seqs</code></h2><p><code>--max-num-seqs</code> with --unknown-flag</p>'
        "<p><code>vllm serve --max-num-seqs 8 --unknown-flag</code></p><pre><code>--max-num-seqs</code></pre>"
    )
    (site / "posts/01-a/index.html").write_text(post(body))
    flags.publish(site, site)
    page = read(site)
    found = re.findall(r'<a class="knob" href="../../reference/knobs/#knob-places">(.*?)</a>', page)
    whole = ['<code class="flag">--max-num-seqs</code>', '<code class="flag">--max-running-requests</code>']
    assert found == [*whole, whole[0]]
    assert '<code class="flag">--max-num-seqs 8</code>' in page
    assert 'with <span class="flag">--unknown-flag</span></p>' in page
    assert (
        '<code>vllm serve <span class="flag">--max-num-seqs</span> 8 <span class="flag">--unknown-flag</span></code>'
        in page
    )
    assert "<pre><code>--max-num-seqs</code></pre>" in page
    long = post("<p><code>--compilation-config.max_cudagraph_capture_size</code></p>")
    assert flags.unbroken(long) == long, "a phone has no room for it in one line"


def test_what_is_not_changed_stays_byte_for_byte():
    page = post('<p>a<br>b <img src="x"> c<input></p><script>"<p>a</p>"</script><P class="x">d</P>&amp;')
    assert rewrite(page, lambda piece: piece.html) == page
    assert rewrite("<p>no article</p>", lambda piece: "") == "<p>no article</p>"


def test_only_pieces_that_hold_a_text_are_handed_over_and_the_rest_stays():
    page = "<article><h2 id='a'>x</h2><p>one <b>--two</b> three<code>--four</code><!-- --five --></article><p>--six"
    handed = []
    made = rewrite(page, lambda piece: handed.append(piece.html) or piece.html.upper(), "--")
    assert handed == ["--two", "<code>--four</code>"]
    assert made == page.replace("--two", "--TWO").replace("<code>--four</code>", "<CODE>--FOUR</CODE>")


def test_a_page_that_was_published_before_is_not_gone_through_again_and_another_one_is(site, monkeypatch):
    gone_through = []
    for step in (terms, flags):
        monkeypatch.setattr(step, "rewrite", lambda page, *more: gone_through.append(page) or rewrite(page, *more))
    before = {file: file.read_text() for file in site.rglob("*.html")}

    def published(edit: str = "") -> dict[str, str]:
        gone_through.clear()
        for file, text in before.items():
            file.write_text(text)
        post = site / "posts/01-a/index.html"
        post.write_text(post.read_text().replace("<p>The", f"<p>{edit}The"))
        for step in (terms, flags):
            step.publish(site, site)
        return {str(file): file.read_text() for file in before}

    unlike_any_other = "Of this test alone. "
    first = published(unlike_any_other)
    assert gone_through and published(unlike_any_other) == first and gone_through == []
    edited = published("Edited --now. ")[str(site / "posts/01-a/index.html")]
    assert 'Edited <span class="flag">--now</span>.' in edited
    assert len(gone_through) == 2, "the post's terms, and its flags"
