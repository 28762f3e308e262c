"""Famous numbers: figures that others published, where they stand, what was measured here, and what came of it.

snippets/famous.toml names every source that a page quotes, and for each at least one figure. What stands in `figure`,
`setup`, `against` and `mind` is theirs and typed. What stands in `ours` is a sentence with references to claims,
`{{claim.value}}`; numbers typed there or in `why` are refused by scripts/catalog/typed_numbers.py as on a page.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import structs

from scripts.catalog import row_groups
from scripts.catalog.row_groups import Group
from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.common.toml_tables import Id, Table, Text, one_of
from scripts.pages.references import REFERENCE

FILE = "snippets/famous.toml"
PAGE = "reference/famous/"  # below the site's root
TABLES: dict[str, type] = {"source": dict, "group": list, "figure": list}
READ = {
    "original": "read in the original",
    "copy": "read in a copy of the original",
    "second-hand": "second-hand, the original was not read",
}
KINDS = {
    "best": "a best case",
    "mean": "an average",
    "single": "one run",
    "range": "a range",
    "bound": "a bound",
    "advice": "advice, not a measurement",
}
MEASURED = ("reproduced", "partly", "not on this set-up")
CANNOT, MISSING = "cannot be tested here", "not measured yet"
VERDICTS = (*MEASURED, CANNOT, MISSING)
DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


class Source(Table, frozen=True, omit_defaults=True):
    """Where a figure was published: `note` is what to mind of it, `how` what of its text was read, where not all."""

    KIND = "source"
    title: Text
    url: Text
    date: Text
    read: Text
    note: Text = ""
    how: Text = ""


class FigureRow(Table, frozen=True):
    """A [[figure]] as it stands in the file."""

    KIND = "figure"
    id: Id
    group: Text
    source: Text
    what: Text
    figure: Text
    kind: Text
    setup: Text
    against: Text
    verdict: Text
    why: Text
    mind: Text = ""
    ours: Text = ""


@dataclass(frozen=True)
class Figure:
    """One published figure. `source` is an id of the sources; `claims` are those that `ours` and `why` refer to,
    each once."""

    id: str
    group: Group
    source: str
    what: str
    figure: str
    kind: str
    setup: str
    against: str
    verdict: str
    why: str
    mind: str = ""
    ours: str = ""

    @property
    def anchor(self) -> str:
        return f"famous-{self.id}"

    @property
    def claims(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name, _ in self.values))

    @property
    def values(self) -> list[tuple[str, str]]:
        """(claim, value) of every reference in `ours` and `why`; the value is "" where the reference names none."""
        references = (reference[1].partition(".") for reference in REFERENCE.finditer(f"{self.ours} {self.why}"))
        return [(claim, value) for claim, _, value in references]


def load_sources(root: Path = ROOT) -> dict[str, dict[str, str]]:
    """The sources by id, {"title", "url", ...}; none where there is no file. Raises SiteError."""
    return _sources(_tables(root))


def _sources(tables: dict) -> dict[str, dict[str, str]]:
    return {name: msgspec.to_builtins(_source(name, raw)) for name, raw in tables.get("source", {}).items()}


def load(root: Path = ROOT) -> list[Figure]:
    """Every figure, in the order of its group and of the file. Claims are looked up by `check_values`.

    Raises SiteError for anything not understood, for an id that is not there, and for a source without a figure.
    """
    tables = _tables(root)
    sources = _sources(tables)
    groups = row_groups.groups(tables.get("group", []), "figures", FILE)
    rows = toml_tables.by_name(toml_tables.read_each(tables.get("figure", []), FigureRow, FILE), FILE)
    figures = [_figure(row, groups, sources) for row in rows.values()]
    for name in sources:
        if not any(figure.source == name for figure in figures):
            raise SiteError(
                f"{FILE}: source '{name}': no figure is from it, so the page of famous numbers would lack it; "
                f'write source = "{name}" in a [[figure]], or remove it'
            )
    return row_groups.in_order(figures, groups, "figure", FILE)


def check_values(figures: list[Figure], claims: dict) -> None:
    """Raises SiteError for a reference to a claim that is not in `claims`, those of the site by id, or to a value
    that it does not have."""
    for figure in figures:
        for name, value in figure.values:
            row_groups.check_claim(name, claims, _where(figure.id))
            try:
                claims[name].text(value)
            except SiteError as error:
                raise SiteError(f"{_where(figure.id)}: {error}; correct the reference") from None


def entries(root: Path, sources: dict) -> Iterator[dict]:
    """The ledger's entries of the figures: theirs, with the verdict and the source."""
    for figure in load(root):
        source = sources[figure.source]
        yield {
            "kind": "quoted",
            "id": f"famous/{figure.id}",
            "title": figure.figure,
            "state": "theirs",
            "detail": f"{figure.what} Here: {figure.verdict}. {described(source)} {source['url']}",
            "source": FILE,
            "used": [f"{PAGE}#{figure.anchor}"],
        }


def described(source: dict) -> str:
    """A source in words: its title and date, and what to mind of it."""
    return f"{source['title']}, {source['date']}" + (f" ({source['note']})" if "note" in source else "")


def _where(name: str) -> str:
    return f"{FILE}: figure '{name}'"


def _tables(root: Path) -> dict:
    return row_groups.tables(root, FILE, TABLES, "[source.id], [[group]] or [[figure]]")


def _source(name: str, raw: object) -> Source:
    where = f"{FILE}: source '{name}'"
    source = toml_tables.read(raw, Source, where)
    toml_tables.check_id(name, where)
    if not source.url.startswith(("https://", "http://")):
        raise SiteError(f"{where}: url '{source.url}' is no web address; write it in full")
    if not DATE.fullmatch(source.date):
        raise SiteError(f"{where}: date '{source.date}' is no date; write YYYY-MM-DD, or as much of it as is known")
    one_of(source.read, READ, "read", where)
    if source.read != "original" and not source.how:
        raise SiteError(f"{where}: is {source.read} without a reason; say in 'how' what was read, and why not that")
    return source


def _figure(row: FigureRow, groups: dict[str, Group], sources: Collection[str]) -> Figure:
    where = _where(row.id)
    one_of(row.group, groups, "group", where)
    one_of(row.source, sources, "source", where)
    one_of(row.kind, KINDS, "kind", where)
    one_of(row.verdict, VERDICTS, "verdict", where)
    figure = Figure(**structs.asdict(row) | {"group": groups[row.group]})
    if figure.verdict in MEASURED and not REFERENCE.search(figure.ours):
        raise SiteError(
            f"{where}: is '{figure.verdict}' without a value of ours; "
            f"write {{{{claim.value}}}} in 'ours', or the verdict '{MISSING}'"
        )
    if figure.verdict == MISSING and figure.ours:
        raise SiteError(f"{where}: is '{MISSING}' and says in 'ours' what was measured; correct one of them")
    for name, value in figure.values:
        if not value:
            raise SiteError(f"{where}: {{{{{name}}}}} names no value; write {{{{claim.value}}}}")
    return figure
