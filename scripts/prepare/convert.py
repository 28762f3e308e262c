"""One page: its Markdown, blocks and values, or its notebook, as front matter, headings and HTML."""

import html as entities
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import markdown

from scripts.common.errors import SiteError
from scripts.pages import front_matter, reading_order
from scripts.pages.references import page_url, to_root
from scripts.prepare import head_title, headings, html_checks, notebook_pages, notebooks, plain_tables
from scripts.prepare.links import Fragment, Names, Resolve
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension

# What pages are written in. Of this only what headings need is left to the generator.
EXTENSIONS = (
    "toc",
    "tables",
    "abbr",
    "attr_list",
    "def_list",
    "footnotes",
    "md_in_html",
    "pymdownx.highlight",
    "pymdownx.superfences",
)
NOTEBOOK = ".ipynb"


@dataclass(frozen=True)
class Page:
    """A prepared page. `source` is how errors call what it is made of, `text` the file's text."""

    source: str
    text: str
    anchors: frozenset[str]
    fragments: tuple[Fragment, ...]


class Converter:
    """Prepares pages of the site that `context` is about, one after another."""

    def __init__(self, context: Context, names: Names, site: str, edit: str, view: str):
        """`site` is its name; `edit` and `view` are where a file of the repository can be edited and seen, without its
        path.

        Raises SiteError for a reading order that is not as it should be.
        """
        self.context, self.names, self.site, self.edit, self.view = context, names, site, edit, view
        self.posts = reading_order.load(context.root)

    def page(self, name: str, text: str) -> Page:
        """A page of docs/, by its path there. Raises SiteError for what is wrong with it."""
        where = f"docs/{name}"
        meta, body = front_matter.split(text, where)
        if reading_order.is_post(name):
            reading_order.check_meta(meta, where)
        self._start(name, where, meta)
        html = self._markdown().convert(body)
        return self._finish(where, meta, html)

    def notebook(self, name: str, file: Path) -> Page:
        """A notebook; `name` is its path as if it lay in docs/."""
        post = next((post for post in self.posts if post.notebook == name and post.page), None)
        script = f"{name.removesuffix(NOTEBOOK)}.py"
        html = notebooks.page(file, self.context.root, name)
        meta = {"title": entities.unescape(notebooks.title(html, name)), "notebook": name}
        meta["edit_url"] = self.edit + script
        self._start(name, name, meta)
        head = notebook_pages.head(
            Path(name).name, self.view + script, to_root(name) + page_url(post.page) if post else ""
        )
        return self._finish(name, meta, f"{head}\n{html}")

    def _start(self, name: str, where: str, meta: dict[str, Any]) -> None:
        # Code with notes beside it needs the width; on the home page there is nothing to navigate to that it does not
        # name.
        if not name.startswith("reference/"):
            meta.setdefault("hide", ["navigation"])
        if isinstance(meta.get("title"), str):
            meta["head_title"] = head_title.of(meta["title"], self.site)
        self.context.start_page(name, meta)
        self.names.start_page(name, where)

    def _markdown(self) -> markdown.Markdown:
        md = markdown.Markdown(
            extensions=[*EXTENSIONS, PageExtension(self.context)],
            extension_configs={"toc": {"permalink": "#", "permalink_title": headings.LINK_TITLE}},
        )
        made_by_extension = self.context.make_inline

        def make_inline() -> markdown.Markdown:
            """Of captions, notes and what manifests say: their links are the page's, too."""
            assert made_by_extension is not None  # the extension is on `md`
            return self._resolving(made_by_extension())

        self.context.make_inline = make_inline
        self._resolving(md).treeprocessors.register(headings.MarkHeadings(md), "page_headings", -20)
        return md

    def _resolving(self, md: markdown.Markdown) -> markdown.Markdown:
        # Below everything that makes elements or gives them addresses.
        md.treeprocessors.register(Resolve(md, self.names), "page_links", -10)
        return md

    def _finish(self, where: str, meta: Mapping[str, Any], html: str) -> Page:
        addresses = html_checks.check(headings.without_marks(html), where)
        html = plain_tables.dressed(html)
        text = front_matter.whole(meta, headings.as_markdown(html))
        return Page(where, text, frozenset(addresses), tuple(self.names.fragments))


def check_fragments(pages: Mapping[str, Page]) -> None:
    """Raises SiteError for a link to an element that the page it leads to does not have."""
    for page in pages.values():
        for fragment in page.fragments:
            target = pages[fragment.page]
            if fragment.anchor not in target.anchors:
                raise SiteError(
                    f"{page.source}: the link '{fragment.link}': {target.source} has no element "
                    f"'#{fragment.anchor}'; correct it"
                )
