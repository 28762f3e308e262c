"""What readers type into the search and which address has to come first: snippets/search-queries.toml.

The build checks that every address is one that the search can give; a test in a browser asks the queries.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import msgspec

from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.common.toml_tables import Table, Text, refused

FILE = "snippets/search-queries.toml"
Address = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([a-z0-9_-]+/)*(#[\w-]+)?\Z",
        extra=refused(
            "{key} '{value}' is no address below the site's root; write it as 'reference/knobs/#knob-places'"
        ),
    ),
]


class Query(Table, frozen=True):
    """`first` is a page, or a place on one, below the site's root."""

    KIND = "query"
    NAME = "ask"
    ask: Text
    first: Address


def load(root: Path = ROOT) -> list[Query]:
    """The queries in the file's order; none where there is no file. Raises SiteError for anything not understood."""
    try:
        held = toml_tables.parse((root / FILE).read_text("utf-8"), FILE)
    except FileNotFoundError:
        return []
    for key in held:
        if key != "query":
            raise SiteError(f"{FILE}: '{key}' is nothing that it holds; write [[query]] with ask and first")
    queries = toml_tables.read_each(held.get("query", []), Query, FILE)
    return list(toml_tables.by_name(queries, FILE).values())


def check(queries: list[Query], places: Collection[str]) -> None:
    """Raises SiteError for an address that is not among `places`, those that the search can give."""
    for query in queries:
        if query.first not in places:
            page = query.first.partition("#")[0]
            raise SiteError(
                f"{FILE}: query '{query.ask}': the search has no '{query.first}'; "
                + (f"name another place of {page or 'the first page'}" if page in places else "correct the page")
            )
