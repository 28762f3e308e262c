"""Two built sites side by side: what the one has and the other has not, in pages, anchors, text, links and files.

A theme's own markup is left out: of a page its article is compared, and of its head what others read.
"""

import difflib
import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as etree

from selectolax.lexbor import LexborHTMLParser, LexborNode

KINDS = {
    "page": "pages",
    "anchor": "elements with an address, in a page's article",
    "contents": "entries of a page's contents",
    "text": "pages whose article says something else",
    "link": "links of a page's article",
    "head": "what a page's head says of it",
    "search": "entries of the search",
    "feed": "entries of a feed",
    "sitemap": "addresses of the sitemap",
    "file": "files beside the pages, the theme's own left out",
}
THEIRS = ("assets/stylesheets/", "assets/javascripts/", "assets/images/")  # the theme's, under names of its own
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Difference:
    """One thing that only one of the sites has: `side` is -1 where it is the first, 1 where the second, 0 for a thing
    that both have, each its own way."""

    kind: str
    page: str
    side: int
    what: str

    def __str__(self) -> str:
        return f"{'-~+'[self.side + 1]} {self.kind} {self.page}: {self.what}"


def compare(first: Path, second: Path) -> list[Difference]:
    """What differs between the sites in two folders."""
    pages = [set(_pages(site)) for site in (first, second)]
    found = _sets("page", "", *pages)
    for page in sorted(pages[0] & pages[1]):
        texts = [(site / page).read_text("utf-8") for site in (first, second)]
        found += _page(page, *(LexborHTMLParser(text) for text in texts))
    found += _sets("search", "search/index.json", _search(first), _search(second))
    for name in sorted({file.name for site in (first, second) for file in site.glob("feed*")}):
        found += _sets("feed", name, _feed(first / name), _feed(second / name))
    found += _sets("sitemap", "sitemap.xml", _sitemap(first), _sitemap(second))
    return found + _sets("file", "", _files(first), _files(second))


def count(differences: Iterable[Difference]) -> dict[str, int]:
    """How many there are of each kind, those of which there are none included."""
    counted = Counter(difference.kind for difference in differences)
    return {kind: counted[kind] for kind in KINDS}


def _sets(kind: str, page: str, first: Iterable[str], second: Iterable[str]) -> list[Difference]:
    one, other = Counter(first), Counter(second)
    return [
        *(Difference(kind, page, -1, what) for what in sorted((one - other).elements())),
        *(Difference(kind, page, 1, what) for what in sorted((other - one).elements())),
    ]


def _pages(site: Path) -> Iterator[str]:
    return (file.relative_to(site).as_posix() for file in site.rglob("*.html"))


def _page(page: str, first: LexborHTMLParser, second: LexborHTMLParser) -> list[Difference]:
    articles = [_article(tree) for tree in (first, second)]
    found = _sets("anchor", page, *(set(_attributes(article, "id")) for article in articles))
    found += _sets(
        "link", page, *([_target(link, page) for link in _attributes(article, "href")] for article in articles)
    )
    found += _sets("contents", page, *(_contents(tree) for tree in (first, second)))
    found += _sets("head", page, *(_head(tree) for tree in (first, second)))
    words = [_words(article) for article in articles]
    if words[0] != words[1]:
        found.append(Difference("text", page, 0, _first_difference(*words)))
    return found


def _article(tree: LexborHTMLParser) -> LexborNode:
    """What a page says: its article, without what a theme adds to that."""
    article = tree.css_first("article") or tree.body
    assert article is not None  # a parser always makes one
    for added in article.css(".md-content__button, .md-source-file, .md-feedback, script, style"):
        added.decompose()
    return article


def _attributes(node: LexborNode, name: str) -> list[str]:
    return [value for each in node.css(f"[{name}]") if (value := each.attributes.get(name))]


def _target(link: str, page: str) -> str:
    """Where a link of a page leads, from the site's root on: sites may write the way there as they like."""
    if re.match(r"[a-zA-Z][\w+.-]*:|/|$", link):
        return link.removesuffix("/.") + "/" if link.endswith("/.") else link
    path, mark, rest = re.fullmatch(r"([^?#]*)([?#]?)(.*)", link, re.S).groups()  # type: ignore[union-attr]
    way = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page.removesuffix("index.html")
    return f"{way.rstrip('/')}{mark}{rest}"


def _contents(tree: LexborHTMLParser) -> list[str]:
    return [
        f"{link.attributes.get('href')} {' '.join(link.text().split())}"
        for link in tree.css(".md-sidebar--secondary .md-nav__link[href]")
    ]


def _head(tree: LexborHTMLParser) -> list[str]:
    said = [f"title {node.text(strip=True)}" for node in tree.css("head > title")]
    for node in tree.css("meta[name=description], meta[property], meta[name^=twitter]"):
        said.append(
            f"{node.attributes.get('name') or node.attributes.get('property')} {node.attributes.get('content')}"
        )
    for node in tree.css("link[rel=canonical], link[rel=alternate]"):
        said.append(f"{node.attributes.get('rel')} {node.attributes.get('href')}")
    return said


def _words(node: LexborNode) -> list[str]:
    return _SPACES.sub(" ", node.text(separator=" ")).split()


def _first_difference(first: list[str], second: list[str]) -> str:
    """The words where two texts part, of each a few, and how many words differ."""
    changes = [
        change for change in difflib.SequenceMatcher(None, first, second, False).get_opcodes() if change[0] != "equal"
    ]
    _, a, b, c, d = changes[0]
    return f"{len(changes)} places, the first '{' '.join(first[a:b][:8])}' and '{' '.join(second[c:d][:8])}'"


def _search(site: Path) -> list[str]:
    file = next(iter(sorted((site / "search").glob("index*.json"))), None)  # its name may hold its digest
    if file is None:
        return []
    return [
        json.dumps(entry, sort_keys=True, ensure_ascii=False) for entry in _entries(json.loads(file.read_text("utf-8")))
    ]


def _entries(index: object) -> Iterator[object]:
    """The entries of the search's index, wherever in it they stand."""
    lists = index.values() if isinstance(index, dict) else [index]
    for each in lists:
        if isinstance(each, list):
            yield from each


def _feed(file: Path) -> list[str]:
    if not file.is_file():
        return []
    text = file.read_text("utf-8")
    if file.suffix == ".json":
        return [json.dumps(item, sort_keys=True, ensure_ascii=False) for item in json.loads(text).get("items", [])]
    items = [element for element in etree.fromstring(text).iter() if _local(element) in ("item", "entry")]
    return [" | ".join(sorted(_told(part) for part in item)) for item in items]


def _told(part: etree.Element) -> str:
    """An element of a feed's entry, however it is written."""
    attributes = "".join(f" {key}={value}" for key, value in sorted(part.attrib.items()))
    return f"{_local(part)}{attributes} {' '.join((part.text or '').split())}"


def _local(element: etree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _sitemap(site: Path) -> list[str]:
    file = site / "sitemap.xml"
    return re.findall(r"<loc>(.*?)</loc>", file.read_text("utf-8")) if file.is_file() else []


def _files(site: Path) -> list[str]:
    names = (file.relative_to(site).as_posix() for file in site.rglob("*") if file.is_file())
    return [name for name in names if not name.endswith(".html") and not name.startswith(THEIRS)]
