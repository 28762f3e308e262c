"""The glossary of a built site: each term with its address, its definition and the words that stand for it."""

import html
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from scripts.common.errors import SiteError

PAGE = "reference/glossary/"  # below the site's root
_ENTRY = re.compile(r"<dt\b(?P<attributes>[^>]*)>(?P<name>.*?)</dt>\s*<dd>(?P<definition>.*?)</dd>", re.S)
_ALSO = re.compile(r'\bdata-also="([^"]*)"')
_LINKED_ONLY = "data-linked-only"
_ID = re.compile(r'\bid="([^"]*)"')
_LINK = re.compile(r'(\bhref=")([^"]*)(")')
_TAG = re.compile(r"<[^>]*>")
_PERMALINK = re.compile(r'<a class="headerlink".*?</a>', re.S)


@dataclass(frozen=True)
class Term:
    """`forms` are the words that a text uses for it, in lower case; where they may mean something else, the term is not
    `found` by them, and a link says which is meant. `definition` is HTML, its links from `PAGE`."""

    anchor: str
    name: str
    forms: tuple[str, ...]
    found: bool
    definition: str

    def defined(self, root: str) -> str:
        """The definition with links as they are from a page whose way to the site's root is `root`."""

        def moved(match: re.Match[str]) -> str:
            return f"{match[1]}{root}{urljoin('/' + PAGE, match[2]).lstrip('/')}{match[3]}"

        return _LINK.sub(moved, self.definition)


def load(site: Path) -> list[Term]:
    """The terms in their order; none of a site without that page.

    Raises SiteError for a page without any, a term without address, words of two terms.
    """
    where = f"docs/{PAGE.rstrip('/')}.md"
    file = site / PAGE / "index.html"
    if not file.is_file():
        return []
    terms = [_term(match, where) for match in _ENTRY.finditer(file.read_text("utf-8"))]
    if not terms:
        raise SiteError(f"{where}: the built page has no terms; write each as 'Term {{: #term }}' and ':   what it is'")
    owner: dict[str, str] = {}
    for term in terms:
        for form in term.forms:
            if owner.setdefault(form, term.name) != term.name:
                raise SiteError(f"{where}: '{form}' stands for {owner[form]} and for {term.name}; take it from one")
    return terms


def _term(entry: re.Match[str], where: str) -> Term:
    name = html.unescape(_TAG.sub("", _PERMALINK.sub("", entry["name"]))).strip()
    anchor, also = _ID.search(entry["attributes"]), _ALSO.search(entry["attributes"])
    if anchor is None:
        raise SiteError(f"{where}: the term '{name}' has no address; write '{name} {{: #its-address }}'")
    forms = [name] if "," not in name else []  # `Hash, computed and entered` is found by its other words
    forms += html.unescape(also[1]).split(",") if also else []
    lower = [form.strip().lower() for form in forms if form.strip()]
    several = [form + "s" for form in lower if not form.endswith("s")]
    return Term(
        anchor[1],
        name,
        tuple(dict.fromkeys(lower + several)),
        _LINKED_ONLY not in entry["attributes"],
        " ".join(entry["definition"].split()),
    )
