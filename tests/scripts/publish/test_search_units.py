"""Units of a page: sections, and in them rows, terms, results, excerpts, hops and folds, each with its own address."""

from scripts.publish.search_units import units

POST = """<html><head><meta name="description" content="What a step &amp; a turn hold."></head>
<body><nav>menu</nav><article>
<h1 id="loop">The loop<a class="headerlink" href="#loop">#</a></h1>
<p>Lead.</p>
<h2 id="why">Why?<a class="headerlink" href="#why">#</a></h2>
<p>Because <code>schedule</code> does.</p>
<details class="fold"><summary class="fold-title">More of it</summary>
<div class="fold-body" id="more"><p>Hidden words.</p></div></details>
<p>And on.</p>
<figure class="excerpt" id="pick">
<figcaption><span class="excerpt-crumb">class Core <span>›</span> pick()</span></figcaption>
<div class="excerpt-code" data-search-exclude><pre>x = secret</pre></div>
<ol class="excerpt-notes"><li id="pick-a">line 7 It takes one.</li></ol></figure>
<details class="claim-fold"><summary class="claim-line"><span class="claim-title">One waits</span> holds</summary>
<div class="claim" id="claim-wait"><p class="claim-sentence">It waits <b>2</b> ms.</p>
<p class="claim-test">If.</p></div></details>
<div class="claim" id="claim-go"><p><a class="claim-title">One goes</a></p><p class="claim-sentence">It goes.</p></div>
<ol><li class="path-hop" id="path-a"><code>Core.step</code><span class="path-does">takes a step</span></li></ol>
<table><tr id="setting-vllm-max"><th>vLLM <code>--max-num-seqs</code></th><td>1024</td></tr>
<tr><td>plain</td></tr></table>
<p>End.</p>
</article></body></html>"""
ROWS = """<article><h1>Knobs</h1><h2 id="g">Group</h2><table><tr id="knob-places"><th>Requests at once</th>
<td><code class="knob-flag">--max-num-seqs</code> 1024</td><td><small>no counterpart in these posts</small></td>
<td data-label="what it trades">Pace.</td></tr>
</table>
<dl><dt id="block">Block</dt><dd>A unit of <em>memory</em>.</dd><dt>Plain</dt><dd>Stays here.</dd></dl></article>"""


def found(html: str, page: str) -> dict:
    return {unit.anchor: unit for unit in units(html, page)}


def test_a_post_is_cut_into_what_can_be_opened():
    got = found(POST, "posts/02-scheduler-loop/")
    assert {anchor: unit.kind for anchor, unit in got.items()} == {
        "": "post", "why": "section", "more": "section", "pick": "excerpt", "claim-wait": "result",
        "claim-go": "result", "path-a": "call", "setting-vllm-max": "setting",
    }  # fmt: skip
    assert (got[""].title, got[""].names) == ("The loop", ["scheduler loop"])
    assert got[""].words() == "What a step & a turn hold. Lead."
    assert got["why"].title == "Why?" and got["why"].words() == "Because schedule does. And on. plain End."
    assert (got["more"].title, got["more"].words()) == ("More of it", "Hidden words.")
    assert (got["pick"].title, got["pick"].words()) == ("Core.pick()", "It takes one.")
    assert (got["claim-wait"].title, got["claim-wait"].words()) == ("One waits", "It waits 2 ms.")
    assert (got["claim-go"].title, got["claim-go"].words()) == ("One goes", "It goes.")
    assert (got["path-a"].title, got["path-a"].words()) == ("Core.step", "takes a step")
    assert (got["setting-vllm-max"].title, got["setting-vllm-max"].words()) == ("vLLM --max-num-seqs", "1024")


def test_a_row_has_its_flags_and_a_term_its_meaning():
    got = found(ROWS, "reference/knobs/")
    knob = got["knob-places"]
    assert (knob.kind, knob.title, knob.names, knob.words()) == (
        "knob", "Requests at once", ["--max-num-seqs"], "Pace. --max-num-seqs 1024",
    )  # fmt: skip
    assert (got["block"].kind, got["block"].words()) == ("term", "A unit of memory.")
    assert got["g"].words() == "Plain Stays here.", "a term without an address is part of its section"


def test_of_a_dump_there_is_the_page_alone():
    assert [unit.anchor for unit in units(ROWS, "reference/ledger/")] == [""]
    assert len(units(ROWS, "reference/glossary/")) > 1


def test_a_page_without_text_has_no_unit():
    assert units("<html><body><h1>No article</h1></body></html>", "x/") == []
    assert units("<article><p>no title</p></article>", "x/") == []


def test_the_lines_that_changed_in_a_release_are_found_by_its_list_alone():
    page = "<article><h1>Drift</h1><h2 id='a'>vLLM</h2><p>Text.</p></article>"
    assert [unit.title for unit in units(page, "reference/drift/")] == ["Drift"]
    assert units(page, "reference/drift/vllm-0.33.0/") == []
