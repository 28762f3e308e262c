"""`/// packages | scripts`: the packages of a part of the code, one line each, and a picture of which imports which."""

from markdown import Markdown

from scripts.catalog import import_graph
from scripts.catalog.import_graph import Package
from scripts.common.paths import ROOT
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.html import Html
from scripts.render.page.templates import render

WIDTH, ROW, BOX, HEIGHT = 380, 44, 150, 28  # the picture's sizes, in its own units; 380 fits a phone


class PackagesBlock(PageBlock):
    """The argument is a package whose own packages a contract in pyproject.toml puts in order."""

    NAME = "packages"

    def html(self) -> str:
        rows = import_graph.packages(self.argument, ROOT)  # of the code that runs, wherever the pages are
        return render("packages.html", container=self.argument, rows=rows, picture=Html(picture(self.argument, rows)))


def picture(container: str, rows: list[Package]) -> str:
    """An SVG: a box a package from top to bottom, and an arc from each to what it imports, on the right."""
    middle = {row.name: number * ROW + ROW / 2 for number, row in enumerate(rows)}
    arcs = "".join(
        _arc(middle[row.name], middle[other], row.imports[other]) for row in rows for other in sorted(row.imports)
    )
    boxes = "".join(
        f'<g><rect x="1" y="{middle[row.name] - HEIGHT / 2:g}" width="{BOX}" height="{HEIGHT}" rx="4"/>'
        f'<text x="10" y="{middle[row.name] + 5:g}">{row.name}</text></g>'
        for row in rows
    )
    count = sum(len(row.imports) for row in rows)
    upwards = sum(middle[other] < middle[row.name] for row in rows for other in row.imports)
    says = f"{len(rows)} packages of {container} from top to bottom, {count} arcs from a package to one that it imports"
    says += ", every one downwards." if not upwards else f", {upwards} of them upwards."
    return (
        f'<svg class="import-graph" viewBox="0 0 {WIDTH} {len(rows) * ROW}" role="img" aria-label="{says}">'
        f'<g class="import-graph-arcs">{arcs}</g>{boxes}</svg>'
    )


def _arc(start: float, end: float, count: int) -> str:
    """From the box at height `start` to that at `end`; further away bulges further, more imports are thicker."""
    bulge = BOX + 12 + abs(end - start) / ROW * 20
    return (
        f'<path d="M{BOX + 1} {start + 4:g}C{bulge:g} {start + 4:g} {bulge:g} {end - 4:g} {BOX + 7} {end - 4:g}" '
        f'stroke-width="{min(1 + count / 12, 3.5):.1f}"/>'
        f'<path class="import-graph-head" d="M{BOX + 1} {end - 4:g}l7 -4v8z"/>'
    )


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, PackagesBlock, context)
