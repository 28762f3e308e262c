"""What a block shows by its looks or on a click is said in words, once: excerpts, results, figures, paths."""

from selectolax.lexbor import LexborHTMLParser

from scripts.publish import article_markdown, plain_article

PAGE = "https://example.org/posts/01-a/"


def convert(markup: str) -> str:
    return article_markdown.convert(plain_article.plain(f"<article>{markup}</article>"), PAGE)


def test_an_excerpt_is_its_place_its_code_and_its_notes():
    text = convert(
        '<figure class="excerpt" id="e"><figcaption>'
        '<span class="excerpt-crumb">class A <span aria-hidden="true">></span>'
        ' b()</span> <a href="https://x.org/a.py#L1">v/<wbr>a.py:1</a> <button>Copy</button></figcaption>'
        '<div class="excerpt-code"><pre><span id="e-L1"><a data-n="1" href="#e-L1"></a><i>def</i> b():'
        '<a class="excerpt-mark" href="#n" data-n="1"></a>\n</span></pre><details><summary>1 folded</summary>'
        "<pre>    *x*\n</pre></details></div>"
        '<ol class="excerpt-notes"><li><a href="#e-L1">line 1</a> It is.</li></ol></figure>'
    )
    assert "**class A > b()** [v/a.py:1](https://x.org/a.py#L1)" in text
    assert "```python\ndef b():\n    *x*\n```" in text
    assert f"1. [line 1]({PAGE}#e-L1) It is." in text and "Copy" not in text


def test_a_result_names_its_verdict_and_its_claim_and_the_copy_goes():
    text = convert(
        '<details class="result"><summary><span>Measured: <b>7</b> of 9.</span> '
        '<span class="claim-verdict">holds</span>'
        '</summary><section class="claim claim-in-line"><p class="claim-to"><a href="#claim-a">A</a></p><p>Again.</p>'
        "</section></details>"
    )
    assert text == f"**Measured: 7 of 9. holds [claim]({PAGE}#claim-a)**\n"


def test_a_figure_is_its_text_and_a_table_a_table():
    text = convert(
        '<figure id="f"><svg role="img" aria-label="Bars &amp; lines"><text>1</text></svg></figure><svg><path/></svg>'
        "<table><caption>Cap</caption><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td>"
        '<td><span class="claim-verdict" data-holds="false"></span>2</td></tr></tbody></table>'
    )
    assert f"[Figure: Bars & lines]({PAGE}#f)" in text
    assert "Cap\n\n| a | b |\n| --- | --- |\n| 1 | ✗ 2 |" in text


def test_a_hop_is_a_line():
    text = convert(
        '<ol><li class="path-hop"><span class="path-role">worker</span><a href="#x"><code>A.b</code></a>'
        '<span class="path-does">runs</span><span class="path-foot"><a href="#y">a.py:1</a>'
        '<span class="path-badges"><span>seen on </span>'
        '<span class="path-badge">GPU</span><span class="path-badge">CPU</span></span></span></li></ol>'
    )
    assert text == f"1. worker: [`A.b`]({PAGE}#x): runs ([a.py:1]({PAGE}#y) seen on GPU CPU)\n"


def test_of_the_strip_only_the_lit_boxes_stay():
    text = convert(
        '<nav class="engine-map"><p>You are here</p><ol><li class="map-box">a</li>'
        '<li class="map-box is-lit">b</li></ol></nav>'
    )
    assert text == "You are here\n\n1. b\n"


def test_what_is_hidden_is_left_out():
    assert convert(
        '<p hidden>for paper</p><p>seen</p><details hidden="until-found"><summary>a</summary>b</details>'
    ) == ("seen\n\n**a**\n\nb\n")


def test_an_article_is_the_same_in_sections_and_as_a_whole(built_site):
    """Each page's Markdown is put together of its sections'."""
    files = sorted(built_site.rglob("index.html"))
    for file in files:
        article = LexborHTMLParser(file.read_text("utf-8")).css_first("article")
        plain = plain_article.plain(article.html)
        parts = [article_markdown.convert(part, PAGE) for part in plain_article.sections(plain)]
        assert "\n".join(part for part in parts if part.strip()) == article_markdown.convert(plain, PAGE), file


def test_sections_begin_at_the_headings_of_the_second_level_that_stand_by_themselves():
    article = "<article>a<h1>b</h1><h2>c</h2><p>d</p><div><h2>e</h2></div><h3>f</h3><h2>g</h2></article>"
    assert plain_article.sections(article) == [
        "<article>a<h1>b</h1></article>",
        "<article><h2>c</h2><p>d</p><div><h2>e</h2></div><h3>f</h3></article>",
        "<article><h2>g</h2></article>",
    ]
    assert plain_article.sections("<p>x") == ["<article></article>"]
