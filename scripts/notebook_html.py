"""A converted notebook as part of this site: mkdocs-jupyter's HTML without the styles and scripts it brings along.

Each of its pages carries about 590 KB of JupyterLab's styles, MathJax and Mermaid from other hosts, and a copy
element. docs/assets/css/notebook.css takes their place, once for all notebooks.
"""

import re
from html import escape

_LOADED = re.compile(r"<(style|script)\b(?![^>]*application/json)[^>]*>.*?</\1\s*>|<link\b[^>]*>|<!--.*?-->", re.S | re.I)
_COPY = re.compile(r'<div class="zeroclipboard-container">.*?</clipboard-copy>\s*</div>', re.S)
_PROMPT = re.compile(r'<div class="jp-InputPrompt[^"]*">.*?</div>|<div class="jp-Collapser[^"]*">.*?</div>\s*</div>', re.S)
# It names tags and keys that only JupyterLab's own styles and scripts know.
_COLLAPSER = re.compile(r'<div class="jp-Collapser[^"]*">\s*</div>', re.S)


def trimmed(html: str) -> str:
    """The notebook's cells: no style, no script, no copy element, code that can be reached and scrolled by keyboard."""
    html = _LOADED.sub("", html)
    html = _COPY.sub("", html)
    html = _COLLAPSER.sub("", html)
    html = re.sub(r'<div class="highlight-ipynb([^"]*)"><pre>', r'<div class="highlight-ipynb\1"><pre tabindex="0">', html)
    html = re.sub(r'(<div class="jp-RenderedText[^"]*"[^>]*>\s*)<pre>', r'\1<pre tabindex="0">', html)
    # The link that repeats a heading's text is named by a pilcrow, which a screen reader reads out.
    html = re.sub(r'<a class="anchor-link" href="([^"]+)">[^<]*</a>',
                  r'<a class="headerlink" href="\1" title="Link to this section">#</a>', html)
    return re.sub(r"\n\s*\n+", "\n", html)


def head(name: str, script_url: str, post_url: str) -> str:
    """The line above a notebook: the file itself, its script, the post it belongs to ("" for none)."""
    parts = [f'<a href="{escape(name)}" download>{escape(name)}</a>']
    if script_url:
        parts.append(f'<a href="{escape(script_url)}">as a script</a>')
    if post_url:
        parts.append(f'<a href="{escape(post_url)}">the post</a>')
    return f'<p class="notebook-head">{" &middot; ".join(parts)}</p>'
