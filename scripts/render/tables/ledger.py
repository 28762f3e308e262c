"""`/// ledger`: the ledger as tables, one a kind; a script adds a filter, and nothing is hidden without it."""

import collections
import re
from dataclasses import dataclass

from markdown import Markdown

from scripts.catalog import ledger, reader_texts, reviews
from scripts.render.page import templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context

FROM_RELEASE = ("excerpt", "hop")  # titled by code, and what another release may have changed


class LedgerBlock(PageBlock):
    """Takes no argument. Shows every state, the broken ones too; `make verify` is what fails on those."""

    NAME = "ledger"
    ARGUMENT = False

    def html(self) -> str:
        counted = reviews.counts(reader_texts.of(self.evidence), reviews.load(self.evidence.root))
        return tables(ledger.entries(self.evidence), self.root, ", ".join(reviews.told(counted)))


@dataclass(frozen=True)
class Row:
    """An entry with the fragment of its row and the places that use it, (address below the site's root, label)."""

    entry: dict
    anchor: str
    used: list[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """The entries of one kind. `code`: titles are code; `ages`: rows say what became of it in the newest release."""

    kind: str
    title: str
    rows: list[Row]
    code: bool
    ages: bool


def tables(entries: list[dict], root: str, confirmed: str = "") -> str:
    """`root` is the way from the page to the site's root; `confirmed` says how many texts a reader has confirmed."""
    states = collections.Counter(entry["state"] for entry in entries)
    return templates.render(
        "ledger.html",
        counts=", ".join(f"{state}: {count:,}" for state, count in states.items()),
        tables=[_table(kind, title, entries) for kind, title in ledger.KINDS.items()],
        root=root,
        confirmed=confirmed,
    )


def _table(kind: str, title: str, entries: list[dict]) -> Table:
    rows = [_row(entry) for entry in entries if entry["kind"] == kind]
    return Table(kind, title, rows, code=kind in FROM_RELEASE, ages=kind in FROM_RELEASE)


def _row(entry: dict) -> Row:
    anchor = f"ledger-{entry['kind']}-{re.sub(r'[^a-z0-9-]', '-', entry['id'])}"
    return Row(entry, anchor, [(url, _label(url)) for url in entry["used"]])


def _label(url: str) -> str:
    page, _, fragment = url.partition("#")
    return fragment or page.rstrip("/").rpartition("/")[2] or "home"


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, LedgerBlock, context)
