"""Famous numbers: figures that others published, where they stand, what was measured here, and what came of it.

snippets/famous.toml names every source that a page quotes, and for each at least one figure. What stands in `figure`,
`setup`, `against` and `mind` is theirs and typed. What stands in `ours` is a sentence with references to claims,
`{{claim.value}}`; numbers typed there or in `why` are refused by scripts/catalog/typed_numbers.py as on a page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.catalog import row_groups
from scripts.catalog.row_groups import Group, one_of
from scripts.common.errors import SiteError
from scripts.pages.references import REFERENCE
from scripts.quotes.manifest import check_id, check_table
from scripts.sources.pins import ROOT

FILE = "snippets/famous.toml"
PAGE = "reference/famous/"  # below the site's root
TABLES = {"source": dict, "group": list, "figure": list}
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
SOURCE_KEYS = dict.fromkeys(("title", "note", "url", "date", "read", "how"), str)
KEYS = dict.fromkeys(
    ("id", "group", "source", "what", "figure", "kind", "setup", "against", "mind", "ours", "verdict", "why"), str
)
OPTIONAL = ("mind", "ours")
DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


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
        return [tuple(found[1].partition(".")[::2]) for found in REFERENCE.finditer(f"{self.ours} {self.why}")]


def load_sources(root: Path = ROOT) -> dict[str, dict]:
    """The sources by id, {"title", "url", ...}; none where there is no file. Raises SiteError."""
    return _sources(_tables(root))


def _sources(tables: dict) -> dict[str, dict]:
    found = tables.get("source", {})
    for name, source in found.items():
        _check_source(name, source)
    return found


def load(root: Path = ROOT) -> list[Figure]:
    """Every figure, in the order of its group and of the file. Claims are looked up by `check_values`.

    Raises SiteError for anything not understood, for an id that is not there, and for a source without a figure.
    """
    tables = _tables(root)
    sources = _sources(tables)
    groups = row_groups.groups(tables.get("group", []), "figures", FILE)
    figures: dict[str, Figure] = {}
    for number, raw in enumerate(tables.get("figure", []), 1):
        figure = _figure(raw, number, groups, sources)
        if figure.id in figures:
            raise SiteError(f"{_where(figure.id)}: two figures are called that; rename one")
        figures[figure.id] = figure
    for name in sources:
        if not any(figure.source == name for figure in figures.values()):
            raise SiteError(
                f"{FILE}: source '{name}': no figure is from it, so the page of famous numbers would lack it; "
                f'write source = "{name}" in a [[figure]], or remove it'
            )
    return row_groups.in_order(list(figures.values()), groups, "figure", FILE)


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


def _check_source(name: str, source) -> None:
    where = f"{FILE}: source '{name}'"
    check_table(source, SOURCE_KEYS, ("title", "url", "date", "read"), where)
    check_id(name, where)
    if not source["url"].startswith(("https://", "http://")):
        raise SiteError(f"{where}: url '{source['url']}' is no web address; write it in full")
    if not DATE.fullmatch(source["date"]):
        raise SiteError(f"{where}: date '{source['date']}' is no date; write YYYY-MM-DD, or as much of it as is known")
    one_of(source["read"], READ, "read", where)
    if source["read"] != "original" and "how" not in source:
        raise SiteError(f"{where}: is {source['read']} without a reason; say in 'how' what was read, and why not that")


def _figure(raw: dict, number: int, groups: dict, sources: dict) -> Figure:
    where = row_groups.named(raw, "figure", number, FILE)
    check_table(raw, KEYS, tuple(key for key in KEYS if key not in OPTIONAL), where)
    check_id(raw["id"], where)
    one_of(raw["group"], groups, "group", where)
    one_of(raw["source"], sources, "source", where)
    one_of(raw["kind"], KINDS, "kind", where)
    one_of(raw["verdict"], VERDICTS, "verdict", where)
    figure = Figure(**raw | {"group": groups[raw["group"]]})
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
