"""A page's article as plain HTML: what a block shows by its looks or on a click is said in words, the rest is left out.

Only what a text cannot hold goes: pictures, of which the alternative text stays, buttons, the states that a replay
draws, and a claim's second copy. A test compares the words.
"""

import html

from selectolax.lexbor import LexborHTMLParser, LexborNode

# No words of the page's own: navigation, controls, and what stands elsewhere on the page once more.
LEFT_OUT = (
    ".headerlink, .md-tags, .md-content__button, .page-tools, script, style, template, button, input, form, "
    ".picture-patterns, .path-heads, [aria-hidden=true], .rp-player, .rp-stage, .cp-answers, "
    ".cp-verdict, .excerpt-mark, pre a[data-n], wbr, .md-source-file, .claim-row, .claim-scale svg, [hidden='']"
)
MARKS = {"true": "✓", "some": "partly", "false": "✗"}


def plain(article: str) -> str:
    """The article's HTML, made plain."""
    tree = LexborHTMLParser(article)
    body = tree.body
    assert body is not None  # a parser of HTML makes one
    _results(body)
    for node in body.css(".excerpt-crumb"):
        node.replace_with(_made(f"<b>{html.escape(node.text())}</b>"))
    for node in body.css(LEFT_OUT):
        node.decompose()
    for node in body.css("svg, picture"):
        _figure(tree, node)
    for node in body.css(".claim-verdict:empty"):
        node.replace_with(MARKS.get(node.attributes.get("data-holds") or "", "") + " ")
    for node in body.css(".excerpt-code"):
        _one_block(tree, node, "python")
    for node in body.css("pre:not([data-language])"):
        _one_block(tree, node, "python" if _within(node, "pseudo", "hl-python") else "")
    _path(body)
    _strip(body)
    return body.inner_html or ""


def sections(plain: str) -> list[str]:
    """A plain article in parts, each an article by itself: what stands above its first heading of the second level, and
    each such heading with what stands below it."""
    article = LexborHTMLParser(plain).css_first("article")
    parts: list[list[str]] = [[]]
    for node in article.iter(include_text=True) if article is not None else ():
        if node.tag == "h2" and parts[-1]:
            parts.append([])
        parts[-1].append(node.html or "")
    return [f"<article>{''.join(part)}</article>" for part in parts]


def _results(body: LexborNode) -> None:
    """A result's line says where its claim stands, and the copy of the claim below it goes."""
    for copy in body.css(".result > .claim-in-line"):
        line = copy.parent.css_first("summary") if copy.parent is not None else None
        link = copy.css_first(".claim-to a")
        if line is not None and link is not None:
            line.insert_child(" ")
            line.insert_child(_made(f'<a href="{html.escape(link.attributes["href"] or "")}">claim</a>'))
        copy.decompose()


def _figure(tree: LexborHTMLParser, node: LexborNode) -> None:
    """A picture becomes its alternative text, which links to it."""
    image = node.css_first("img") or node
    said = image.attributes.get("aria-label") or image.attributes.get("alt") or ""
    if not said and (named := node.attributes.get("aria-labelledby")):
        title = tree.css_first(f'[id="{named}"]')
        said = title.text(strip=True) or title.attributes.get("aria-label") or "" if title is not None else ""
    if not said and (title := node.css_first("title")) is not None:
        said = title.text(strip=True)
    if not said:
        node.decompose()
        return
    place: LexborNode | None = node
    while place is not None and not place.attributes.get("id"):
        place = place.parent
    where = f"#{place.attributes['id']}" if place is not None else "#"
    node.replace_with(_made(f'<p><a href="{html.escape(where)}">Figure: {html.escape(said)}</a></p>'))


def _one_block(tree: LexborHTMLParser, node: LexborNode, language: str) -> None:
    """Code in one piece, without the spans of its colours; what was folded stands in its place."""
    code = "".join(pre.text() for pre in (node.css("pre") or [node])) if node.tag != "pre" else node.text()
    node.replace_with(_made(f'<pre data-language="{language}">{html.escape(code)}</pre>'))


def _within(node: LexborNode, *classes: str) -> bool:
    at: LexborNode | None = node
    while at is not None:
        if set((at.attributes.get("class") or "").split()) & set(classes):
            return True
        at = at.parent
    return False


def _path(body: LexborNode) -> None:
    """A hop in one line: who, what, what it does, and in brackets where it was seen."""
    for node in body.css(".path-role"):
        node.insert_after(": ")
    for node in body.css(".path-does"):
        node.insert_before(": ")
    for node in body.css(".path-foot"):
        node.insert_before(" (")
        node.insert_after(")")
    for node in body.css(".path-badges, .path-badge + .path-badge"):
        node.insert_before(" ")


def _strip(body: LexborNode) -> None:
    """Of the strip that says where a post is on the map, the boxes that are lit; they are the only news in it."""
    for strip in body.css("nav.engine-map"):
        for box in strip.css(".map-box"):
            if "is-lit" not in (box.attributes.get("class") or ""):
                box.decompose()


def _made(markup: str) -> LexborNode:
    made = LexborHTMLParser(markup).body
    assert made is not None and made.child is not None
    return made.child
