"""`/// drift-lines | vllm-0.33.0/01-request-lifecycle`: the lines of a post's pieces that changed in a release.

A page of its own for each release holds them (scripts/prepare/drift_pages.py): all in the overview made its first visit
twice as heavy, for lines that most readers never open.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from markdown import Markdown
from msgspec.structs import replace

from scripts.catalog.site_data import Evidence
from scripts.common.errors import SiteError
from scripts.drift import compare_releases
from scripts.drift.comparison_files import Comparison
from scripts.drift.release import Place, Release, dedented
from scripts.render.page import templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.sources import unpacked_sources
from scripts.sources.pins import Pin

PAGES = "reference/drift/"  # below the site's root
LONG = 60  # lines; above that a reader is better served by the release itself
KINDS = {"+": "plus", "-": "minus", "@": "hunk"}  # of a diff's lines


class DriftLinesBlock(PageBlock):
    """The argument is the comparison's name and the manifest's, as scripts/prepare/drift_pages.py writes it."""

    NAME = "drift-lines"
    ASKS = "comparison and post"

    def html(self) -> str:
        name, _, slug = self.argument.partition("/")
        for comparison in self.evidence.comparisons:
            if name_of(comparison) == name:
                return lines_html(comparison, f"snippets/{slug}.toml", self.evidence, self.root)
        raise SiteError(f"there is no snippets/drift/{name}.json; run `make drift`")


@dataclass(frozen=True)
class Link:
    """A place in a release; `symbol` is "" where it is the one named beside it."""

    url: str
    file: str
    lines: str
    symbol: str


@dataclass(frozen=True)
class Changed:
    """A piece whose text changed. `home` is where the site shows it, below its root, "" where it is nowhere; `lines`
    has (kind, line) of both texts."""

    anchor: str
    kind: str
    name: str
    home: str
    here: Link
    there: Link
    lines: list[tuple[str, str]]


def name_of(comparison: Comparison) -> str:
    """What a comparison's file and the page of its lines are called."""
    return Path(comparison.file).stem


def are_shown(entry: dict) -> bool:
    """Whether a piece's lines are shown, given both releases: not where too much changed to be read here."""
    return entry["state"] == "changed" and entry["added"] + entry["removed"] <= LONG


def url(entry: dict, comparison: Comparison) -> str:
    """Where a piece's lines are, below the site's root."""
    return f"{PAGES}{name_of(comparison)}/#{_anchor(entry)}"


def lines_html(comparison: Comparison, manifest: str, evidence: Evidence, root: str) -> str:
    """The changed pieces of one manifest; `root` is the way from the page to the site's root. Raises SiteError."""
    both = releases(comparison, evidence)
    if both is None:
        raise SiteError(f"the sources of {name_of(comparison)} are not here; run `make drift`")
    pieces = [_changed(entry, both, evidence) for entry in comparison.of(manifest) if are_shown(entry)]
    return templates.render("drift_lines.html", pieces=pieces, root=root)


def _changed(entry: dict, both: tuple[Release, Release], evidence: Evidence) -> Changed:
    old, new = both
    then, now = entry["then"], entry["now"]
    lines = compare_releases.difference(_place(old, then), _place(new, now))
    return Changed(
        _anchor(entry),
        entry["kind"],
        entry["id"].partition("/")[2],
        home(entry, evidence),
        link(old.pin, then),
        link(new.pin, now, then),
        [(KINDS.get(line[:1], "context"), line) for line in lines],
    )


def _anchor(entry: dict) -> str:
    return f"{entry['kind']}-{entry['id'].replace('/', '-')}"


def home(entry: dict, evidence: Evidence) -> str:
    """Where the site shows a piece, below its root; "" where it is nowhere."""
    path, _, hop = entry["id"].partition("/")
    if entry["kind"] == "excerpt":
        return evidence.home_of("excerpt", hop, entry["manifest"]) or ""
    found = evidence.home_of("path", path)
    return f"{found.partition('#')[0]}#path-{path}-{hop}" if found else ""


def link(pin: Pin, place: dict, beside: dict | None = None) -> Link:
    """`engine.py:12-20`; the folder is left out, and the symbol where it is the one beside it."""
    lines = str(place["first"]) if place["first"] == place["last"] else f"{place['first']}\N{EN DASH}{place['last']}"
    elsewhere = beside is None or place["path"] != beside["path"]
    file = place["path"] if beside and elsewhere else place["path"].rpartition("/")[2]
    named = beside is None or place["symbol"] != beside["symbol"]
    address = pin.permalink(place["path"], place["first"], place["last"])
    return Link(address, file, lines, place["symbol"] if named else "")


def _place(release: Release, place: dict) -> Place:
    symbol = release.symbol(place["path"], place["symbol"])
    if symbol is not None:
        return release.place(place["path"], symbol, place["first"], place["last"])
    lines = tuple(release.lines(place["path"])[place["first"] - 1 : place["last"]])
    return Place(place["path"], place["symbol"], place["first"], place["last"], lines, dedented(lines, 0))


def releases(comparison: Comparison, evidence: Evidence) -> tuple[Release, Release] | None:
    """Both releases, where their sources are unpacked already; nothing is fetched for a page."""
    pin, root = evidence.pins[comparison.engine], evidence.root
    both = (pin, replace(pin, **comparison.data["to"]))
    folders = [unpacked_sources.folder_of(release, root) for release in both]
    if all((folder / unpacked_sources.LISTING).is_file() for folder in folders):
        return _release(both[0], root), _release(both[1], root)
    return None


@functools.lru_cache(maxsize=8)
def _release(pin: Pin, root: Path) -> Release:
    return Release(pin, root)  # kept from one rebuild to the next: a release does not change


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, DriftLinesBlock, context)
