"""How a post is cited: BibTeX and a plain line, from its front matter and CITATION.cff."""

import datetime
import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.common.errors import SiteError
from scripts.pages import authors
from scripts.pages.authors import FILE, Author
from scripts.publish import page_dates
from scripts.publish.built_pages import BuiltPage
from scripts.sources import pins

_LATEX = {"\\": r"\textbackslash{}", **{mark: f"\\{mark}" for mark in "&%$#_{}"}}


@dataclass(frozen=True)
class Citation:
    """What CITATION.cff says of the whole."""

    title: str
    authors: tuple[Author, ...]
    abstract: str
    licence: str
    released: datetime.date
    url: str
    repository: str

    @property
    def short(self) -> str:
        """The title without its second half: the name of the series."""
        return self.title.partition(":")[0]


def load(root: Path) -> Citation:
    """Reads CITATION.cff. Raises SiteError where something that a citation needs is missing."""
    try:
        data: Any = yaml.safe_load((root / FILE).read_text("utf-8"))
        writers = authors.cited(data)
        named = ("title", "abstract", "license", "date-released", "url", "repository-code")
        title, abstract, licence, released, url, repository = (data[name] for name in named)
        found = Citation(title, writers, abstract, licence, released, url, repository)
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise SiteError(
            f"{FILE}: {error} cannot be read; it needs title, authors, abstract, license, date-released, url and "
            "repository-code"
        ) from None
    if not writers or not isinstance(found.released, datetime.date):
        raise SiteError(f"{FILE}: needs an author and date-released, a day such as 2026-11-30; add them")
    return found


def check(root: Path) -> None:
    """Raises SiteError when CITATION.cff disagrees with the pins, with mkdocs.yml or with the days of the posts."""
    cited = load(root)
    site, repository = _addresses(root)
    if cited.url != site or cited.repository != repository:
        raise SiteError(
            f"{FILE}: url and repository-code are not those of mkdocs.yml, {site} and {repository}; correct them"
        )
    for pin in pins.load(root).values():
        if f"{pin.name} {pin.version}" not in cited.abstract:
            raise SiteError(f"{FILE}: abstract does not name {pin.name} {pin.version}, which is pinned; correct it")
    for post in sorted((root / "docs/posts").glob("[0-9]*.md")):
        for stated in re.findall(r"^(?:date|  created|  updated): (\d{4}-\d\d-\d\d)$", post.read_text("utf-8"), re.M):
            if datetime.date.fromisoformat(stated) > cited.released:
                raise SiteError(
                    f"{FILE}: date-released is {cited.released}, and docs/posts/{post.name} is of {stated}; "
                    "write that day"
                )


def _addresses(root: Path) -> tuple[str, str]:
    """The addresses of the site and of its repository, as mkdocs.yml has them where nobody sets others."""
    text = (root / "mkdocs.yml").read_text("utf-8")
    site, repository = (re.search(rf'^{name}: .*"([^"]+)"\]$', text, re.M) for name in ("site_url", "repo_url"))
    if site is None or repository is None:
        raise SiteError('mkdocs.yml: site_url and repo_url are to be written as !ENV [NAME, "address"]')
    return site[1], repository[1]


def writers_of(page: BuiltPage, cited: Citation) -> tuple[Author, ...]:
    """Who wrote a page: as its front matter says, else those of the whole."""
    return authors.own(page.meta) or cited.authors


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)


def bibtex(page: BuiltPage, cited: Citation) -> str:
    """A BibTeX entry of a post; its key is the series and the post's slug."""
    slug = page.place.strip("/").rpartition("/")[2]
    written = page_dates.created(page) or cited.released
    # Braces keep a body's name in one piece.
    names = [_escaped(one.name) if one.is_person else f"{{{_escaped(one.name)}}}" for one in writers_of(page, cited)]
    rows = {
        "author": " and ".join(names),
        "title": f"{{{_escaped(page.title)}}}",
        "year": str(written.year),
        "month": written.strftime("%b").lower(),
        "howpublished": f"\\url{{{page.address}}}",
        "note": f"{_escaped(cited.short)}, post {int(slug[:2])}"
        + (f", last changed {changed}" if (changed := page_dates.changed(page)) else ""),
    }
    lines = ",\n".join(f"  {name} = {text if name == 'month' else f'{{{text}}}'}" for name, text in rows.items())
    return f"@misc{{forward-pass-{slug},\n{lines}\n}}"


def plain(page: BuiltPage, cited: Citation) -> str:
    """The same in a line."""
    written = page_dates.created(page) or cited.released
    names = ", ".join(author.name for author in writers_of(page, cited))
    return f"{names}. “{page.title}.” {cited.short}, {written.day} {written:%B %Y}. {page.address}"


def block(page: BuiltPage, cited: Citation) -> str:
    """The fold at the end of a post."""
    return (
        '<details class="fold cite" id="cite-this"><summary>Cite this</summary><div class="fold-body">'
        f"<p>{html.escape(plain(page, cited))}</p>"
        f"<pre>{html.escape(bibtex(page, cited))}</pre>"
        "<p>A number is best cited with the address of its claim, which names its records.</p></div></details>"
    )
