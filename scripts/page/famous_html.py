"""`/// famous`: the published figures, group by group: what was published, on what, what was measured here, a verdict.

What is ours comes from claims, by reference, and each claim stands below it with its own verdict.
"""

from scripts import evidence, famous
from scripts.page.blocks import PageBlock, register_block
from scripts.page.svg import escaped

COLUMNS = ("figure", "published", "on what, against what", "here", "verdict")
NOTHING = {famous.MISSING: "no measurement yet", famous.CANNOT: "no measurement"}


class FamousBlock(PageBlock):
    """Takes no argument."""

    NAME = "famous"
    ARGUMENT = False

    def html(self) -> str:
        return page_html(self.evidence, self.root, self.context.inline)


def page_html(stands_on: evidence.Evidence, root: str, inline) -> str:
    """`root` is the way from the page to the site's root, `inline` makes HTML of inline Markdown. Raises SiteError."""
    found = famous.load(stands_on.root)
    famous.check_values(found, stands_on.claims)
    cells = _Cells(stands_on, root, inline)
    groups = list(dict.fromkeys(figure.group for figure in found))
    links = ", ".join(f'<a href="#{group.anchor}">{escaped(group.title)}</a>' for group in groups)
    sections = "".join(_section(group, [each for each in found if each.group == group], cells) for group in groups)
    return (
        f'<div class="famous"><p class="famous-counts">{_counts(found)}</p>'
        f'<p class="famous-groups">{links}</p>{sections}</div>'
    )


def _counts(found: list) -> str:
    """How many figures there are, and how many have each verdict, in the verdicts' own order."""
    counts = {name: sum(figure.verdict == name for figure in found) for name in famous.VERDICTS}
    parts = ", ".join(f"{count} {_badge(name)}" for name, count in counts.items() if count)
    return f"{len(found)} figures from {len({figure.source for figure in found})} publications: {parts}."


def _badge(verdict: str) -> str:
    return f'<span class="famous-verdict" data-verdict="{verdict.replace(" ", "-")}">{verdict}</span>'


def _section(group: famous.Group, found: list, cells: "_Cells") -> str:
    # A narrow screen shows a row as a box below the other, and the roles say that it is a table all the same.
    head = "".join(f'<th role="columnheader" scope="col">{escaped(name)}</th>' for name in COLUMNS)
    rows = "".join(cells.row(figure) for figure in found)
    return (
        f'<section><h2 id="{group.anchor}">{escaped(group.title)}</h2>'
        f'<table class="famous-table" role="table" aria-labelledby="{group.anchor}">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{rows}</tbody>'
        "</table></section>"
    )


class _Cells:
    """Makes the cells of a figure's row, of what the page stands on."""

    def __init__(self, stands_on: evidence.Evidence, root: str, inline):
        self.evidence, self.root, self.inline = stands_on, root, inline

    def row(self, figure: famous.Figure) -> str:
        texts = (self._published(figure), self._setup(figure), self._ours(figure), self._verdict(figure))
        cells = "".join(
            f'<td role="cell" data-label="{escaped(label)}">{text}</td>'
            for label, text in zip(COLUMNS[1:], texts, strict=True)
        )
        return (
            f'<tr id="{figure.anchor}" role="row"><th role="rowheader" scope="row">{self.inline(figure.what)}</th>'
            f"{cells}</tr>"
        )

    def _published(self, figure: famous.Figure) -> str:
        source = self.evidence.quoted[figure.source]
        read = famous.READ[source["read"]] + (f": {source['how']}" if "how" in source else "")
        return (
            f'<p><strong class="famous-figure">{self.inline(figure.figure)}</strong> '
            f"<small>{famous.KINDS[figure.kind]}</small></p>"
            f'<p><a class="famous-source" href="{escaped(source["url"])}">{escaped(source["title"])}</a>, '
            f'<time datetime="{source["date"]}">{source["date"]}</time></p>'
            f'<p><small class="famous-read" data-read="{source["read"]}">{escaped(read)}</small></p>'
        )

    def _setup(self, figure: famous.Figure) -> str:
        facts = [("set-up", figure.setup), ("against", figure.against), ("mind", figure.mind)]
        rows = "".join(f"<div><dt>{name}</dt><dd>{self.inline(text)}</dd></div>" for name, text in facts if text)
        return f"<dl>{rows}</dl>"

    def _ours(self, figure: famous.Figure) -> str:
        items = []
        for name in figure.claims:
            claim = self.evidence.claim(name)
            home = self.evidence.home_of("claim", name) or f"reference/ledger/#ledger-claim-{name}"
            items.append(
                f'<li><a href="{self.root}{home}">{escaped(claim.data["title"])}</a> '
                f'<span class="claim-verdict" data-holds="{str(claim.holds).lower()}">{claim.verdict}</span> '
                f"<small>{escaped(claim.data['host']['label'])}</small></li>"
            )
        said = self.inline(figure.ours) if figure.ours else NOTHING[figure.verdict]
        return f"<p>{said}</p>" + (f"<ul>{''.join(items)}</ul>" if items else "")

    def _verdict(self, figure: famous.Figure) -> str:
        return f"<p>{_badge(figure.verdict)}</p><p>{self.inline(figure.why)}</p>"


def register(md, context) -> None:
    """Adds the block."""
    register_block(md, FamousBlock, context)
