"""The pages of a built site: what each is, where it is, which file it was written from, and what is added to it."""

import html
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scripts.common.errors import SiteError
from scripts.pages import front_matter
from scripts.publish import page_trees


@dataclass
class BuiltPage:
    """One page. `place` is its address below the site's root, `posts/02-x/` or "" of home; `root` is the project's."""

    file: Path
    place: str
    root: Path
    text: str
    head: list[str] = field(default_factory=list)  # what is to stand at the end of its <head>
    end: list[str] = field(default_factory=list)  # at the end of its article
    foot: list[str] = field(default_factory=list)  # and of its <body>

    @cached_property
    def tree(self) -> LexborHTMLParser:
        """The page as it was built, parsed; nobody may change it."""
        return page_trees.of(self.text)

    @cached_property
    def article(self) -> LexborNode | None:
        """What the page says, without the header, the navigation and the footer."""
        return self.tree.css_first("article")

    @cached_property
    def address(self) -> str:
        """Its canonical address. Raises SiteError for a page without one."""
        link = self.tree.css_first("link[rel=canonical]")
        if link is None:
            raise SiteError(f"{self.place}index.html: has no canonical address; set site_url in mkdocs.yml")
        return link.attributes["href"] or ""

    @property
    def site(self) -> str:
        """The address of the site's root, with a slash at its end."""
        return self.address.removesuffix(self.place)

    @property
    def up(self) -> str:
        """The way from the page to the site's root."""
        return "../" * self.place.count("/")

    @cached_property
    def title(self) -> str:
        """The page's own title, without the site's name."""
        meta = self.tree.css_first('meta[property="og:title"]')
        if meta is not None and meta.attributes.get("content"):
            return meta.attributes["content"] or ""
        node = self.tree.css_first("title")
        return node.text(strip=True) if node is not None else ""

    @cached_property
    def description(self) -> str:
        meta = self.tree.css_first("meta[name=description]")
        return (meta.attributes.get("content") or "") if meta is not None else ""

    @cached_property
    def source(self) -> str:
        """The file it was written from, below the project's root; "" where there is none."""
        stem = self.place.rstrip("/")
        for name in (f"docs/{stem}.md", f"docs/{stem}/index.md" if stem else "docs/index.md", f"{stem}.ipynb"):
            if (self.root / name).is_file():
                return name
        return ""

    @cached_property
    def meta(self) -> dict[str, Any]:
        """Its front matter."""
        if not self.source.endswith(".md"):
            return {}
        return front_matter.split((self.root / self.source).read_text("utf-8"), self.source)[0]

    @property
    def is_post(self) -> bool:
        return re.fullmatch(r"posts/\d[^/]*/", self.place) is not None

    @property
    def is_notebook(self) -> bool:
        return self.source.endswith(".ipynb")

    def tell(self, name: str, content: str) -> None:
        """Sets a `<meta>` that the head has already, or adds it. Names with a colon are properties."""
        kind = "property" if name.startswith(("og:", "article:")) else "name"
        tag = f'<meta {kind}="{name}" content="{html.escape(content)}">'
        old = re.compile(rf'<meta (?:property|name)="{re.escape(name)}" content="[^"]*">')
        if old.search(self.text):
            self.text = old.sub(lambda _: tag, self.text, count=1)
        else:
            self.head.append(tag)

    def write(self) -> None:
        """Writes the page with what was added to it."""
        before, mark, after = self.text.partition("</head>")
        text = before + "".join(f"{tag}\n" for tag in self.head) + mark + after
        start, mark, rest = text.rpartition("</article>")
        if mark and self.end:
            text = start + "\n".join(self.end) + mark + rest
        start, mark, rest = text.rpartition("</body>")
        if mark and self.foot:
            text = start + "\n".join(self.foot) + mark + rest
        self.file.write_text(text, "utf-8")


def read(site: Path, root: Path) -> list[BuiltPage]:
    """Every page of the site but the one for what is missing, in the order of a reader: home, posts, then the rest."""
    pages = []
    for file in site.rglob("index.html"):
        place = file.parent.relative_to(site).as_posix()
        text = file.read_text("utf-8")
        if 'http-equiv="refresh"' in text:
            continue  # leads elsewhere
        pages.append(BuiltPage(file, "" if place == "." else f"{place}/", root, text))
    return sorted(pages, key=lambda page: (*_rank(page.place), page.place))


def _rank(place: str) -> tuple[int, int]:
    order = ("", "map/", "posts/", "symptoms/", "reference/", "experiments/")
    part = place.partition("/")[0] + "/" if place else ""
    return (order.index(part) if part in order else len(order), place.count("/"))
