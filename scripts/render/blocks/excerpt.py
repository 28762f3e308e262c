"""`/// excerpt | id`: a piece of pinned source with its line numbers, folds and notes, as HTML."""

import textwrap

from markdown import Markdown
from pymdownx.blocks.block import type_boolean

from scripts.quotes.excerpts import PlacedNote, Resolved
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.highlight import python_lines
from scripts.render.page.html import Inline, escaped


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, ExcerptBlock, context)


class ExcerptBlock(PageBlock):
    """The argument is the excerpt's id in the page's manifest; `folded: true` shows where it stands, and opens."""

    NAME = "excerpt"
    OPTIONS = {"folded": (False, type_boolean)}

    def html(self) -> str:
        excerpt = self.context.excerpt(self.argument)
        shown = excerpt_html(excerpt, self.context.inline)
        return folded(excerpt, shown) if self.options["folded"] else shown


def folded(excerpt: Resolved, shown: str) -> str:
    """The excerpt's HTML below a line that opens it. Its addresses stay, and a link to one of them opens it too."""
    lines = lines_text(excerpt.first, excerpt.last)
    return (
        f'<details class="fold excerpt-fold"><summary data-at="{excerpt.excerpt.id}">'
        f'<span class="excerpt-crumb">{crumb_html(excerpt)}</span> '
        f'<span class="excerpt-lines">{escaped(excerpt.pin.name)}, {lines}</span> '
        f'<span class="excerpt-show">show the lines</span></summary>{shown}</details>'
    )


def excerpt_html(excerpt: Resolved, inline: Inline = escaped) -> str:
    """The figure: caption with breadcrumb and permalinks, code, notes. `inline` turns a note's Markdown into HTML.

    Addresses: #<id>, #<id>-L<pinned line>, #<id>-<note>. Line numbers are counted and drawn by CSS, so that selecting
    code selects no number, and a line costs one element; the script makes a number lead to its line's address. It reads
    in order, and every link works, without CSS and JavaScript.
    """
    name = excerpt.excerpt.id
    # Known from the first tag on, so that the two columns stand before the notes have arrived.
    has_notes = " data-notes" if excerpt.notes else ""
    return (
        f'<figure class="excerpt" id="{name}" data-engine="{excerpt.excerpt.engine}"{has_notes}>'
        f"<figcaption>{caption_html(excerpt)}</figcaption>"
        f'<div class="excerpt-body"><div class="excerpt-code" tabindex="0" role="group" aria-label="{label(excerpt)}" '
        f'data-search-exclude style="--digits:{len(str(excerpt.last))}">{code_html(excerpt)}</div>'
        f"{notes_html(excerpt, inline)}</div></figure>"
    )


def label(excerpt: Resolved) -> str:
    """What a screen reader calls the code."""
    return escaped(f"{excerpt.pin.name}, {excerpt.excerpt.symbol}, {lines_text(excerpt.first, excerpt.last)}")


def lines_text(first: int, last: int) -> str:
    """ "line 7" or "lines 7-9"."""
    return f"line {first}" if first == last else f"lines {first}\N{EN DASH}{last}"


def crumb_html(excerpt: Resolved) -> str:
    """Class and function, outermost first."""
    return escaped(excerpt.breadcrumb).replace(
        " &gt; ", ' <span aria-hidden="true">\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}</span> '
    )


def caption_html(excerpt: Resolved) -> str:
    """Breadcrumb, path with the symbol's line, tag, quoted lines, copy button."""
    pin, path, symbol = excerpt.pin, excerpt.excerpt.path, excerpt.symbol
    # <wbr>: a path may be broken after a slash, on a phone it must.
    shown = escaped(f"{path}:{symbol.line}").replace("/", "/<wbr>")
    return (
        f'<span class="excerpt-crumb">{crumb_html(excerpt)}</span> '
        f'<span class="excerpt-place"><a href="{escaped(pin.permalink(path, symbol.line))}">{shown}</a> \N{MIDDLE DOT} '
        f"{escaped(pin.name)} {escaped(pin.tag)} \N{MIDDLE DOT} "
        f'<a href="{escaped(excerpt.permalink)}">{lines_text(excerpt.first, excerpt.last)}</a></span> '
        f'<button class="excerpt-copy" type="button" aria-label="Copy the code of {escaped(excerpt.excerpt.symbol)}">'
        "Copy</button>"
    )


def code_html(excerpt: Resolved) -> str:
    """One <pre> for each stretch between folds; a fold is a closed <details>."""
    # The margin goes: these functions nest deeply and screens are narrow. Numbers still say where the line stands.
    dedented = tuple(textwrap.dedent("\n".join(excerpt.lines)).split("\n"))
    marks: dict[int, list[str]] = {}
    for index, placed in enumerate(excerpt.notes, 1):
        marks.setdefault(placed.last, []).append(
            f'<a class="excerpt-mark" href="#{excerpt.excerpt.id}-{placed.note.id}" data-n="{index}" '
            f'aria-label="note {index}"></a>'
        )
    rows = []
    for number, html in enumerate(python_lines(dedented, excerpt.before), excerpt.first):
        anchor = f"{excerpt.excerpt.id}-L{number}"
        rows.append(f'<span id="{anchor}">{html}{"".join(marks.get(number, []))}\n</span>')
    parts, at = [], excerpt.first
    for first, last in excerpt.folds:
        parts += [
            _pre(rows[at - excerpt.first : first - excerpt.first], at),
            f"<details><summary>{last - first + 1} folded, {lines_text(first, last)}</summary>",
            _pre(rows[first - excerpt.first : last + 1 - excerpt.first], first),
            "</details>",
        ]
        at = last + 1
    return "".join([*parts, _pre(rows[at - excerpt.first :], at)])


def _pre(rows: list, first: int) -> str:
    return f'<pre style="counter-reset:line {first - 1}">{"".join(rows)}</pre>' if rows else ""


def notes_html(excerpt: Resolved, inline: Inline) -> str:
    """The notes in an ordered list, each with its address and a link to its first line; "" without notes."""

    def item(placed: PlacedNote) -> str:
        name = excerpt.excerpt.id
        return (
            f'<li id="{name}-{placed.note.id}" data-first="{placed.first}" data-last="{placed.last}">'
            f'<a href="#{name}-L{placed.first}">{lines_text(placed.first, placed.last)}</a> '
            f"{inline(placed.note.text)}</li>"
        )

    items = "".join(map(item, excerpt.notes))
    return f'<ol class="excerpt-notes">{items}</ol>' if items else ""
