"""A notebook's HTML written straight from its cells, as mkdocs-jupyter and `notebook_pages.trimmed` write it.

nbconvert takes half a second to load, and makes half a megabyte of styles and scripts for each notebook that this site
does without. The cells of ours are of few kinds: prose, code, drawings and printed text. A notebook that holds anything
else is `notebook_html`'s.
"""

import base64
import functools
import html as entities
import re
import unicodedata
from typing import Any

import mistune
import pygments
from mistune.plugins import import_plugin
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from scripts.render.page import python_tokens
from scripts.render.page.html import escaped_code

# What nbconvert reads or writes otherwise than mistune: formulas, HTML, pictures, coloured code, headings without a
# blank, line breaks, titles of links, boxes to tick, lines across the page, tables.
_UNUSUAL = re.compile(
    r"[$<&\\]|!\[|```|~~~|^ {0,3}#+(?![#\s])| {2}$|\]\([^)]*[\"']|^ {0,3}\[[^\]]*\]:|\[[ xX]\]"
    r"|^ {0,3}([-*_])(?: *\1){2,} *$|^ *\|? *:?-+:? *\|",
    re.M,
)
_PLUGINS = ("strikethrough", "url", "def_list")  # nbconvert's, without those for tables and for boxes
_TAG = re.compile(r"<[^>]+>")
_NO_WORDS = "No description has been provided for this image"  # `notebook_pages` puts words there
_PAGE = """\
<div class="jupyter-wrapper">
<div class="jp-Notebook" data-jp-theme-light="true" data-jp-theme-name="JupyterLab Light">
{}
</div>
</div>
"""
_PROSE = """\
<div class="jp-Cell jp-MarkdownCell jp-Notebook-cell" id="{id}">
<div class="jp-Cell-inputWrapper">
<div class="jp-InputArea jp-Cell-inputArea">\
<div class="jp-RenderedHTMLCommon jp-RenderedMarkdown jp-MarkdownOutput" data-mime-type="text/markdown">
{html}
</div>
</div>
</div>
</div>"""
_CODE = """\
<div class="jp-Cell jp-CodeCell jp-Notebook-cell{none}">
<div class="jp-Cell jp-CodeCell jp-Notebook-cell{none}" id="{id}">
<div class="jp-Cell-inputWrapper">
<div class="jp-InputArea jp-Cell-inputArea">
<div class="jp-CodeMirrorEditor jp-Editor jp-InputArea-editor" data-type="inline">
<div class="CodeMirror cm-s-jupyter">
{html}</div>
</div>
</div>
</div>
{outputs}</div>
</div>"""
_OUTPUTS = """\
<div class="jp-Cell-outputWrapper">
<div class="jp-OutputArea jp-Cell-outputArea">
{}</div>
</div>
"""
_OUTPUT = """\
<div class="jp-OutputArea-child">
<div class="jp-Rendered{kind} jp-OutputArea-output" data-mime-type="{mime}" tabindex="0">
{html}
</div>
</div>
"""


def knows(notebook: dict[str, Any]) -> bool:
    """Whether every cell of the notebook is of a kind that this module writes."""
    language = notebook["metadata"].get("kernelspec", {}).get("language")
    return language == "python" and all(map(_knows_cell, notebook["cells"]))


def _knows_cell(cell: dict[str, Any]) -> bool:
    source = _text(cell["source"])
    if cell["metadata"].keys() - {"lines_to_next_cell"} or "id" not in cell or not source.strip():
        return False
    if cell["cell_type"] == "markdown":
        return not cell.get("attachments") and not _UNUSUAL.search(source)
    return cell["cell_type"] == "code" and all(map(_knows_output, cell["outputs"]))


def _knows_output(output: dict[str, Any]) -> bool:
    if output["output_type"] == "stream":
        return output["name"] == "stdout" and "\x1b" not in _text(output["text"])
    return (
        output["output_type"] == "display_data"
        and output["data"].keys() == {"image/svg+xml", "text/plain"}
        and not output["metadata"]
    )


def of(notebook: dict[str, Any]) -> str:
    """The HTML of a notebook whose cells it `knows`."""
    # As the templates put them together, code follows without a line break.
    cells = [
        _code_cell(cell) if cell["cell_type"] == "code" else f"\n{_prose_cell(cell)}" for cell in notebook["cells"]
    ]
    return _PAGE.format("".join(cells).removeprefix("\n"))


def _prose_cell(cell: dict[str, Any]) -> str:
    return _PROSE.format(id=f"cell-id={cell['id']}", html=_prose(_text(cell["source"])))


def _code_cell(cell: dict[str, Any]) -> str:
    outputs = "".join(map(_output, cell["outputs"]))
    return _CODE.format(
        none="" if outputs else " jp-mod-noOutputs",
        id=f"cell-id={cell['id']}",
        html=_code(_text(cell["source"])),
        outputs=outputs and _OUTPUTS.format(outputs),
    )


def _output(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        text = f"<pre>{escaped_code(_text(output['text']))}</pre>"
        return _OUTPUT.format(kind="Text", mime="text/plain", html=text)
    drawing = base64.b64encode(_text(output["data"]["image/svg+xml"]).encode()).decode()
    image = f'<img alt="{_NO_WORDS}" src="data:image/svg+xml;base64,{drawing}"/>'
    return _OUTPUT.format(kind="SVG", mime="image/svg+xml", html=image)


def _text(lines: str | list[str]) -> str:
    """A notebook's text, which it holds whole or line by line."""
    return lines if isinstance(lines, str) else "".join(lines)


def _code(source: str) -> str:
    lexer = PythonLexer()
    lexer.get_tokens_unprocessed = functools.partial(python_tokens.unprocessed, lexer)
    html = pygments.highlight(source, lexer, HtmlFormatter(cssclass="highlight-ipynb hl-python"))
    return html.replace("&quot;", '"').replace("&#39;", "'")


@functools.cache
def _markdown() -> mistune.Markdown:
    return mistune.Markdown(_Renderer(escape=False, allow_harmful_protocols=True), plugins=map(import_plugin, _PLUGINS))


def _prose(source: str) -> str:
    return str(_markdown()(source)).replace("&quot;", '"')


class _Renderer(mistune.HTMLRenderer):
    """mistune's, with mkdocs-jupyter's headings."""

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        name = _slug(entities.unescape(_TAG.sub("", text)))
        return f'<h{level} id="{name}">{text}<a class="anchor-link" href="#{name}">¶</a></h{level}>'


def _slug(words: str) -> str:
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
