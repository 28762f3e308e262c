"""`/// famous`: the published figures, group by group: what was published, on what, what was measured here, a verdict.

What is ours comes from claims, by reference, and each claim stands below it with its own verdict.
"""

from dataclasses import dataclass

from markdown import Markdown

from scripts.catalog import famous_numbers, site_data
from scripts.catalog.famous_numbers import Figure
from scripts.render.page import templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.html import Inline
from scripts.render.tables import rows

NOTHING = {famous_numbers.MISSING: "no measurement yet", famous_numbers.CANNOT: "no measurement"}


class FamousBlock(PageBlock):
    """Takes no argument."""

    NAME = "famous"
    ARGUMENT = False

    def html(self) -> str:
        return page_html(self.evidence, self.root, self.context.inline)


@dataclass(frozen=True)
class Row:
    """A figure with what its row says besides: `read` how its source was read, `nothing` what stands for a value."""

    figure: Figure
    source: dict
    kind: str
    read: str
    setup: dict[str, str]
    claims: list[rows.ShownClaim]
    nothing: str


def page_html(evidence: site_data.Evidence, root: str, inline: Inline) -> str:
    """`root` is the way from the page to the site's root, `inline` makes HTML of inline Markdown. Raises SiteError."""
    figures = famous_numbers.load(evidence.root)
    famous_numbers.check_values(figures, evidence.claims)
    # In the verdicts' own order.
    verdicts = {name: sum(figure.verdict == name for figure in figures) for name in famous_numbers.VERDICTS}
    return templates.render(
        "famous_numbers.html",
        groups=rows.by_group((figure.group, _row(figure, evidence)) for figure in figures),
        count=len(figures),
        publications=len({figure.source for figure in figures}),
        verdicts={name: count for name, count in verdicts.items() if count},
        root=root,
        inline=inline,
    )


def _row(figure: Figure, evidence: site_data.Evidence) -> Row:
    source = evidence.quoted[figure.source]
    return Row(
        figure,
        source,
        kind=famous_numbers.KINDS[figure.kind],
        read=famous_numbers.READ[source["read"]] + (f": {source['how']}" if "how" in source else ""),
        setup={"set-up": figure.setup, "against": figure.against, "mind": figure.mind},
        claims=rows.claims(figure.claims, evidence),
        nothing=NOTHING.get(figure.verdict, ""),
    )


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, FamousBlock, context)
