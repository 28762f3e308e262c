"""`/// ledger`: the ledger as tables, one a kind; a script adds a filter, and nothing is hidden without it."""

import re

from scripts.catalog import ledger
from scripts.measured.inline_figures import escaped
from scripts.render.page.block import PageBlock, register_block

AGED = ("excerpt", "hop")  # what another release may have changed


class LedgerBlock(PageBlock):
    """Takes no argument. Shows every state, the broken ones too; `make verify` is what fails on those."""

    NAME = "ledger"
    ARGUMENT = False

    def html(self) -> str:
        return tables(ledger.entries(self.evidence), self.root)


def tables(found: list[dict], root: str) -> str:
    """`root` is the way from the page to the site's root."""
    parts = [
        f'<div class="ledger"><p class="ledger-counts">{_counts(found)} '
        f'<a href="{root}data/ledger.json">ledger.json</a></p><div class="ledger-filter" hidden></div>'
    ]
    for kind, title in ledger.KINDS.items():
        mine = [entry for entry in found if entry["kind"] == kind]
        aged = kind in AGED
        rows = "".join(_row(entry, root, aged) for entry in mine) or '<tr><td colspan="5">none</td></tr>'
        columns = ("what", "state", "on what ground", *(["newest release"] if aged else []), "used")
        head = "".join(f'<th scope="col">{name}</th>' for name in columns)
        parts.append(
            f'<div class="ledger-scroll" tabindex="0" role="region" aria-label="{title}">'
            f'<table class="ledger-table" data-kind="{kind}">'
            f"<caption>{title}: {len(mine)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )
    return "".join(parts) + "</div>"


def _counts(found: list[dict]) -> str:
    states: dict = {}
    for entry in found:
        states[entry["state"]] = states.get(entry["state"], 0) + 1
    return escaped(", ".join(f"{count} {state}" for state, count in states.items())) + "."


def _row(entry: dict, root: str, aged: bool) -> str:
    anchor = f"ledger-{entry['kind']}-{re.sub(r'[^a-z0-9-]', '-', entry['id'])}"
    used = ", ".join(f'<a href="{root}{escaped(url)}">{escaped(_label(url))}</a>' for url in entry["used"])
    title = (
        f"<code>{escaped(entry['title'])}</code>" if entry["kind"] in ("excerpt", "hop") else escaped(entry["title"])
    )
    return (
        f'<tr id="{anchor}" data-state="{escaped(entry["state"])}"><th scope="row">{title} '
        f"<small>{escaped(entry['id'])}</small></th>"
        f'<td><span class="ledger-state">{escaped(entry["state"])}</span></td>'
        f"<td>{escaped(entry['detail'])}</td>{_newest(entry, root) if aged else ''}<td>{used or 'not used'}</td></tr>"
    )


def _newest(entry: dict, root: str) -> str:
    newest = entry.get("newest")
    if not newest:
        return "<td>not compared</td>"
    return f'<td>{newest["state"]} <a href="{root}{newest["told"]}">{escaped(newest["release"])}</a></td>'


def _label(url: str) -> str:
    page, _, fragment = url.partition("#")
    return fragment or page.rstrip("/").rpartition("/")[2] or "home"


def register(md, context) -> None:
    """Adds the block."""
    register_block(md, LedgerBlock, context)
