"""A converted notebook as part of this site: mkdocs-jupyter's HTML without the styles and scripts it brings along.

Each of its pages carries about 590 KB of JupyterLab's styles, MathJax and Mermaid from other hosts, and a copy
element. docs/assets/css/notebook.css takes their place, once for all notebooks.
"""

import base64
import functools
import re

from scripts.measured import figure_files
from scripts.render.page.html import escaped

_GONE = [
    re.compile(pattern, re.S | re.I)
    for pattern in (
        r"<(style|script)\b(?![^>]*application/json)[^>]*>.*?</\1\s*>|<link\b[^>]*>|<!--.*?-->",
        # The copy element, the text it copies (a second time, hidden by styles we leave out), prompts, folding bars.
        r'<div class="zeroclipboard-container">.*?</clipboard-copy>\s*</div>',
        r'<div class="clipboard-copy-txt"[^>]*>.*?</div>',
        r'<div class="jp-(?:Input|Output)Prompt[^"]*">[^<]*</div>',
        r'<div class="jp-Collapser[^"]*">\s*</div>',
        r"<span></span>",
        r'(?<=class="jp-Cell-inputWrapper") tabindex="0"',
    )
]
_INSTEAD = [
    (re.compile(pattern), text)
    for pattern, text in (
        # What scrolls sideways can be reached by keyboard.
        (r'(<div class="highlight-ipynb[^"]*">)<pre>', r'\1<pre tabindex="0">'),
        (r'(<div class="jp-RenderedText[^"]*"[^>]*>\s*)<pre>', r'\1<pre tabindex="0">'),
        # As on the other pages; a pilcrow is read out.
        (
            r'<a class="anchor-link" href="([^"]+)">[^<]*</a>',
            r'<a class="headerlink" href="\1" title="Link to this section">#</a>',
        ),
        # Blank lines between tags; those between statements of a cell separate its functions.
        (r">[ \t]*\n(?:[ \t]*\n)+(?=<(?!span))", r">\n"),
    )
]


_DRAWN = re.compile(
    r'<h[1-6] id="[^"]*">(?P<heading>.*?)<a |<img\b[^>]*?src="data:image/svg\+xml;base64,(?P<data>[^"]+)"[^>]*>', re.S
)


@functools.lru_cache(maxsize=32)
def page(html: str, where: str, figures: tuple[str, ...] = ()) -> str:
    """The notebook as shown; kept, because a server rebuilds all of them whenever a post is edited."""
    return with_figures(trimmed(html), where, figures)


def with_figures(html: str, where: str, figures: tuple[str, ...] = ()) -> str:
    """The notebook with each of its drawings as the site publishes it: `figures` are their HTML, in its order.

    One that has none stays an image, called after the heading above it, which `make verify` refuses. Raises SiteError
    for one that loads or runs something.
    """
    heading, number = "the title", 0

    def published(drawn: re.Match[str]) -> str:
        nonlocal heading, number
        if drawn["data"] is None:
            heading = re.sub(r"<[^>]+>", "", drawn["heading"]).strip() or heading
            return drawn[0]
        number += 1
        figure_files.parsed(base64.b64decode(drawn["data"]), where)
        figure = figures[number - 1] if number <= len(figures) else ""
        if not figure:
            source = f"data:image/svg+xml;base64,{drawn['data']}"
            figure = f'<img class="figure-img" src="{source}" alt="{escaped(f"Figure below: {heading}")}">'
        return f'<div class="figure-scroll" {figure_files.SCROLLS}>{figure}</div>'

    return _DRAWN.sub(published, html)


def trimmed(html: str) -> str:
    """The notebook's cells: no style, no script, no copy element, code that can be reached and scrolled by keyboard."""
    for pattern in _GONE:
        html = pattern.sub("", html)
    for pattern, text in _INSTEAD:
        html = pattern.sub(text, html)
    return html


def head(name: str, script_url: str, post_url: str) -> str:
    """The line above a notebook: the file itself, its script, the post it belongs to ("" for none)."""
    parts = [f'<a href="{escaped(name)}" download>{escaped(name)}</a>']
    if script_url:
        parts.append(f'<a href="{escaped(script_url)}">as a script</a>')
    if post_url:
        parts.append(f'<a href="{escaped(post_url)}">the post</a>')
    return f'<p class="notebook-head">{" &middot; ".join(parts)}</p>'
