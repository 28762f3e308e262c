"""search/index.json: what the search box of the built site looks in. It holds units of pages (`search_units`), column
by column, which compresses better than row by row.

A unit's words come as the first of them, which a result shows, and the rest as a list without repetitions, which is
only looked in: a third of the bytes.
"""

import functools
import json
import re
from pathlib import Path

from scripts.catalog import search_queries
from scripts.publish import site_files
from scripts.publish.search_units import Unit, units

PLACE = "search/index.json"
SHOWN = 200  # characters of a unit that a result can show
# Of what is found by its name, or says again what a section says, less.
SHOWN_OF = {"result": 100, "excerpt": 100, "call": 100, "famous": 100, "notes": 80, "aside": 110}
_NAMED = re.compile(rf'(<link rel="?search-index"? href="?[^">\s]*?){re.escape(PLACE)}')
_SAME = 7  # two words that begin with as many equal letters are one to a search, near enough
_WORD = re.compile(r"[^\W\d][\w.:/'’-]*")
_NAME = re.compile(r"[_:./-]")
_SMALL = set(
    "the and are was were its that this these those for with from not than then which what how when where who does did "
    "has have had can may one two both each all more most other into out over but they them their she there here only "
    "also such same after before between while because would could itself still again just even".split()
)
_OF_PAGES = {"reference/elsewhere/": "elsewhere", "reference/metrics/": "metric"}
# Sections that say little of what people look for, or say it again.
_ASIDE = {
    "corrections",
    "claims",
    "evidence",
    "limits",
    "limits-in-full",
    "what-was-not-tested",
    "on-a-newer-release",
    "not-tested",
    "newer-releases",
    "check-yourself",
}


def publish(site: Path, root: Path) -> None:
    """Writes the index into the built site. Raises SiteError for a query of readers that it could not answer."""
    found = all_units(site)
    search_queries.check(search_queries.load(root), {place(unit) for unit in found})
    file = site / PLACE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text(found), "utf-8")


def rename(site: Path, root: Path) -> None:
    """Gives the index a name that changes with what it holds, where pages name it: a browser's copy of an older one
    would lead to sections that are gone. `root` is not read."""
    file = site / PLACE
    if not file.is_file():
        return
    name = site_files.hashed(PLACE, file.read_text("utf-8"))
    for old in file.parent.glob("index.*.json"):
        old.unlink()
    file.rename(site / name)
    pages = site_files.pages(site)
    site_files.write_changed(pages, {page: _NAMED.sub(rf"\g<1>{name}", text) for page, text in pages.items()})


def all_units(site: Path) -> list[Unit]:
    """The units of every page of a built site."""
    pages = sorted(site.rglob("index.html"))
    return [unit for page in pages for unit in _units(page.read_text("utf-8"), address(page, site))]


_units = functools.lru_cache(maxsize=site_files.KEPT)(units)


def text(found: list[Unit]) -> str:
    """The index of these units, as JSON."""
    titles = {unit.page: unit.title for unit in found if not unit.anchor}
    pages, kinds = list(titles), sorted({kind(unit) for unit in found})
    columns = {
        "pages": [{"url": page, "of": titles[page]} for page in pages],
        "kinds": kinds,
        "page": [pages.index(unit.page) for unit in found],
        "kind": [kinds.index(kind(unit)) for unit in found],
        "anchor": [unit.anchor for unit in found],
        "title": [unit.title for unit in found],
        "names": [unit.names for unit in found],
        "text": [shortened(unit) for unit in found],
    }
    return json.dumps(columns, ensure_ascii=False, separators=(",", ":"))


def place(unit: Unit) -> str:
    """A unit's address below the site's root."""
    return f"{unit.page}#{unit.anchor}" if unit.anchor else unit.page


def address(file: Path, site: Path) -> str:
    """A page's address below the site's root, "" for the first page."""
    folder = file.parent.relative_to(site).as_posix()
    return "" if folder == "." else f"{folder}/"


def kind(unit: Unit) -> str:
    """The kind by which a unit is weighed and labelled."""
    if unit.kind == "section":
        if unit.page in _OF_PAGES:
            return _OF_PAGES[unit.page]
        if unit.page.startswith("experiments/"):
            return "notes"
        if unit.anchor in _ASIDE:
            return "aside"
    return unit.kind


def shortened(unit: Unit) -> str:
    """The words a result shows, then after a line feed what else of the unit is looked in."""
    said = unit.words()
    if unit.anchor in ("corrections", "claims"):  # what they repeat has a place of its own
        return ""
    shown = SHOWN_OF.get(kind(unit), SHOWN)
    if len(said) <= shown:
        return said
    head = said[:shown].rsplit(" ", 1)[0]
    if kind(unit) in ("aside", "notes"):
        return head
    known = {key(word) for word in _WORD.findall(head)}
    rest = []
    for word in (word.strip(".:-/'’").lower() for word in _WORD.findall(said[len(head) :])):
        if len(word) > 2 and word not in _SMALL and key(word) not in known:
            known.add(key(word))
            rest.append(word)
    return f"{head}\n{' '.join(sorted(rest))}"


def key(word: str) -> str:
    """What two words share that count as one."""
    return word.lower() if _NAME.search(word) else word.lower()[:_SAME]
