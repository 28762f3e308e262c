"""`/// famous`: the published figures, group by group: what was published, on what, what was measured here, a verdict.

What is ours comes from claims, by reference, and each claim stands below it with its own verdict.
"""

from scripts.catalog import famous_numbers, site_data
from scripts.measured.inline_figures import escaped
from scripts.render.page.block import PageBlock, register_block
from scripts.render.tables import rows

COLUMNS = ("figure", "published", "on what, against what", "here", "verdict")
NOTHING = {famous_numbers.MISSING: "no measurement yet", famous_numbers.CANNOT: "no measurement"}


class FamousBlock(PageBlock):
    """Takes no argument."""

    NAME = "famous"
    ARGUMENT = False

    def html(self) -> str:
        return page_html(self.evidence, self.root, self.context.inline)


def page_html(stands_on: site_data.Evidence, root: str, inline) -> str:
    """`root` is the way from the page to the site's root, `inline` makes HTML of inline Markdown. Raises SiteError."""
    found = famous_numbers.load(stands_on.root)
    famous_numbers.check_values(found, stands_on.claims)
    cells = _Cells(stands_on, root, inline)
    groups = list(dict.fromkeys(figure.group for figure in found))
    sections = "".join(
        rows.section(group, "famous", COLUMNS, [cells.row(each) for each in found if each.group == group])
        for group in groups
    )
    return (
        f'<div class="famous"><p class="famous-counts">{_counts(found)}</p>'
        f"{rows.links(groups, 'famous')}{sections}</div>"
    )


def _counts(found: list) -> str:
    """How many figures there are, and how many have each verdict, in the verdicts' own order."""
    counts = {name: sum(figure.verdict == name for figure in found) for name in famous_numbers.VERDICTS}
    parts = ", ".join(f"{count} {_badge(name)}" for name, count in counts.items() if count)
    return f"{len(found)} figures from {len({figure.source for figure in found})} publications: {parts}."


def _badge(verdict: str) -> str:
    return f'<span class="famous-verdict" data-verdict="{verdict.replace(" ", "-")}">{verdict}</span>'


class _Cells:
    """Makes the cells of a figure's row, of what the page stands on."""

    def __init__(self, stands_on: site_data.Evidence, root: str, inline):
        self.evidence, self.root, self.inline = stands_on, root, inline

    def row(self, figure: famous_numbers.Figure) -> str:
        texts = (self._published(figure), self._setup(figure), self._ours(figure), self._verdict(figure))
        cells = "".join(rows.cell(label, text) for label, text in zip(COLUMNS[1:], texts, strict=True))
        return (
            f'<tr id="{figure.anchor}" role="row"><th role="rowheader" scope="row">{self.inline(figure.what)}</th>'
            f"{cells}</tr>"
        )

    def _published(self, figure: famous_numbers.Figure) -> str:
        source = self.evidence.quoted[figure.source]
        read = famous_numbers.READ[source["read"]] + (f": {source['how']}" if "how" in source else "")
        return (
            f'<p><strong class="famous-figure">{self.inline(figure.figure)}</strong> '
            f"<small>{famous_numbers.KINDS[figure.kind]}</small></p>"
            f'<p><a class="famous-source" href="{escaped(source["url"])}">{escaped(source["title"])}</a>, '
            f'<time datetime="{source["date"]}">{source["date"]}</time></p>'
            f'<p><small class="famous-read" data-read="{source["read"]}">{escaped(read)}</small></p>'
        )

    def _setup(self, figure: famous_numbers.Figure) -> str:
        facts = [("set-up", figure.setup), ("against", figure.against), ("mind", figure.mind)]
        return rows.facts([(name, self.inline(text)) for name, text in facts if text])

    def _ours(self, figure: famous_numbers.Figure) -> str:
        said = self.inline(figure.ours) if figure.ours else NOTHING[figure.verdict]
        return f"<p>{said}</p>{rows.claims(figure.claims, self.evidence, self.root, host=True)}"

    def _verdict(self, figure: famous_numbers.Figure) -> str:
        return f"<p>{_badge(figure.verdict)}</p><p>{self.inline(figure.why)}</p>"


def register(md, context) -> None:
    """Adds the block."""
    register_block(md, FamousBlock, context)
