"""What the pages of grouped rows have in common: links to the groups, a table a group, the claims in a cell."""

from scripts.catalog.row_groups import Group
from scripts.measured.inline_figures import escaped


def links(groups: list[Group], name: str) -> str:
    """One paragraph with a link to each group; `name` is the page's block."""
    found = ", ".join(f'<a href="#{group.anchor}">{escaped(group.title)}</a>' for group in groups)
    return f'<p class="{name}-groups rows-groups">{found}</p>'


def section(group: Group, name: str, columns, rows: list[str]) -> str:
    """A group's heading and table. A narrow screen shows a row as a box below the other, and the roles say that it is
    a table all the same."""
    head = "".join(f'<th role="columnheader" scope="col">{escaped(each)}</th>' for each in columns)
    return (
        f'<section><h2 id="{group.anchor}">{escaped(group.title)}</h2>'
        f'<table class="{name}-table rows-table" role="table" aria-labelledby="{group.anchor}">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{"".join(rows)}</tbody>'
        "</table></section>"
    )


def cell(label: str, html: str) -> str:
    """A cell; `label` is its column's name, shown where the heads are not."""
    return f'<td role="cell" data-label="{escaped(label)}">{html}</td>'


def facts(rows: list[tuple[str, str]]) -> str:
    """Names and what is said of them, in HTML."""
    return "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in rows) + "</dl>"


def claims(names, stands_on, root: str, host: bool = False) -> str:
    """A list of the claims with their verdicts, each a link to where it is shown; "" where there is none. With `host`
    each says where it was measured."""
    items = []
    for name in names:
        claim = stands_on.claim(name)
        home = stands_on.home_of("claim", name) or f"reference/ledger/#ledger-claim-{name}"
        where = f" <small>{escaped(claim.data['host']['label'])}</small>" if host else ""
        items.append(
            f'<li><a href="{root}{home}">{escaped(claim.data["title"])}</a> '
            f'<span class="claim-verdict" data-holds="{str(claim.holds).lower()}">{claim.verdict}</span>{where}</li>'
        )
    return f"<ul>{''.join(items)}</ul>" if items else ""
