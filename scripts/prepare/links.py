"""Links between pages, which Markdown names by their source files: where they lead on the site, and if to anything.

A generator resolves them for Markdown alone, and most of a prepared page is HTML by then.
"""

import posixpath
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit
from xml.etree import ElementTree as etree

import markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import AMP_SUBSTITUTE

from scripts.common.errors import SiteError
from scripts.pages.references import page_url

ATTRIBUTES = {"a": "href", "img": "src"}


@dataclass(frozen=True)
class Fragment:
    """A link to an element of a page: the page as `Names.page` calls it, the element, the link as it is written."""

    page: str
    anchor: str
    link: str


@dataclass
class Names:
    """What links may lead to: pages and files by their path below docs/. `source` is how an error names a page."""

    pages: Collection[str]
    files: Collection[str]
    page: str = ""
    source: str = ""
    fragments: list[Fragment] = field(default_factory=list)  # of the page that is being converted

    def start_page(self, page: str, source: str) -> None:
        self.page, self.source = page, source
        self.fragments = []

    def address(self, link: str) -> str:
        """What a browser needs in place of a link of the page's Markdown. Raises SiteError for one to nothing."""
        scheme, host, path, query, anchor = urlsplit(link)
        if scheme or host or AMP_SUBSTITUTE in link:
            return link
        if not path:
            if anchor:
                self.fragments.append(Fragment(self.page, anchor, link))
            return link
        if link.startswith(("/", "\\")):
            raise SiteError(
                f"{self.source}: the link '{link}' begins at the server's root; name the file, from this page on"
            )
        target = posixpath.normpath(posixpath.join(posixpath.dirname(self.page), unquote(path)))
        if target in self.pages:
            if anchor:
                self.fragments.append(Fragment(target, anchor, link))
            return urlunsplit(("", "", relative(page_url(target), page_url(self.page)), query, anchor))
        if target in self.files:
            return urlunsplit(("", "", relative(target, page_url(self.page)), query, anchor))
        raise SiteError(f"{self.source}: the link '{link}' leads to no page and no file of docs/; correct it")


def relative(address: str, page: str) -> str:
    """The shortest way from a page's address below the site's root to another one."""
    way = posixpath.relpath(address or ".", page or ".")
    return f"{way}/" if not address or address.endswith("/") else way


class Resolve(Treeprocessor):
    """Puts addresses in the place of source files."""

    def __init__(self, md: markdown.Markdown, names: Names):
        super().__init__(md)
        self.names = names

    def run(self, root: etree.Element) -> None:
        for element in root.iter():
            if key := ATTRIBUTES.get(element.tag):
                element.set(key, self.names.address(element.get(key, "")))
